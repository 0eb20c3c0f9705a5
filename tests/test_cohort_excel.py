"""Excel workbooks: the same cohort as from CSV, and problems specific to workbooks."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from cohort_files import LONG, WIDE, only_problem, problems, workbook, workbook_bytes, write

from analysis.outcomes import cohort
from analysis.tabular.problems import DataError


def saved(folder: Path, book: openpyxl.Workbook) -> Path:
    return write(folder, workbook_bytes(book), "cohort.xlsx")


@pytest.mark.parametrize("lines", [LONG, WIDE], ids=["long", "wide"])
def test_the_same_cohort_as_from_csv(tmp_path, lines):
    plain, excel = cohort.load(write(tmp_path, lines)), cohort.load(saved(tmp_path, workbook(lines)))
    pd.testing.assert_frame_equal(plain.visits, excel.visits)
    pd.testing.assert_frame_equal(plain.courses, excel.courses)


def test_numbers_and_dates_keep_their_value(tmp_path):
    book = workbook(LONG)
    sheet = book.active
    sheet["E3"], sheet["E4"], sheet["E5"], sheet["I2"] = 1 / 3, 1e-7, "6.5", date(2024, 1, 8)
    visits = cohort.load(saved(tmp_path, book)).visits
    assert visits["nrs"].tolist()[:4] == [8, 1 / 3, 1e-7, 6.5]
    assert visits["date"].tolist()[0] == pd.Timestamp("2024-01-08")


@pytest.mark.parametrize(
    ("cell", "value", "shown", "advice"),
    [
        ("E3", datetime(2024, 5, 6), "2024-05-06", "turned the number into a date"),
        ("E3", True, "", "write the number"),
        ("E3", "#DIV/0!", "#DIV/0!", "a formula of the spreadsheet failed"),
        ("E3", time(6, 30), "06:30:00", "write the number"),
        ("E3", 11, "11", "look the value up"),
        ("I3", datetime(2024, 1, 13, 8, 30), "2024-01-13 08:30:00", "write it in this form"),
    ],
)
def test_a_cell_of_another_kind(tmp_path, cell, value, shown, advice):
    book = workbook(LONG)
    book.active[cell] = value
    problem = only_problem(tmp_path, workbook_bytes(book), "cohort.xlsx")
    assert (problem["row"], problem["value"]) == (3, shown)
    assert advice in problem["advice"]


def test_merged_cells(tmp_path):
    book = workbook(LONG)
    book.active.merge_cells("F2:F4")
    problem = only_problem(tmp_path, workbook_bytes(book), "cohort.xlsx")
    assert (problem["row"], problem["value"]) == (2, "F2:F4")
    assert "unmerge them" in problem["advice"]


def test_a_formula_without_its_result(tmp_path):
    book = workbook(LONG)
    book.active["E4"] = "=5+0.5"
    problem = only_problem(tmp_path, workbook_bytes(book), "cohort.xlsx")
    assert (problem["row"], problem["column"]) == (4, "nrs")
    assert problem["rule"] == "a formula has a result; this one has none in the file"


def replaced(book: openpyxl.Workbook, old: bytes, new: bytes) -> bytes:
    """The workbook with other bytes in its sheet."""
    out, name = io.BytesIO(), "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(workbook_bytes(book))) as before, zipfile.ZipFile(out, "w") as after:
        assert old in before.read(name)
        for other in before.namelist():
            xml = before.read(other)
            after.writestr(other, xml.replace(old, new) if other == name else xml)
    return out.getvalue()


def test_a_formula_with_its_result(tmp_path):
    book = workbook(LONG)
    book.active["E4"] = "=5+0.5"
    changed = replaced(book, b"<f>5+0.5</f>", b"<f>5+0.5</f><v>5.5</v>")
    assert cohort.load(write(tmp_path, changed, "cohort.xlsx")).visits["nrs"].tolist()[2] == 5.5


def test_a_second_sheet(tmp_path):
    book = workbook(LONG)
    book.create_sheet("Empty")
    assert problems(saved(tmp_path, book)).empty
    book.create_sheet("Doses").append(["patient_id", "dose"])
    problem = only_problem(tmp_path, workbook_bytes(book), "cohort.xlsx")
    assert problem["rule"] == "a workbook contains one table; besides Sheet there is content in Doses"


def test_the_first_sheet_may_be_empty(tmp_path):
    book = workbook(LONG)
    book.create_sheet("Cover", 0)
    assert len(cohort.load(saved(tmp_path, book)).visits) == 12


def test_empty_rows(tmp_path):
    book = workbook(LONG)
    book.active.insert_rows(5)
    assert only_problem(tmp_path, workbook_bytes(book), "cohort.xlsx")["row"] == 5
    book.active.delete_rows(5)
    book.active.insert_rows(1)
    problem = only_problem(tmp_path, workbook_bytes(book), "cohort.xlsx")
    assert problem["advice"] == "delete the rows above row 2, where the names are"


def test_a_title_above_the_names(tmp_path):
    book = workbook(LONG)
    book.active.insert_rows(1)
    book.active["A1"] = "Our patients"
    assert "delete the rows above row 2" in only_problem(tmp_path, workbook_bytes(book), "cohort.xlsx")["advice"]


@pytest.mark.parametrize("cell", ["C20", "L3"])
def test_a_stray_cell(tmp_path, cell):
    """Below the table it is a row, beside it a column without a name; both are reported."""
    book = workbook(LONG)
    book.active[cell] = "see letter"
    assert int(cell[1:]) in problems(saved(tmp_path, book))["row"].tolist()


@pytest.mark.parametrize("cell", [b'<row r="999999999"><c r="A999999999">', b'<row r="14"><c r="ZZZZZZ14">'])
def test_a_cell_where_no_sheet_has_one(tmp_path, cell):
    """The reader would fill in millions of empty cells before it."""
    changed = replaced(workbook(LONG), b"</sheetData>", cell + b"<v>1</v></c></row></sheetData>")
    assert "this one can't be read" in only_problem(tmp_path, changed, "cohort.xlsx")["rule"]


def test_a_workbook_that_understates_its_size(tmp_path):
    changed = replaced(workbook(LONG), b'<dimension ref="A1:I13"/>', b'<dimension ref="A1:I4"/>')
    assert len(cohort.load(write(tmp_path, changed, "cohort.xlsx")).visits) == 12


def test_an_empty_workbook(tmp_path):
    assert only_problem(tmp_path, workbook_bytes(openpyxl.Workbook()), "cohort.xlsx")["rule"] == "the file is empty"


def test_broken_workbooks(tmp_path):
    whole = workbook_bytes(workbook(LONG))
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("notes.txt", "no workbook")
    for broken in (whole[:-40], whole[:200], b"PK\x03\x04", other.getvalue()):
        problem = only_problem(tmp_path, broken, "cohort.xlsx")
        assert problem["rule"] == "the file is a complete Excel workbook; this one can't be read"
        assert "save it again as .xlsx without a password" in problem["advice"]


def hide_row(book: openpyxl.Workbook) -> None:
    book.active.row_dimensions[4].hidden = True


def hide_column(book: openpyxl.Workbook) -> None:
    book.active.column_dimensions["F"].hidden = True


def hide_sheet(book: openpyxl.Workbook) -> None:
    book.create_sheet("old").append(["patient_id"])
    book["old"].sheet_state = "hidden"


@pytest.mark.parametrize(
    ("hide", "said"),
    [(hide_row, "hidden"), (hide_column, "hidden"), (hide_sheet, "besides Sheet there is content in old")],
)
def test_what_is_hidden_is_not_used_without_a_word(tmp_path, hide, said):
    book = workbook(LONG)
    hide(book)
    with pytest.raises(DataError, match=said):
        cohort.load(saved(tmp_path, book))


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("0%", "this cell has the format 0%"),
        ("#,##0.00 [$€-407]", "this cell has the format #,##0"),
        ("yyyy-mm-dd", "is a number, written with digits"),
    ],
)
def test_a_score_whose_format_changes_its_meaning_is_refused(tmp_path, shown, said):
    book = workbook(LONG)
    book.active["E3"] = 0.8
    book.active["E3"].number_format = shown
    with pytest.raises(DataError, match=said):
        cohort.load(saved(tmp_path, book))
