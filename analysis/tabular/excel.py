"""Excel workbooks: bytes to a table of text, and the problems specific to workbooks."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from analysis.tabular import advice
from analysis.tabular.origin import Origin
from analysis.tabular.problems import Problem, in_rows, listed
from analysis.tabular.separated import empty_file
from analysis.tabular.size_limits import MOST_CELLS_OF_WORKBOOK, too_large
from analysis.tabular.text_table import TextTable, table_of_rows
from analysis.tabular.workbook_parts import PartContents, TooManyCells, scan_parts
from analysis.wording import counted

TEMPLATE_PROPERTY = "ketamine-crps cohort template"  # custom document property of `python -m analysis template`
TEMPLATE_SHEET, TEMPLATE_GUIDE = "Patients", "How to fill in"
_MOST_SHEETS = 1_000
_MOST_COLUMNS = 16_384  # of a sheet in Excel
_CHANGES_VALUE = re.compile(r"%|[$€£¥]")
# numbers of built-in formats of money and percentages, and custom formats of either kind
_FORMAT_OF_VALUE = re.compile(
    rb"numFmtId=\"(?:[5-9]|10|3[7-9]|4[0-4])\"|formatCode=\"[^\"]*(?:%|\\$|\xe2\x82\xac|\xc2[\xa3\xa5])"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Sheet:
    """One sheet: title, whether it is visible, its rows as text (the last one not empty), what its part contains.

    is_template: whether the workbook is a filled template, of which only the sheet Patients is read.
    """

    title: str
    visible: bool
    rows: list[list[str]]
    part: PartContents
    is_template: bool = False

    @cached_property
    def width(self) -> int:
        """Number of columns."""
        return max(map(len, self.rows), default=0)


def read_workbook(content: bytes, file: str, origin: Origin) -> tuple[TextTable | None, list[Problem]]:
    """Return the rows of a workbook with one table (None if no row can be read) and its problems.

    Cells have their stored value, not the displayed one; dates have their ISO form.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns about styles, which are not needed
            return _read(content, file, origin)
    except TooManyCells:
        rule = f"a workbook has at most 1,000 sheets, {MOST_CELLS_OF_WORKBOOK:,} cells with the empty ones, and 200 MB"
        return None, [Problem(file, None, "", "", rule, advice.SAVE_LARGE_WORKBOOK)]
    except Exception:  # a damaged workbook fails anywhere in zipfile, the XML parser or openpyxl
        rule = "the file is a complete Excel workbook; this one can't be read"
        return None, [Problem(file, None, "", "", rule, advice.SAVE_WORKBOOK_AGAIN)]


def _read(content: bytes, file: str, origin: Origin) -> tuple[TextTable | None, list[Problem]]:
    sheets = [sheet for sheet in read_sheets(content) if sheet.rows]
    if any(sheet.is_template for sheet in sheets):
        sheets = [sheet for sheet in sheets if sheet.title == TEMPLATE_SHEET]
    if not sheets:
        return None, [empty_file(file, origin)]
    first, problems = sheets[0], []
    if len(sheets) > 1:
        others = listed(sheet.title for sheet in sheets[1:])
        rule = f"a workbook contains one table; besides {first.title} there is content in {others}"
        problems.append(Problem(file, None, "", "", rule, advice.ONE_SHEET))
    problems += hidden_problems(first, file)
    problems += merged_problems(first, file)
    if first.part.formulas:
        problems += formula_problems(content, first, file)
    if problem := too_wide(first, file):
        return None, [problem]
    table = table_of_sheet(first, file)
    return replace(table, formatted=formatted_cells(content, first)), problems


def read_sheets(content: bytes) -> list[Sheet]:
    """Return the sheets of a workbook. A damaged workbook raises any error, a too large one TooManyCells."""
    # Imported here, because the import takes 0.3 s that other formats do not need.
    from openpyxl.reader.excel import ExcelReader

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        contents = scan_parts(archive)
    reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True)
    reader.read()
    parts = {sheet.name: contents[relation.target] for sheet, relation in reader.parser.find_sheets()}
    worksheets = reader.wb.worksheets
    if len(worksheets) > _MOST_SHEETS:
        raise TooManyCells
    titles = {sheet.title for sheet in worksheets}
    is_template = TEMPLATE_PROPERTY in reader.wb.custom_doc_props.names or titles == {TEMPLATE_SHEET, TEMPLATE_GUIDE}
    sheets, total = [], 0
    for sheet in worksheets:
        rows, total = _rows(sheet, total)
        sheets.append(Sheet(sheet.title, sheet.sheet_state == "visible", rows, parts[sheet.title], is_template))
    return sheets


def too_wide(sheet: Sheet, file: str) -> Problem | None:
    """Return the problem of a sheet with too many columns, or None."""
    from openpyxl.utils import get_column_letter

    problem = too_large(file, len(sheet.rows), sheet.width)
    if problem is None:
        return None
    row = 1 + next(row for row, cells in enumerate(sheet.rows) if len(cells) == sheet.width)
    where = f"the last column has a value in {get_column_letter(sheet.width)}{row}"
    return replace(problem, rule=f"{problem.rule}; {where}")


def _rows(sheet: Any, total: float) -> tuple[list[list[str]], float]:
    """Return the texts of each row up to its last cell that is not empty, and the number of cells so far.

    total: number of cells in the sheets before this one. The last row is not empty. Raises TooManyCells.
    """
    sheet.reset_dimensions()
    rows: list[list[str]] = []
    for cells in sheet.iter_rows(values_only=True):
        texts = [cell_text(value) for value in cells]
        total += len(texts) or 0.5  # the empty rows above a cell at the end of a sheet pass
        while texts and not texts[-1]:
            texts.pop()
        rows.append(texts)
        if total > MOST_CELLS_OF_WORKBOOK or len(cells) > _MOST_COLUMNS:
            raise TooManyCells
    while rows and not rows[-1]:
        rows.pop()
    return rows, total


@lru_cache(maxsize=1 << 16, typed=True)  # equal cells share one text
def cell_text(value: Any) -> str:
    """Return a value as a CSV file would state it: 1.0 is 1, a day has its ISO form."""
    if value is None:
        return ""
    if isinstance(value, str):
        # A lone surrogate is not text; the control character in its place becomes a problem of its row.
        return _SURROGATE.sub("\0", value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return np.format_float_positional(value, trim="-")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def table_of_sheet(sheet: Sheet, file: str, header_row: int = 1) -> TextTable:
    """Return the rows below the header. Cells beyond the last name are a column without a name."""
    rows = sheet.rows[header_row - 1 :]
    width = max(map(len, rows), default=0)
    names, *below = [cells + [""] * (width - len(cells)) for cells in rows] or [[]]
    return table_of_rows(file, names, below, list(range(header_row + 1, header_row + 1 + len(below))))


def hidden_problems(sheet: Sheet, file: str) -> list[Problem]:
    """Return the problems of a sheet that is hidden, or has hidden rows or columns with content."""
    from openpyxl.utils import get_column_letter

    problems = []
    if not sheet.visible:
        rule = f"no hidden sheet is used; the sheet {sheet.title} is hidden"
        problems.append(Problem(file, None, "", "", rule, advice.SHOW_HIDDEN))
    rows = [row for row in sheet.part.hidden_rows if row <= len(sheet.rows) and sheet.rows[row - 1]]
    if rows:
        rule = (
            f"no hidden row is used; hidden are {counted(len(rows), 'row')} of {sheet.title}: {listed(map(str, rows))}"
        )
        problems.append(Problem(file, rows[0], "", "", rule, advice.SHOW_HIDDEN))
    columns = [place for low, high in sheet.part.hidden_columns for place in range(low, min(high, sheet.width) + 1)]
    letters = [get_column_letter(place) for place in columns]
    if letters:
        rule = f"no hidden column is used; hidden in {sheet.title}: {listed(letters)}"
        problems.append(Problem(file, None, "", "", rule, advice.SHOW_HIDDEN))
    return problems


def formatted_cells(content: bytes, sheet: Sheet, header_row: int = 1) -> tuple[tuple[int, str, str], ...]:
    """Return row, column and format of the numbers that are shown as a percentage or an amount of money."""
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        styles = archive.read("xl/styles.xml") if "xl/styles.xml" in archive.namelist() else b""
    if not _FORMAT_OF_VALUE.search(styles):
        return ()  # as almost always: the cells need not be read again
    names = sheet.rows[header_row - 1] if len(sheet.rows) >= header_row else []
    cells = load_workbook(io.BytesIO(content), read_only=True, data_only=True)[sheet.title]
    cells.reset_dimensions()
    found = []
    for row in cells.iter_rows(min_row=header_row + 1):
        for cell in row:
            if isinstance(cell.value, (int, float)) and _CHANGES_VALUE.search(cell.number_format):
                name = names[cell.column - 1].strip() if cell.column <= len(names) else ""
                found.append((cell.row, name, cell.number_format))
    return tuple(found)


def merged_problems(sheet: Sheet, file: str, header_row: int = 1) -> list[Problem]:
    """Return the problems of merged cells from the header on."""
    ranges = [text for text in sheet.part.merged if int(re.findall(r"\d+", text)[-1]) >= header_row]

    def problem_at(i: int) -> Problem:
        row = int(re.search(r"\d+", ranges[i])[0])
        rule = "no cells are merged: only the first of them has the value"
        return Problem(file, row, "", ranges[i], rule, advice.UNMERGE_CELLS)

    return in_rows(np.arange(len(ranges)), problem_at)


def formula_problems(content: bytes, sheet: Sheet, file: str) -> list[Problem]:
    """Return the problems of formulas without a stored result, which no spreadsheet has computed."""
    from openpyxl import load_workbook

    cells_of = load_workbook(io.BytesIO(content), read_only=True)[sheet.title]
    cells_of.reset_dimensions()
    rows, without = sheet.rows, []
    for cells in cells_of.iter_rows():
        for cell in cells:
            if getattr(cell, "data_type", "") == "f":
                known = rows[cell.row - 1] if cell.row <= len(rows) else []
                if len(known) < cell.column or not known[cell.column - 1]:
                    without.append((cell.row, cell.column))
    header = rows[0]

    def problem_at(i: int) -> Problem:
        row, place = without[i]
        column = header[place - 1] if place <= len(header) else ""
        rule = "a formula has a result; this one has none in the file"
        return Problem(file, row, column, "", rule, advice.COMPUTE_FORMULA)

    return in_rows(np.arange(len(without)), problem_at)
