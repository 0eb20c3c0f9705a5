"""Parquet files: typed columns become the text that the same values have in a CSV file."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from analysis.tabular import advice
from analysis.tabular.problems import Problem
from analysis.tabular.text_table import TextColumn, TextTable, encode

_MIDNIGHT = re.compile(r" 00:00:00(\.0+)?$")


def read_parquet(content: bytes, file: str) -> tuple[TextTable | None, list[Problem]]:
    """Return the rows of a Parquet file (None if unreadable) and its problems; rows count from 2, as in a CSV file."""
    try:
        names, columns = _columns(content)
    except Exception:  # a damaged file can raise any error
        rule = "the file is a complete Parquet file; this one can't be read"
        return None, [Problem(file, None, "", "", rule, advice.WRITE_PARQUET_AGAIN)]
    problems: list[Problem] = []
    cells: list[TextColumn] = []
    for name, column in zip(names, columns, strict=True):
        if isinstance(column, TextColumn):
            cells.append(column)
            continue
        rule = f"a column contains texts, numbers or dates without time zone; this one is of the type {column.type}"
        problems.append(Problem(file, None, name, "", rule, advice.WRITE_PARQUET_AGAIN))
        cells.append(encode(pa.nulls(len(column), pa.string())))
    count = len(cells[0].codes) if cells else 0
    rows = np.arange(2, 2 + count, dtype=np.int32)
    return TextTable(file, tuple(name.strip() for name in names), tuple(cells), rows), problems


def _columns(content: bytes) -> tuple[list[str], list[TextColumn | pa.ChunkedArray]]:
    """Return names and texts of the columns, read one at a time; a column whose type has no text stays as it is."""
    schema = pyarrow.parquet.read_schema(pa.BufferReader(content))
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    parquet = pyarrow.parquet.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
    columns: list[TextColumn | pa.ChunkedArray] = []
    for name in schema.names:
        table = parquet.read(columns=[name], use_threads=False)
        if table.num_columns != 1:
            raise ValueError(f"the column {name} is not one column")
        cells = as_text(table.column(0))
        columns.append(table.column(0) if cells is None else cells)
    return list(schema.names), columns


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
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return ["" if text is None else text for text in values.to_pylist()]
    if pa.types.is_integer(kind):
        return [str(value) for value in values.to_pylist()]
    if pa.types.is_floating(kind):
        floats = values.to_numpy(zero_copy_only=False)
        # The shortest digits that reproduce the value, without an exponent; float32 has its own shortest form.
        return ["" if np.isnan(value) else np.format_float_positional(value, trim="-") for value in floats]
    if pa.types.is_decimal(kind):
        return [format(value, "f") for value in values.to_pylist()]
    if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None):
        return [_MIDNIGHT.sub("", text) for text in values.cast(pa.string()).to_pylist()]
    if pa.types.is_null(kind):
        return ["" for _ in range(len(values))]
    return None
