"""A table of text by column, unchanged from its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.tabular import advice
from analysis.tabular.problems import Problem, in_rows


@dataclass(frozen=True, eq=False)
class TextColumn:
    """The texts of one column: row i is words[codes[i]]; "" is an empty cell.

    A million rows have few distinct texts, so each text is parsed once.
    """

    codes: np.ndarray
    words: pa.StringArray

    def at(self, position: int) -> str:
        """Return the text of the row at a position."""
        return self.words[int(self.codes[position])].as_py()

    def texts(self) -> list[str]:
        """Return the text of each row."""
        words = self.words.to_pylist()
        return [words[code] for code in self.codes.tolist()]

    def empty(self) -> np.ndarray:
        """Return a mask of the rows whose cell is empty."""
        return self.where(pc.equal(self.words, ""))

    def where(self, chosen: Sequence[bool] | pa.BooleanArray) -> np.ndarray:
        """Return a mask of the rows whose text is chosen; `chosen` has one value per distinct text."""
        return np.asarray(chosen, dtype=bool)[self.codes] if len(self.words) else np.zeros(len(self.codes), dtype=bool)

    def take(self, rows: np.ndarray) -> TextColumn:
        """Return the column with some of its rows."""
        return TextColumn(self.codes[rows], self.words)


@dataclass(frozen=True, eq=False)
class TextTable:
    """A table of text.

    complete: whether each row has as many cells as the header; None if all have. In other rows cells may be shifted.
    formatted: row, column and format of the numbers that a spreadsheet shows as a percentage or an amount of money.
    """

    file: str
    names: tuple[str, ...]  # the names in the header, without spaces around them
    columns: tuple[TextColumn, ...]
    rows: np.ndarray  # row numbers as a spreadsheet shows them (the header is row 1)
    complete: np.ndarray | None = None
    sheets: tuple[str, ...] = ()  # names of the sheets of a workbook with several tables
    sheet: np.ndarray | None = None  # position of each row's sheet in `sheets`
    formatted: tuple[tuple[int, str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> TextColumn:
        return self.columns[self.names.index(name)]

    def take(self, rows: np.ndarray) -> TextTable:
        """Return the table with some of its rows."""
        complete = None if self.complete is None else self.complete[rows]
        sheet = None if self.sheet is None else self.sheet[rows]
        columns = tuple(column.take(rows) for column in self.columns)
        return replace(self, columns=columns, rows=self.rows[rows], complete=complete, sheet=sheet)

    def file_of(self, position: int) -> str:
        """Return the name of the file, with the sheet of the row if there are several."""
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheets[int(self.sheet[position])]}"

    def complete_rows(self) -> TextTable:
        """Return the table with the rows that have as many cells as the header."""
        return self if self.complete is None else self.take(self.complete)

    def problem(self, position: int, column: str, value: str, rule: str, what_to_do: str) -> Problem:
        """Return a problem of the row at a position."""
        return Problem(self.file_of(position), int(self.rows[position]), column, value, rule, what_to_do)


def encode(texts: pa.Array | list[str]) -> TextColumn:
    """Return a column from its texts; None is an empty cell."""
    array = pa.array(texts, pa.string()) if isinstance(texts, list) else texts
    encoded = array.fill_null("").dictionary_encode()
    return TextColumn(encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False), encoded.dictionary)


def number_texts(values: np.ndarray) -> list[str]:
    """Return the shortest digits that reproduce each number, without an exponent; "" for NaN."""
    texts = zip(pa.array(values).cast(pa.string()).to_pylist(), values, strict=True)
    return [
        "" if text == "nan" else text if "e" not in text else np.format_float_positional(value, trim="-")
        for text, value in texts
    ]


def text_column(column: pa.ChunkedArray) -> TextColumn:
    """Return a column from chunks of dictionary-encoded texts, none of them missing."""
    column = column.unify_dictionaries()
    return TextColumn(np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks]), column.chunk(0).dictionary)


def table_of_rows(file: str, names: Sequence[str], rows: list[list[str]], numbers: list[int]) -> TextTable:
    """Return a table from its rows, each with one text per name."""
    columns = tuple(encode(list(column)) for column in zip(*rows, strict=True)) or tuple(encode([]) for _ in names)
    return TextTable(file, tuple(name.strip() for name in names), columns, np.array(numbers, dtype=np.int32))


def without_empty_rows(table: TextTable) -> tuple[TextTable, list[Problem]]:
    """The table without its empty rows, and a problem for those that are not at its end."""
    if not table.columns or not len(table):
        return table, []
    empty = table.columns[0].empty()
    for column in table.columns[1:]:
        if not empty.any():
            return table, []
        empty &= column.empty()
    if not empty.any():
        return table, []
    last = int(np.flatnonzero(~empty).max(initial=-1))
    between = np.flatnonzero(empty[: max(last, 0)])
    problems = in_rows(between, lambda i: table.problem(i, "", "", "no row is empty", advice.DELETE_ROW))
    return table.take(~empty), problems
