"""Separated text line by line: the rows that can be split into cells, and the problems of those that cannot."""

from __future__ import annotations

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from analysis.tabular import advice
from analysis.tabular.origin import Origin
from analysis.tabular.problems import Problem, ProblemGroups, shorten
from analysis.tabular.text_table import TextTable, encode, text_column

LINE_END = re.compile(rb"\r\n|\n|\r")
MOST_BYTES_IN_A_LINE = 1_000_000
_MOST_LINES_IN_A_CELL = 10
_ROWS_AT_A_TIME = 50_000
_MOST_WRONG = 10_000


def split_by_line(
    body: bytes, end: int, file: str, separator: str, origin: Origin, keep: bool = True
) -> tuple[TextTable | None, list[Problem]]:
    """Return the rows of a text (None if the header can't be split), and the problems of single rows.

    Rows that can't be split or have a wrong width are problems. end: length of `body` without the line ends at its end.
    keep: whether the rows are returned; else the search takes a fifth of the time, and ends at the 10,000th problem.
    """
    problems = ProblemGroups()
    rows: _Rows | None = None
    lines = _lines(body, end)
    ahead: deque[bytes] = deque(itertools.islice(lines, _MOST_LINES_IN_A_CELL))
    number = wrong = 0
    sign, width = separator.encode(), 0
    while ahead:
        number += 1
        used = 1
        try:
            if len(ahead[0]) > MOST_BYTES_IN_A_LINE:
                problems.add(long_line(file, number, len(ahead[0])))
            elif rows is None:
                rows = _Rows(cells_of_line(ahead[0].decode(), separator))
                width = len(rows.names)
            elif keep or b'"' in ahead[0] or ahead[0].count(sign) != width - 1:
                cells = cells_of_line(ahead[0].decode(), separator)
                if not any(map(str.strip, cells)):
                    cells = [""] * width
                elif len(cells) != width:
                    rule = f"a row has as many cells as the header, {width}; this one has {len(cells)}"
                    shown = separator.join(cells[width - 1 :]) if len(cells) > width else cells[-1]
                    value = "" if origin.private else shorten(shown)
                    problems.add(Problem(file, number, "", value, rule, advice.row_width(cells, rows.names)))
                    wrong += 1
                if keep:
                    rows.add(cells, number)
        except csv.Error as error:
            joined = _lines_of_row(list(ahead), rows, separator) if "end of data" in str(error) else 0
            problems.add(_broken_line(file, number, ahead[0].decode(), joined > 0, origin))
            used = joined or 1
            wrong += 1
        if rows is None or (wrong == _MOST_WRONG and not keep):
            if rows:
                rule = f"every row can be split into cells; {wrong:,} rows can not, and the rest was not read"
                problems.add(Problem(file, None, "", "", rule, advice.SAVE_AS_CSV))
            return None, problems.merged()
        for _ in range(used):
            ahead.popleft()
        ahead.extend(itertools.islice(lines, used))
    return (rows.table(file) if rows and keep else None), problems.merged()


def cells_of_line(text: str, separator: str) -> list[str]:
    """Return the cells of one line. Raises csv.Error if quotation marks are not paired around cells."""
    if '"' not in text:
        return text.split(separator) if text else []
    limit = csv.field_size_limit(len(text))  # the default would refuse long cells
    try:
        return next(csv.reader([text], strict=True, delimiter=separator), [])
    finally:
        csv.field_size_limit(limit)


def long_line(file: str, number: int, length: int) -> Problem:
    """Return the problem of a line that is too long to be a row."""
    rule = f"a row has at most {MOST_BYTES_IN_A_LINE:,} bytes; this one has {length:,}"
    return Problem(file, number, "", "", rule, advice.SPLIT_LONG_ROW)


class _Rows:
    """Rows of cells below their header, encoded by column after every 50,000 rows to save memory."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._texts: list[list[str]] = []
        self._numbers: list[int] = []
        self._complete: list[bool] = []
        self._encoded: list[list[pa.DictionaryArray]] = [[] for _ in names]

    def add(self, cells: list[str], number: int) -> None:
        width = len(self.names)
        self._complete.append(len(cells) == width)
        self._texts.append(cells if len(cells) == width else (cells + [""] * width)[:width])
        self._numbers.append(number)
        if len(self._texts) == _ROWS_AT_A_TIME:
            self._encode()

    def _encode(self) -> None:
        for chunks, texts in zip(self._encoded, zip(*self._texts, strict=True), strict=False):
            chunks.append(pa.array(texts, pa.string()).dictionary_encode())
        self._texts.clear()

    def table(self, file: str) -> TextTable:
        self._encode()
        columns = (text_column(pa.chunked_array(chunks)) if chunks else encode([]) for chunks in self._encoded)
        complete = None if all(self._complete) else np.array(self._complete)
        names = tuple(name.strip() for name in self.names)
        return TextTable(file, names, tuple(columns), np.array(self._numbers, dtype=np.int32), complete)


def _lines(body: bytes, end: int) -> Iterator[bytes]:
    start = 0
    if b"\r" in body:
        for match in LINE_END.finditer(body, 0, end):
            yield body[start : match.start()]
            start = match.end()
    else:  # as above, without its 4 s for a line of 248 MB
        while (stop := body.find(b"\n", start, end)) >= 0:
            yield body[start:stop]
            start = stop + 1
    yield body[start:end]


def _broken_line(file: str, number: int, line: str, has_line_break: bool, origin: Origin) -> Problem:
    if has_line_break:
        value = "" if origin.private else shorten(line[-60:])
        rule = "a cell is one line of text; a cell of this row contains a line break, or a quotation mark is open"
        return Problem(file, number, "", value, rule, advice.REMOVE_LINE_BREAK)
    rule = "quotation marks come in pairs around a cell; one of this row is not closed"
    return Problem(file, number, "", "" if origin.private else shorten(line), rule, advice.CLOSE_QUOTATION)


def _lines_of_row(lines: list[bytes], rows: _Rows | None, separator: str) -> int:
    """Return the number of lines of the row that begins the lines if its cells contain line breaks, otherwise 0."""
    for count in range(2, len(lines) + 1):
        try:
            cells = cells_of_line(b"\n".join(lines[:count]).decode(), separator)
        except csv.Error:
            continue
        if rows is None or len(cells) == len(rows.names):
            return count
    return 0
