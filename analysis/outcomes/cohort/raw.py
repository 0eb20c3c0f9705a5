"""A table as it stands in its file: text by column, and how the same problem of many rows is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from analysis.tabular.problems import Problem

MOST_ROWS_TOLD = 20
SAME_RULE = " the same rule: "


@dataclass(frozen=True, eq=False)
class Cells:
    """The texts of one column: row i holds words[codes[i]]; the empty text is an empty cell.

    A million rows hold few different texts, so each is looked at once.
    """

    codes: np.ndarray
    words: pa.StringArray

    def at(self, position: int) -> str:
        """The text of a row, by its position."""
        return self.words[int(self.codes[position])].as_py()

    def empty(self) -> np.ndarray:
        """Which rows are empty."""
        return self.where([word == "" for word in self.words.to_pylist()])

    def where(self, chosen: list[bool] | np.ndarray) -> np.ndarray:
        """The rows whose word is chosen, as a mask; `chosen` has one value a word."""
        return np.asarray(chosen, dtype=bool)[self.codes] if len(self.words) else np.zeros(len(self.codes), dtype=bool)

    def take(self, kept: np.ndarray) -> Cells:
        """The column with some of its rows."""
        return Cells(self.codes[kept], self.words)


@dataclass(frozen=True, eq=False)
class Raw:
    """A table of text. header: the names in the first row; columns: one Cells a name; rows: their numbers in a
    spreadsheet (the header is row 1); separator: "" for a file that has none."""

    file: str
    header: tuple[str, ...]
    columns: tuple[Cells, ...]
    rows: np.ndarray
    separator: str = ""

    def take(self, kept: np.ndarray) -> Raw:
        """The table with some of its rows."""
        return replace(self, columns=tuple(column.take(kept) for column in self.columns), rows=self.rows[kept])


def encode(texts: pa.Array | list[str]) -> Cells:
    """A column from its texts; None is an empty cell."""
    array = pa.array(texts, pa.string()) if isinstance(texts, list) else texts
    encoded = array.fill_null("").dictionary_encode()
    return Cells(encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False), encoded.dictionary)


def without_empty_rows(raw: Raw) -> tuple[Raw, list[Problem]]:
    """The table without its empty rows. Those at its end change nothing; one between others is a problem."""
    if not raw.columns or not len(raw.rows):
        return raw, []
    empty = raw.columns[0].empty()
    for column in raw.columns[1:]:
        if not empty.any():
            return raw, []
        empty &= column.empty()
    if not empty.any():
        return raw, []
    last = int(np.flatnonzero(~empty).max(initial=-1))
    between = np.flatnonzero(empty[: max(last, 0)])
    problems = several(
        between, lambda i: Problem(raw.file, int(raw.rows[i]), "", "", "no row is empty", "delete this row")
    )
    return raw.take(~empty), problems


def several(positions: np.ndarray, tell: Callable[[int], Problem]) -> list[Problem]:
    """The same rule broken in many rows: the first MOST_ROWS_TOLD, and one line that counts the others.

    tell: the problem at a position; all have the same column and rule.
    """
    problems = [tell(int(position)) for position in positions[:MOST_ROWS_TOLD]]
    return [*problems, *_others(problems, len(positions) - len(problems))]


def limited(problems: list[Problem]) -> list[Problem]:
    """A list of problems in which each column and rule is told as `several` does."""
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.column, problem.rule), []).append(problem)
    return [
        problem
        for kind in kinds.values()
        for problem in [*kind[:MOST_ROWS_TOLD], *_others(kind, len(kind) - MOST_ROWS_TOLD)]
    ]


def _others(problems: list[Problem], more: int) -> list[Problem]:
    if more <= 0:
        return []
    rows = "1 more row breaks" if more == 1 else f"{more} more rows break"
    return [replace(problems[0], row=None, value="", rule=f"{rows}{SAME_RULE}{problems[0].rule}")]
