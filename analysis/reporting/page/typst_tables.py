"""Tables as Typst calls. Cells are Typst strings, in which markup has no effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from analysis.reporting.page import pandoc
from analysis.reporting.page.model import NO_ROWS, Blocks, Grid
from analysis.reporting.page.padding import paddings
from analysis.reporting.page.pandoc import typst_block
from analysis.reporting.page.paper import A4, Paper
from analysis.reporting.page.table_layout import (
    LAST_SIZE,
    LONGEST_WORD,
    SHORTEST_CUT,
    Layout,
    block_columns,
    broken,
    grid_columns,
    lay_out,
    table_rows,
)

_WORDS = {"Str", "Space", "SoftBreak"}


def set_table(grid: Grid, quote: Callable[[str], str], paper: Paper = A4, name: str = "") -> tuple[str, Layout]:
    """Return the Typst call of the table, and its layout.

    quote: converts a text to a Typst string. name: its number, printed where it continues on another page.
    """
    columns, layout = lay_out(grid_columns(grid), paper)
    aligns = ", ".join("left" if align == "left" else "right" for align in grid.aligns)
    widths = ", ".join("auto" if width is None else f"{width:.1f}fr" for width in layout.widths)
    header = ", ".join(quote(column.label) for column in columns)
    cells = [_cells(grid, n, column.cells, quote) for n, column in enumerate(columns)]
    rows = ", ".join(f"({', '.join(row)},)" for row in zip(*cells, strict=True))
    rows = rows or f"({quote(NO_ROWS)},)"  # one cell over all columns
    words = quote(f"{name}, continued" if name else "Continued")
    call = f"set-table({layout.size}pt, ({widths},), ({aligns},), ({header},), ({rows},), name: {words})"
    return call, layout


def set_block_table(node: dict[str, Any], quote: Callable[[str], str], paper: Paper = A4) -> tuple[Blocks, Layout]:
    """Return a table of pandoc as blocks with Typst calls, and its layout."""
    caption, specs, head, rows = table_rows(node)
    _, layout = lay_out(block_columns(node), paper)
    cut = LONGEST_WORD if layout.size != LAST_SIZE else SHORTEST_CUT
    breakable = {"Str": lambda word: {"t": "Str", "c": broken(word["c"], cut)}}
    sides = [{"AlignRight": "right", "AlignCenter": "center"}.get(spec[0]["t"], "left") for spec in specs]
    widths = ", ".join("auto" if width is None else f"{width:.1f}fr" for width in layout.widths)
    source = f"#block-table({layout.size}pt, ({widths},), ({', '.join(sides)},), {len(head)}, "
    blocks: Blocks = []
    if caption:
        blocks += [typst_block(source + "["), *caption]
        source = "], "
    else:
        source += "none, "
    for number, (_, cells) in enumerate(rows):
        for _, _, high, wide, inside in cells:
            source += f"table.cell(colspan: {wide}, rowspan: {min(high, len(rows) - number)}, "
            if all(
                block["t"] in ("Plain", "Para") and {node["t"] for node in block["c"]} <= _WORDS for block in inside
            ):
                words = "\n".join(broken(pandoc.plain_words(block), cut) for block in inside)
                source += f"{quote(words)}), "
            else:
                blocks += [typst_block(source + "["), *pandoc.walk(inside, breakable)]
                source = "]), "
    return [*blocks, typst_block(source + ")")], layout


def _cells(grid: Grid, number: int, column: Sequence[str], quote: Callable[[str], str]) -> list[str]:
    pads = paddings(column) if grid.aligns[number] == "decimal" else [""] * len(column)
    return [
        f"padded({_cell(grid, number, cell, quote)}, {quote(pad)})" if pad else _cell(grid, number, cell, quote)
        for cell, pad in zip(column, pads, strict=True)
    ]


def _cell(grid: Grid, number: int, cell: str, quote: Callable[[str], str]) -> str:
    """Return a Typst string, or content with links to the entries of data rows that the cell names."""
    pieces = grid.pieces(cell)
    if not any(name for _, name in pieces):
        return quote(cell)
    joined = " + ".join(f"row-link({quote(name)}, {quote(text)})" if name else quote(text) for text, name in pieces)
    return f"({joined})"
