"""Rules that the dictionary cannot express: each is violated once, and the message checked."""

from __future__ import annotations

from fractions import Fraction

import pytest
from broken_rows import assert_problem, broken_rows, pairs
from hypothesis import given
from hypothesis import strategies as st

from analysis.evidence import cross_row_rules, percent_counts, row_rules
from analysis.evidence.percent_counts import counts_behind, printable_percentages
from analysis.evidence.records import Tables

BROKEN = broken_rows("evidence_rules")
# The row with the problem is not the row that was changed.
ROW_OF_PROBLEM = {"one_study_counts_per_overlap": {"study_id": "sigtermans2009"}}


@pytest.mark.slow
@pytest.mark.parametrize("broken", BROKEN, ids=[f"{row['case']}-{number}" for number, row in enumerate(BROKEN)])
def test_broken_rule(data_copy, broken):
    changes = pairs(broken["changes"])
    row = data_copy.edit(broken["file"], pairs(broken["where"]), changes)
    if broken["case"] in ROW_OF_PROBLEM:
        row = data_copy.row(broken["file"], **ROW_OF_PROBLEM[broken["case"]])
    problem = data_copy.only_problem()
    assert problem["file"] == broken["file"]
    if "together" in broken["rule"] and broken["case"] == "arms_within_study":
        # The last of the arms is named; its number is not what was changed.
        assert problem["row"] == data_copy.row("arms.csv", arm_id="cohen2023_sip")
    else:
        assert problem["row"] == row
    assert_problem(problem, broken, changes)


def test_every_rule_is_broken_by_some_test():
    tested = {broken["case"] for broken in BROKEN} | {
        "subgroup_responders_within_arm",
        "milestones_do_not_rise",
        "responders_agree_with_milestones",
    }
    rules = (
        *row_rules.RULES_WITHIN_ROWS,
        percent_counts.counts_reproduce_their_percentage,
        *cross_row_rules.RULES_ACROSS_ROWS,
    )
    assert {rule.__name__ for rule in rules} == tested


def test_subgroup_with_more_responders_than_its_arm(data_copy):
    data_copy.edit("responders.csv", {"arm_id": "ushida2002_all"}, {"responders": "3"})
    problem = data_copy.only_problem()
    row = data_copy.row("responders.csv", arm_id="ushida2002_crps1_acute")
    assert problem[["file", "row", "column", "value"]].tolist() == ["responders.csv", row, "responders", "4"]
    assert "at most as many as its arm, 3 (ushida2002_all, row" in problem["rule"]


def test_milestones_that_rise(data_copy):
    row = data_copy.edit(
        "durations.csv", {"weeks_low": "13.0", "patients": "18"}, {"patients": "26", "count_basis": "reported"}
    )
    problems = data_copy.problems()
    problem = problems[problems["rule"].str.startswith("no more patients")].iloc[0]
    assert problem[["file", "row", "column", "value"]].tolist() == ["durations.csv", row, "patients", "26"]
    earlier = data_copy.row("durations.csv", arm_id="correll2004_course1", benefit="pain_free", weeks_low="0")
    assert f"at 13 weeks than at 0 weeks: 25 (row {earlier})" in problem["rule"]


def test_the_same_number_differs_between_two_tables(data_copy):
    row = data_copy.edit("durations.csv", {"group": "T2"}, {"patients": "22", "count_basis": "reported"})
    problems = data_copy.problems()
    rate = data_copy.row("responders.csv", timepoint="T2 about 4 weeks")
    assert problems["row"].tolist() == [row, row]
    assert problems["column"].tolist() == ["patients", "count_basis"]
    assert problems["rule"].tolist() == [
        f"it agrees with responders of the same arm, time and benefit in responders.csv, row {rate}: 23",
        "it agrees with count_basis of the same arm, time and benefit in responders.csv, "
        f"row {rate}: derived_from_percent",
    ]


RATE = {"row": 2, "arm_id": "a", "weeks_from_end": 4.0, "definition_class": "any_relief", "unit": "patients"}
MILESTONE = {"row": 2, "arm_id": "a", "weeks_low": 4.0, "benefit": "any_relief", "statement": "milestone"}
COUNTED = {"responders": 3, "n": 9, "count_basis": "reported"}
STILL = {"patients": 2, "patients_treated": 9, "count_basis": "reported"}


@pytest.mark.parametrize(
    ("rates", "problems"),
    [
        pytest.param([RATE | COUNTED], 1, id="one rate"),
        pytest.param([RATE | COUNTED, RATE | COUNTED | {"row": 3}], 0, id="two definitions at one time"),
        pytest.param([RATE | COUNTED | {"unit": "infusions"}], 0, id="infusions"),
        pytest.param([RATE | COUNTED | {"definition_class": "complete_relief"}], 0, id="another benefit"),
        pytest.param([RATE | COUNTED | {"weeks_from_end": 5.0}], 0, id="another time"),
    ],
)
def test_only_clear_pairs_of_the_two_tables_are_compared(rates, problems):
    files = {"responders": "responders.csv", "durations": "durations.csv"}
    tables = Tables({"responders": rates, "durations": [MILESTONE | STILL]}, files)
    assert len(list(cross_row_rules.responders_agree_with_milestones(tables))) == problems


def test_arms_contained_in_a_circle(data_copy):
    data_copy.edit("arms.csv", {"arm_id": "patil2012_crps"}, {"contained_in": "patil2012_other"})
    data_copy.edit("arms.csv", {"arm_id": "patil2012_other"}, {"contained_in": "patil2012_crps"})
    problems = data_copy.problems()
    assert problems["column"].tolist() == ["contained_in", "contained_in"]
    assert problems["rule"].str.startswith("an arm is not contained in itself, directly or through others").all()


@pytest.mark.parametrize(
    ("changes", "column", "rule"),
    [
        ({"responders": "9"}, "responders", "nearest to 60%, which is 10"),
        ({"percent_reported": "62"}, "count_basis", "10 does"),
        ({"count_basis": "derived_from_percent"}, "responders", "10 of 16 is not 60%"),
    ],
)
def test_nearest_to_percent_means_that_nothing_fits(data_copy, changes, column, rule):
    data_copy.edit("responders.csv", {"arm_id": "goldberg2010_ketamine", "percent_reported": "60"}, changes)
    problems = data_copy.problems()
    assert (problems.loc[0, "file"], problems.loc[0, "column"]) == ("responders.csv", column)
    assert rule in problems.loc[0, "rule"]


@pytest.mark.parametrize(
    ("count", "total", "decimals", "printed"),
    [
        (30, 48, 0, {"62", "63"}),  # 62.5: half to even and cut off give 62, half up gives 63
        (23, 48, 0, {"47", "48"}),  # 47.92
        (18, 33, 0, {"54", "55"}),  # 54.55
        (25, 41, 1, {"60.9", "61"}),  # 60.976
        (10, 16, 0, {"62", "63"}),  # so 60% of 16 is no whole number
        (0, 5, 0, {"0"}),
        (5, 5, 2, {"100"}),
        (1, 8, 1, {"12.5"}),
        (3, 200, 0, {"1", "2"}),  # 1.5: to even 2, half up 2, cut off 1
    ],
)
def test_percentages_that_a_paper_may_print(count, total, decimals, printed):
    assert printable_percentages(count, total, decimals) == {Fraction(value) for value in printed}


@given(total=st.integers(1, 90), decimals=st.integers(0, 2), data=st.data())
def test_counts_behind_a_percentage_are_those_of_all_counts(total, decimals, data):
    printed = f"{data.draw(st.integers(0, 101 * 10**decimals)) / 10**decimals:.{decimals}f}"
    all_counts = range(total + 1)
    fitting = [count for count in all_counts if Fraction(printed) in printable_percentages(count, total, decimals)]
    nearest = min(all_counts, key=lambda count: abs(Fraction(100 * count, total) - Fraction(printed)))
    assert counts_behind(printed, total) == (fitting, nearest)


def test_decimals_of_the_printed_percentage_count():
    """60.0 is more exact than 60: 32 of 53 is 60.38%, which may be printed as 60 but not as 60.0."""
    row = {"row": 2, "responders": 32, "n": 53, "percent_reported": 60.0, "count_basis": "derived_from_percent"}
    texts = {"responders": {2: {"percent_reported": "60", "responders": "32"}}}
    files = {"responders": "responders.csv"}
    assert not list(percent_counts.counts_reproduce_their_percentage(Tables({"responders": [row]}, files, texts)))
    texts["responders"][2]["percent_reported"] = "60.0"
    (problem,) = percent_counts.counts_reproduce_their_percentage(Tables({"responders": [row]}, files, texts))
    assert "32 of 53 is not 60.0%" in problem.rule


def test_infusions_may_be_more_than_patients(evidence):
    sheehy = evidence.responders.loc[evidence.responders["arm_id"] == "sheehy2015_all"].iloc[0]
    assert (sheehy["unit"], sheehy["n"]) == ("infusions", 277)
    assert evidence.arms.loc[evidence.arms["arm_id"] == "sheehy2015_all", "n"].item() == 63


@pytest.mark.parametrize(
    ("changes", "column", "rule", "advice"),
    [
        (
            {"changes_key": "domec2004_ketamin"},
            "changes_key",
            "the key is the arm_id or study_id of a row of responders.csv",
            "name an arm or study",
        ),
        ({"changes_column": "respnders"}, "changes_column", "the column is in responders.csv", "“responders”"),
    ],
)
def test_the_unused_value_of_a_conflict_has_a_place(data_copy, changes, column, rule, advice):
    row = data_copy.edit("conflicts.csv", {"study_id": "domec2004"}, changes)
    problem = data_copy.only_problem()
    assert problem[["file", "row", "column"]].tolist() == ["conflicts.csv", row, column]
    assert rule in problem["rule"] and advice in problem["advice"]


def test_a_missing_column_named_by_a_conflict_gives_one_message(data_copy):
    rows = data_copy.rows("arms.csv")
    at = rows[0].index("infusion_days")
    data_copy.write_rows("arms.csv", [[*row[:at], *row[at + 1 :]] for row in rows])
    assert data_copy.only_problem()["column"] == "infusion_days"


def test_a_conflict_describes_the_unused_value_completely_or_not_at_all(data_copy):
    data_copy.edit("conflicts.csv", {"study_id": "domec2004"}, {"changes_key": ""})
    assert data_copy.only_problem()["file"] == "conflicts.csv"
