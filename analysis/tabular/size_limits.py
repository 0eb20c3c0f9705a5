"""The largest tables that are read: files beyond them end with a message, whatever they contain."""

from __future__ import annotations

from analysis.tabular.problems import Problem

MOST_TABLE_BYTES = 250_000_000
MOST_ROWS = 2_000_000
_MOST_COLUMNS = 5_000
_MOST_CELLS = 40_000_000  # a million rows with 40 columns


def too_large(file: str, rows: int, columns: int, cells: int | None = None) -> Problem | None:
    """Return the problem of a table with more rows, columns or cells than are read; None if it is small enough.

    cells: their number, by default rows times columns.
    """
    for count, most, what in (
        (rows, MOST_ROWS, "rows"),
        (columns, _MOST_COLUMNS, "columns"),
        (rows * columns if cells is None else cells, _MOST_CELLS, "cells"),
    ):
        if count > most:
            rule = f"a table has at most {most:,} {what}; this one has {count:,}, empty ones included"
            what_to_do = (
                "delete the rows and columns that are not needed, also the empty ones below and beside the data"
            )
            return Problem(file, None, "", "", rule, what_to_do)
    return None
