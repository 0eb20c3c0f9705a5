"""Tables of some dozens of rows as plain values: at this size far faster to go over than a frame is."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd


def values(frame: pd.DataFrame, *columns: str) -> Iterator[tuple]:
    """Some columns row by row, as plain values; missing ones are NaN or NA as in the frame."""
    return zip(*(frame[column].tolist() for column in columns), strict=True)


def in_order(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The rows sorted by columns, missing values last, equal rows as they stood; numbered anew.

    As `frame.sort_values(columns, kind="stable", ignore_index=True)`.
    """
    keys = list(zip(*(_sortable(frame[column]) for column in columns), strict=True))
    return frame.take(sorted(range(len(frame)), key=keys.__getitem__)).reset_index(drop=True)


def _sortable(column: pd.Series) -> list[tuple]:
    # NaN is neither less nor more than a number: what is missing is told apart from what is there
    missing = column.isna().tolist()
    return [(True, None) if empty else (False, value) for value, empty in zip(column.tolist(), missing, strict=True)]
