"""Row by row access to tables of some dozens of rows, where it is much faster than operations of pandas."""

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
    """Return the rows as named tuples, as `DataFrame.itertuples` does; the first value is the index.

    Gain: a sixth of the cells of the evidence report. The plain way is `itertuples`, which creates a class and looks up
    every column by position in each call; tests/test_evidence_rowwise.py compares both.
    """
    columns = (column for _, column in frame.items())
    return map(_row(tuple(frame.columns)), frame.index, *columns)


@functools.cache
def _row(columns: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Row", ("Index", *columns), rename=True)


def values(frame: pd.DataFrame, *columns: str) -> Iterator[tuple]:
    """Return the values of some columns row by row; missing values are NaN or NA as in the frame."""
    return zip(*(frame[column].tolist() for column in columns), strict=True)


def grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    """Return the values of each key, keys and values in order of appearance."""
    groups: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def stacked(parts: Iterable[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Return the rows of all parts one below the other with these columns, also without rows."""
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def table(rows: list[tuple], dtypes: dict[str, str]) -> pd.DataFrame:
    """Return the rows as a frame with these columns and dtypes, also without rows."""
    columns = zip(*rows, strict=True) if rows else [()] * len(dtypes)
    return pd.DataFrame(
        {
            name: np.array(cells, dtype) if dtype in ("float64", "int64") else pd.Series(cells, dtype=dtype)
            for (name, dtype), cells in zip(dtypes.items(), columns, strict=True)
        }
    )
