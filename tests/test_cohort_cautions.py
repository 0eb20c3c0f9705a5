"""Warnings about valid cohorts."""

from __future__ import annotations

import pytest
from cohort_files import LONG, WIDE, edited, without, write

from analysis.outcomes import cohort
from analysis.tabular.problems import PROBLEM_COLUMNS


def rules(folder, lines: list[str]) -> list[str]:
    warned = cohort.load(write(folder, lines)).warnings
    assert tuple(warned.columns) == PROBLEM_COLUMNS
    assert warned["row"].isna().all()
    return warned["rule"].tolist()


def complete() -> list[str]:
    return edited(LONG, 7, "nrs", "4")


def test_a_complete_cohort_has_no_warnings(tmp_path):
    assert rules(tmp_path, complete()) == []


def test_one_patient(tmp_path):
    assert rules(tmp_path, LONG[:4]) == ["one patient is no cohort"]


def test_one_visit_only(tmp_path):
    assert "1 of 5 courses with one visit only: no change can be seen there" in rules(
        tmp_path, [*complete(), "A4,1,baseline,,8,Site A,male,50,2024-01-08"]
    )


@pytest.mark.parametrize(
    ("visit", "rule"),
    [
        ("end_of_infusion", "no visit at the end of infusion stands in the file: nothing can be said about it"),
        ("follow_up", "no visit at follow-up stands in the file: nothing can be said about it"),
    ],
)
def test_no_such_visit(tmp_path, visit, rule):
    assert rules(tmp_path, [line for line in complete() if f",{visit}," not in line]) == [rule]


def test_more_than_a_fifth_of_the_scores_is_missing(tmp_path):
    """One of four is more than 20%, an empty cell in three forms: no row, an empty row of one week, both."""
    lines = [line for line in complete() if not line.startswith("A3,1,end")]
    assert rules(tmp_path, lines) == ["no score at the end of infusion in 1 of 4 courses (25%)"]
    assert rules(tmp_path, LONG) == [
        "no score at any follow-up in 1 of 4 courses (25%)",
        "at 4 weeks the score is empty in 1 of 4 rows (25%)",
    ]


def test_a_fifth_of_the_scores_is_not_more_than_a_fifth(tmp_path):
    lines = [f"P{number},7,{'' if number < 2 else number},3" for number in range(10)]
    header = "patient_id,nrs_baseline,nrs_end_of_infusion,nrs_week_4"
    assert len(rules(tmp_path, [header, *lines])) == 2  # both constant columns
    lines[2] = "P2,7,,3"
    assert "no score at the end of infusion in 3 of 10 courses (30%)" in rules(tmp_path, [header, *lines])


def test_a_constant_column_of_scores(tmp_path):
    lines = [line.replace(",4,5.5,", ",0,5.5,").replace(",3,,", ",0,1,").replace(",5,6,", ",0,6,") for line in WIDE]
    lines[4] = lines[4].replace(",2,7,", ",0,7,")
    assert rules(tmp_path, lines) == ["all 4 scores of the visit end_of_infusion are 0"]


def test_weeks_far_from_dates(tmp_path):
    assert rules(tmp_path, edited(complete(), 4, "date", "2024-03-09")) == []
    assert rules(tmp_path, edited(complete(), 4, "date", "2024-03-16")) == [
        "weeks_from_end and date differ by more than 4 weeks in 1 visit"
    ]


def test_sex_differs_between_courses(tmp_path):
    lines = [line.replace("male", "female") if line.startswith("A2,2") else line for line in complete()]
    assert rules(tmp_path, lines) == ["sex differs between the courses of 1 patient"]


def test_sites_that_look_alike(tmp_path):
    lines = [line.replace("Site A", "site  B") for line in complete()]
    assert rules(tmp_path, lines) == [
        "2 sites have names that differ only in capitals or spaces; they count as different sites"
    ]


def test_identifiers_that_look_alike(tmp_path):
    lines = [
        *complete(),
        "a3,1,baseline,,8,Site A,male,50,2024-01-08",
        "a3,1,end_of_infusion,0,8,Site A,male,50,2024-01-08",
    ]
    assert rules(tmp_path, lines)[0] == (
        "1 identifiers differ from another one only in capitals; they count as different patients"
    )


def test_unused_columns_are_named_once(tmp_path):
    lines = [line.replace("nrs_week_4,site", "nrs_week_4,ward") for line in WIDE]
    assert "columns that are not used: ward" in rules(tmp_path, lines)


def test_no_identifier_in_any_warning(tmp_path):
    for lines in (LONG, without(LONG, "site"), LONG[:4], WIDE):
        warned = cohort.load(write(tmp_path, lines)).warnings
        assert not any(name in warned.to_csv() for name in ("A1", "A2", "A3"))
