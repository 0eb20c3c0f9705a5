"""Optional columns of a cohort: outcomes other than pain, harms, treatment, and the planned follow-up."""

from __future__ import annotations

import numpy as np
import pytest
from cohort_files import LONG, WIDE, edited, only_problem, write

from analysis.outcomes import cohort
from analysis.outcomes.cohort.form import course_details, measures
from analysis.outcomes.cohort.table import FollowUpPlan


def _with(lines: list[str], name: str, values: list[str]) -> list[str]:
    return [f"{line},{value}" for line, value in zip(lines, [name, *values], strict=True)]


def test_every_outcome_has_a_unit_a_range_and_a_direction():
    for field in measures():
        assert field.unit and field.minimum is not None and field.maximum is not None, field.name
        assert field.better in ("lower", "higher")
        stated = field.important_difference is not None or field.improved_at is not None
        assert stated == bool(field.citation)
    assert {field.name for field in measures() if field.citation} == {"pgic", "bpi_interference"}
    assert {field.group for field in course_details()} == {"outcome", "safety", "treatment"}


def test_outcomes_of_the_long_form_are_at_their_visits(tmp_path):
    values = ["30", "12", "", "40", "", "5", "6", "7", "8", "52", "0", "1.5"]
    loaded = cohort.load(write(tmp_path, _with(LONG, "pcs", values)))
    assert loaded.measures == ("pcs",)
    expected = [float(value) if value else -1 for value in values]
    assert loaded.visits["pcs"].fillna(-1).tolist() == expected


def test_outcomes_follow_their_visit_when_rows_are_in_another_order(tmp_path):
    lines = _with(LONG, "pcs", [str(n) for n in range(12)])
    loaded = cohort.load(write(tmp_path, [lines[0], *lines[:0:-1]]))
    nrs = {(row.row, row.pcs) for row in loaded.visits.itertuples()}
    assert nrs == {(13 - n, float(n)) for n in range(12)}


def test_outcomes_of_the_wide_form_have_the_visit_in_their_name(tmp_path):
    lines = _with(WIDE, "bpi_interference_week_4", ["3", "4.5", "", "6"])
    lines = _with(lines, "bpi_interference_baseline", ["7", "8", "9", "10"])
    loaded = cohort.load(write(tmp_path, lines))
    values = loaded.visits.set_index(["patient", "course", "visit"])["bpi_interference"]
    assert values.xs("baseline", level="visit").tolist() == [7, 8, 9, 10]
    assert values.xs("end_of_infusion", level="visit").isna().all()
    assert values.xs("follow_up", level="visit").fillna(-1).tolist() == [3, 4.5, -1, 6]


def test_an_outcome_at_a_visit_without_pain_score_is_refused(tmp_path):
    problem = only_problem(tmp_path, _with(WIDE, "pcs_week_12", ["3", "4", "", "6"]))
    assert problem["column"] == "pcs_week_12"
    assert "no column nrs_week_12" in problem["rule"]


def test_an_outcome_of_the_wide_form_without_a_visit_is_refused(tmp_path):
    problem = only_problem(tmp_path, _with(WIDE, "pcs", ["3", "4", "", "6"]))
    assert "pcs_baseline, pcs_end_of_infusion or pcs_week_4" in problem["advice"]


def test_two_outcomes_of_one_week_are_refused(tmp_path):
    lines = _with(_with(WIDE, "pcs_week_4", ["1"] * 4), "pcs_week_4.0", ["1"] * 4)
    assert only_problem(tmp_path, lines)["rule"] == "each week has one column"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("pgic", "8", "pgic lies between 1 and 7 points"),
        ("pgic", "2.5", "pgic is a whole number"),
        ("css", "17", "css lies between 0 and 16 points"),
        ("eq5d_index", "1.1", "eq5d_index lies between -1 and 1"),
        ("promis_pain_interference", "19", "promis_pain_interference lies between 20 and 90"),
        ("adverse_events", "nausea, headache", "adverse_events has the form of nausea; dizziness"),
        ("adverse_worst", "bad", "adverse_worst is one of none, mild, moderate, severe, serious"),
        ("infusion_stopped", "true", "infusion_stopped is one of yes, no"),
        ("enantiomer", "esketamine", "enantiomer is one of racemic, s"),
        ("dose_mg_per_kg_hour", "21", "dose_mg_per_kg_hour lies between 0 and 20 mg/kg/h"),
    ],
)
def test_values_out_of_range(tmp_path, name, value, rule):
    lines = _with(LONG, name, [value, *[""] * 11])
    quoted = [line.replace(value, f'"{value}"') if "," in value else line for line in lines]
    problem = only_problem(tmp_path, quoted)
    assert problem["column"] == name
    assert rule in problem["rule"]


def test_harms_and_treatment_describe_the_course(tmp_path):
    lines = _with(LONG, "adverse_events", ["nausea; fever", "", "", "none", *[""] * 8])
    loaded = cohort.load(write(tmp_path, _with(lines, "infusion_hours", ["20", *[""] * 11])))
    assert loaded.courses["adverse_events"].astype(object).where(
        loaded.courses["adverse_events"].notna(), ""
    ).tolist() == ["nausea; fever", "none", "", ""]
    assert loaded.courses["infusion_hours"].fillna(-1).tolist() == [20, -1, -1, -1]
    assert list(loaded.only(sites=["Site B"]).courses["adverse_events"].cat.categories) == ["none"]


def test_a_file_with_pain_alone_has_no_other_columns(tmp_path):
    loaded = cohort.load(write(tmp_path, LONG))
    assert (loaded.measures, loaded.plan) == ((), FollowUpPlan())
    assert list(loaded.visits) == ["patient", "course", "visit", "weeks", "nrs", "date", "row"]
    assert list(loaded.courses) == [
        *("patient", "course", "site", "regimen_class", "sex", "age", "disease_duration_years", "year", "baseline")
    ]


def test_the_plan_of_the_wide_form_is_its_columns(tmp_path):
    loaded = cohort.load(write(tmp_path, _with(WIDE, "nrs_week_12", ["1"] * 4)))
    assert loaded.plan == FollowUpPlan((4.0, 12.0))
    follow_up = loaded.visits[loaded.visits["visit"] == "follow_up"]
    assert follow_up["planned_week"].tolist() == follow_up["weeks"].tolist() == [4, 12] * 4


def test_the_plan_of_the_long_form_is_its_column(tmp_path):
    lines = _with(LONG, "planned_week", ["", "", "4"] * 4)
    loaded = cohort.load(write(tmp_path, edited(lines, 4, "weeks_from_end", "4.6")))
    assert loaded.plan.weeks == (4.0,)
    assert np.isnan(loaded.visits["planned_week"]).tolist() == [True, True, False] * 4
    problem = only_problem(tmp_path, edited(lines, 3, "planned_week", "4"))
    assert (problem["row"], problem["rule"]) == (3, "planned_week is empty at baseline and at end_of_infusion")
