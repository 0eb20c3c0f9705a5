"""The empty workbook and the REDCap dictionary: both made from the dictionary of cohorts, both read back."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from cohort_files import only_problem, write

from analysis.__main__ import main
from analysis.outcomes import cohort
from analysis.outcomes.cohort.form import long_form
from analysis.tabular.clinic_template import template_workbook
from analysis.tabular.excel import TEMPLATE_PROPERTY
from analysis.tabular.mapping.redcap import read_dictionary

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


def command(*words: object) -> str:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_redcap_dictionary_makes_a_project_whose_export_gets_in(tmp_path):
    dictionary, export = tmp_path / "redcap.csv", tmp_path / "export.csv"
    command("template", dictionary)
    rows = {row["Variable / Field Name"]: row for row in csv.DictReader(dictionary.open(encoding="utf-8"))}
    assert rows["nrs"]["Text Validation Max"] == "10"
    assert rows["date"]["Text Validation Type OR Show Slider Number"] == "date_ymd"
    assert all(name == name.lower() and len(name) <= 26 for name in rows)

    visits = (("baseline", "", 8), ("end_of_infusion", 0, 4), ("follow_up", 4, 5))
    lines = ["record_id,redcap_repeat_instrument,redcap_repeat_instance,sex,infusion_stopped,visit,weeks_from_end,nrs"]
    for patient in "AB":
        lines.append(f"{patient},,,female,no,,,")
        lines += [f"{patient},visit,{n},,,{','.join(map(str, visit))}" for n, visit in enumerate(visits, start=1)]
    export.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "1 answer is missing" in command("check", "--cohort", export, "--propose", "--dictionary", dictionary)
    use = tmp_path / "export.map.yml"
    use.write_text(use.read_text(encoding="utf-8").replace("ASK ", "2024-12-31 "), encoding="utf-8")
    assert "Valid: 2 patients, 2 courses, 6 visits" in command("check", "--cohort", export, "--map", use)
    found = cohort.load(export, use)
    assert found.visits["nrs"].tolist() == [8, 4, 5] * 2
    assert found.courses[["sex", "infusion_stopped"]].values.tolist() == [["female", "no"]] * 2


def test_codes_labels_and_limits_of_a_redcap_dictionary_settle_what_cells_cannot(tmp_path):
    rows = [
        ("Variable / Field Name,Field Type,Field Label,Choices,Text Validation Min,Text Validation Max"),
        *("pid,text,Patient,,,", 'q1,radio,<b>Sex</b>,"1, Male | 2, Female",,', "p0,text,NRS before,,0,100"),
        *("p1,slider,NRS week 4,none | worst,,", "p2,text,NRS week 12,,0,100"),
        "bpi_interference,text,Pain interference,,0,10",  # no pain score
    ]
    text = "\n".join(rows).replace("Choices", '"Choices, Calculations, OR Slider Labels"', 1)
    (tmp_path / "dd.csv").write_text(text + "\n", encoding="utf-8")
    assert read_dictionary(text.encode(), "dd.csv").limits == {
        **dict.fromkeys(("p0", "p1", "p2"), (0, 100)),
        "bpi_interference": (0, 10),
    }
    (tmp_path / "t.csv").write_text("pid,q1,p0,p1,p2,bpi_interference\nA,1,9,4,5,6\nB,2,8,3,4,5\n", encoding="utf-8")
    command("check", "--cohort", tmp_path / "t.csv", "--propose", "--dictionary", tmp_path / "dd.csv")
    proposed = (tmp_path / "t.map.yml").read_text(encoding="utf-8")
    assert "q1: {is: sex, codes: {1: male, 2: female}}" in proposed
    assert "scale: '0 to 100', missing: []" in proposed  # of cells from 3 to 9
    assert "bpi_interference: {is: ASK}   # at which visit?" in proposed
