"""The empty workbook and the REDCap dictionary: both made from the dictionary of cohorts, both read back."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from cohort_files import only_problem, write

from analysis.outcomes import cohort
from analysis.outcomes.cohort.form import long_form
from analysis.tabular.clinic_template import template_workbook
from analysis.tabular.excel import TEMPLATE_PROPERTY
from analysis.tabular.mapping.redcap import labels_of_dictionary, redcap_dictionary

ROWS = [
    {"patient_id": "007", "visit": "baseline", "nrs": 8, "sex": "female"},
    {"patient_id": "007", "visit": "end_of_infusion", "weeks_from_end": 0, "nrs": 4, "date": date(2024, 3, 5)},
]


@pytest.fixture(scope="module")
def template() -> bytes:
    return template_workbook(long_form())


def filled(content: bytes) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["Patients"]
    names = [cell.value for cell in sheet[1]]
    for number, row in enumerate(ROWS, start=2):
        for name, value in row.items():
            sheet.cell(number, names.index(name) + 1, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_filled_template_is_read(tmp_path, template):
    found = cohort.load(write(tmp_path, filled(template), "filled.xlsx"))
    assert found.visits["nrs"].tolist() == [8, 4]
    assert found.courses["sex"].tolist() == ["female"]


def test_only_patients_is_read_because_a_property_marks_the_workbook(tmp_path, template):
    book = openpyxl.load_workbook(io.BytesIO(filled(template)))
    assert TEMPLATE_PROPERTY in book.custom_doc_props.names
    book["How to fill in"].title = "Notes"
    del book.custom_doc_props[TEMPLATE_PROPERTY]
    out = io.BytesIO()
    book.save(out)
    assert "besides Patients there is content in Notes" in only_problem(tmp_path, out.getvalue(), "other.xlsx")["rule"]


def test_the_filled_form_of_another_maker_is_read():
    found = cohort.load(Path(__file__).with_name("data") / "clinics" / "template-filled.xlsx")
    assert found.visits["nrs"].tolist() == [8, 4]


def test_the_template_has_lists_limits_and_text(template):
    sheet = openpyxl.load_workbook(io.BytesIO(template))["Patients"]
    names = [cell.value for cell in sheet[1]]
    assert names == [name for name in long_form().names if name != "course"]
    rules = {names[next(iter(rule.sqref.ranges)).min_col - 1]: rule for rule in sheet.data_validations.dataValidation}
    assert rules["visit"].formula1 == '"baseline,end_of_infusion,follow_up"'
    assert (rules["nrs"].type, rules["nrs"].formula1, rules["nrs"].formula2) == ("decimal", "0", "10")
    assert rules["date"].type == "date"
    assert {name for name in names if long_form()[name].enum} <= set(rules)
    assert sheet.cell(2, names.index("patient_id") + 1).number_format == "@"


def test_the_template_has_the_same_bytes_each_time(template):
    assert template == template_workbook(long_form())
    assert {entry.date_time[0] for entry in zipfile.ZipFile(io.BytesIO(template)).infolist()} == {1980}


def test_the_redcap_dictionary_is_that_of_the_cohort_dictionary(data_folder):
    committed = (data_folder / "cohorts" / "redcap-dictionary.csv").read_text(encoding="utf-8")
    assert committed == redcap_dictionary(long_form())
    rows = {row["Variable / Field Name"]: row for row in csv.DictReader(io.StringIO(committed))}
    assert rows["nrs"]["Text Validation Max"] == "10"
    assert rows["date"]["Text Validation Type OR Show Slider Number"] == "date_ymd"
    assert all(name == name.lower() and len(name) <= 26 for name in rows)


def test_labels_are_read_from_a_redcap_dictionary():
    labels = labels_of_dictionary(redcap_dictionary(long_form()).encode(), "dictionary.csv")
    assert labels["sex"] == {"female": "female", "male": "male", "other": "other"}
    head = 'Variable / Field Name,Field Type,"Choices, Calculations, OR Slider Labels"\n'
    assert labels_of_dictionary(f'{head}sex,radio,"1, Male | 2, Female"\n'.encode(), "d.csv") == {
        "sex": {"1": "Male", "2": "Female"}
    }
