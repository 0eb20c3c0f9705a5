"""Separated text as every table here needs it: bytes to text, text to cells, and the problems of both.

The evidence tables and the cohorts of a clinic are read with it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from analysis.tabular.problems import Problem, shorten

SAVE_AS = "in the spreadsheet choose Save as, “CSV UTF-8 (comma delimited)”"
LINE_END = re.compile(r"\r\n|\n|\r")
MOST_LINES_IN_A_CELL = 10


def decode(raw: bytes, name: str) -> tuple[str | None, list[Problem]]:
    """The text of a file's bytes and what is wrong with its encoding; None if it is no text."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw:
        rule = "a table is a text file in UTF-8, this one is UTF-16 or not text"
        return None, [Problem(name, None, "", "", rule, SAVE_AS)]
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        row = len(LINE_END.split(raw[: error.start].decode("latin-1")))
        text = raw.decode("cp1252", errors="replace")
        # The word around the first wrong byte, read as what it most likely is: the older Windows or Latin-1 encoding.
        before = re.split(r"[\s,;]", raw[: error.start].decode("cp1252", errors="replace"))[-1]
        word = before + re.split(r"[\s,;]", raw[error.start :].decode("cp1252", errors="replace"))[0]
        found = " ".join(f"{byte:02X}" for byte in raw[error.start : error.end])
        return text, [
            Problem(
                name,
                row,
                "",
                f"{word} (byte {found})",
                "a table is a text file in UTF-8; this one looks like Latin-1 or Windows-1252",
                SAVE_AS,
            )
        ]


def read_lines(lines: list[str], file: str, separator: str = ",") -> Iterator[tuple[int, list[str]] | Problem]:
    """Row number and cells of each row, or the problem of a row that can't be split into cells."""
    position, number, width = 0, 0, None
    while position < len(lines):
        number += 1
        try:
            cells = split(lines[position], separator)
        except csv.Error as error:
            joined = _rejoin(lines, position, width, separator) if "end of data" in str(error) else 0
            if joined:
                yield Problem(
                    file,
                    number,
                    "",
                    shorten(lines[position][-60:]),
                    "a cell is one line of text; a cell of this row holds a line break",
                    "replace the line break (Alt+Enter in a spreadsheet) by a space or a semicolon",
                )
                position += joined
            else:
                yield Problem(
                    file,
                    number,
                    "",
                    shorten(lines[position]),
                    "quotation marks come in pairs around a cell; one of this row is not closed",
                    'close it, or delete it; a quotation mark that belongs to the text is written twice: ""',
                )
                position += 1
            continue
        width = width or len(cells)
        yield number, cells
        position += 1


def split(text: str, separator: str = ",") -> list[str]:
    """The cells of one line. csv.Error if its quotation marks don't come in pairs around cells."""
    return next(csv.reader([text], strict=True, delimiter=separator), [])


def _rejoin(lines: list[str], start: int, width: int | None, separator: str) -> int:
    """How many lines make one whole row from `start` on, if a few do; else 0."""
    for count in range(2, MOST_LINES_IN_A_CELL + 1):
        try:
            cells = split("\n".join(lines[start : start + count]), separator)
        except csv.Error:
            continue
        if width is None or len(cells) == width:
            return count
    return 0


def width_problem(file: str, number: int, cells: list[str], header: list[str]) -> Problem:
    """A row with more or fewer cells than the header."""
    rule = f"a row has as many cells as the header, {len(header)}; this one has {len(cells)}"
    if len(cells) > len(header):
        advice = (
            'a text with a comma needs quotation marks, as in "abstract, results"; decimals follow a point, as in 1.5; '
            "else delete the surplus cells"
        )
        return Problem(file, number, "", shorten(",".join(cells[len(header) - 1 :])), rule, advice)
    last = header[len(cells) - 1]
    advice = f"add the missing cells; an empty one still needs its comma (the last one here stands under {last})"
    return Problem(file, number, "", shorten(cells[-1]), rule, advice)
