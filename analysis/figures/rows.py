"""The rows of a table, one after the other."""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd


def each(table: pd.DataFrame) -> Iterator[Any]:
    """The rows as `DataFrame.itertuples` gives them: named values, the first is the index.

    That makes a new class and looks every column up by its place for each call; figures walk through many small tables.
    """
    columns = (column for _, column in table.items())
    return map(_row(tuple(table.columns)), table.index, *columns)


@functools.cache
def _row(columns: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Row", ("Index", *columns), rename=True)
