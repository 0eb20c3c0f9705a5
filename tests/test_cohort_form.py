"""The dictionary of the cohort's long form: valid for the standard's tool, and in agreement with the code."""

from __future__ import annotations

import pandas as pd
import pytest
from frictionless import Package, system

from analysis.outcomes.cohort.form import attributes, long_form
from analysis.outcomes.cohort.table import VISITS
from analysis.paths import DATA
from analysis.tabular.data_package import read_package


@pytest.mark.slow
def test_the_standard_tool_finds_the_package_and_the_example_valid(data_folder):
    report = Package(data_folder / "cohorts" / "datapackage.yaml").validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])


def test_the_standard_tool_refuses_what_we_refuse(data_folder, tmp_path):
    (tmp_path / "datapackage.yaml").write_bytes((data_folder / "cohorts" / "datapackage.yaml").read_bytes())
    table = pd.read_csv(data_folder / "cohorts" / "synthetic-example.csv", dtype="str", keep_default_na=False)
    table.loc[0, ["nrs", "date", "sex"]] = ["11", "14.05.2019", "f"]
    table.to_csv(tmp_path / "synthetic-example.csv", index=False)
    with system.use_context(trusted=True):
        report = Package(tmp_path / "datapackage.yaml").validate()
    assert sorted(report.flatten(["type", "fieldName"])) == [
        ["constraint-error", "nrs"],
        ["constraint-error", "sex"],
        ["type-error", "date"],
    ]


def test_visits_are_those_of_the_code():
    assert long_form()["visit"].enum == VISITS


def test_regimen_classes_are_those_of_the_evidence():
    assert long_form()["regimen_class"].enum == read_package(DATA).tables["arms"]["regimen_class"].enum


def test_required_columns_and_attributes():
    assert [field.name for field in long_form().fields if not field.optional] == [
        "patient_id",
        "visit",
        "weeks_from_end",
        "nrs",
    ]
    assert [field.name for field in attributes()] == ["site", "regimen_class", "sex", "age", "disease_duration_years"]
    assert [field.name for field in long_form().fields if field.identifier] == ["patient_id"]


@pytest.mark.parametrize("name", ["weeks_from_end", "nrs", "age", "disease_duration_years"])
def test_numbers_have_a_unit_and_limits(name):
    field = long_form()[name]
    assert field.unit and field.minimum == 0 and field.maximum > 0
