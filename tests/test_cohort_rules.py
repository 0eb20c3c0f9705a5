"""Rules across rows: comparisons of visits and courses."""

from __future__ import annotations

import pytest
from cohort_files import LONG, WIDE, edited, only_problem, problems, without, write

from analysis.outcomes import cohort


@pytest.mark.parametrize(
    ("row", "value", "rule"),
    [
        (2, "0", "weeks_from_end is empty at baseline"),
        (2, "-1", "weeks_from_end lies between 0 and 2600 weeks"),
        (3, "1", "weeks_from_end is 0 at end_of_infusion"),
        (3, "", "weeks_from_end is 0 at end_of_infusion"),
        (4, "0", "weeks_from_end is above 0 at follow_up"),
        (4, "", "weeks_from_end is above 0 at follow_up"),
        (4, "-4", "weeks_from_end lies between 0 and 2600 weeks"),
        (4, "3000", "weeks_from_end lies between 0 and 2600 weeks"),
    ],
)
def test_weeks_that_do_not_fit_the_visit(tmp_path, row, value, rule):
    problem = only_problem(tmp_path, edited(LONG, row, "weeks_from_end", value))
    assert (problem["row"], problem["column"], problem["value"]) == (row, "weeks_from_end", value)
    assert problem["rule"].startswith(rule)


@pytest.mark.parametrize("row", [2, 3, 4])
def test_a_visit_twice(tmp_path, row):
    problem = only_problem(tmp_path, [*LONG, LONG[row - 1]])
    assert (problem["row"], problem["column"]) == (14, "visit")
    assert "occurs once" in problem["rule"]
    assert f"it is also in row {row}" in problem["advice"]


def test_a_visit_twice_with_weeks_written_in_two_ways(tmp_path):
    problem = only_problem(tmp_path, [*LONG, LONG[3].replace(",4,", ",4.0,")])
    assert problem["row"] == 14


def test_two_follow_ups_are_no_double(tmp_path):
    lines = without([*LONG, LONG[3].replace(",4,", ",5,")], "date")
    assert len(cohort.load(write(tmp_path, lines)).visits) == 13


def test_a_course_without_its_baseline(tmp_path):
    problem = only_problem(tmp_path, LONG[:7] + LONG[8:])
    assert (problem["row"], problem["column"], problem["value"]) == (8, "visit", "end_of_infusion")
    assert problem["rule"] == "a course with a later visit has a row for its baseline"


def test_an_empty_baseline_is_missing_data(tmp_path):
    loaded = cohort.load(write(tmp_path, edited(LONG, 2, "nrs", "")))
    assert loaded.courses["baseline"].isna().tolist() == [True, False, False, False]
    assert any("no score at baseline in 1 of 4" in rule for rule in loaded.warnings["rule"])


def test_a_course_twice_in_the_wide_form(tmp_path):
    problem = only_problem(tmp_path, [*WIDE, WIDE[1]])
    assert (problem["row"], problem["column"], problem["value"]) == (6, "patient_id", "")
    assert "it has row 2 too" in problem["advice"]


@pytest.mark.parametrize("value", ["2024-01-12", "2024-01-13"])
def test_dates_that_contradict_weeks(tmp_path, value):
    """A follow-up of week 4 before, or on, the day on which the infusion ended."""
    problem = only_problem(tmp_path, edited(LONG, 4, "date", value))
    assert (problem["row"], problem["column"], problem["value"]) == (4, "date", value)
    assert "those of row 3" in problem["advice"]


@pytest.mark.parametrize(("weeks", "refused"), [("0.9", False), ("1", True), ("2", True), ("3", True)])
def test_same_date_a_week_or_more_later(tmp_path, weeks, refused):
    """Two visits on one date may differ by less than a week, which rounding of weeks explains."""
    found = problems(write(tmp_path, edited(edited(LONG, 4, "weeks_from_end", weeks), 4, "date", "2024-01-13")))
    assert found[["row", "column"]].values.tolist() == ([[4, "date"]] if refused else [])


def test_baseline_on_the_day_of_the_end_is_no_contradiction(tmp_path):
    assert problems(write(tmp_path, edited(LONG, 2, "date", "2024-01-13"))).empty


def test_rows_in_any_order(tmp_path):
    whole, turned = (cohort.load(write(tmp_path, lines)) for lines in (LONG, [LONG[0], *LONG[4:], *LONG[3:0:-1]]))
    assert turned.visits["row"].tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 12, 11]
    assert turned.visits["nrs"].fillna(-1).tolist() == [*whole.visits["nrs"].fillna(-1).tolist()[3:], 8, 4, 5.5]


def test_courses_whose_dates_run_backwards(tmp_path):
    lines = [
        line.replace("A2,1", "A2,x").replace("A2,2", "A2,1").replace("A2,x", "A2,2") for line in without(LONG, "age")
    ]
    problem = only_problem(tmp_path, lines)
    assert (problem["row"], problem["value"]) == (5, "2023-02-05")
    assert problem["rule"] == "the courses of a patient are numbered in the order of their dates"


@pytest.mark.parametrize(("column", "value"), [("site", "Site B"), ("sex", "male"), ("age", "46"), ("age", "44")])
def test_attributes_are_the_same_in_all_rows_of_a_course(tmp_path, column, value):
    problem = only_problem(tmp_path, edited(LONG, 4, column, value))
    assert (problem["row"], problem["column"], problem["value"]) == (4, column, value)
    assert problem["rule"] == f"{column} is the same in all rows of a patient's course"


@pytest.mark.parametrize("row", [2, 3, 4])
def test_an_empty_attribute_takes_the_value_of_another_row(tmp_path, row):
    lines = LONG
    for other in {2, 3, 4} - {row}:
        lines = edited(edited(lines, other, "site", ""), other, "age", "")
    courses = cohort.load(write(tmp_path, lines)).courses
    assert courses["site"].tolist()[0] == "Site A"
    assert courses["age"].tolist()[0] == 45


def test_a_younger_patient_in_a_later_course(tmp_path):
    lines = [line.replace(",61,", ",59,") for line in LONG]
    problem = only_problem(tmp_path, lines)
    assert (problem["row"], problem["column"], problem["value"]) == (8, "age", "59")


def test_a_wrong_cell_gives_no_second_message_across_rows(tmp_path):
    lines = edited(edited(LONG, 3, "weeks_from_end", "soon"), 6, "visit", "end")
    assert problems(write(tmp_path, lines))["column"].tolist() == ["weeks_from_end", "visit"]
