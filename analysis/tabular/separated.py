"""Separated text files: bytes to a table of text, and all problems of the file.

UTF-8 with or without a byte order mark; any line ends. Arrow splits large valid files. A file that Arrow would split
differently from the rules here is read line by line, which reports the row. Gain of Arrow: 0.1 instead of 1.5 s for
200,000 rows. tests/test_cohort_files.py compares both.
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
from analysis.tabular.line_by_line import LINE_END, MOST_BYTES_IN_A_LINE, cells_of_line, long_line, split_by_line
from analysis.tabular.origin import Origin
from analysis.tabular.problems import Problem, listed, shorten
from analysis.tabular.size_limits import MOST_TEXTS, too_large, too_many_texts
from analysis.tabular.text_table import TextColumn, TextTable, table_of_rows, text_column

BLOCK = 1 << 20
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_ARROW_FROM = 100_000  # bytes
_MANY_LINES = 200_000


def read_separated(
    content: bytes, file: str, is_name: Callable[[str], bool], origin: Origin
) -> tuple[TextTable | None, list[Problem]]:
    """Return the rows of a separated text file (None if no row can be read) and its problems.

    is_name: whether a text is the name of a column; used to determine the separator.
    """
    body, problems = _as_utf8(content, file, origin.private)
    if body is None:
        return None, problems
    end = len(body.rstrip(b"\r\n"))
    if not body[:end].strip():
        return None, [*problems, empty_file(file, origin)]
    length = min(at for at in (body.find(b"\n"), body.find(b"\r"), end) if at >= 0)
    if length > MOST_BYTES_IN_A_LINE:
        return None, [*problems, long_line(file, 1, length)]
    first = body[:length].decode("utf-8")
    if problem := too_large(file, 0, 1 + max(map(first.count, _SEPARATORS))):
        return None, [*problems, problem]
    separator, more = _separator(first, body, file, is_name, origin)
    if separator is None:
        return None, problems + more
    lines = body.count(b"\n", 0, end) + body.count(b"\r", 0, end) - body.count(b"\r\n", 0, end)
    if problem := too_large(file, lines, first.count(separator) + 1):
        return None, [*problems, problem]
    try:
        header = cells_of_line(first, separator)
    except csv.Error:
        header = []
    if not lines and header:
        return table_of_rows(file, header, [], []), problems
    # Arrow starts threads, but the process that reads the evidence and forks kernels must have one thread only
    by_arrow = header and len(body) > _ARROW_FROM
    columns = _split_by_arrow(body, file, lines, header, separator) if by_arrow else None
    if isinstance(columns, Problem):
        return None, [*problems, columns]
    if columns is not None:
        rows = np.arange(2, 2 + len(columns[0].codes), dtype=np.int32)
        return TextTable(file, tuple(name.strip() for name in header), columns, rows), problems
    if lines > _MANY_LINES:
        _, more = split_by_line(body, end, file, separator, origin, keep=False)
        if more:
            return None, problems + more
    table, more = split_by_line(body, end, file, separator, origin)
    return table, problems + more


def empty_file(file: str, origin: Origin) -> Problem:
    """Return the problem of a file without text."""
    return Problem(file, None, "", "", "the file is empty", origin.restore_file.format(file=file))


def decode(content: bytes, name: str) -> tuple[str | None, list[Problem]]:
    """Return the text of a file (None if it is not text), and the problem of its encoding."""
    body, problems = _as_utf8(content, name, private=False)
    return (None if body is None else body.decode("utf-8")), problems


def _as_utf8(content: bytes, name: str, private: bool) -> tuple[bytes | None, list[Problem]]:
    """Return the text as UTF-8 without byte order mark (None if it is not text), and the problem of its encoding.

    private: whether the message leaves out the word with the first wrong byte.
    """
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in content:
        rule = "a table is a text file in UTF-8, this one is UTF-16 or not text"
        return None, [Problem(name, None, "", "", rule, advice.SAVE_AS_CSV)]
    content = content.removeprefix(codecs.BOM_UTF8)
    if _is_utf8(content):
        return content, []
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        start, end = error.start, error.end
    row = 1 + content.count(b"\n", 0, start) + content.count(b"\r", 0, start) - content.count(b"\r\n", 0, start)
    before = re.split(r"[\s,;]", content[max(start - 100, 0) : start].decode("cp1252", errors="replace"))[-1]
    word = before + re.split(r"[\s,;]", content[start : start + 100].decode("cp1252", errors="replace"))[0]
    wrong = "byte " + " ".join(f"{byte:02X}" for byte in content[start:end])
    rule = "a table is a text file in UTF-8; this one looks like Latin-1 or Windows-1252"
    problem = Problem(name, row, "", wrong if private else f"{word} ({wrong})", rule, advice.SAVE_AS_CSV)
    # The older Windows encoding decodes every byte, so the rows can be checked as well.
    blocks = (content[at : at + BLOCK].decode("cp1252", errors="replace") for at in range(0, len(content), BLOCK))
    return b"".join(block.encode("utf-8") for block in blocks), [problem]


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
        top = LINE_END.sub(b"\n", body[: 1 << 16]).decode("utf-8", errors="ignore").split("\n")[:FIRST_ROWS]
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


def _split_by_arrow(
    body: bytes, file: str, lines: int, header: list[str], separator: str
) -> tuple[TextColumn, ...] | Problem | None:
    """Return the columns, the problem of too many different texts, or None if a line may be split in more than one way.

    Arrow treats a line break within quotation marks as part of the cell, which could hide rows, and reads `"7"5` as 75.
    A file with such a line, or with another number of rows than lines, is read by the slower reader.
    """
    if b'"' in body and not _well_quoted(body, separator):
        return None
    text = pa.dictionary(pa.int32(), pa.string())
    names = [str(position) for position in range(len(header))]
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, text), null_values=[], strings_can_be_null=False
    )
    columns: list[list[pa.Array]] = [[] for _ in names]
    different = 0
    try:
        for batch in pyarrow.csv.open_csv(
            _stream(body),
            read_options=_reading(names, skip_rows=1),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator),
            convert_options=convert,
        ):
            for chunks, cells in zip(columns, batch.columns, strict=True):
                chunks.append(cells)
                different += len(cells.dictionary)
            if different > 2 * MOST_TEXTS:  # blocks repeat each other's texts
                columns = [pa.chunked_array(chunks).unify_dictionaries().chunks for chunks in columns]
                different = sum(len(chunks[0].dictionary) for chunks in columns)
                if different > MOST_TEXTS:
                    return too_many_texts(file, different)
    except pa.ArrowInvalid:
        return None
    if sum(map(len, columns[0])) != lines:
        return None
    return tuple(text_column(pa.chunked_array(chunks)) for chunks in columns)


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
    size = BLOCK * (1 + len(names) // 200)  # each block costs 60 microseconds a column
    return pyarrow.csv.ReadOptions(use_threads=False, block_size=size, skip_rows=skip_rows, column_names=names)
