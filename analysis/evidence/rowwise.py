"""Tables of some dozens of rows, gone over row by row: at this size far faster than what pandas does with a frame."""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
import pandas as pd

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows as `DataFrame.itertuples` gives them: named values, the first is the index.

    That makes a new class and looks every column up by its place for each call; reports walk through many small tables.
    """
    columns = (column for _, column in frame.items())
    return map(_row(tuple(frame.columns)), frame.index, *columns)


@functools.cache
def _row(columns: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Row", ("Index", *columns), rename=True)


def values(frame: pd.DataFrame, *columns: str) -> Iterator[tuple]:
    """Some columns row by row, as plain values; missing ones are NaN or NA as in the frame."""
    return zip(*(frame[column].tolist() for column in columns), strict=True)


def grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    """Return the values of each key, keys and values in the order in which they come."""
    found: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def table(rows: list[tuple], dtypes: dict[str, str]) -> pd.DataFrame:
    """Rows as a frame with these columns and dtypes, even where there is no row."""
    columns = zip(*rows, strict=True) if rows else [()] * len(dtypes)
    return pd.DataFrame(
        {
            name: np.array(cells, dtype) if dtype in ("float64", "int64") else pd.Series(cells, dtype=dtype)
            for (name, dtype), cells in zip(dtypes.items(), columns, strict=True)
        }
    )


def sorted_rows(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the rows sorted by columns, missing values last, equal rows as they stood; numbered anew.

    As `frame.sort_values(columns, kind="stable", ignore_index=True)`.
    """
    keys = list(zip(*(_sortable(frame[column]) for column in columns), strict=True))
    return numbered(frame.take(sorted(range(len(frame)), key=keys.__getitem__)))


def numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that were just taken from a frame, numbered anew (`reset_index` would copy them once more)."""
    rows.index = pd.RangeIndex(len(rows))
    return rows


def _sortable(column: pd.Series) -> list[tuple]:
    # NaN is neither less nor more than a number: what is missing is told apart from what is there
    missing = column.isna().tolist()
    return [(True, None) if empty else (False, value) for value, empty in zip(column.tolist(), missing, strict=True)]
