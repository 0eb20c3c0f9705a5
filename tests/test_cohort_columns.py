"""Columns of a cohort file: both forms, and names that are missing, duplicate, misspelt or in another row."""

from __future__ import annotations

import pandas as pd
import pytest
from cohort_files import LONG, WIDE, only_problem, problems, without, write

from analysis.outcomes import cohort
from analysis.outcomes.cohort.form import long_form


def named(lines: list[str], old: str, new: str) -> list[str]:
    return [lines[0].replace(old, new), *lines[1:]]


def test_both_forms_give_the_same_cohort(tmp_path):
    long = [*LONG]
    for row in range(1, len(long)):
        if ",baseline," not in long[row]:
            long[row] = long[row][: long[row].rindex(",") + 1]
    one, other = cohort.load(write(tmp_path, long)), cohort.load(write(tmp_path, WIDE, "wide.csv"))
    pd.testing.assert_frame_equal(one.visits.drop(columns="row"), other.visits.drop(columns=["row", "planned_week"]))
    pd.testing.assert_frame_equal(one.courses, other.courses)
    assert other.visits["row"].tolist() == [2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]


def test_weeks_with_decimals_in_any_order(tmp_path):
    lines = ["nrs_week_12,nrs_week_0.5,patient_id,nrs_baseline,date", "1,2,X,3,2024-01-08"]
    loaded = cohort.load(write(tmp_path, lines))
    visits = loaded.visits
    assert visits["date"].notna().tolist() == [True, False, False]
    assert loaded.courses["year"].tolist() == [2024]
    assert visits["weeks"].fillna(-1).tolist() == [-1, 0.5, 12]
    assert visits["nrs"].tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("missing", "new"), [("visit", "Visits"), ("patient_id", "patient"), ("weeks_from_end", "weeks_from_ende")]
)
def test_a_required_column_with_another_spelling(tmp_path, missing, new):
    problem = only_problem(tmp_path, named(LONG, missing, new))
    assert (problem["row"], problem["column"], problem["value"]) == (1, missing, new)
    assert (
        f"name {new} like this if it contains exactly this: {long_form()[missing].description[:20]}"
        in problem["advice"]
    )


@pytest.mark.parametrize(
    ("missing", "new"),
    [
        ("weeks_from_end", "days_from_end"),
        ("weeks_from_end", "months_from_end"),
        ("weeks_from_end", "weeks"),
        ("nrs", "nrs_worst"),
        ("nrs", "vas_mm"),
        ("visit", "visit_date"),
    ],
)
def test_advice_never_renames_a_column_that_may_mean_something_else(tmp_path, missing, new):
    problem = only_problem(tmp_path, [LONG[0].replace(f",{missing},", f",{new},"), *LONG[1:]])
    assert (problem["row"], problem["column"], problem["value"]) == (1, missing, "")
    assert f"name {new}" not in problem["advice"] and "rename" not in problem["advice"]
    meaning = long_form()[missing].description.rstrip(".")
    assert f"the column that contains exactly this: {meaning}" in problem["advice"]
    assert "The file has " in problem["advice"]
    assert new in problem["advice"].split("The file has ")[1]


def test_a_required_column_without_anything_like_it(tmp_path):
    problem = only_problem(tmp_path, without(LONG, "nrs"))
    assert problem["column"] == "nrs"
    assert problem["advice"].startswith("add it, or give this name to the column that contains exactly this: Pain on")


def test_wide_form_needs_a_later_score(tmp_path):
    problem = only_problem(tmp_path, without(WIDE, "nrs_end_of_infusion", "nrs_week_4"))
    assert problem["rule"] == "the wide form has a score after the baseline"


@pytest.mark.parametrize(
    ("new", "advice"),
    [
        ("nrs_wk4", "nrs_week_4"),
        ("nrs_week_" + "9" * 400, "give it a name that does not begin with nrs"),
        ("nrs_fu1", "give it a name that does not begin with nrs"),
        ("nrs_day_28", "give it a name that does not begin with nrs"),
        ("nrs_week_0", "nrs_end_of_infusion"),
        ("NRS_week_4.5", "nrs_week_4.5"),
        ("nrs_week4", "nrs_week_4"),
    ],
)
def test_a_score_column_under_another_name_is_not_left_out(tmp_path, new, advice):
    problem = only_problem(tmp_path, named(WIDE, "nrs_week_4", new))
    assert problem["column"] == new
    assert advice in problem["advice"]


def test_an_optional_column_in_other_spelling_is_not_left_out(tmp_path):
    problem = only_problem(tmp_path, named(LONG, ",site,", ",Site,"))
    assert (problem["column"], problem["advice"]) == ("Site", "rename it to site")


def test_a_column_twice(tmp_path):
    problem = only_problem(tmp_path, named(LONG, ",age,", ",site,"))
    assert (problem["column"], problem["rule"]) == ("site", "column names are unique")


def test_a_week_twice(tmp_path):
    lines = [WIDE[0].replace("age", "nrs_week_4.0"), *(line.replace(",45,", ",5,") for line in WIDE[1:2])]
    problem = only_problem(tmp_path, lines)
    assert problem["value"] == "nrs_week_4, nrs_week_4.0"


def test_both_forms_in_one_file(tmp_path):
    problem = only_problem(tmp_path, named(LONG, ",age,", ",nrs_week_4,"))
    assert problem["value"] == "nrs_week_4"
    assert "not both" in problem["rule"]


@pytest.mark.parametrize("title", ["Our patients", "Our patients,,,,,,,,", "Our; patients"])
def test_a_title_above_the_names(tmp_path, title):
    problem = only_problem(tmp_path, [title, "", *LONG])
    assert (problem["row"], problem["advice"]) == (1, "delete the rows above row 3, where the names are")


def test_no_name_is_known(tmp_path):
    problem = only_problem(tmp_path, LONG[1:])
    assert (problem["row"], problem["value"]) == (1, "")  # it may be a patient's row
    assert problem["rule"] == "the first row contains the column names"


def test_columns_that_are_not_used_are_named(tmp_path):
    loaded = cohort.load(write(tmp_path, named(named(LONG, ",age,", ",dose,"), ",sex,", ",colour,")))
    assert "columns that are not used: colour, dose" in loaded.warnings["rule"].tolist()


@pytest.mark.parametrize("row", [2, 5, 14])
def test_column_names_again(tmp_path, row):
    lines = [*LONG[: row - 1], LONG[0], *LONG[row - 1 :]]
    problem = only_problem(tmp_path, lines)
    assert (problem["row"], problem["advice"]) == (row, "delete this row")


@pytest.mark.parametrize("units", [",,,weeks,points,,,years,", "identifier,number,,(weeks),(0-10),,,years,day"])
def test_a_second_header_row(tmp_path, units):
    problem = only_problem(tmp_path, [LONG[0], units, *LONG[1:]])
    assert (problem["row"], problem["advice"]) == (2, "delete this row")


@pytest.mark.parametrize("totals", ["Total,,,,62.5,,,,", ",,Mean,2,5.7,,,,", "Mittelwert:,,,,5,,,,"])
def test_a_row_of_totals(tmp_path, totals):
    problem = only_problem(tmp_path, [*LONG, totals])
    assert problem["row"] == 14
    assert "looks like a row of totals" in problem["rule"]


def test_all_problems_at_once(tmp_path):
    lines = named(LONG, "weeks_from_end", "weeks")
    lines[1] = lines[1].replace(",8,", ",18,")
    lines[5] = lines[5].replace("2023-02-16", "16.02.2023")
    assert problems(write(tmp_path, lines))["column"].tolist() == ["weeks_from_end", "nrs", "date"]
