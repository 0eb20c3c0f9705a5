"""The largest tables that are read: files beyond them end with a message, whatever they contain."""

from __future__ import annotations

from analysis.tabular.problems import Problem

MOST_TABLE_BYTES = 250_000_000
_MOST_ROWS = 2_000_000
_MOST_COLUMNS = 5_000
MOST_CELLS = 40_000_000  # a million rows with 40 columns
MOST_TEXTS = 3_000_000  # two million identifiers and a million free texts
_DELETE = "delete the rows and columns that are not needed"
MOST_CELLS_OF_WORKBOOK = 1_000_000  # their parser takes 26 microseconds a cell


def too_large(file: str, rows: int, columns: int, cells: int | None = None) -> Problem | None:
    """Return the problem of a table with more rows, columns or cells than are read; None if it is small enough.

    cells: their number, by default rows times columns.
    """
    for count, most, what in (
        (rows, _MOST_ROWS, "rows"),
        (columns, _MOST_COLUMNS, "columns"),
        (rows * columns if cells is None else cells, MOST_CELLS, "cells"),
    ):
        if count > most:
            rule = f"a table has at most {most:,} {what}; this one has {count:,}, empty ones included"
            return Problem(file, None, "", "", rule, f"{_DELETE}, also the empty ones below and beside the data")
    return None


def too_many_texts(file: str, count: int) -> Problem:
    """Return the problem of a table whose columns have more different texts than are read."""
    rule = f"the columns of a table have together at most {MOST_TEXTS:,} different texts; these have over {count:,}"
    return Problem(file, None, "", "", rule, _DELETE)
