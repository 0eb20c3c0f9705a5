"""Layout of tables on paper: the orientation of the page, the type size and the widths of columns of text.

It counts characters; Typst measures the other columns.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.reporting.page import pandoc
from analysis.reporting.page.model import Blocks, Grid
from analysis.reporting.page.paper import Paper

_ONE_TURNED_PAGE = 390.0  # points of height, caption and notes apart
_CHARACTER = 0.48  # mean width of a character in type sizes
_INSET = 7.0  # points left and right of each cell
# in Word, in points: a character of a line, of a single word (a bold heading, digits), left and right of each cell
_WORD_CHARACTER, _WORD_LETTER, _WORD_INSET = 4.2, 5.0, 8.0
_ROW, _LINE = 5.6, 1.17  # height of a row without its lines in points, of a line in type sizes
# turned page or not, type size in points, most lines in a cell
_CHOICES = ((False, 8.5, 3), (False, 7.5, 12), (True, 8.5, 8), (True, 7.5, 8), (True, 7.0, math.inf))
LAST_SIZE = 5.5
_LONG = 10  # rows; a longer table has the smaller type
LONGEST_WORD, SHORTEST_CUT = 28, 8  # characters; longer words may break, in the last layout also shorter ones
_LABEL = 11  # characters; a longer label may wrap
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
class PaperColumn:
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


def grid_columns(grid: Grid) -> list[PaperColumn]:
    """Return the columns of a printed table."""
    return [
        PaperColumn(label, tuple(row[n] for row in grid.cells), grid.aligns[n] != "left" or _short(grid, n))
        for n, label in enumerate(grid.labels)
    ]


def table_rows(node: dict[str, Any]) -> tuple[Blocks, list[Any], list[Any], list[Any]]:
    """Return the caption, the columns, the heading rows and all rows of a table of pandoc."""
    _, (_, caption), specs, (_, head), bodies, (_, foot) = node["c"]
    return caption, specs, head, [*head, *(row for body in bodies for row in (*body[2], *body[3])), *foot]


def block_columns(node: dict[str, Any]) -> list[PaperColumn]:
    """Return the columns of a table of pandoc, without cells that span others."""
    _, specs, _, rows = table_rows(node)
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
    return [
        PaperColumn("", tuple(t + [""] * (longest - len(t))), spec[0]["t"] == "AlignRight")
        for t, spec in zip(texts, specs, strict=True)
    ]


def lay_out(columns: Sequence[PaperColumn], paper: Paper) -> tuple[list[PaperColumn], Layout]:
    """Return the columns with breakable long words and labels, and the first layout in which no word is cut."""
    columns = [_breakable(column, LONGEST_WORD) for column in columns]
    too_high: tuple[list[PaperColumn], Layout] | None = None  # for one turned page; a smaller type size may fit
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
                PaperColumn(textwrap.fill(c.label, c.least, break_long_words=False), c.cells, True) if c.one_line else c
                for c in columns
            ]
            candidate = wrapped, Layout(turned, size, widths, _height(lines, size))
            if not turned or candidate[1].height <= _ONE_TURNED_PAGE:
                return candidate
            too_high = too_high or candidate
    if too_high:
        return too_high
    columns = [_breakable(column, SHORTEST_CUT) for column in columns]
    # too many columns for a page: all get the same width and break where necessary
    return columns, Layout(True, LAST_SIZE, (1.0,) * len(columns), paper.width)


def _room(turned: bool, size: float, columns: int, paper: Paper) -> float:
    """Return the number of characters that fit side by side."""
    return ((paper.turned if turned else paper.width) - _INSET * columns) / (size * _CHARACTER)


def _shares(columns: Sequence[PaperColumn], room: float) -> list[float]:
    """Return the characters of each column: its minimum, and a share of the rest in proportion to what it lacks.

    The longest cells of all columns then have about the same number of lines.
    """
    missing = [0 if column.one_line else column.natural - column.least for column in columns]
    rest = room - sum(column.least for column in columns)
    return [column.least + rest * more / max(sum(missing), 1) for column, more in zip(columns, missing, strict=True)]


def _height(lines: Sequence[int], size: float) -> float:
    return (sum(lines) + 1) * size * _LINE + (len(lines) + 1) * _ROW


def _breakable(column: PaperColumn, longest: int) -> PaperColumn:
    return PaperColumn(
        broken(column.label, longest), tuple(broken(cell, longest) for cell in column.cells), column.one_line
    )


def broken(text: str, longest: int) -> str:
    """Return a text whose long words (ids, addresses) may break after punctuation, and at worst anywhere."""
    words = []
    for word in text.split(" "):
        if len(word) > longest:
            pieces = _MARK_IN_WORD.split(word)
            word = "\u200b".join(piece[i : i + longest] for piece in pieces for i in range(0, len(piece), longest))
        words.append(word)
    return " ".join(words)


def shares_of_width(columns: Sequence[PaperColumn], paper: Paper) -> tuple[float, ...]:
    """Return the width of each column in Word as a share of the text's width; together at most 1."""
    columns, layout = lay_out(columns, paper)
    words = [column.least * _WORD_LETTER + _WORD_INSET for column in columns]
    wanted = [
        max((column.natural if width is None else width) * _WORD_CHARACTER + _WORD_INSET, least)
        for column, width, least in zip(columns, layout.widths, words, strict=True)
    ]
    room = paper.turned if layout.turned else paper.width
    more = [want - least for want, least in zip(wanted, words, strict=True)]
    share = min(1.0, max(0.0, room - sum(words)) / max(sum(more), 1.0))
    widths = [least + share * rest for least, rest in zip(words, more, strict=True)]
    return tuple(round(width / max(room, sum(widths)), 4) for width in widths)


def _short(grid: Grid, column: int) -> bool:
    """Return whether all cells of a column of text are short numbers, intervals or counts such as "4.1 to 6.5"."""
    return all(len(row[column]) <= 3 or (len(row[column]) <= 26 and _NUMBER.match(row[column])) for row in grid.cells)
