"""Excel workbooks: bytes to a table of text, and the problems specific to workbooks."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import numpy as np

from analysis.tabular import advice
from analysis.tabular.origin import Origin
from analysis.tabular.problems import Problem, in_rows, listed
from analysis.tabular.separated import empty_file
from analysis.tabular.size_limits import too_large
from analysis.tabular.text_table import TextTable, table_of_rows
from analysis.tabular.workbook_parts import TooManyCells, scan_parts

_MOST_SHEETS = 1_000
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_workbook(content: bytes, file: str, origin: Origin) -> tuple[TextTable | None, list[Problem]]:
    """Return the rows of a workbook with one table (None if no row can be read) and its problems.

    Cells have their stored value, not the displayed one; dates have their ISO form.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns about styles, which are not needed
            return _read(content, file, origin)
    except TooManyCells:
        rule = "a workbook has at most 1,000 sheets, 2,000,000 rows and about 10,000,000 cells, empty ones included"
        return None, [Problem(file, None, "", "", rule, advice.SAVE_LARGE_WORKBOOK)]
    except Exception:  # a damaged workbook fails anywhere in zipfile, the XML parser or openpyxl
        return None, [_unreadable(file)]


def _unreadable(file: str) -> Problem:
    return Problem(
        file, None, "", "", "the file is a complete Excel workbook; this one can't be read", advice.SAVE_WORKBOOK_AGAIN
    )


def _read(content: bytes, file: str, origin: Origin) -> tuple[TextTable | None, list[Problem]]:
    # Imported here, because the import takes 0.3 s that other formats do not need.
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.utils import get_column_letter

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        contents = scan_parts(archive)
    reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True)
    reader.read()
    parts = {sheet.name: contents[relation.target] for sheet, relation in reader.parser.find_sheets()}
    sheets = reader.wb.worksheets
    if len(sheets) > _MOST_SHEETS:
        raise TooManyCells
    tables, total = [], 0
    for sheet in sheets:
        rows = _rows(sheet, total)
        total += len(rows)
        if rows:
            tables.append((sheet.title, rows, parts[sheet.title]))
    if not tables:
        return None, [empty_file(file, origin)]
    (title, rows, part), problems = tables[0], []
    if len(tables) > 1:
        others = listed(other for other, *_ in tables[1:])
        rule = f"a workbook contains one table; besides {title} there is content in {others}"
        problems.append(Problem(file, None, "", "", rule, advice.DELETE_OTHER_SHEETS))
    problems += _merged(part.merged, file)
    if part.formulas:
        problems += _formulas(content, title, rows, file)
    width = max(map(len, rows))
    if problem := too_large(file, len(rows), width):
        place = f"{get_column_letter(width)}{1 + next(row for row, cells in enumerate(rows) if len(cells) == width)}"
        return None, [replace(problem, rule=f"{problem.rule}; the last column has a value in {place}")]
    return _table(rows, width, file), problems


def _rows(sheet: Any, before: int) -> list[list[str]]:
    """Return the texts of each row up to its last cell that is not empty; the last row is not empty.

    before: number of rows in the sheets before this one. Raises TooManyCells.
    """
    sheet.reset_dimensions()
    rows: list[list[str]] = []
    total = 0
    for cells in sheet.iter_rows(values_only=True):
        texts = [_text(value) for value in cells]
        total += len(texts)
        while texts and not texts[-1]:
            texts.pop()
        rows.append(texts)
        if too_large(sheet.title, before + len(rows), 1, total):
            raise TooManyCells
    while rows and not rows[-1]:
        rows.pop()
    return rows


@lru_cache(maxsize=1 << 16, typed=True)  # equal cells share one text
def _text(value: Any) -> str:
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


def _table(rows: list[list[str]], width: int, file: str) -> TextTable:
    """Return the rows below the first one. Cells beyond the last name are a column without a name."""
    names, *below = [cells + [""] * (width - len(cells)) for cells in rows]
    return table_of_rows(file, names, below, list(range(2, 2 + len(below))))


def _merged(ranges: list[str], file: str) -> list[Problem]:
    def problem_at(i: int) -> Problem:
        row = int(re.search(r"\d+", ranges[i])[0])
        rule = "no cells are merged: only the first of them has the value"
        return Problem(file, row, "", ranges[i], rule, advice.UNMERGE_CELLS)

    return in_rows(np.arange(len(ranges)), problem_at)


def _formulas(content: bytes, title: str, rows: list[list[str]], file: str) -> list[Problem]:
    """Return the problems of formulas without a stored result, which no spreadsheet has computed."""
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(content), read_only=True)[title]
    sheet.reset_dimensions()
    without: list[tuple[int, int]] = []
    for cells in sheet.iter_rows():
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
