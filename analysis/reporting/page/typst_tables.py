"""A table as a Typst call. Its cells are Typst strings: no mark in them means anything."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from analysis.reporting.page.column_widths import Layout, lay_out
from analysis.reporting.page.model import NO_ROWS, Grid
from analysis.reporting.page.padding import paddings
from analysis.reporting.page.paper import A4, Paper

_NUMBER = re.compile(r"(P\s*)?[-\u2212+<>=≤≥±~(]*\s*\d")


def set_table(grid: Grid, quote: Callable[[str], str], paper: Paper = A4) -> tuple[str, Layout]:
    """The call that sets the table, and how it is laid out. quote: a text as Typst string."""
    numbers = [align != "left" for align in grid.aligns]
    columns = tuple((label, *(row[n] for row in grid.cells)) for n, label in enumerate(grid.labels))
    # a short interval or count such as "4.1 to 6.5" stays on one line although it is text
    together = tuple(number or _short(column) for number, column in zip(numbers, columns, strict=True))
    columns, layout = lay_out(columns, together, paper)
    aligns = ", ".join("left" if align == "left" else "right" for align in grid.aligns)
    widths = ", ".join(f"{math.floor(width * 10) / 10}pt" for width in layout.columns)
    header = ", ".join(quote(column[0]) for column in columns)
    cells = [_cells(grid, n, column[1:], quote) for n, column in enumerate(columns)]
    rows = ", ".join(f"({', '.join(row)},)" for row in zip(*cells, strict=True))
    rows = rows or f"({quote(NO_ROWS)},)"  # one cell over all columns
    call = f"set-table({layout.size}pt, ({widths},), ({aligns},), ({header},), ({rows},))"
    return call, layout


def _short(column: Sequence[str]) -> bool:
    return all(len(cell) <= 3 or (len(cell) <= 26 and _NUMBER.match(cell)) for cell in column[1:])


def _cells(grid: Grid, number: int, column: Sequence[str], quote: Callable[[str], str]) -> list[str]:
    pads = paddings(column) if grid.aligns[number] == "decimal" else [""] * len(column)
    return [
        f"padded({_cell(grid, number, cell, quote)}, {quote(pad)})" if pad else _cell(grid, number, cell, quote)
        for cell, pad in zip(column, pads, strict=True)
    ]


def _cell(grid: Grid, number: int, cell: str, quote: Callable[[str], str]) -> str:
    """A Typst string, or content if the cell names data rows: each leads to its entry."""
    pieces = grid.pieces(number, cell)
    if not any(name for _, name in pieces):
        return quote(cell)
    joined = " + ".join(f"row-link({quote(name)}, {quote(text)})" if name else quote(text) for text, name in pieces)
    return f"({joined})"
