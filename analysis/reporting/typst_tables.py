"""A table as a Typst call. Its cells are Typst strings: no mark in them means anything."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from analysis.reporting.cells import paddings
from analysis.reporting.columns import Layout, lay_out
from analysis.reporting.parts import NO_ROWS, Grid

_NUMBER = re.compile(r"(P\s*)?[-\u2212+<>=≤≥±~(]*\s*\d")


def set_table(grid: Grid, quote: Callable[[str], str]) -> tuple[str, Layout]:
    """The call that sets the table, and how it is laid out. quote: a text as Typst string."""
    numbers = [align != "left" for align in grid.aligns]
    columns = [[label, *(row[n] for row in grid.cells)] for n, label in enumerate(grid.labels)]
    # a short interval or count such as "4.1 to 6.5" stays on one line although it is text
    numbers = [number or _short(column) for number, column in zip(numbers, columns, strict=True)]
    columns, layout = lay_out(columns, numbers)
    aligns = ", ".join("left" if align == "left" else "right" for align in grid.aligns)
    widths = ", ".join(f"{math.floor(width * 10) / 10}pt" for width in layout.columns)
    header = ", ".join(quote(column[0]) for column in columns)
    cells = [_cells(column[1:], align, quote) for column, align in zip(columns, grid.aligns, strict=True)]
    rows = ", ".join(f"({', '.join(row)},)" for row in zip(*cells, strict=True))
    rows = rows or f"(table.cell(colspan: {len(columns)}, {quote(NO_ROWS)}),)"
    call = f"set-table({layout.size}pt, ({widths},), ({aligns},), ({header},), ({rows},))"
    return call, layout


def _short(column: list[str]) -> bool:
    return all(len(cell) <= 3 or (len(cell) <= 26 and _NUMBER.match(cell)) for cell in column[1:])


def _cells(column: list[str], align: str, quote: Callable[[str], str]) -> list[str]:
    pads = paddings(column) if align == "decimal" else [""] * len(column)
    return [
        f"padded({quote(cell)}, {quote(pad)})" if pad else quote(cell) for cell, pad in zip(column, pads, strict=True)
    ]
