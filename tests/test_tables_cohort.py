"""Printed tables of a clinic's own patients: numbers of the results, n of every rate, hidden small groups."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from cohort_page_samples import nobody, results
from cohort_samples import cohort

from analysis.exhibit import plain
from analysis.outcomes.cohort import people, response
from analysis.tables import cohort as tables
from analysis.tables.cohort.benefit_tables import median_words
from analysis.tables.cohort.cohort_cells import count_or_hidden, part_or_hidden
from analysis.wording import points_cell, rate_cell

MAKERS = {
    "people": lambda r: tables.people_table(r.people),
    "groups": lambda r: tables.groups_table(r.people),
    "site_by_regimen": lambda r: tables.site_by_regimen_table(r.people),
    "missing": lambda r: tables.missing_scores_table(r.people),
    "who_is_missing": lambda r: tables.who_is_missing_table(r.people),
    "pain_by_visit": lambda r: tables.pain_by_visit_table(r.trajectories),
    "responders": lambda r: tables.responders_table(r.response),
    "responders_by_group": lambda r: tables.responders_by_group_table(r.response),
    "flow": lambda r: tables.cohort_flow_table(r.response),
    "durations": lambda r: tables.cohort_durations_table(r.durations),
    "duration_tests": lambda r: tables.duration_tests_table(r.durations),
    "benchmark": lambda r: tables.benchmark_table(r.compared, r.response, [["mangnus2022"], ["cohen2023"], []]),
    "regression": lambda r: tables.regression_to_the_mean_table(r.limits),
}


def cells(table) -> list[list[str]]:
    return table.payload()["cells"]


def column(table, label: str) -> list[str]:
    labels = [column["label"] for column in table.payload()["columns"]]
    return [row[labels.index(label)] for row in cells(table)]


@pytest.mark.slow
def test_a_small_number_of_missing_values_is_hidden_alone():
    result = results().people
    measures = result.measures.assign(missing=pd.array([pd.NA, *[7] * (len(result.measures) - 1)], dtype="Int64"))
    table = tables.people_table(dataclasses.replace(result, measures=measures.assign(hidden=False)))
    shown = column(table, "Missing")[-len(measures) :]
    assert shown == [f"<{result.min_cell}", *["7"] * (len(measures) - 1)]


@pytest.mark.parametrize("name", MAKERS)
def test_every_table_has_rows_words_and_no_gaps(name):
    table = MAKERS[name](results())
    assert cells(table) and table.caption.endswith((".", "?"))
    for text in [*(cell for row in cells(table) for cell in row), table.caption, plain(table.notes)]:
        assert not {"nan", "<NA>", "None", "inf", "NaN"} & set(text.replace("(", " ").replace(")", " ").split()), text
    assert ".." not in plain(table.notes)


@pytest.mark.parametrize("name", sorted(set(MAKERS) - {"benchmark", "site_by_regimen", "duration_tests"}))
def test_fewer_patients_than_min_cell_are_hidden(name):
    table = MAKERS[name](nobody())
    told = [cell for row in cells(table) for cell in row]
    assert not {"1", "2", "3", "1/3", "2/3", "3/3", "2/2", "1/2"} & set(told), told
    csv = pd.DataFrame(table.data)
    for number in csv.columns.intersection(["patients", "n", "responders", "mean", "rate", "fall", "recorded"]):
        shown = pd.to_numeric(csv[number], errors="coerce").dropna()
        assert shown.eq(0).all(), (number, shown)


def test_responders_by_three_rules_are_side_by_side():
    made = cohort(*[(8, 4, {4: 5})] * 6, *[(8, 6, {})] * 4)
    table = tables.responders_table(response.response(made))
    assert column(table, "Responder: since baseline") == [
        *["Pain fell by 2 points or more"] * 2,
        *["Pain fell by 30% or more (chosen)"] * 2,
        *["Pain fell by 50% or more"] * 2,
    ]
    assert column(table, "With a score") == ["10/10", "6/6", "6/10", "6/6", "6/10", "0/6"]
    assert column(table, "Of all") == ["10/10", "6/10", "6/10", "6/10", "6/10", "0/10"]
    # Wilson's interval of 6 of 10
    assert column(table, "Rate (95% interval)")[2] == "60% (31% to 83%)"
    assert "fewer than 5 patients: no follow-up score in the window" in plain(table.notes)
    assert "week 4, within 2 weeks" in plain(table.notes)


def test_groups_at_both_visits_are_in_one_row():
    table = tables.responders_by_group_table(results().response)
    frame = results().response.by_group.set_index(["by", "group", "visit", "handling"])
    at_end = frame.loc[("site", "Bern", "end_of_infusion", "complete_cases")]
    later = frame.loc[("site", "Bern", "follow_up", "complete_cases")]
    row = next(row for row in cells(table) if row[:2] == ["Site", "Bern"])
    assert row[2] == f"{at_end['responders']}/{at_end['n']}" and row[4] == f"{later['responders']}/{later['n']}"
    assert row[3] == rate_cell(at_end["rate"], at_end["ci_low"], at_end["ci_high"])
    assert [row[1] for row in cells(table) if row[0] == "Site"] == ["Bern", "Cork"]
    assert ["Regimen", "anaesthetic dose"] in [row[:2] for row in cells(table)]


def test_durations_say_when_a_median_is_not_reached():
    assert median_words(4, 13) == "4 to 13"
    assert median_words(13, 13) == "13"
    assert median_words(26, np.inf) == "beyond 26"
    assert median_words(np.inf, np.inf) == "not reached"
    assert median_words(np.nan, np.nan) == "–"
    table = tables.cohort_durations_table(results().durations)
    assert column(table, "Who")[0] == "Responders", "responders first"
    assert len(cells(table)) == len(results().durations.counts)


def test_the_benchmark_states_why_it_cannot_judge():
    table = tables.benchmark_table(results().compared, results().response, [["mangnus2022"], ["cohen2023"], []])
    assert table.studies == ("mangnus2022", "cohen2023")
    assert column(table, "Verdict") == [
        "as expected",
        "lower than expected",
        "no verdict: a verdict needs 3 studies that counted in this way",
    ]
    assert column(table, "Outcome: as counted in the studies")[2].endswith(": “2 points”")
    assert column(table, "Expected of so many")[2] == "–"
    row = results().compared.iloc[0]
    expected = points_cell(100 * row["difference"], 100 * row["difference_low"], 100 * row["difference_high"], 0)
    assert column(table, "Difference, points (95% interval)")[0] == expected


def test_what_is_possible_stands_beside_each_rate():
    table = tables.responders_table(response.response(cohort(*[(8, 4, {4: 5})] * 6, *[(8, 6, {})] * 4)))
    assert column(table, "Possible")[2:4] == ["60% to 60%", "60% to 100%"]


def test_small_cells_of_the_cross_table_are_hidden():
    rows = [{"site": "A", "regimen_class": "oral"}] * 9 + [{"site": "A", "regimen_class": "topical"}] * 2
    rows += [{"site": "B", "regimen_class": "oral"}] * 8 + [{"site": "B", "regimen_class": "topical"}] * 7
    found = people.people(cohort(*[{"baseline": 8, "end": 4, **row} for row in rows]))
    table = tables.site_by_regimen_table(found)
    told = {
        (row[0], label): cell for row in cells(table) for label, cell in zip(("", "Oral", "Topical"), row, strict=True)
    }
    assert told["A", "Topical"] == "<5" and "2" not in told.values()
    assert "<5 stands for fewer than 5 patients" in plain(table.notes)


def test_who_is_missing_is_compared_with_the_others():
    table = tables.who_is_missing_table(results().people)
    assert [row[0] for row in cells(table)] == [
        "With a follow-up score",
        "Without a follow-up score",
        "Difference, without minus with",
    ]
    row = results().people.who_differs.set_index("measure").loc["baseline"]
    assert cells(table)[2][2] == points_cell(row["difference"], row["low"], row["high"])


def test_warnings_of_the_file_have_no_content_of_cells():
    found = pd.DataFrame(
        {
            "file": "x.csv",
            "row": [pd.NA],
            "column": ["nrs"],
            "value": ["secret"],
            "rule": ["few scores"],
            "advice": ["look"],
        }
    )
    table = tables.warnings_table(dataclasses.make_dataclass("C", ["warnings"])(found))
    assert cells(table) == [["Few scores", "nrs", "", "Look"]]
    assert "secret" not in str(table.payload())


def test_cells_of_counts_and_rates():
    assert [count_or_hidden(12, False, 5), count_or_hidden(pd.NA, True, 5), count_or_hidden(pd.NA, False, 5)] == [
        "12",
        "<5",
        "<5",
    ]
    assert [part_or_hidden(3, 9, False, 5), part_or_hidden(pd.NA, 9, True, 7)] == ["3/9", "<7"]
    assert rate_cell(0.625, 0.484, 0.748) == "63% (48% to 75%)" and rate_cell(np.nan, 0, 1) == "–"
    assert points_cell(-2.04, -3, -1.1) == "−2.0 (−3.0 to −1.1)" and points_cell(1, np.nan, np.nan) == "1.0"
