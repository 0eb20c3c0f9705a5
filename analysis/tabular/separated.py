"""Separated text files: bytes to a table of text, and all problems of the file.

UTF-8 with or without a byte order mark; any line ends. Arrow splits valid files. A file that Arrow would split
differently from the rules here is read line by line, which is slower and reports the row.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from analysis.tabular import advice
from analysis.tabular.header import FIRST_ROWS, NAMES_FIRST, names_in_later_row
from analysis.tabular.origin import Origin
from analysis.tabular.problems import Problem, listed, merged, shorten
from analysis.tabular.text_table import TextColumn, TextTable, table_of_rows

BLOCK = 1 << 20
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LINE_END = re.compile(r"\r\n|\n|\r")
_MOST_LINES_IN_A_CELL = 10
_ARROW_FROM = 100_000  # bytes


def read_separated(
    content: bytes, file: str, is_name: Callable[[str], bool], origin: Origin
) -> tuple[TextTable | None, list[Problem]]:
    """Return the rows of a separated text file (None if no row can be read) and its problems.

    Parameters
    ----------
    content : bytes
        Content of the file.
    file : str
        Its name, for messages.
    is_name : callable
        Whether a text is the name of a column; used to determine the separator.
    origin : Origin
        Accepted separators, and whether messages may show the text of a row.
    """
    body, problems = _as_utf8(content, file, origin)
    if body is None:
        return None, problems
    end = len(body.rstrip(b"\r\n"))
    if not body[:end].strip():
        return None, [*problems, empty_file(file, origin)]
    line_end = re.search(rb"[\r\n]", body)
    first = body[: line_end.start() if line_end else end].decode("utf-8")
    separator, more = _separator(first, body, file, is_name, origin)
    if separator is None:
        return None, problems + more
    try:
        header = _split(first, separator)
    except csv.Error:
        header = []
    if line_end is None or line_end.start() >= end:
        return table_of_rows(file, header, [], []), problems
    # Arrow starts threads, but the process that reads the evidence and forks kernels must have one thread only
    by_arrow = header and len(body) > _ARROW_FROM
    columns = _split_by_arrow(body, end, header, separator) if by_arrow else None
    if columns is not None:
        rows = np.arange(2, 2 + len(columns[0].codes), dtype=np.int32)
        return TextTable(file, tuple(name.strip() for name in header), columns, rows), problems
    table, more = _split_by_line(body[:end].decode("utf-8"), file, separator, origin)
    return table, problems + more


def empty_file(file: str, origin: Origin) -> Problem:
    """Return the problem of a file without text."""
    return Problem(file, None, "", "", "the file is empty", origin.restore_file.format(file=file))


def decode(content: bytes, name: str, private: bool = False) -> tuple[str | None, list[Problem]]:
    """The text of a file and the problem of its encoding; None if it is not text.

    Parameters
    ----------
    private : bool
        Whether the message leaves out the word with the first wrong byte.
    """
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in content:
        rule = "a table is a text file in UTF-8, this one is UTF-16 or not text"
        return None, [Problem(name, None, "", "", rule, advice.SAVE_AS_CSV)]
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        row = len(_LINE_END.split(content[: error.start].decode("latin-1")))
        # The older Windows encoding decodes every byte, so the rows can be checked as well.
        text = content.decode("cp1252", errors="replace")
        before = re.split(r"[\s,;]", content[: error.start].decode("cp1252", errors="replace"))[-1]
        word = before + re.split(r"[\s,;]", content[error.start :].decode("cp1252", errors="replace"))[0]
        wrong = "byte " + " ".join(f"{byte:02X}" for byte in content[error.start : error.end])
        rule = "a table is a text file in UTF-8; this one looks like Latin-1 or Windows-1252"
        return text, [Problem(name, row, "", wrong if private else f"{word} ({wrong})", rule, advice.SAVE_AS_CSV)]


def _as_utf8(content: bytes, file: str, origin: Origin) -> tuple[bytes | None, list[Problem]]:
    """The text as UTF-8 without byte order mark, and the problem of its encoding."""
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" not in content and content[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and _is_utf8(content):
        return content, []
    text, problems = decode(content, file, origin.private)
    return (None if text is None else text.encode("utf-8", errors="replace")), problems


def _is_utf8(content: bytes) -> bool:
    if content.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), BLOCK):
            decoder.decode(content[start : start + BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator(
    first: str, body: bytes, file: str, is_name: Callable[[str], bool], origin: Origin
) -> tuple[str | None, list[Problem]]:
    """Return the separator of the header, or the problem that the first line has no accepted separator."""
    shown = shorten(first)
    if first.lower().startswith("sep="):
        return None, [Problem(file, 1, "", shown, NAMES_FIRST, advice.DELETE_LINE)]

    def count_names(sign: str) -> tuple[int, int]:
        cells = [cell.strip(' "') for cell in first.split(sign)]
        return sum(map(is_name, cells)), len(cells)

    if not any(count_names(sign)[0] for sign in _SEPARATORS):
        top = _LINE_END.split(body[: 1 << 16].decode("utf-8", errors="ignore"))[:FIRST_ROWS]
        cells = ((row, line.split(sign)) for row, line in enumerate(top, start=1) for sign in _SEPARATORS)
        later = names_in_later_row(file, cells, is_name)
        if later is not None:
            return None, [later]
    accepted = max(origin.separators, key=count_names)
    best = max(_SEPARATORS, key=lambda sign: count_names(sign)[0])
    if count_names(best)[0] > count_names(accepted)[0]:
        accepted_names = listed([_SEPARATORS[sign] for sign in origin.separators], last=" or ")
        rule = f"cells are separated by {accepted_names}, not by {_SEPARATORS[best]}"
        return None, [Problem(file, 1, "", shown, rule, f"{advice.SAVE_AS_CSV}, not with {_SEPARATORS[best]}")]
    return accepted, []


def _split_by_arrow(body: bytes, end: int, header: list[str], separator: str) -> tuple[TextColumn, ...] | None:
    """Return the columns, or None if a line may be split in more than one way.

    Arrow treats a line break within quotation marks as part of the cell, which could hide rows, and reads `"7"5` as 75.
    A file with such a line, or with another number of rows than lines, is read by the slower reader.
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
    return tuple(_text_column(table.column(name)) for name in names)


def _well_quoted(body: bytes, separator: str) -> bool:
    """Return whether every cell is either completely quoted or does not begin with a quotation mark."""
    cell = f'(?:"(?:[^"]|"")*"|[^"{separator}][^{separator}]*)?'
    line = f"^{cell}(?:{separator}{cell})*$"
    try:
        batches = pyarrow.csv.open_csv(
            _stream(body),
            read_options=_reading(["line"]),
            # No valid file contains this character, so each line is one cell.
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


def _text_column(column: pa.ChunkedArray) -> TextColumn:
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks])
    return TextColumn(codes, column.chunk(0).dictionary)


def _split_by_line(text: str, file: str, separator: str, origin: Origin) -> tuple[TextTable | None, list[Problem]]:
    """Return the rows that can be split into cells, and the problems of rows that cannot or have a wrong width."""
    lines = _LINE_END.split(text)
    problems: list[Problem] = []
    header: list[str] | None = None
    rows, numbers, complete = [], [], []
    position, number = 0, 0
    while position < len(lines):
        number += 1
        try:
            cells = _split(lines[position], separator)
        except csv.Error as error:
            joined = _lines_of_row(lines, position, header, separator) if "end of data" in str(error) else 0
            problems.append(_broken_line(file, number, lines[position], joined > 0, origin))
            if header is None:
                return None, problems
            position += joined or 1
            continue
        position += 1
        if header is None:
            header = cells
            continue
        width = len(header)
        if not any(cell.strip() for cell in cells):
            cells = [""] * width
        elif len(cells) != width:
            rule = f"a row has as many cells as the header, {width}; this one has {len(cells)}"
            shown = separator.join(cells[width - 1 :]) if len(cells) > width else cells[-1]
            value = "" if origin.private else shorten(shown)
            problems.append(Problem(file, number, "", value, rule, advice.row_width(cells, header)))
        rows.append((cells + [""] * width)[:width])
        numbers.append(number)
        complete.append(len(cells) == width)
    return table_of_rows(file, header or [], rows, numbers, complete), merged(problems)


def _broken_line(file: str, number: int, line: str, has_line_break: bool, origin: Origin) -> Problem:
    if has_line_break:
        value = "" if origin.private else shorten(line[-60:])
        rule = "a cell is one line of text; a cell of this row contains a line break"
        return Problem(file, number, "", value, rule, advice.REMOVE_LINE_BREAK)
    rule = "quotation marks come in pairs around a cell; one of this row is not closed"
    return Problem(file, number, "", "" if origin.private else shorten(line), rule, advice.CLOSE_QUOTATION)


def _split(text: str, separator: str) -> list[str]:
    """Return the cells of one line. Raises csv.Error if quotation marks are not paired around cells."""
    return next(csv.reader([text], strict=True, delimiter=separator), [])


def _lines_of_row(lines: list[str], start: int, header: list[str] | None, separator: str) -> int:
    """Return the number of lines of the row at `start` if its cells contain line breaks, otherwise 0."""
    for count in range(2, _MOST_LINES_IN_A_CELL + 1):
        try:
            cells = _split("\n".join(lines[start : start + count]), separator)
        except csv.Error:
            continue
        if header is None or len(cells) == len(header):
            return count
    return 0
