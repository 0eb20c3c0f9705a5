"""Single cells: numbers, dates, visits and words, and messages about wrong ones."""

from __future__ import annotations

import numpy as np
import pytest
from broken_rows import assert_problem, broken_rows
from cohort_files import LONG, WIDE, edited, only_problem, problems, write

from analysis.outcomes import cohort

NEW_PATIENT = "A9,1,baseline,,5,Site A,female,40,2023-02-05"


def test_numbers_are_read_as_written(tmp_path):
    lines = edited(edited(edited(LONG, 2, "nrs", "8.25"), 3, "nrs", "+4"), 4, "nrs", "0005.50")
    assert cohort.load(write(tmp_path, lines)).visits["nrs"].tolist()[:3] == [8.25, 4, 5.5]


NOT_SHOWN = ("seven", "7 points", "inf", "Site A ")  # words may name a person; row and column are in the message


@pytest.mark.parametrize("broken", broken_rows("cohort_cells"), ids=lambda b: f"{b['column']}-{b['value'][:20]}")
def test_a_wrong_cell(tmp_path, broken):
    shown = "" if broken["value"] in NOT_SHOWN else broken["value"]
    changes = {broken["column"]: shown}
    problem = only_problem(tmp_path, edited([*LONG, NEW_PATIENT], 14, broken["column"], broken["value"]))
    assert problem["row"] == 14
    assert_problem(problem, broken, changes)


@pytest.mark.parametrize(
    ("value", "wrong"), [("0", False), ("10", False), ("10.0", False), ("10.01", True), ("-0.1", True)]
)
def test_limits_of_the_scale(tmp_path, value, wrong):
    assert len(problems(write(tmp_path, edited(LONG, 3, "nrs", value)))) == wrong


def test_the_closest_word_is_named_and_not_taken(tmp_path):
    problem = only_problem(tmp_path, edited(LONG, 2, "visit", "Baseline"))
    assert problem["advice"] == ("write “baseline” if that is meant; allowed are baseline, end_of_infusion, follow_up")


def test_disease_duration(tmp_path):
    lines = [line.replace("age", "disease_duration_years") for line in LONG]
    assert cohort.load(write(tmp_path, lines)).courses["disease_duration_years"].tolist() == [45, 60, 61, 30]
    assert (
        "disease_duration_years lies between 0 and 100 years"
        in only_problem(
            tmp_path,
            [line.replace(",30,", ",101,") for line in lines][:1]
            + [line.replace(",30,", ",101,") for line in lines if line.startswith("A3,1,baseline")],
        )["rule"]
    )


def semicolons(lines: list[str], decimal: str) -> list[str]:
    return [line.replace(",", ";").replace(".5", f"{decimal}5") for line in lines]


def test_decimal_commas_are_read_with_a_warning(tmp_path):
    points, commas = (cohort.load(write(tmp_path, semicolons(LONG, sign))) for sign in ".,")
    assert commas.visits.equals(points.visits)
    assert commas.visits["nrs"].tolist()[2] == 5.5
    (told,) = set(commas.warnings["rule"]) - set(points.warnings["rule"])
    assert told == "decimal commas were read as decimal points: 5,5 is 5.5"


def test_mixed_decimal_signs(tmp_path):
    lines = edited(LONG, 3, "nrs", "4.5")
    problem = only_problem(
        tmp_path, semicolons(lines, ".")[:3] + semicolons(lines, ",")[3:4] + semicolons(lines, ".")[4:]
    )
    assert (problem["row"], problem["column"], problem["value"]) == (4, "nrs", "5,5")
    assert "the same decimal sign" in problem["rule"]


def test_a_comma_that_may_separate_thousands(tmp_path):
    lines = [line.replace(",", ";") for line in WIDE]
    problem = only_problem(tmp_path, edited_with(lines, 2, 4, "5,500"))
    assert problem["advice"] == "write 5500 if the comma separates thousands, or 5.500 if it is a decimal comma"


def edited_with(lines: list[str], row: int, place: int, value: str) -> list[str]:
    cells = lines[row - 1].split(";")
    cells[place] = value
    return [*lines[: row - 1], ";".join(cells), *lines[row:]]


@pytest.mark.parametrize("value", ["2024-01-08T00:00:00", "2024-01-08 00:00"])
def test_midnight_is_a_date(tmp_path, value):
    assert cohort.load(write(tmp_path, edited(LONG, 2, "date", value))).visits["date"][0] == np.datetime64("2024-01-08")


def test_an_identifier_is_never_shown(tmp_path):
    for value in ("Anna Example ", "Anna\x01Example"):
        problem = only_problem(tmp_path, [line.replace("A3", value) for line in LONG[:1] + LONG[10:11]])
        assert (problem["row"], problem["column"], problem["value"]) == (2, "patient_id", "")


def test_one_patient_with_and_without_a_space_gives_one_message(tmp_path):
    problem = only_problem(tmp_path, edited(LONG, 3, "patient_id", "A1 "))
    assert "no space before or after" in problem["rule"]


def test_control_characters(tmp_path):
    problem = only_problem(tmp_path, edited(LONG[:2], 2, "site", "Site\x08A"))
    assert problem["rule"] == "a text has no control characters"
