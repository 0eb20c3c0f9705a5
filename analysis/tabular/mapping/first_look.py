"""A first look at an unknown table: its form, and for each column what it surely is or what has to be asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from analysis.tabular import excel
from analysis.tabular.mapping.cohort_map import Reading
from analysis.tabular.mapping.heading_words import plain_heading
from analysis.tabular.mapping.map_keys import ASK, NOT_USED
from analysis.tabular.mapping.redcap import Dictionary
from analysis.tabular.mapping.source_table import SourceTable, read_source
from analysis.tabular.problems import Problem
from analysis.wording import counted

DAY = re.compile(r"(\d{1,4})[-./](\d{1,2})[-./](\d{1,4})(?:[T ]\d{1,2}:\d{2}.*)?")
_CELL = re.compile(rf"[+-]?\d+(?:[.,]\d+)?|{DAY.pattern}")
_DECIMAL = re.compile(r"[+-]?\d+([.,])\d+")
_EUROPEAN = set("äöüÄÖÜßéèêëàáâãçôóõûúùîïíìñåæøœÁÀÂÃÇÉÈÊËÍÎÏÑÓÔÕÚÛÅÆØŒ¿¡«»°µ€–—’‘“”²³½")
_HEADER_ROWS = 20
_FIRST_LETTERS = 1_000_000  # in which the lines are looked for: a file may consist of line ends
_SITES_AT_LEAST = 2


@dataclass(frozen=True, eq=False)
class FirstLook:
    """How a file can be read.

    asks: keys of `read` that the file does not settle, with the question.
    """

    file: str
    reading: Reading
    source: SourceTable
    asks: Mapping[str, str] = field(default_factory=dict)
    sheets: Mapping[str, str] = field(default_factory=dict)  # use of each sheet: used, not_used or ASK


def first_look(
    content: bytes, file: str, dictionary: Dictionary | None = None
) -> tuple[FirstLook | None, list[Problem]]:
    """Return how a file can be read (None if it can't), and its problems."""
    form = _form(content, file)
    sheets: dict[str, str] = {}
    asks: dict[str, str] = {}
    if form == "csv":
        reading = _text_reading(content, asks)
    elif form == "xlsx":
        reading, sheets = _workbook_reading(content, asks)
    else:
        reading = Reading(form)
    source, problems = read_source(content, file, reading)
    if source is None:
        return None, problems
    cells = [name for name in source.table.names if _CELL.fullmatch(name)]
    if len(cells) > 1:  # as names they would be shown
        rule = f"the names of columns are words; {len(cells)} cells of this row are numbers or days"
        advice = "put a row with the names of the columns above the data, such as patient, NRS week 4"
        return None, [*problems, Problem(file, reading.header_row, "", "", rule, advice)]
    reading = _numbers_and_dates(source, reading, asks)
    if dictionary is not None:
        known = {**source.value_labels, **dictionary.value_labels}
        source = replace(source, value_labels=known, labels=dictionary.labels, limits=dictionary.limits)
    return FirstLook(file, reading, source, asks, sheets), problems


def _form(content: bytes, file: str) -> str:
    ending = PurePath(file).suffix.lower()
    by_ending = {".sav": "sav", ".zsav": "sav", ".dta": "dta", ".parquet": "parquet", ".xlsx": "xlsx"}
    return by_ending.get(ending, "xlsx" if content[:4] == b"PK\x03\x04" else "csv")


def _text_reading(content: bytes, asks: dict[str, str]) -> Reading:
    encoding = "utf-8"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "windows-1252"
        text = content.decode(encoding, errors="replace")
        odd = {sign for sign in text if ord(sign) > 127} - _EUROPEAN
        if odd:
            asks["encoding"] = "the file is not UTF-8; windows-1252 leaves signs that no word has: which encoding?"
    lines = text[:_FIRST_LETTERS].replace("\r\n", "\n").replace("\r", "\n").split("\n")[: _HEADER_ROWS * 5]
    separator = max((";", "\t", ","), key=lambda sign: _common_width(lines, sign))
    width = _common_width(lines, separator)
    header = next((row for row, line in enumerate(lines, start=1) if _width(line, separator) == width), 1)
    return Reading("csv", encoding, separator, header_row=header)


def _width(line: str, sign: str) -> int:
    return re.sub('"[^"]*"', "", line).count(sign) + 1


def _common_width(lines: list[str], sign: str) -> int:
    """Return the number of cells that most lines have."""
    widths = [_width(line, sign) for line in lines if line.strip()]
    return max(set(widths), key=widths.count) if widths else 1


def _workbook_reading(content: bytes, asks: dict[str, str]) -> tuple[Reading, dict[str, str]]:
    try:
        sheets = [sheet for sheet in excel.read_sheets(content) if sheet.rows]
    except Exception:  # the reader says what is wrong
        return Reading("xlsx"), {}
    if not sheets:
        return Reading("xlsx"), {}
    largest = max(sheets, key=lambda sheet: (sheet.visible, len(sheet.rows) * (sheet.width > 1)))
    header = _header_row(largest.rows)
    names = [plain_heading(name) for name in largest.rows[header - 1]]

    def has_names(sheet: excel.Sheet) -> bool:
        return len(sheet.rows) > header and [plain_heading(name) for name in sheet.rows[header - 1]] == names

    def shares_names(sheet: excel.Sheet) -> bool:
        return any(len(set(names) & set(map(plain_heading, row)) - {""}) > 1 for row in sheet.rows[:_HEADER_ROWS])

    alike = [sheet.title for sheet in sheets if sheet.visible and has_names(sheet)] or [largest.title]
    other = [sheet.title for sheet in sheets if sheet.title not in alike and shares_names(sheet)]
    several = len(alike) + len(other) >= _SITES_AT_LEAST
    if several:
        words = f"{', '.join(alike)} have the same columns" if len(alike) > 1 else f"{alike[0]} is the largest sheet"
        words += f"; {', '.join(other)} has some of them or is hidden, and can only be used alone" if other else ""
        asks["sheets"] = f"{words}: used, or {{site: NAME}}, or not_used?"
    asked = {*alike, *other} if several else set()
    uses = {
        sheet.title: ASK if sheet.title in asked else "used" if sheet.title in alike else NOT_USED for sheet in sheets
    }
    reading = {title: "" if title in alike else NOT_USED for title in uses}
    return Reading("xlsx", header_row=header, sheets=reading), uses


def _header_row(rows: list[list[str]]) -> int:
    """Return the number of the first row with as many words as most rows have cells."""
    width = max(sum(map(bool, cells)) for cells in rows[: _HEADER_ROWS * 2])
    for number, cells in enumerate(rows[:_HEADER_ROWS], start=1):
        filled = [cell for cell in cells if cell]
        words = [cell for cell in filled if re.search(r"[^\W\d_]", cell)]
        if len(filled) >= max(2, width - 1) and len(words) == len(filled):
            return number
    return 1


def _numbers_and_dates(source: SourceTable, reading: Reading, asks: dict[str, str]) -> Reading:
    commas = points = 0
    first_high = second_high = total = iso = times = short = 0
    for column in source.table.columns:
        words = [word.strip() for word in column.words.to_pylist() if word.strip()]
        days = [match for word in words if (match := DAY.fullmatch(word))]
        if len(days) * 2 > len(words):
            for match in days:
                total += 1
                times += ":" in match[0]
                iso += len(match[1]) == 4
                short += max(len(match[1]), len(match[3])) < 4
                first_high += len(match[1]) < 3 and int(match[1]) > 12
                second_high += len(match[1]) < 3 and int(match[2]) > 12
            continue
        signs = [match[1] for word in words if (match := _DECIMAL.fullmatch(word))]
        commas += signs.count(",")
        points += signs.count(".")
    if commas and points:
        asks["decimal"] = f"{commas} numbers with a comma, {points} with a point: which one is the decimal sign?"
    order = "year-month-day"
    if total and not iso:
        order = "day-month-year"
        if second_high and not first_high:
            order = "month-day-year"
        elif not first_high or second_high:
            asks["dates"] = (
                "no date settles whether the day or the month stands first: day-month-year or month-day-year?"
            )
    if short:
        asks["dates"] = f"{counted(short, 'date')} with a year of two digits: export them with four, then propose again"
    return replace(reading, decimal_comma=commas > points, date_order=order, with_time=times > 0)
