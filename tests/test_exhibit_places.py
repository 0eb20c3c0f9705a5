"""References to rows: parsed from texts and cells, and the links to them."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import figures
from analysis.evidence.selection import select
from analysis.exhibit import Column, Finding, Table, linked, plain, shown_in, sourced
from analysis.exhibit.places import anchor, cell_places, places
from analysis.outcomes import responders
from analysis.tables.shared_columns import row_column


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("responders-27", (("responders", 27),)),
        ("pain_scores-20 and pain_scores-21", (("pain_scores", 20), ("pain_scores", 21))),
        (
            "durations-3, durations-5 and durations-7; studies-2",
            (*(("durations", n) for n in (3, 5, 7)), ("studies", 2)),
        ),
        ("responders-4 and responders-4", (("responders", 4),)),
        ("row 27 of responders.csv, covid-19", ()),
        ("", ()),
    ],
)
def test_rows_are_read_from_the_words_of_tables(text, rows):
    assert places(text) == rows


def test_a_number_leads_to_its_rows():
    assert sourced("62%", "responders-27") == "[62%](#row-responders-27)"
    both = sourced("−2.8", "pain_scores-20 and pain_scores-21", "pain_scores-20")
    assert both == "[−2.8](#row-pain-scores-20,row-pain-scores-21)"
    assert plain(f"**{both} points**") == "−2.8 points"


def test_text_without_digit_or_row_is_unchanged():
    assert sourced("at the end of infusion", "responders-27") == "at the end of infusion"
    assert sourced("62%", "") == "62%"
    assert shown_in("no study", "tab-studies") == "no study"
    assert shown_in("3 studies", "tab-studies") == "[3 studies](#tab-studies)"


def test_brackets_in_the_words_do_not_end_the_link():
    assert sourced("1 [of] 2", "arms-3") == r"[1 \[of\] 2](#row-arms-3)"
    assert sourced(r"1 \[of\] 2", "arms-3") == r"[1 \[of\] 2](#row-arms-3)"


def test_rows_named_in_a_note_become_links():
    assert linked("Counts: responders-27 and responders-28; reported_tests-5.") == (
        r"Counts: [responders-27](#row-responders-27) and [responders-28](#row-responders-28); "
        r"[reported\_tests-5](#row-reported-tests-5)."
    )


@pytest.mark.parametrize(
    ("cell", "pieces"),
    [
        ("responders-27", [("responders-27", ("responders", 27))]),
        (
            "durations-3 and durations-4",
            [("durations-3", ("durations", 3)), (" and ", None), ("durations-4", ("durations", 4))],
        ),
        ("–", [("–", None)]),
        ("row 27; covid-19; week-4", [("row 27; covid-19; week-4", None)]),
        ("", []),
    ],
)
def test_cells_that_name_rows(cell, pieces):
    assert cell_places(cell) == pieces


def test_anchors_are_the_same_everywhere():
    assert anchor("pain_scores", 20) == "row-pain-scores-20"


def test_every_result_names_the_rows_behind_it():
    data = pd.DataFrame(
        {"what": ["a", "b"], "rows": ["responders-27 and responders-28", "pain_scores-5; responders-28"]}
    )
    table = Table("t", data, "Caption.", (Column("what", "What"),))
    expected = [["pain_scores.csv", 5], ["responders.csv", 27], ["responders.csv", 28]]
    assert table.source.to_numpy().tolist() == expected, "also of columns that are not printed"
    labelled = Table("t", pd.DataFrame({"row": [30, 4]}), "Caption.", (row_column("arms"),))
    assert labelled.source.to_numpy().tolist() == [["arms.csv", 4], ["arms.csv", 30]]
    finding = Finding("Why?", "So.", rows=("responders-28", "responders-28", "arms-3"))
    assert finding.source.to_numpy().tolist() == [["arms.csv", 3], ["responders.csv", 28]]
    empty = Finding("Why?", "So.").source
    assert list(empty.columns) == ["file", "row"] and empty.empty and empty["row"].dtype == "int64"


def test_a_figure_names_the_rows_behind_it(evidence):
    rates = responders.rates(select(evidence))
    source = figures.responder_forest(rates).source
    assert set(source["file"]) == {"responders.csv"} and set(source["row"]) == set(rates.loc[rates["n"] > 1, "row"])
