"""From an Excel workbook to a table of text, and everything that only a workbook can get wrong."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from datetime import date, datetime
from typing import Any

import numpy as np

from analysis.outcomes.cohort.files import empty_file, no_rows
from analysis.outcomes.cohort.raw import Raw, encode, several
from analysis.tabular.problems import Problem, listed

MOST_BYTES = 1 << 30
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]+\d+(?::[A-Z]+\d+)?)\"")
FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
# Cells beyond what a sheet can hold: openpyxl would fill in everything before them.
IMPOSSIBLE = re.compile(rb"\br=\"(?:[A-Za-z]{4,}\d|[A-Za-z]*\d{8,})")
SURROGATE = re.compile("[\ud800-\udfff]")
SAVE_AGAIN = "open it in the spreadsheet and save it again as .xlsx without a password"


def read_xlsx(content: bytes, file: str) -> tuple[Raw | None, list[Problem]]:
    """The rows of a workbook as text and its problems; None where nothing can be said about the rows.

    Cells are taken as the spreadsheet stores them: 6.5 is 6.5 however it is shown; a date is its ISO form.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of openpyxl, about styles and other things that hold no value
            return _read(content, file)
    except Exception:  # a damaged workbook fails anywhere in zipfile, the XML parser or openpyxl
        return None, [_unreadable(file)]


def _unreadable(file: str) -> Problem:
    return Problem(file, None, "", "", "the file is a whole Excel workbook; this one can't be read", SAVE_AGAIN)


def _read(content: bytes, file: str) -> tuple[Raw | None, list[Problem]]:
    # Imported here: 0.3 s that the other formats need not wait for.
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
            rule = "a workbook unpacks to less than 1 GB"
            return None, [Problem(file, None, "", "", rule, "save the table as CSV or Parquet")]
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        tables = []
        for sheet in book.worksheets:
            xml = archive.read(sheet._worksheet_path)
            if IMPOSSIBLE.search(xml):
                return None, [_unreadable(file)]
            rows = _rows(sheet)
            if rows:
                tables.append((sheet.title, rows, xml))
    if not tables:
        return None, [empty_file(file)]
    (title, rows, xml), problems = tables[0], []
    if len(tables) > 1:
        others = listed(other for other, *_ in tables[1:])
        rule = f"a workbook holds one table; besides {title} there is something in {others}"
        advice = "delete the other sheets, or save the sheet with the patients as a file"
        problems.append(Problem(file, None, "", "", rule, advice))
    problems += _merged(xml, file)
    if FORMULA.search(xml):
        problems += _formulas(content, title, rows, file)
    if len(rows) == 1:
        problems.append(no_rows(file))
    return _table(rows, file), problems


def _rows(sheet: Any) -> list[list[str]]:
    """The texts of each row up to its last cell that is not empty; the last row is not empty."""
    sheet.reset_dimensions()
    rows = []
    for cells in sheet.iter_rows(values_only=True):
        texts = [_text(value) for value in cells]
        while texts and not texts[-1]:
            texts.pop()
        rows.append(texts)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        # Half of a surrogate pair is no text; as a control character it is refused where it stands.
        return SURROGATE.sub("\0", value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return np.format_float_positional(value, trim="-")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _table(rows: list[list[str]], file: str) -> Raw:
    """The rows below the first one. Cells beyond the last name make a column without a name."""
    header, below = rows[0], rows[1:]
    width = max(map(len, rows))
    names = tuple(header + [""] * (width - len(header)))
    columns = tuple(encode([cells[place] if place < len(cells) else "" for cells in below]) for place in range(width))
    return Raw(file, names, columns, np.arange(2, 2 + len(below), dtype=np.int32))


def _merged(xml: bytes, file: str) -> list[Problem]:
    ranges = [match.decode() for match in MERGED.findall(xml)]

    def told(i: int) -> Problem:
        row = int(re.search(r"\d+", ranges[i])[0])
        rule = "no cells are merged: only the first of them holds the value"
        advice = "unmerge them (in Excel: Home, Merge & Center) and write the value into each cell"
        return Problem(file, row, "", ranges[i], rule, advice)

    return several(np.arange(len(ranges)), told)


def _formulas(content: bytes, title: str, rows: list[list[str]], file: str) -> list[Problem]:
    """Formulas whose result is not in the file: a program wrote them and no spreadsheet has computed them."""
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(content), read_only=True)[title]
    sheet.reset_dimensions()
    lost: list[tuple[int, int]] = []
    for cells in sheet.iter_rows():
        for cell in cells:
            if getattr(cell, "data_type", "") == "f":
                known = rows[cell.row - 1] if cell.row <= len(rows) else []
                if len(known) < cell.column or not known[cell.column - 1]:
                    lost.append((cell.row, cell.column))
    header = rows[0]

    def told(i: int) -> Problem:
        row, place = lost[i]
        column = header[place - 1] if place <= len(header) else ""
        rule = "a formula has a result; this one has none in the file"
        return Problem(file, row, column, "", rule, "open the file in the spreadsheet and save it, or write the value")

    return several(np.arange(len(lost)), told)
