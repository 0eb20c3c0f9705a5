"""Exhibits: printed cells, raw values, and output in the notebook."""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib import pyplot

from analysis.exhibit import (
    EXHIBIT_MIME,
    Column,
    Figure,
    Finding,
    Prose,
    Summary,
    Table,
    cite,
    csv_text,
    drawable,
    escape,
    plain,
    value_text,
    visible,
)
from analysis.exhibit.cells import stable

HOSTILE = ["<script>alert(1)</script>", "#strong[x] $y$", "**bold** [a](b)", "=1+1", "+cmd", "-2 weeks", "@SUM(A1)"]


def picture(numbers=(1, 2)):
    figure, axis = pyplot.subplots()
    axis.plot(numbers)
    return figure


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.125, "0.125"),
        (7.0, "7"),
        (-2.5, "\u22122.5"),
        (0.6249999, "0.625"),
        (12345.6, "12346"),
        (0.00002, "0.00002"),
        (math.inf, "∞"),
        (30, "30"),
        (True, "yes"),
        (("a", 2), "a, 2"),
        ("as it is", "as it is"),
    ],
)
def test_values_are_printed_as_a_reader_wants_them(value, shown):
    assert value_text(value) == shown


def test_an_empty_cell_is_a_dash_and_never_reaches_the_format():
    column = Column("x", "X", format="{:.1f}".format)
    assert [column.text(v) for v in (1.25, None, math.nan, pd.NA, "")] == [
        "1.2",
        "\u2013",
        "\u2013",
        "\u2013",
        "\u2013",
    ]
    assert Column("x", "X", missing="not reported").text(None) == "not reported"


def test_csv_keeps_ten_digits_and_runs_no_formula():
    data = table(name=HOSTILE, share=[1 / 3, 1.0, None, -2.5, math.inf, 0, 5])
    rows = csv_text(data).splitlines()
    assert rows[0] == "name,share"
    assert rows[1] == "<script>alert(1)</script>,0.3333333333"
    assert [row.rsplit(",", 1)[0] for row in rows[4:8]] == ["'=1+1", "'+cmd", "'-2 weeks", "'@SUM(A1)"]
    assert [row.rsplit(",", 1)[1] for row in rows[2:6]] == ["1", "", "-2.5", "inf"]


def test_csv_leaves_numbers_written_as_text_alone():
    assert csv_text(table(value=["-5", "+3.2", "=5"])).splitlines()[1:] == ["-5", "+3.2", "'=5"]
    for sign in ("\t=1", "\r=1", "\n=1", "＝1", "＠x"):
        assert csv_text(table(value=[sign])).partition("\n")[2].strip('"').startswith("'" + sign)


def test_a_figure_is_the_same_svg_every_time_without_a_date():
    first = Figure("one", picture(), table(x=[1]), "alt", "caption").svg
    with mpl.rc_context({"svg.hashsalt": "other", "svg.fonttype": "none", "savefig.bbox": "tight"}):
        second = Figure("one", picture(), table(x=[1]), "alt", "caption").svg
    assert first == second
    assert "<dc:date>" not in first
    assert re.findall(r"<text[^>]*>([^<]+)</text>", first), "text must stay text"


def test_the_svg_of_a_figure_can_stand_inside_a_page():
    svg = Figure("one", picture(), table(x=[1]), "alt", "caption").svg
    root = ElementTree.fromstring(svg)
    assert root.get("font-family") == "'Source Sans 3', 'DejaVu Sans', sans-serif"
    assert not root.findall(".//{http://www.w3.org/2000/svg}style"), "it would hold for the whole page"
    ids = re.findall(r' id="([^"]+)"', svg)
    assert ids and set(ids) == set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    other = Figure("two", picture(), table(x=[1]), "alt", "caption").svg
    assert not set(ids) & set(re.findall(r' id="([^"]+)"', other))


def test_the_picture_of_a_notebook_has_its_font_with_it():
    figure = Figure("one", picture(), table(x=[1]), "alt", "caption")
    (data,) = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", figure.html)
    svg = base64.b64decode(data).decode()
    assert svg.count("@font-face") >= 1 and "font/woff2" in svg
    assert re.sub(r"<style>.*?</style>", "", svg, flags=re.DOTALL) == figure.svg


def test_a_figure_is_not_drawn_a_second_time_by_jupyter():
    figure = picture()
    Figure("one", figure, table(x=[1]), "alt", "caption")
    assert figure.number not in pyplot.get_fignums()


def test_a_figure_brings_picture_words_and_numbers():
    bundle = Figure("pain", picture(), table(weeks=[0, 4], score=[4.25, None]), "It falls.", "**Pain**", ("a2020",))
    bundle = bundle._repr_mimebundle_()
    payload = bundle[EXHIBIT_MIME]
    assert json.loads(json.dumps(payload, allow_nan=False)) == payload
    assert (payload["kind"], payload["name"], payload["alt"]) == ("figure", "pain", "It falls.")
    assert payload["cells"] == [["0", "4.25"], ["4", "\u2013"]]
    assert payload["csv"] == "weeks,score\n0,4.25\n4,\n"
    assert [column["align"] for column in payload["columns"]] == ["right", "decimal"]
    assert bundle["image/svg+xml"].startswith("<svg ")
    assert 'alt="It falls."' in bundle["text/html"]


def test_a_table_prints_text_and_keeps_raw_values():
    exhibit = Table(
        "rates",
        table(study=HOSTILE, rate=[0.5] * 7),
        caption="Rates",
        columns=(Column("study", "Study"), Column("rate", "Rate", "right", "{:.0%}".format, unit="of patients")),
    )
    bundle = exhibit._repr_mimebundle_()
    assert bundle[EXHIBIT_MIME]["cells"][0] == ["<script>alert(1)</script>", "50%"]
    assert bundle[EXHIBIT_MIME]["csv"].splitlines()[1] == "<script>alert(1)</script>,0.5"
    assert "<script>" not in bundle["text/html"]
    assert "&lt;script&gt;" in bundle["text/html"]
    assert "Rate (of patients)" in bundle["text/html"]


def test_an_empty_table_is_still_a_table():
    payload = Table("none", pd.DataFrame({"a": []}), "Nothing")._repr_mimebundle_()[EXHIBIT_MIME]
    assert payload["cells"] == []
    assert payload["csv"] == "a\n"


@pytest.mark.parametrize("name", ["", "Pain", "pain_scores", "-a", "a--b", "ä"])
def test_a_name_must_be_a_slug(name):
    with pytest.raises(ValueError, match="lower-case"):
        Table(name, table(a=[1]), "caption")


def test_words_are_required():
    with pytest.raises(ValueError, match="alt is empty"):
        Figure("a", picture(), table(a=[1]), " ", "caption")
    with pytest.raises(ValueError, match="caption is empty"):
        Table("a", table(a=[1]), "")
    with pytest.raises(ValueError, match="no such column in the data: b"):
        Table("a", table(a=[1]), "caption", (Column("b", "B"),))


def test_summary_and_prose_are_markdown_for_the_notebook():
    summary = Summary("T", (Finding("F?", "**Yes**.", detail="More."),), synthetic=True)._repr_mimebundle_()
    assert summary[EXHIBIT_MIME]["findings"][0] == {"question": "F?", "sentence": "**Yes**.", "studies": [], "rows": []}
    assert "More." not in summary["text/markdown"]
    assert "invented patients" in summary["text/markdown"]
    assert Prose("x *y*")._repr_mimebundle_()["text/markdown"] == "x *y*"


def test_markdown_helpers():
    assert cite("a2020", "Miller_1 et al. (2020)") == r"[Miller\_1 et al\. \(2020\)](#ref-a2020)"
    assert plain(cite("a2020", "Miller_1 et al. (2020)")) == "Miller_1 et al. (2020)"
    assert plain(f"**{escape('<b> *x* $1')}**") == "<b> *x* $1"


def test_invisible_characters_are_shown_by_their_code():
    assert visible("Nord\u202egro.exe") == "Nord⟨U+202E⟩gro.exe"
    assert visible("a\x00\x08\u2066\ufeffb") == "a⟨U+0000⟩⟨U+0008⟩⟨U+2066⟩⟨U+FEFF⟩b"
    kept = "Zürich – 東京 😀 👩\u200d⚕️ שלום ½ line\nend\ttab"
    assert visible(kept) == kept
    assert escape("a\u202eb") == "a⟨U\\+202E⟩b"
    assert Column("x", "X").text("a\u202eb") == "a⟨U+202E⟩b"


def test_characters_that_the_fonts_lack_are_shown_by_their_code():
    assert drawable("Zürich – 東 😀 שלום ≥ −") == "Zürich – ⟨U+6771⟩ 😀 שלום ≥ −"
    assert drawable("plain\ntext") == "plain\ntext"
    assert drawable("\ue8ff\u202e") == "⟨U+E8FF⟩⟨U+202E⟩"


def test_a_finding_as_prose_keeps_its_studies_and_rows():
    finding = Finding("How many?", "62% of 48.", ("mangnus2022",), ("responders-27",), "48% later.")
    assert finding.as_prose() == Prose("62% of 48. 48% later.", ("mangnus2022",), ("responders-27",))
    assert replace(finding, detail="").as_prose().markdown == "62% of 48."


def test_numbers_have_digits_that_all_processors_share():
    assert stable({"a": (0.1 + 0.2, 2, "x", None), "b": [float("inf"), True]}) == {
        "a": [0.3, 2, "x", None],
        "b": [float("inf"), True],
    }
    data = pd.DataFrame({"rate": [0.023308734493533545, 58800.0, -math.inf], "n": [1, 2, 3]})
    assert csv_text(data) == "rate,n\n0.02330873449,1\n58800,2\n-inf,3\n"
