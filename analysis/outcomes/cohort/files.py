"""From the bytes of a separated text file to a table of text, and everything that can be wrong with the file.

UTF-8 with or without a byte order mark; comma, semicolon or tab; any line ends. A good file is split by Arrow. One that
Arrow would split otherwise than the rules here is read line by line: that takes longer, and finds the row.
"""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from analysis.outcomes.cohort.columns import FIRST_ROWS, GUIDE, NAMES_FIRST, is_known, names_further_down
from analysis.outcomes.cohort.raw import Cells, Raw, encode, limited
from analysis.tabular.problems import Problem, shorten
from analysis.tabular.text import LINE_END, SAVE_AS, decode, read_lines, split, width_problem

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
BLOCK = 1 << 20


def read_csv(content: bytes, file: str) -> tuple[Raw | None, list[Problem]]:
    """The rows of a separated file as text and its problems; None where nothing can be said about the rows."""
    body, problems = _utf8(content, file)
    if body is None:
        return None, problems
    end = len(body.rstrip(b"\r\n"))
    if not body[:end].strip():
        return None, [*problems, empty_file(file)]
    line_end = re.search(rb"[\r\n]", body)
    first = body[: line_end.start() if line_end else end].decode("utf-8")
    if first.lower().startswith("sep="):
        advice = "delete this line; the separator is found without it"
        return None, [*problems, Problem(file, 1, "", shorten(first), NAMES_FIRST, advice)]
    if not any(is_known(cell) for sign in _SEPARATORS for cell in first.split(sign)):
        top = LINE_END.split(body[: 1 << 16].decode("utf-8", errors="ignore"))[:FIRST_ROWS]
        cells = ((row, line.split(sign)) for row, line in enumerate(top, start=1) for sign in _SEPARATORS)
        further = names_further_down(file, cells)
        if further is not None:
            return None, [*problems, further]
    separator = _separator(first)
    try:
        header = tuple(split(first, separator))
    except csv.Error:
        header = ()
    if "|" in first and sum(map(is_known, header)) < sum(map(is_known, first.split("|"))):
        rule = "cells are separated by commas, semicolons or tabs, not by vertical bars"
        return None, [*problems, Problem(file, 1, "", shorten(first), rule, SAVE_AS)]
    if line_end is None or line_end.start() >= end:
        raw = Raw(file, header, tuple(encode([]) for _ in header), np.empty(0, dtype=np.int32), separator)
        return raw, [*problems, no_rows(file)]
    columns = _split_by_arrow(body, end, header, separator) if header else None
    if columns is not None:
        rows = np.arange(2, 2 + len(columns[0].codes), dtype=np.int32)
        return Raw(file, header, columns, rows, separator), problems
    raw, found = _split_by_line(body[:end].decode("utf-8"), file, separator)
    return raw, problems + found


def empty_file(file: str) -> Problem:
    """A file without any text."""
    return Problem(file, None, "", "", "the file is empty", f"fill it in; {GUIDE}")


def no_rows(file: str) -> Problem:
    """A file with nothing but column names."""
    return Problem(file, None, "", "", "the table has at least 1 row below the header", "add the patients' rows")


def _utf8(content: bytes, file: str) -> tuple[bytes | None, list[Problem]]:
    """The bytes of the text without byte order mark, and what is wrong with the encoding."""
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" not in content and content[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and _is_utf8(content):
        return content, []
    text, problems = decode(content, file)
    # The word around the wrong byte may be a patient's name: the byte and the row are enough to find it.
    problems = [
        replace(problem, value=problem.value[problem.value.rfind("byte") :].rstrip(")")) for problem in problems
    ]
    return (None if text is None else text.encode("utf-8", errors="replace")), problems


def _is_utf8(content: bytes) -> bool:
    if content.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), 1 << 20):
            decoder.decode(content[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator(line: str) -> str:
    """The sign that splits the header into the most known column names, else into the most cells."""

    def names(sign: str) -> tuple[int, int]:
        cells = [cell.strip(' "') for cell in line.split(sign)]
        return sum(map(is_known, cells)), len(cells)

    return max(_SEPARATORS, key=names)


def _split_by_arrow(body: bytes, end: int, header: tuple[str, ...], separator: str) -> tuple[Cells, ...] | None:
    """The columns, or None if a line may be split in more than one way.

    Arrow takes a line break within quotation marks as part of the cell, which could swallow rows, and it takes `"7"5`
    for 75: a file with such a line is left to the slower reader. It must find as many rows as there are lines.
    """
    if b'"' in body and not _well_quoted(body, separator):
        return None
    lines = body.count(b"\n", 0, end) + body.count(b"\r", 0, end) - body.count(b"\r\n", 0, end)
    text = pa.dictionary(pa.int32(), pa.string())
    names = [str(position) for position in range(len(header))]
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, text), null_values=[], strings_can_be_null=False
    )
    try:
        table = pyarrow.csv.read_csv(
            _stream(body),
            read_options=_reading(names, skip_rows=1),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator),
            convert_options=convert,
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != lines:
        return None
    table = table.unify_dictionaries()
    return tuple(_cells(table.column(name)) for name in names)


def _well_quoted(body: bytes, separator: str) -> bool:
    """Whether each line by itself is cells that are either quoted as a whole or do not begin with a quotation mark."""
    cell = f'(?:"(?:[^"]|"")*"|[^"{separator}][^{separator}]*)?'
    line = f"^{cell}(?:{separator}{cell})*$"
    try:
        batches = pyarrow.csv.open_csv(
            _stream(body),
            read_options=_reading(["line"]),
            # Whole lines: this sign splits no good file, and one that it splits is read by the slower reader.
            parse_options=pyarrow.csv.ParseOptions(delimiter="\x01", quote_char=False),
            convert_options=pyarrow.csv.ConvertOptions(column_types={"line": pa.string()}, null_values=[]),
        )
        return all(pc.all(pc.match_substring_regex(batch.column(0), line)).as_py() for batch in batches)
    except pa.ArrowInvalid:
        return False


def _stream(body: bytes) -> pa.BufferReader:
    return pa.BufferReader(pa.py_buffer(body))


def _reading(names: list[str], skip_rows: int = 0) -> pyarrow.csv.ReadOptions:
    return pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK, skip_rows=skip_rows, column_names=names)


def _cells(column: pa.ChunkedArray) -> Cells:
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks])
    return Cells(codes, column.chunk(0).dictionary)


def _split_by_line(text: str, file: str, separator: str) -> tuple[Raw | None, list[Problem]]:
    """The rows that have as many cells as the header, and the problems of the others."""
    lines = read_lines(LINE_END.split(text), file, separator)
    first = next(lines)
    if isinstance(first, Problem):
        return None, [replace(first, value="")]
    header = first[1]
    problems: list[Problem] = []
    rows, numbers = [], []
    for line in lines:
        if isinstance(line, Problem):
            # The text of the line is not told: an identifier may stand in it.
            problems.append(replace(line, value=""))
        elif not any(cell.strip() for cell in line[1]):
            numbers.append(line[0])
            rows.append([""] * len(header))
        elif len(line[1]) != len(header):
            problems.append(replace(width_problem(file, line[0], line[1], header), value=""))
        else:
            numbers.append(line[0])
            rows.append(line[1])
    columns = tuple(encode(list(column)) for column in zip(*rows, strict=True)) or tuple(encode([]) for _ in header)
    return Raw(file, tuple(header), columns, np.array(numbers, dtype=np.int32), separator), limited(problems)
