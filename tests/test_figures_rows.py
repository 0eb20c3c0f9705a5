"""Row figures: the page and the picture show the same rows, values and positions."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from drawn_texts import problems_of, text_boxes
from matplotlib.patches import Rectangle

from analysis import figures
from analysis.evidence.rowwise import each
from analysis.evidence.selection import select
from analysis.exhibit import Figure, plain
from analysis.exhibit.places import places
from analysis.exhibit.row_picture import Axis, Bar, Diamond, Point, Row, RowPicture, Span, Words, percent_of_axis
from analysis.figures.row_figure import draw_rows, rows_figure
from analysis.figures.style import text_width
from analysis.judgement_wording import BIAS_MARKS, BIAS_WORDS, bias_mark
from analysis.outcomes import durations, evidence_map, responders, safety, synthesis, trajectories
from analysis.reporting.page.row_html import rows_html
from analysis.wording import study_name

MAIN = ("pain", "responders", "durations", "harm", "studies", "kept")


@pytest.fixture(scope="module")
def drawn(evidence) -> dict[str, Figure]:
    """The figures of the main part of the evidence report, and the pooled rates of the appendix."""
    s = select(evidence)
    scores, changes, between = trajectories.scores(s), trajectories.changes(s), trajectories.between_arms(s)
    return {
        "pain": figures.pain_before_after(scores, changes, between),
        "responders": figures.responder_forest(responders.rates(s)),
        "durations": figures.duration_lanes(durations.statements(s)),
        "harm": figures.harm_forest(safety.events(s)),
        "studies": figures.study_map(evidence_map.studies(s)),
        "kept": figures.pooled_benefit_curve(synthesis.benefit_retention(s)),
        "pooled": figures.pooled_forest(synthesis.pooled_rates(s)),
    }


def as_link(words: str, where: str) -> str:
    return f'<a href="#{where}">{words}</a>'


def page_of(picture: RowPicture) -> BeautifulSoup:
    return BeautifulSoup(rows_html(picture.payload(), as_link), "html.parser")


def rows_of(picture: RowPicture) -> list[Row]:
    return [row for row in picture.rows if isinstance(row, Row)]


def words_of(element) -> str:
    return element.get_text() if element else ""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pain", "responders", "durations", "harm", "studies", "pooled"])
def test_the_page_has_the_rows_and_values_of_the_picture(drawn, name):
    figure = drawn[name]
    page, rows = page_of(figure.rows), rows_of(figure.rows)
    shown = [
        (
            words_of(row.select_one(".l")).removesuffix(words_of(row.select_one(".l small"))),
            words_of(row.select_one(".l small")),
            words_of(row.select_one(".v a")),
            words_of(row.select_one(".v small")),
            row.select_one(".v a")["href"],
        )
        for row in page.select(".row:not(.ax)")
    ]
    assert shown == [(row.label, row.detail, row.value, row.value_detail, f"#{row.places}") for row in rows]
    letters = "".join("".join(text.split()) for text, _ in text_boxes(figure))
    for row in rows:
        for words in (row.label, row.detail, row.value, row.value_detail):
            assert "".join(words.split()) in letters, words


@pytest.mark.parametrize("name", ["pain", "responders", "durations", "harm", "studies", "pooled"])
def test_points_and_bars_lie_at_the_same_places(drawn, name):
    figure = drawn[name]
    axis, page, ax = figure.rows.axis, page_of(figure.rows), figure.figure.axes[0]

    def percent(value: float) -> float:
        return percent_of_axis(value, axis.low, axis.high)

    marks = [mark for row in rows_of(figure.rows) for mark in row.marks]
    points = [mark.at for mark in marks if isinstance(mark, Point)]
    circles = page.select(".row:not(.ax) circle[stroke-width]")
    assert [float(circle["cx"].rstrip("%")) for circle in circles] == pytest.approx([percent(at) for at in points])
    assert [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"] == pytest.approx(points)
    bars = [(mark.low, mark.high) for mark in marks if isinstance(mark, Bar)]
    boxes = [box for box in page.select(".row:not(.ax) rect") if box["width"].endswith("%")]
    ends = [(float(box["x"].rstrip("%")), float(box["width"].rstrip("%"))) for box in boxes]
    assert [low for low, _ in ends] == pytest.approx([percent(low) for low, _ in bars])
    assert [wide for _, wide in ends] == pytest.approx([percent(high) - percent(low) for low, high in bars], abs=0.02)
    patches = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [patch.get_x() for patch in patches] == pytest.approx([low for low, _ in bars])
    assert [patch.get_x() + patch.get_width() for patch in patches] == pytest.approx([high for _, high in bars])


@pytest.mark.parametrize("name", ["pain", "responders", "durations", "harm", "studies"])
def test_every_value_names_rows_of_the_data(drawn, evidence, name):
    studies = set()
    for row in rows_of(drawn[name].rows):
        named = places(row.places)
        assert named, row.label
        for table, number in named:
            data = getattr(evidence, table)
            (line,) = data[data["row"] == number].itertuples()
            studies.add(line.study_id)
    assert studies == set(drawn[name].studies)


def test_a_rate_is_that_of_its_row(drawn, evidence):
    table = evidence.responders.set_index("row")
    for row in rows_of(drawn["responders"].rows):
        ((_, number),) = places(row.places)
        source = table.loc[number]
        if count := re.match(r"(\d+) of (\d+)", f"{row.value} {row.value_detail}".removeprefix(f"{row.value} ")):
            assert (int(count[1]), int(count[2])) == (source["responders"], source["n"])
        if pd.notna(source["percent_reported"]) and row.known:
            assert row.value == f"{source['percent_reported']:g}%"


@pytest.mark.parametrize("name", MAIN)
def test_captions_are_short_and_titles_state_a_finding(drawn, name):
    figure = drawn[name]
    assert len(plain(figure.caption).split()) <= 45
    assert re.search(r"\d", figure.title) and not figure.title.endswith(".")
    assert figure.alt.startswith((figure.title, "23 studies"))
    assert "Lee" not in figure.title and "52 of 52" not in figure.title and "100%" not in figure.title


@pytest.mark.slow
@pytest.mark.parametrize("name", MAIN)
def test_no_average_of_few_or_unlike_studies_is_drawn_in_the_main_part(drawn, evidence, name):
    picture = drawn[name].rows
    kinds = [mark["kind"] for row in picture.payload()["rows"] for mark in row.get("marks", [])] if picture else []
    assert "diamond" not in kinds
    if name == "kept":
        kept = synthesis.benefit_retention(select(evidence))
        assert kept.k > 4 and (kept.curve["ci_high"] - kept.curve["ci_low"]).max() < 0.6


def test_percentages_of_positions_are_those_of_the_axis():
    assert [percent_of_axis(value, -5, 1) for value in (-5, -2, 0, 1)] == [0, 50, 83.33, 100]
    assert [percent_of_axis(value, 0, 10) for value in (-3, 12)] == [0, 100], "what lies beyond is drawn at the end"


AXIS = Axis(0, 10, {0: "0", 5: "5", 10: "10"})
CROWDED = [
    (9.8, "before 9.8", 9.2, "after 9.2"),
    (0.1, "before 0.1", 0.0, "after 0"),
    (5.0, "before 5", 5.0, "after 5"),
    (6.8, "placebo 6.8", 5.7, "ketamine 5.7"),
]


@pytest.mark.parametrize(("first", "before", "second", "after"), CROWDED)
def test_words_near_the_ends_and_each_other_stay_apart_and_inside(first, before, second, after):
    marks = (
        Span(second, first),
        Point(first, fill="hollow"),
        Point(second),
        Words(first, before),
        Words(second, after),
    )
    table = pd.DataFrame({"study_id": ["a"]})
    figure = rows_figure(
        "pain", RowPicture((Row("A 2001", "", marks, "x"),), AXIS), table, table, "Title", "alt", "caption"
    )
    assert problems_of(figure) == []
    words = sorted((mark.at, mark.text) for mark in rows_of(figure.rows)[0].marks if isinstance(mark, Words))
    track = 220  # points, the width of the track on paper
    spans = [
        (at / 10 * track - text_width(text, 8) / 2, at / 10 * track + text_width(text, 8) / 2) for at, text in words
    ]
    assert spans[0][0] >= 0 and spans[0][1] <= spans[1][0] and spans[1][1] <= track
    assert {mark.at for mark in rows_of(figure.rows)[0].marks if isinstance(mark, Point)} == {first, second}
    text = page_of(figure.rows).select_one(f'text:-soup-contains("{before}")')
    assert float(text["x"].rstrip("%")) == pytest.approx(10 * dict(map(reversed, words))[before], abs=0.01)


@pytest.mark.slow
def test_many_rows_move_closer_and_lose_no_letters():
    rows = tuple(Row(f"study {number}", "a detail", (Point(5),), "5", "of 10") for number in range(27))
    few, many = (draw_rows(RowPicture(some, AXIS)) for some in (rows[:20], rows))
    assert many.get_figheight() <= 9.3 + 1e-9
    assert few.get_figheight() * 27 / 20 > 9.5, "they would not fit otherwise"
    assert problems_of(Figure("rows", many, pd.DataFrame(), "alt", "caption")) == []


def test_texts_of_the_data_cannot_become_markup():
    row = Row("<b>A</b>", "x & y", (Words(5, "<i>"),), "1 < 2", "&amp;", places="responders-1")
    html = rows_html(RowPicture((row,), AXIS).payload(), lambda words, where: words.replace("<", "&lt;"))
    assert "<b>A" not in html and "<i>" not in html and "x &amp; y" in html and "&amp;amp;" in html


def test_a_diamond_of_the_page_has_its_corners_at_its_values():
    axis = Axis(0, 100, {0: "0%", 100: "100%"})
    found = page_of(RowPicture((Row("Typical study", marks=(Diamond(20, 35, 80),)),), axis)).select_one(".t svg svg")
    assert (found["x"], found["width"]) == ("20%", "60%")
    corners = [tuple(map(float, corner.split(","))) for corner in found.polygon["points"].split()]
    left, right, (_, _, wide, _) = 20, 80, map(float, found["viewbox"].split())
    assert [left + x / wide * (right - left) for x, _ in corners] == [20, 35, 80, 35]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pain", "responders", "durations", "harm", "studies", "pooled"])
def test_each_study_has_the_shape_and_letter_of_its_risk_of_bias(drawn, evidence, name):
    figure = drawn[name]
    judged = {study_name(row.citation): row.bias for row in each(evidence_map.studies(select(evidence)))}
    marked = 0
    for row in rows_of(figure.rows):
        study, _, rest = (row.detail if name == "harm" else row.label).partition("\u00a0")
        if not row.places:  # a pooled rate
            assert rest == ""
            continue
        assert rest[:2] == bias_mark(judged[study]), study
        marked += bool(rest)
    marks = page_of(figure.rows).select("span.rb[role=img]")
    assert len(marks) == marked > 3
    for mark in marks:
        (judgement,) = (name for name, shown in BIAS_MARKS.items() if shown == mark.text)
        assert mark["aria-label"] == mark["title"] == BIAS_WORDS[judgement]
    assert not set("○△■◆") & set(figure.alt) and "critical risk of bias in " in figure.alt
    assert "■X critical" in figure.legend and "provisional" in figure.legend


def test_marks_of_bias_are_drawn(drawn):
    texts = [text.get_text() for ax in drawn["pain"].figure.axes for text in ax.texts] + [
        text.get_text() for text in drawn["pain"].figure.texts
    ]
    assert any("Sigtermans 2009\u00a0■H" in text for text in texts)
