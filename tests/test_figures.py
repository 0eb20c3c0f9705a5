"""Figures: numbers and words equal the tables, every row is drawn or listed, no text overlaps or is cut off."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from drawn_texts import problems_of, text_boxes
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from analysis import figures
from analysis.evidence.selection import Criteria, Selection, only, select
from analysis.exhibit import Figure, plain
from analysis.exhibit.palette import LIGHT, PALETTE
from analysis.exhibit.row_picture import Bar, Point, Row, Stroke, Words
from analysis.figures import labels, study_rows, style
from analysis.figures.score_spreads import Spread, spread_of
from analysis.outcomes import durations, evidence_map, responders, safety, synthesis, trajectories

WIDE = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)


@pytest.fixture(scope="module", params=["default", "wide"])
def selection(request, evidence) -> Selection:
    return select(evidence, Criteria() if request.param == "default" else WIDE)


@pytest.fixture(scope="module")
def default(evidence) -> Selection:
    return select(evidence)


MAKERS: dict[str, Callable[[Selection], Figure]] = {
    "study_map": lambda s: figures.study_map(evidence_map.studies(s)),
    "dose_map": lambda s: figures.dose_map(evidence_map.doses(s)),
    "pain_trajectory_lines": lambda s: figures.pain_trajectory_lines(trajectories.scores(s), trajectories.changes(s)),
    "pain_before_after": lambda s: figures.pain_before_after(
        trajectories.scores(s), trajectories.changes(s), trajectories.between_arms(s)
    ),
    "responder_forest": lambda s: figures.responder_forest(responders.rates(s)),
    "benefit_flow": lambda s: figures.benefit_flow(responders.flows(s)[-1]),
    "possible_flow_curve": lambda s: figures.possible_flow_curve(
        next(flow for flow in responders.flows(s) if flow.p_reported > 0)
    ),
    "duration_lanes": lambda s: figures.duration_lanes(durations.statements(s)),
    "harm_forest": lambda s: figures.harm_forest(safety.events(s)),
    "pooled_forest": lambda s: figures.pooled_forest(synthesis.pooled_rates(s)),
    "pooled_benefit_curve": lambda s: figures.pooled_benefit_curve(synthesis.benefit_retention(s)),
    "regimen_duration_curve": lambda s: figures.regimen_duration_curve(synthesis.duration_curves(s)),
}
# what each function draws when there is nothing: its tables with no rows
EMPTY: dict[str, Callable[[Selection], Figure]] = {
    "study_map": lambda s: figures.study_map(evidence_map.studies(s).iloc[:0]),
    "dose_map": lambda s: figures.dose_map(evidence_map.doses(s).iloc[:0]),
    "pain_trajectory_lines": lambda s: figures.pain_trajectory_lines(trajectories.scores(s).iloc[:0]),
    "pain_before_after": lambda s: figures.pain_before_after(
        trajectories.scores(s).iloc[:0], trajectories.changes(s).iloc[:0], trajectories.between_arms(s).iloc[:0]
    ),
    "responder_forest": lambda s: figures.responder_forest(responders.rates(s).iloc[:0]),
    "duration_lanes": lambda s: figures.duration_lanes(durations.statements(s).iloc[:0]),
    "harm_forest": lambda s: figures.harm_forest(safety.events(s).iloc[:0]),
}


_DRAWN: dict[tuple[str, str], Figure] = {}


def make(maker: str, selection: Selection) -> Figure:
    """The figure of a selection, drawn once for all tests that only look at it."""
    key = (maker, str(selection.criteria))
    if key not in _DRAWN:
        _DRAWN[key] = MAKERS[maker](selection)
    return _DRAWN[key]


# ------------------------------------------------------------------------------------------------ all figures alike
@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
def test_no_words_overlap_or_leave_the_canvas(maker, selection):
    assert problems_of(make(maker, selection)) == []


@pytest.mark.slow
@pytest.mark.parametrize("study", ["correll2004", "sigtermans2009", "mangnus2022", "regimen357_nd", "shirani2008"])
def test_single_studies_are_drawn_or_have_a_message(study, evidence):
    alone = select(evidence, dataclasses.replace(WIDE, studies=(study,)))
    drawn = [MAKERS[maker](alone) for maker in MAKERS if maker not in ("benefit_flow", "possible_flow_curve")]
    drawn += [figures.benefit_flow(flow) for flow in responders.flows(alone)]
    for figure in drawn:
        assert problems_of(figure) == [], figure.name
        assert set(figure.studies) <= {study}


@pytest.mark.slow
def test_the_overlap_check_sees_an_overlap_and_a_cut_text(default):
    figure = MAKERS["pain_before_after"](default)
    figure.figure.text(0.02, 0.5, "two words on top of each other")
    figure.figure.text(0.03, 0.5, "that nobody can read")
    figure.figure.text(0.98, 0.1, "cut off at the right edge")
    found = " / ".join(problems_of(figure))
    assert "'two words on top of each other' covers 'that nobody can read'" in found
    assert "'cut off at the right edge' leaves the canvas" in found


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
def test_words_are_large_enough_and_the_width_is_that_of_a_page(maker, selection):
    picture = make(maker, selection).figure
    assert picture.get_figwidth() == pytest.approx(7.2)
    sizes = {text.get_fontsize() for text in picture.findobj(Text) if text.get_visible() and text.get_text().strip()}
    assert min(sizes) >= 7.5


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
def test_default_figures_fit_on_a_printed_page(maker, default):
    assert make(maker, default).figure.get_figheight() <= 9.3 + 1e-9


@pytest.mark.parametrize("maker", ["dose_map", "pain_trajectory_lines", "pooled_forest"])  # panels, lines, rows
def test_same_bytes_twice_whatever_was_set_before(maker, default):
    first = make(maker, default).svg
    others = {"font.size": 20, "font.weight": "bold", "xtick.direction": "in", "axes.grid": True, "figure.dpi": 40}
    with mpl.rc_context(others):
        second = MAKERS[maker](default).svg
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
def test_every_drawn_number_lies_within_its_axes(maker, selection):
    for ax in make(maker, selection).figure.axes:
        for line in ax.lines:
            if line.get_transform() != ax.transData or not ax.axison:
                continue
            for values, limits in ((line.get_xdata(), ax.get_xlim()), (line.get_ydata(), ax.get_ylim())):
                values = np.asarray(values, dtype="float64")
                # leading lines to labels may leave the plot on the right
                room = 0.06 * abs(limits[1] - limits[0])
                assert np.isfinite(values).all()
                assert values.min() >= min(limits) - room
                assert values.max() <= max(limits) + room


@pytest.mark.slow
@pytest.mark.parametrize("maker", EMPTY)
def test_an_empty_table_gives_a_figure_with_a_message(maker, default):
    figure = EMPTY[maker](default)
    assert figure.data.empty
    assert figure.studies == ()
    assert re.match(r"No \w+", figure.alt)
    shown = " ".join(text.get_text() for text in figure.figure.findobj(Text)).split()
    assert " ".join(shown) == figure.alt
    assert problems_of(figure) == []


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
def test_words_and_sources(maker, selection):
    figure = make(maker, selection)
    # what is pooled over studies stands in rows without a study, a score at baseline alone has no change
    assert set(figure.data["study_id"].dropna()) <= set(figure.studies)
    assert len(figure.studies) == len(set(figure.studies))
    assert "figure" not in figure.alt.lower()
    sentences = re.split(r"(?<!et al)[.] (?=[A-Z0-9])", figure.alt)
    assert 2 <= len(sentences) <= 6
    assert figure.caption.endswith(".") and len(plain(figure.caption).split()) <= 45
    assert figure.title or maker == "possible_flow_curve", "the finding"
    assert any(re.search(r"rows?$|row_ids?$", column) for column in figure.data.columns)
    for word in ("nan", "<NA>", "None", "inf "):
        assert word not in f"{figure.alt} {plain(figure.caption)} {plain(figure.notes)}"
    for text, _ in text_boxes(figure):
        assert "nan" not in text.lower().split()


def drawn_or_listed(figure: Figure, table: pd.DataFrame) -> None:
    """Every study of a table is drawn or named in the notes."""
    named = set(figure.studies) | set(re.findall(r"#ref-([\w-]+)", figure.notes))
    assert set(table["study_id"]) <= named


SIZES = {"responder_forest": "n", "duration_lanes": "patients_treated"}


@pytest.mark.slow
def test_every_row_is_drawn_or_listed(selection):
    tables = {
        "study_map": evidence_map.studies(selection),
        "dose_map": evidence_map.doses(selection),
        "pain_trajectory_lines": trajectories.scores(selection),
        "pain_before_after": pd.concat([trajectories.changes(selection), trajectories.scores(selection)]),
        "responder_forest": responders.rates(selection),
        "duration_lanes": durations.statements(selection),
        "harm_forest": safety.events(selection),
    }
    for maker, table in tables.items():
        drawn_or_listed(make(maker, selection), table)
    # reports of a single patient are listed, not drawn
    groups = {name: ~tables[name][size].eq(1).fillna(False).astype(bool) for name, size in SIZES.items()}
    for name, several in groups.items():
        assert 0 < several.sum() < len(several)
        assert len(make(name, selection).data) == several.sum()
        assert "single patient" in make(name, selection).notes
    assert len(make("pain_trajectory_lines", selection).data) == len(tables["pain_trajectory_lines"])
    harm = tables["harm_forest"]
    assert len(make("harm_forest", selection).data) == (harm["rate"].notna() & (harm["n"] > 2)).sum()


def unmarked(label: str) -> str:
    """A label without the mark of risk of bias."""
    return re.sub("\u00a0[^A-Z]*[A-Z]", "", label)


@pytest.mark.slow
def test_controlled_and_uncontrolled_have_separate_headings(default):
    headings = {
        "study_map": ("Against placebo", "No control group"),
        "pain_trajectory_lines": ("Placebo-controlled studies", "Studies without a control group"),
        "pain_before_after": ("Against placebo, at the same time", "Before and after, no control group"),
        "harm_forest": ("Against placebo", "Without a control group"),
    }
    for maker, wanted in headings.items():
        assert set(wanted) <= {text for text, _ in text_boxes(make(maker, default))}
    lanes = make("duration_lanes", default).rows.rows
    bold = [unmarked(row.label) for row in lanes if isinstance(row, Row) and row.strong]
    assert bold == ["Sigtermans 2009, placebo-controlled", "Schwartzman 2009, placebo-controlled"]


# ------------------------------------------------------------------------------------------------ single figures
@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "title"),
    [
        ("mangnus2022", "Responders: 62% (30 of 48) at the end of infusion; 48% (23 of 48) at 4 weeks"),
        (
            "correll2004",
            "Complete relief: 76% (25 of 33) at the end of infusion; pain free for 3 months or more: 54% (18 of 33) "
            "at 13 weeks; 3 more rates below",
        ),
        ("cohen2023", "Responders: 46% (33 of 71) at 3 weeks; 2 more rates below"),
    ],
)
def test_the_rates_of_one_study_are_told_with_the_last_one(evidence, study, title):
    """Neither the best moment alone nor a part of the patients, and each rate says of what."""
    assert figures.responder_forest(responders.rates(only(evidence, study))).title == title


def test_responder_forest_shows_the_printed_numbers(default):
    figure = figures.responder_forest(responders.rates(default))
    data = figure.data.set_index(["arm_id", "weeks_after_end_of_infusion", "definition_class"])
    at_end = data.loc[("mangnus2022_sket", 0.0, "ge_2_points_or_success")]
    assert (at_end["responders"], at_end["n"], at_end["percent_as_printed"]) == (30, 48, 62)
    assert at_end["percent_responders"] == 62.5
    # Wilson's interval of 30 of 48
    assert at_end["ci_low_percent"] == pytest.approx(48.36, abs=0.01)
    assert at_end["ci_high_percent"] == pytest.approx(74.78, abs=0.01)
    assert at_end["row_id"] == "responders-27"
    shown = [text for text, _ in text_boxes(figure)]
    assert {"30 of 48", "23 of 48", "as printed"} <= set(shown)
    assert "62%" in shown and "48%" in shown
    assert "meaningful relief at 3 months;" in " ".join(shown)
    assert "fits no count of 16" in " ".join(" ".join(shown).split())
    assert "Cohen 2022 46% (33 of 71)" in figure.alt and "Kiefer 2008b 0% (0 of 4)" in figure.alt


def test_responder_forest_follows_its_table(default):
    table = responders.rates(default, level=0.9)
    one = table[table["arm_id"] == "kiefer2008b_sket"]
    figure = figures.responder_forest(one, level=0.9)
    assert "0 of 4" in figure.alt
    assert "90% interval" in figure.caption
    assert list(figure.data["ci_high_percent"]) == list(100 * one["ci_high"])


def rows_of(figure: Figure) -> dict[str, Row]:
    """Return the rows of a row figure by their label and the first part of their detail."""
    return {
        f"{unmarked(row.label)}; {row.detail}".rstrip("; "): row for row in figure.rows.rows if isinstance(row, Row)
    }


def test_what_is_no_rate_of_patients_is_hollow_and_has_no_interval(evidence):
    table = responders.rates(select(evidence, WIDE))
    figure = figures.responder_forest(table)
    infusions = rows_of(figure)["Sheehy 2015; more than 20% fall of the pain score; infusions, not patients"]
    assert (infusions.value_detail, infusions.known) == ("102 of 277 infusions", False)
    chosen = next(row for row in rows_of(figure).values() if unmarked(row.label) == "Lee 2025")
    assert (chosen.value, chosen.known) == ("52 of 52: no rate", False)
    for row in (infusions, chosen):
        (point,) = row.marks
        assert point.fill == "hollow"
    assert "100%" not in chosen.value + chosen.value_detail
    assert "Lee" not in figure.title and "52 of 52" not in figure.title


def test_a_case_report_is_no_end_of_a_range(default):
    table = responders.rates(default)
    assert (table["n"] == 1).any()
    assert figures.responder_forest(table).title == (
        "Early response ranges from 0 of 4 to 5 of 5 patients, at about 3 months from 1 of 5 to 13 of 20: too "
        "different to average"
    )


def test_harm_has_both_arms_and_the_limit_of_what_nobody_had(default):
    figure = figures.harm_forest(safety.events(default))
    assert figure.title == (
        "Mild to moderate psychomimetic effects during infusion: 76% with ketamine, 18% with placebo; hepatotoxicity "
        "in 3 of 6 without a control group"
    )
    values = {unmarked(row.label): (row.value, row.value_detail) for row in figure.rows.rows if isinstance(row, Row)}
    assert values["Mild to moderate psychomimetic effects during infusion, ketamine"] == ("76%", "counts not printed")
    for row in figure.rows.rows:
        if isinstance(row, Row) and row.value_detail == "counts not printed":
            assert [type(mark) for mark in row.marks] == [Point], "no count, no interval"
    none = {row.value: row for row in figure.rows.rows if isinstance(row, Row) and row.value.startswith("0 of")}
    for row in none.values():
        span, point = row.marks
        assert (span.low, point.at) == (0, 0)
        assert row.value_detail == f"could be {round(span.high)}%"
    z2 = 1.959964**2  # Wilson's upper limit of 0 of n is z²/(n + z²); the rule of three would give 3/n
    assert none["0 of 4"].marks[0].high == pytest.approx(100 * z2 / (4 + z2)) and "49%" in none["0 of 4"].value_detail
    assert none["0 of 52"].value_detail == "could be 7%"


def test_events_without_a_count_are_listed(evidence):
    figure = figures.harm_forest(safety.events(select(evidence, WIDE)))
    assert "lightheadedness, dizziness, nausea" in plain(figure.notes)
    assert plain(figure.notes).count("Mentioned without a count") == 1


def test_benefit_flow_draws_the_one_table_that_fits(default):
    flow = next(f for f in responders.flows(default) if f.study_id == "mangnus2022")
    figure = figures.benefit_flow(flow)
    assert figure.name == "benefit-flow-mangnus2022-sket"
    data = figure.data.set_index("quantity")
    assert data["patients_low"].to_dict() == {"kept": 21, "lost": 9, "gained": 2, "neither": 16}
    assert (data["patients_low"] == data["patients_high"]).all()
    assert data["patients_low_without_p"].to_dict() == {"kept": 5, "lost": 7, "gained": 0, "neither": 0}
    assert data["patients_high_without_p"].to_dict() == {"kept": 23, "lost": 25, "gained": 18, "neither": 18}
    shown = [text for text, _ in text_boxes(figure)]
    assert {"30/48† = 62%", "23/48† = 48%", "21 kept the benefit", "9 lost it", "2 gained it later"} <= set(shown)
    assert "21 kept the benefit, 9 lost it, 2 gained it later and 16" in figure.alt
    assert "5 to 23 kept, 7 to 25 lost" in figure.alt
    # the one table needs this test, and that nobody is missing
    (foot,) = [text for text in shown if text.startswith("The only table of whole patients that fits")]
    assert "(McNemar's test, uncorrected)" in " ".join(foot.split())
    assert "the bands assume that nobody is missing" in figure.caption
    assert not any(patch.get_hatch() for ax in figure.figure.axes for patch in ax.patches)


def test_benefit_flow_without_p_shows_what_stays_open(default):
    flow = next(f for f in responders.flows(default) if f.study_id == "correll2004")
    figure = figures.benefit_flow(flow)
    data = figure.data.set_index("quantity")
    assert data["patients_low"].to_dict() == {"kept": 10, "lost": 7, "gained": 0, "neither": 0}
    assert data["patients_high"].to_dict() == {"kept": 18, "lost": 15, "gained": 8, "neither": 8}
    shown = [text for text, _ in text_boxes(figure)]
    assert "10 to 18 kept the benefit" in shown
    # the first count is printed, the second worked out
    assert {"25/33 = 76%", "18/33† = 54%"} <= set(shown)
    assert any(patch.get_hatch() for ax in figure.figure.axes for patch in ax.patches)
    heights = [patch.get_height() for patch in figure.figure.axes[0].patches if hasattr(patch, "get_height")]
    # both columns are all 33 patients high
    assert sum(heights) == pytest.approx(2 * 172)


def test_benefit_flow_states_that_no_table_gives_the_printed_p(default):
    flow = next(f for f in responders.flows(default) if f.study_id == "mangnus2022")
    unfit = dataclasses.replace(flow, p_reported=0.9, tables=flow.tables.assign(fits_p=False))
    shown = " ".join(text for text, _ in text_boxes(figures.benefit_flow(unfit)))
    assert "No table of whole patients gives the printed P = 0.9" in shown
    assert "5 to 23 kept the benefit" in shown


def pain_figure(selection: Selection) -> Figure:
    return MAKERS["pain_before_after"](selection)


def test_pain_shows_one_reading_and_exports_both(default):
    figure = pain_figure(default)
    rows = {unmarked(row.label): row for row in figure.rows.rows if isinstance(row, Row)}
    trial = rows["Sigtermans 2009"]
    assert (trial.value, trial.value_detail) == ("2.8 lower", "95% CI 1.4 to 4.2")
    assert trial.detail == "60 patients; end of week 1 (lowest score), 3 days after the infusion; means; ± read as SE"
    assert trial.places == "pain_scores-20 and pain_scores-21"
    assert (rows["Patil 2012"].value, rows["Patil 2012"].value_detail) == ("7.2 lower", "95% CI 6.1 to 8.3")
    assert (rows["Goldberg 2010"].value, rows["Goldberg 2010"].value_detail) == ("3 to 6 lower", "no interval possible")
    assert (rows["Cohen 2022"].value, rows["Cohen 2022"].known) == ("later score not printed", False)
    readings = figure.data[figure.data["what"] == "ketamine minus control"].set_index("spread_read_as")
    assert readings["points"].tolist() == pytest.approx([2.68 - 5.45] * 2)
    assert readings.loc["se", ["low", "high"]].tolist() == pytest.approx([-4.17, -1.37], abs=0.005)
    assert readings.loc["sd", ["low", "high"]].tolist() == pytest.approx([-3.03, -2.51], abs=0.005)


def test_pain_without_a_control_is_not_compared(default):
    none = trajectories.between_arms(default).iloc[:0]
    figure = figures.pain_before_after(trajectories.scores(default), trajectories.changes(default), none)
    assert figure.title == "Without a control group pain fell by 2 to 7 points"
    assert "sigtermans2009" not in figure.studies


@pytest.mark.slow
def test_pain_trajectories_draw_spreads_of_each_kind(default):
    table = trajectories.scores(default)
    figure = figures.pain_trajectory_lines(table, trajectories.changes(default))
    shown = [text for text, _ in text_boxes(figure)]
    assert "8 to 9" in shown
    for study in ("means; SD, the printed ± read as an SE", "medians; interquartile range, drawn"):
        assert study in "\n".join(shown), "the kind of spread stands in the panel, not in a key"
    assert figure.title == "4 studies print pain scores, none over weeks"
    assert "only the change is printed, not the scores" in plain(figure.notes)
    assert "as an SE it would need an SD of 15.1" in plain(figure.notes)
    assert "median 8 before (n = 48), 6 at the end of infusion (n = 48)" in figure.alt
    for ax in figure.figure.axes:
        if ax.axison:
            assert ax.get_ylim() == (-0.45, 10.45)


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("sd", {"spread": 1.5, "sd": 1.5}, ("sd", 4.5, 7.5)),
        ("se", {"spread": 0.5, "sd": 2.0}, ("sd", 4.0, 8.0)),
        ("iqr_width", {"spread": 4.0, "sd": 3.0}, ("iqr_width", 4.0, 8.0)),
        ("q1_q3", {"spread_low": 4.0, "spread_high": 9.0}, ("q1_q3", 4.0, 9.0)),
        ("ci95", {"spread_low": 5.0, "spread_high": 7.0}, ("ci95", 5.0, 7.0)),
        ("range", {"spread_low": 0.0, "spread_high": 10.0}, ("range", 0.0, 10.0)),
        ("unlabelled", {"spread": 0.5, "sd": 0.5, "sd_if_se": 5.0}, ("if_se", 1.0, 10.0)),
        ("unlabelled", {"spread": 1.5, "sd": 1.5}, ("sd", 4.5, 7.5)),
        ("none", {}, None),
    ],
)
def test_spread_of_a_row(kind, fields, expected):
    blank = dict.fromkeys(("spread", "spread_low", "spread_high", "sd", "sd_if_se"), np.nan)
    row = pd.Series(
        {**blank, "value": 6.0, "statistic": "mean", "spread_kind": kind, "sd_basis": "", "n": 30, **fields}
    )
    assert spread_of(row) == (expected and Spread(*expected))


def weekly(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores with a made-up weekly series of the trial: 7.2 before, 2.7 a few days after, 5.2 at the end."""
    rows = []
    for arm, values in (
        ("sigtermans2009_ketamine", [7.2, 2.7, 3.0, 3.4, 3.7, 4.0, 4.2, 4.4, 4.6, 4.8, 4.9, 5.1, 5.2]),
        ("sigtermans2009_placebo", [6.9, 5.5, 5.4, 5.5, 5.4, 5.5, 5.6, 5.4, 5.5, 5.4, 5.5, 5.4, 5.6]),
    ):
        first = scores[scores["arm_id"] == arm].iloc[0]
        for week, value in enumerate(values):
            row = first.copy()
            row["value"], row["n"] = value, 30 - week // 4
            row["weeks"], row["phase"] = (week - 0.6, "follow_up") if week else (np.nan, "baseline")
            rows.append(row)
    others = scores[scores["study_id"] != "sigtermans2009"]
    return pd.concat([others, pd.DataFrame(rows)], ignore_index=True).astype(scores.dtypes.to_dict())


@pytest.mark.slow
def test_a_weekly_series_is_drawn_in_one_panel_with_its_own_labels(default):
    figure = figures.pain_trajectory_lines(weekly(trajectories.scores(default)))
    assert figure.title == "Sigtermans 2009: pain is lowest at 0.4 weeks (2.7) and 5.2 at 11 weeks, with placebo 5.6"
    for picture in (figure.figure, figure.narrow):
        drawn = dataclasses.replace(figure, figure=picture)
        assert problems_of(drawn) == []
        shown = [" ".join(text.split()) for text, _ in text_boxes(drawn)]
        for words in ("7.2", "2.7", "5.2 ketamine", "6.9", "5.6 placebo", "before", "4", "8", "13"):
            assert words in shown, words
        assert "3.7" not in shown and "5.4" not in shown, "of a course the first, the lowest and the last"
        assert any("30 to 27 and 30 to 27 patients" in text for text in shown)
        panels = [ax for ax in picture.axes if ax.axison]
        assert len(panels) == 4, "one panel a study"
        assert {ax.get_xlim()[0] for ax in panels} == {0} and len({ax.get_xlim()[1] for ax in panels}) == 1
        points = [line for line in panels[0].lines if line.get_markerfacecolor() == LIGHT["ketamine"]]
        places = [float(line.get_xdata()[0]) for line in points if line.get_marker() == "o"]
        steps = np.diff(places[1:])
        assert len(places) == 13 and steps == pytest.approx([steps[0]] * len(steps)), "weeks are equally far apart"
    assert figure.narrow.get_figwidth() * 72 == style.PHONE


def lanes_of(selection: Selection, **named) -> tuple[Figure, dict[str, Row]]:
    figure = figures.duration_lanes(durations.statements(selection), **named)
    return figure, {unmarked(row.label): row for row in figure.rows.rows if isinstance(row, Row)}


@pytest.mark.slow
def test_lanes_show_each_kind_of_statement(default):
    figure, lanes = lanes_of(default)
    assert figure.title == "Beyond 13 weeks nobody counted who still benefits, whatever the regimen"
    words = {name: (row.value, row.value_detail) for name, row in lanes.items()}
    assert words["Correll 2004"] == ("counted to 13 weeks", "mean 41 weeks")
    assert words["Mangnus 2021"] == ("counted to 4 weeks", "")
    assert words["Puchalski 2016"] == ("lost by 10.9 weeks", "")
    assert words["Kiefer 2008b"] == ("none", "")
    second_hand = "in a secondary account: {} (significant fall against placebo)"
    assert words["Sigtermans 2009, placebo-controlled"] == ("10.4 weeks, as a group", second_hand.format("11 weeks"))
    assert words["Schwartzman 2009, placebo-controlled"] == ("no usable time", second_hand.format("up to 12 months"))
    assert lanes["Lee 2025"].value == "no rate" and not lanes["Lee 2025"].known
    shares = [mark.text for mark in lanes["Mangnus 2021"].marks if isinstance(mark, Words)]
    assert shares == ["62%", "48%"]


@pytest.mark.slow
def test_lanes_end_where_the_table_says(default):
    _, lanes = lanes_of(default)
    band = [mark for mark in lanes["Correll 2004"].marks if isinstance(mark, Bar) and mark.fill == "band"]
    assert [(mark.low, mark.high) for mark in band] == [(0, 13)]
    strokes = [mark.at for mark in lanes["Mangnus 2021"].marks if isinstance(mark, Stroke)]
    assert strokes == [0, 4]
    # what nobody counted is hatched up to the end of the axis, and never pale
    end = figures.duration_lanes(durations.statements(default)).rows.axis.high
    unknown = [mark for mark in lanes["Kiefer 2008a"].marks if isinstance(mark, Bar)]
    assert [(mark.low, mark.high, mark.fill) for mark in unknown] == [(0, 13, "hatched"), (13, end, "hatched")]


def test_a_lane_beyond_the_horizon_has_its_number_beside_it(default):
    table = durations.statements(default)
    short = figures.duration_lanes(table[table["arm_id"] == "correll2004_course1"], horizon_weeks=8)
    (row,) = [row for row in short.rows.rows if isinstance(row, Row)]
    assert short.rows.axis.high == 8 and row.value == "counted to 13 weeks"
    assert max(getattr(mark, "high", getattr(mark, "at", 0)) for mark in row.marks) == 8
    assert 13.0 in set(short.data["weeks_low"])


def test_a_horizon_must_lie_after_week_0(default):
    with pytest.raises(ValueError, match="horizon_weeks is 0"):
        figures.duration_lanes(durations.statements(default), horizon_weeks=0)


@pytest.mark.slow
def test_dose_map_places_doses_or_lists_them(selection):
    table = evidence_map.doses(selection)
    figure = figures.dose_map(table)
    placed = table["mg_per_h"].notna() | table["total_mg"].notna()
    assert list(figure.data["arm_id"]) == list(table.loc[placed, "arm_id"])
    assert "dose not printed" in figure.notes
    assert f"{int((~placed).sum())} further arms have no dose" in figure.alt
    assert "no total" in plain(figure.notes)
    shown = [text for text, _ in text_boxes(figure)]
    assert "total not\nprinted" in shown or {"total not", "printed"} <= set(shown)


def test_dose_map_keeps_one_arm_and_no_strips_when_all_is_known(default):
    table = evidence_map.doses(default)
    figure = figures.dose_map(table[table["arm_id"] == "correll2004_course1"])
    shown = [text for text, _ in text_boxes(figure)]
    assert "Correll et al. 2004" in shown
    assert "rate not\nprinted" not in shown
    assert "50 mg per hour and 5,640 mg in all (1 arm)" in figure.alt


def test_evidence_map_counts_what_is_reported(default):
    table = evidence_map.studies(default)
    figure = figures.study_map(table)
    assert figure.alt.startswith(f"{len(table)} studies: 2 with placebo, 2 comparing treatments")
    assert f"responder rates from {(table['responders'] > 0).sum()}," in figure.alt
    rows = {unmarked(row.label): row for row in figure.rows.rows if isinstance(row, Row)}
    assert rows["Sigtermans 2009"].value_detail == "pain, duration, harm"
    assert [mark.high for mark in rows["Sigtermans 2009"].marks] == [60]
    kinds = sum(row.value_detail.count(",") + 1 for row in rows.values() if row.value_detail != "no usable result")
    assert kinds == (table[["pain_scores", "responders", "durations", "adverse_events"]] > 0).sum().sum()
    assert (rows["Kirkpatrick 2020"].value, rows["Kirkpatrick 2020"].marks) == ("size not stated", ())


# ------------------------------------------------------------------------------------------------ the shared parts
def lightness(color: str) -> float:
    """Return the CIE lightness of a colour in grey print, 0 black to 100 white."""
    return 116 * luminance(color) ** (1 / 3) - 16


@pytest.mark.parametrize("looks", [list(style.REGIMEN_LOOKS.values()), list(style.SERIES_LOOKS)])
def test_looks_differ_in_grey_print(looks):
    for one, other in combinations(looks, 2):
        assert one.marker != other.marker
    main = sorted(lightness(look.color) for look in looks[:3])
    assert min(b - a for a, b in pairwise(main)) >= 5


def luminance(color: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("dark", [False, True])
def test_letters_and_marks_have_contrast_on_the_ground(dark):
    """WCAG 2.2: 4.5:1 for letters, 3:1 for marks; the others are areas and the lines of a grid."""
    colors = {name: luminance(pair[dark]) for name, pair in PALETTE.items()}
    areas = {"ground", "line", "grid", "panel", "band", "sand"}
    for name in colors.keys() - areas:
        low, high = sorted((colors[name], colors["ground"]))
        assert (high + 0.05) / (low + 0.05) >= (3 if name == "unknown" else 4.5), name


def test_week_ticks_never_touch_and_keep_the_first():
    for last in (1, 4, 13, 52, 104, 420):
        for unit in (5.0, 14.0, 30.0):
            places, labels_ = style.week_ticks(last, unit)
            assert labels_[0].strip() == "0"
            ends = [
                (p * unit - style.text_width(w) / 2, p * unit + style.text_width(w) / 2)
                for p, w in zip(places, labels_, strict=True)
            ]
            assert all(a[1] < b[0] for a, b in pairwise(ends))


def test_wrapping_keeps_all_words_within_the_width():
    text = "substantial rise of liver enzymes less than 2 days after the start of a repeat infusion"
    for wrapped in (style.wrap(text, 90), style.balanced(text, 90)):
        assert wrapped.replace("\n", " ") == text
        assert max(style.text_width(line) for line in wrapped.split("\n")) <= 90
    assert style.balanced(text, 90).count("\n") == style.wrap(text, 90).count("\n")


def test_labels_in_a_column_keep_apart():
    wanted, heights = [10, 11, 12, 90], [10, 20, 10, 10]
    middles = labels.stack_labels(wanted, heights, 0, 100)
    spans = sorted((m - h / 2, m + h / 2) for m, h in zip(middles, heights, strict=True))
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(spans))
    assert middles[3] == 90
    assert spans[0][0] >= 0 and spans[-1][1] <= 100


def test_placed_labels_cover_neither_points_nor_each_other():
    points = [(100 + 12 * i, 100 + 7 * (i % 3)) for i in range(8)]
    spots = labels.place_labels(points, [(60, 9)] * 8, (0, 0, 400, 300))
    for one, other in combinations([spot.box for spot in spots], 2):
        assert min(one[2], other[2]) <= max(one[0], other[0]) or min(one[3], other[3]) <= max(one[1], other[1])
    for spot in spots:
        assert not any(spot.box[0] < x < spot.box[2] and spot.box[1] < y < spot.box[3] for x, y in points)


def test_arms_of_one_study_get_unique_names():
    table = pd.DataFrame(
        {
            "study_id": ["a", "a", "b", "c", "c"],
            "label": ["first course, 10 to 50 mg/h", "second course (after relapse)", "x", "dose, low", "dose, high"],
        }
    )
    names = study_rows.arm_names(table)
    assert names["a", "first course, 10 to 50 mg/h"] == "first course"
    assert names["a", "second course (after relapse)"] == "second course"
    assert ("b", "x") not in names
    assert names["c", "dose, low"] == "dose, low"
