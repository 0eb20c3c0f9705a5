"""Parquet files: typed columns become the text that the same values have in a CSV file."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from analysis.tabular import advice
from analysis.tabular.problems import Problem
from analysis.tabular.size_limits import MOST_TABLE_BYTES, MOST_TEXTS, too_large, too_many_texts
from analysis.tabular.text_table import TextColumn, TextTable, encode, number_texts

_MIDNIGHT = re.compile(r" 00:00:00(\.0+)?$")


def read_parquet(content: bytes, file: str) -> tuple[TextTable | None, list[Problem]]:
    """Return the rows of a Parquet file (None if unreadable) and its problems; rows count from 2, as in a CSV file."""
    try:
        problem = _size_problem(content, file) or _name_problem(content, file)
        if problem:
            return None, [problem]
        count, columns = _columns(content)
        different = sum(len(column.words) for _, column in columns if isinstance(column, TextColumn))
        if different > MOST_TEXTS:
            return None, [too_many_texts(file, different)]
    except Exception:  # a damaged file can raise any error
        rule = "the file is a complete Parquet file; this one can't be read"
        return None, [Problem(file, None, "", "", rule, advice.WRITE_PARQUET_AGAIN)]
    problems: list[Problem] = []
    cells: list[TextColumn] = []
    for name, column in columns:
        if not isinstance(column, TextColumn):
            rule = f"a column contains texts, numbers or dates without time zone; this one is of the type {column}"
            problems.append(Problem(file, None, name, "", rule, advice.WRITE_PARQUET_AGAIN))
            column = encode(pa.nulls(count, pa.string()))
        cells.append(column)
    rows = np.arange(2, 2 + count, dtype=np.int32)
    return TextTable(file, tuple(name.strip() for name, _ in columns), tuple(cells), rows), problems


def _size_problem(content: bytes, file: str) -> Problem | None:
    """Return the problem of a file that would be too large in memory: a small file can contain any number of values."""
    metadata = pyarrow.parquet.read_metadata(pa.BufferReader(content))
    if problem := too_large(file, metadata.num_rows, metadata.num_columns):
        return problem
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    values = sum(group.column(place).num_values for group in groups for place in range(group.num_columns))
    if problem := too_large(file, 1, 1, values):
        return problem
    if sum(group.total_byte_size for group in groups) > MOST_TABLE_BYTES:
        rule = f"a Parquet file unpacks to at most {MOST_TABLE_BYTES:,} bytes"
        return Problem(file, None, "", "", rule, advice.WRITE_FEWER_COLUMNS)
    return None


def _name_problem(content: bytes, file: str) -> Problem | None:
    names = Counter(pyarrow.parquet.read_schema(pa.BufferReader(content)).names)
    for name, times in names.items():
        if times > 1:
            rule = "each column of a Parquet file has a name of its own"
            return Problem(file, None, name, "", rule, "rename one of these columns where the file is written")
    return None


def _columns(content: bytes) -> tuple[int, list[tuple[str, TextColumn | pa.DataType]]]:
    """Return the number of rows, and name and texts of each column; its type if that has no text, without reading it.

    Columns are read one at a time.
    """
    schema = pyarrow.parquet.read_schema(pa.BufferReader(content))
    texts = [field.name for field in schema if _is_text(field.type)]
    parquet = pyarrow.parquet.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
    columns: list[tuple[str, TextColumn | pa.DataType]] = []
    different = 0
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        cells = None
        if _is_text(kind) or _words(pa.array([], kind)) is not None:
            cells = as_text(parquet.read(columns=[field.name], use_threads=False).column(0))
        columns.append((field.name, field.type if cells is None else cells))
        different += 0 if cells is None else len(cells.words)
        if different > MOST_TEXTS:  # `read_parquet` says so
            break
    return parquet.metadata.num_rows, columns


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def as_text(column: pa.ChunkedArray) -> TextColumn | None:
    """Return the texts of a column; None for an unsupported type."""
    if not len(column):
        return encode([])
    try:
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        merged = encoded.unify_dictionaries().combine_chunks()
        merged = merged.chunk(0) if isinstance(merged, pa.ChunkedArray) else merged
        words = _words(merged.dictionary)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError, ValueError, OverflowError):
        return None
    if words is None:
        return None
    codes = merged.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
    texts = pa.array([*words, ""], pa.string())
    # Two values of a column may have the same text (duplicate words of a dictionary, NaN and missing).
    distinct = texts.dictionary_encode()
    return TextColumn(distinct.indices.to_numpy()[codes].astype(np.int32), distinct.dictionary)


def _words(values: pa.Array) -> list[str] | None:
    kind = values.type
    if _is_text(kind):
        return ["" if text is None else text for text in values.to_pylist()]
    if pa.types.is_integer(kind):
        return [str(value) for value in values.to_pylist()]
    if pa.types.is_floating(kind):
        return number_texts(values.to_numpy(zero_copy_only=False))  # float32 has its own shortest form
    if pa.types.is_decimal(kind):
        return [format(value, "f") for value in values.to_pylist()]
    if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None):
        return [_MIDNIGHT.sub("", text) for text in values.cast(pa.string()).to_pylist()]
    if pa.types.is_null(kind):
        return ["" for _ in range(len(values))]
    return None
