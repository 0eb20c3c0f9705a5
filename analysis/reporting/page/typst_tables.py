"""Tables as Typst calls. Cells are Typst strings, in which markup has no effect.

Typst measures the columns. This module counts characters to choose the orientation of the page, the type size and the
widths of columns of text.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.reporting.page import pandoc
from analysis.reporting.page.model import NO_ROWS, Blocks, Grid
from analysis.reporting.page.padding import paddings
from analysis.reporting.page.pandoc import typst_block
from analysis.reporting.page.paper import A4, Paper

_ONE_TURNED_PAGE = 390.0  # points of height, caption and notes apart
_CHARACTER = 0.48  # mean width of a character in type sizes
_INSET = 7.0  # points left and right of each cell
_ROW, _LINE = 5.6, 1.17  # height of a row without its lines in points, of a line in type sizes
# turned page or not, type size in points, most lines in a cell
_CHOICES = ((False, 8.5, 3), (False, 7.5, 6), (True, 8.5, 8), (True, 7.5, 8), (True, 7.0, math.inf))
_LAST_CHOICE = (True, 5.5)
_LONG = 10  # rows; a longer table has the smaller type
_LONGEST_WORD, _SHORTEST_CUT = 28, 8  # characters; longer words may break, in the last layout also shorter ones
_LABEL = 9  # characters; a longer label may wrap
_NUMBER = re.compile(r"(P\s*)?[-\u2212+<>=≤≥±~(]*\s*\d")
_MARK_IN_WORD = re.compile(r"(?<=[_/.,;:=-])(?=\w)")
_BREAKS = re.compile("[ \u200b]")


@dataclass(frozen=True)
class Layout:
    """Layout of a table.

    turned: on a page turned by 90 degrees. size: type size in points. widths: of each column in characters; None where
    Typst measures the cells. height: about how high the table is, in points.
    """

    turned: bool
    size: float
    widths: tuple[float | None, ...]
    height: float


@dataclass(frozen=True)
class _Column:
    """The label and cells of a column; least and natural: smallest and preferred number of characters per line."""

    label: str
    cells: tuple[str, ...]
    one_line: bool  # cells such as "4.1 to 6.5" don't break

    @property
    def least(self) -> int:
        words = [word for text in (self.label, *self.cells) for word in _BREAKS.split(text)]
        return max(min(len(self.label), _LABEL), *map(len, [*words, *(self.cells if self.one_line else ())]))

    @property
    def natural(self) -> int:
        return max(map(len, (self.label, *self.cells)))


def set_table(grid: Grid, quote: Callable[[str], str], paper: Paper = A4) -> tuple[str, Layout]:
    """Return the Typst call of the table, and its layout. quote: converts a text to a Typst string."""
    columns = [
        _Column(label, tuple(row[n] for row in grid.cells), grid.aligns[n] != "left" or _short(grid, n))
        for n, label in enumerate(grid.labels)
    ]
    columns, layout = lay_out(columns, paper)
    aligns = ", ".join("left" if align == "left" else "right" for align in grid.aligns)
    widths = ", ".join("auto" if width is None else f"{width:.1f}fr" for width in layout.widths)
    header = ", ".join(quote(column.label) for column in columns)
    cells = [_cells(grid, n, column.cells, quote) for n, column in enumerate(columns)]
    rows = ", ".join(f"({', '.join(row)},)" for row in zip(*cells, strict=True))
    rows = rows or f"({quote(NO_ROWS)},)"  # one cell over all columns
    call = f"set-table({layout.size}pt, ({widths},), ({aligns},), ({header},), ({rows},))"
    return call, layout


def set_block_table(node: dict[str, Any], quote: Callable[[str], str], paper: Paper = A4) -> tuple[Blocks, Layout]:
    """Return a table of pandoc as blocks with Typst calls, and its layout."""
    _, (_, caption), specs, (_, head), bodies, (_, foot) = node["c"]
    rows = [*head, *(row for body in bodies for row in (*body[2], *body[3])), *foot]
    texts: list[list[str]] = [[] for _ in specs]  # by column, of cells that span no other
    taken: dict[int, set[int]] = {}
    for number, (_, cells) in enumerate(rows):
        column = 0
        for _, _, high, wide, inside in cells:
            while column in taken.get(number, ()):
                column += 1
            for below in range(number, number + high):
                taken.setdefault(below, set()).update(range(column, column + wide))
            if wide == 1 and column < len(texts):
                texts[column].append(" ".join(map(pandoc.plain_words, inside)))
    longest = max(map(len, texts), default=0)
    columns = [
        _Column("", tuple(t + [""] * (longest - len(t))), spec[0]["t"] == "AlignRight")
        for t, spec in zip(texts, specs, strict=True)
    ]
    columns, layout = lay_out(columns, paper)
    cut = _LONGEST_WORD if layout.size != _LAST_CHOICE[1] else _SHORTEST_CUT
    breakable = {"Str": lambda word: {"t": "Str", "c": _broken(word["c"], cut)}}
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
            if all(block["t"] in ("Plain", "Para") and _only_words(block["c"]) for block in inside):
                words = "\n".join(_broken(pandoc.plain_words(block), cut) for block in inside)
                source += f"{quote(words)}), "
            else:
                blocks += [typst_block(source + "["), *pandoc.walk(inside, breakable)]
                source = "]), "
    return [*blocks, typst_block(source + ")")], layout


def _only_words(inlines: Blocks) -> bool:
    return all(node["t"] in ("Str", "Space", "SoftBreak") for node in inlines)


def lay_out(columns: Sequence[_Column], paper: Paper) -> tuple[list[_Column], Layout]:
    """Return the columns with breakable long words and labels, and the first layout in which no word is cut."""
    columns = [_breakable(column, _LONGEST_WORD) for column in columns]
    too_high: tuple[list[_Column], Layout] | None = None  # for one turned page; a smaller type size may fit
    choices = _CHOICES[1:] if len(columns[0].cells) > _LONG else _CHOICES
    for turned, size, most_lines in choices:
        room = _room(turned, size, len(columns), paper)
        if sum(column.least for column in columns) > room:
            continue
        if sum(column.natural for column in columns) <= room:
            return columns, Layout(turned, size, (None,) * len(columns), _height([1] * len(columns[0].cells), size))
        shares = _shares(columns, room)
        lines = [
            max(math.ceil(len(cell) / share) for cell, share in zip(row, shares, strict=True))
            for row in zip(*(column.cells for column in columns), strict=True)
        ]
        if max(lines, default=1) <= most_lines:
            widths = tuple(None if c.one_line else share for c, share in zip(columns, shares, strict=True))
            wrapped = [
                _Column(textwrap.fill(c.label, c.least, break_long_words=False), c.cells, True) if c.one_line else c
                for c in columns
            ]
            candidate = wrapped, Layout(turned, size, widths, _height(lines, size))
            if not turned or candidate[1].height <= _ONE_TURNED_PAGE:
                return candidate
            too_high = too_high or candidate
    if too_high:
        return too_high
    columns = [_breakable(column, _SHORTEST_CUT) for column in columns]
    # too many columns for a page: all get the same width and break where necessary
    turned, size = _LAST_CHOICE
    return columns, Layout(turned, size, (1.0,) * len(columns), paper.width)


def _room(turned: bool, size: float, columns: int, paper: Paper) -> float:
    """Return the number of characters that fit side by side."""
    return ((paper.turned if turned else paper.width) - _INSET * columns) / (size * _CHARACTER)


def _shares(columns: Sequence[_Column], room: float) -> list[float]:
    """Return the characters of each column: its minimum, and a share of the rest in proportion to what it lacks.

    The longest cells of all columns then have about the same number of lines.
    """
    missing = [0 if column.one_line else column.natural - column.least for column in columns]
    rest = room - sum(column.least for column in columns)
    return [column.least + rest * more / max(sum(missing), 1) for column, more in zip(columns, missing, strict=True)]


def _height(lines: Sequence[int], size: float) -> float:
    return (sum(lines) + 1) * size * _LINE + (len(lines) + 1) * _ROW


def _breakable(column: _Column, longest: int) -> _Column:
    return _Column(
        _broken(column.label, longest), tuple(_broken(cell, longest) for cell in column.cells), column.one_line
    )


def _broken(text: str, longest: int) -> str:
    """Return a text whose long words (ids, addresses) may break after punctuation, and at worst anywhere."""
    words = []
    for word in text.split(" "):
        if len(word) > longest:
            pieces = _MARK_IN_WORD.split(word)
            word = "\u200b".join(piece[i : i + longest] for piece in pieces for i in range(0, len(piece), longest))
        words.append(word)
    return " ".join(words)


def _short(grid: Grid, column: int) -> bool:
    """Return whether all cells of a column of text are short numbers, intervals or counts such as "4.1 to 6.5"."""
    return all(len(row[column]) <= 3 or (len(row[column]) <= 26 and _NUMBER.match(row[column])) for row in grid.cells)


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
