"""How wide a table's columns must be on paper: which type size, upright or turned, so that nothing is cut."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.reporting.page.paper import Paper

_INSET = 7.0  # left and right of each cell
_ROW = 5.6  # above and below each row
_LEADING = 1.17  # height of a line in type sizes
_ONE_TURNED_PAGE = 390.0  # points of height, caption and notes apart
# whether the page is turned, type size, most lines of a cell
_CHOICES = ((False, 8.5, 3), (False, 7.5, 6), (True, 8.5, 8), (True, 7.5, 8), (True, 7.0, 10**6))
_LAST_CHOICES = ((True, 6.5, 10**6), (True, 5.5, 10**6))
_SOFT = re.compile(r"(?<=[_/.,;:=-])(?=\w)")
_GAP = re.compile("[ \u200b]")
_LONGEST_WORD, _SHORTEST_CUT = 28, 8  # letters; a longer word may break, in the last choices also a shorter one
_LOOKED_AT = 80  # rows that decide on the widths: the longest
_BOLD = 1.12

# Libertinus Serif as Typst measures it, tabular figures: width in hundredths of the type size
_WIDTHS = {
    19: "'",
    22: "|,.",
    25: " \u00a0·:;l",
    28: "ij°‘’{}",
    30: "!\\()I",
    33: "f/Jt",
    35: '"-•',
    37: "[]*r",
    39: "`s“”",
    43: "zc?",
    46: "e~éèaä",
    49: "#$0123456789§FS_bx",
    51: "goqvödk",
    54: "^pyµLu≤≥üPhnß",
    56: "+<=>\u2013\u2212±×E",
    60: "YBR†‡TZ¶",
    65: "%KCV",
    71: "UX½AG&DNOQ",
    75: "H—w…",
    84: "m∞M",
    95: "@W",
    113: "→",
}
_WIDTH = {character: width / 100 for width, characters in _WIDTHS.items() for character in characters}


@dataclass(frozen=True)
class Layout:
    """Whether the table needs a page turned by 90 degrees; type size, width of each column and height of the whole in
    points."""

    turned: bool
    size: float
    columns: tuple[float, ...]
    height: float


Cells = tuple[tuple[str, ...], ...]  # column by column, heading first


@functools.lru_cache(maxsize=64)  # many tables are the same in several reports
def lay_out(columns: Cells, numbers: tuple[bool, ...], paper: Paper) -> tuple[Cells, Layout]:
    """The cells (long words made breakable) and where they go. numbers: columns whose cells stay on one line if they
    can."""
    cells = [[_breakable(cell, _LONGEST_WORD) for cell in column] for column in columns]
    layout = _choose(cells, numbers, _CHOICES, paper)
    if layout is None:
        cells = [[_breakable(cell, _SHORTEST_CUT) for cell in column] for column in columns]
        # with more columns than a page can hold all get the same share and break where they must
        equal = Layout(True, 5.5, (paper.turned / len(columns),) * len(columns), _ONE_TURNED_PAGE)
        layout = _choose(cells, [False] * len(columns), _LAST_CHOICES, paper) or equal
    return tuple(map(tuple, cells)), layout


def measure(text: str, bold: bool = False) -> float:
    """Width in type sizes; of letters unknown here a cautious guess."""
    return sum(0.0 if c == "\u200b" else _WIDTH.get(c, 0.76) for c in text) * (_BOLD if bold else 1.0)


def _breakable(cell: str, longest: int) -> str:
    """Long words without a space (ids, addresses) may break after a mark, and at worst anywhere."""
    words = []
    for word in cell.split(" "):
        if len(word) > longest:
            pieces = _SOFT.split(word)
            word = "\u200b".join(piece[i : i + longest] for piece in pieces for i in range(0, len(piece), longest))
        words.append(word)
    return " ".join(words)


_Measured = tuple[list[list[float]], list[float]]  # of each cell: its pieces, which stay on a line, and all of it


def _measured(cells: list[str]) -> _Measured:
    pieces = [[measure(piece, n == 0) for piece in _GAP.split(cell)] for n, cell in enumerate(cells)]
    return pieces, [measure(cell, n == 0) for n, cell in enumerate(cells)]


class _Column:
    """The cells of one column: the width they want, the least they need, and the lines they take at a width."""

    def __init__(self, measured: _Measured, number: bool, size: float, rows: list[int]) -> None:
        self.size = size
        pieces, whole = measured
        # a formatted interval such as "4.1 to 6.5" is one thing
        self.least = max([*pieces[0], *(whole[1:] if number else [w for cell in pieces[1:] for w in cell])]) * size
        self.natural = max(whole) * size * 1.01
        self.pieces = [pieces[row] for row in rows]

    @functools.lru_cache(maxsize=512)  # noqa: B019 (a column lives as long as one table)
    def lines(self, width: float) -> np.ndarray:
        """How many lines each cell takes."""
        room = width / self.size
        return np.array([_wrapped(pieces, room) for pieces in self.pieces])


def _wrapped(pieces: list[float], room: float) -> int:
    lines, used = 1, 0.0
    for piece in pieces:
        if used and used + 0.25 + piece > room:
            lines, used = lines + 1, piece
        else:
            used += (0.25 if used else 0.0) + piece
    return lines


def _choose(
    cells: list[list[str]], numbers: Sequence[bool], choices: tuple[tuple[bool, float, int], ...], paper: Paper
) -> Layout | None:
    count = len(cells[0])
    lengths = [sum(len(column[row]) for column in cells) for row in range(count)]
    rows = sorted(sorted(range(count), key=lambda row: -lengths[row])[:_LOOKED_AT])
    first: Layout | None = None
    measured = [_measured(column) for column in cells]
    for turned, size, most in choices:
        available = (paper.turned if turned else paper.width) - _INSET * len(cells)
        columns = [_Column(column, number, size, rows) for column, number in zip(measured, numbers, strict=True)]
        if sum(column.natural for column in columns) <= available:
            natural = tuple(column.natural + _INSET for column in columns)
            return Layout(turned, size, natural, count * (size * _LEADING + _ROW))
        if sum(column.least for column in columns) > available:
            continue
        widths = _lowest(columns, available)
        lines = _lines(columns, widths).max(axis=0)
        if lines.max() > most:
            continue
        height = (lines.sum() * size * _LEADING + len(rows) * _ROW) * count / len(rows)
        found = Layout(turned, size, tuple(width + _INSET for width in widths), height)
        if not turned or height <= _ONE_TURNED_PAGE:
            return found
        first = first or found
    return first  # too long for one turned page in any size: the largest


def _lines(columns: list[_Column], widths: list[float]) -> np.ndarray:
    return np.array([column.lines(width) for column, width in zip(columns, widths, strict=True)])


def _lowest(columns: list[_Column], available: float) -> list[float]:
    """Widths at which the table is lowest: each its fair share, then moved from one to another while it helps."""
    widths = _shares(columns, available)
    for step in (32.0, 16.0, 8.0, 4.0):
        moved = True
        while moved:
            moved = _move(columns, widths, step)
    return widths


def _shares(columns: list[_Column], available: float) -> list[float]:
    """What each wants, if that is no more than its share; the others divide the rest."""
    widths = [0.0] * len(columns)
    open_columns = set(range(len(columns)))
    rest = available
    while open_columns:
        share = rest / len(open_columns)
        modest = {n for n in open_columns if columns[n].natural <= share}
        greedy = {n for n in open_columns - modest if columns[n].least > share}
        done = modest or greedy
        if not done:
            for n in open_columns:
                widths[n] = share
            break
        for n in done:
            widths[n] = columns[n].natural if n in modest else columns[n].least
            rest -= widths[n]
        open_columns -= done
    # greedy columns may have left less than the least of the others
    short = [max(column.least, width) for column, width in zip(columns, widths, strict=True)]
    surplus = sum(short) - available
    for n in sorted(range(len(columns)), key=lambda n: columns[n].least - short[n]):
        if surplus <= 0:
            break
        given = min(surplus, short[n] - columns[n].least)
        short[n] -= given
        surplus -= given
    return short


def _move(columns: list[_Column], widths: list[float], step: float) -> bool:
    """Makes the best single move of `step` points; False if none makes the table lower."""
    lines = _lines(columns, widths)
    best, choice = _cost(lines), None
    for giver, column in enumerate(columns):
        if widths[giver] - step < column.least:
            continue
        less = column.lines(widths[giver] - step)
        for taker in range(len(columns)):
            if taker == giver or widths[taker] >= columns[taker].natural:
                continue
            tried = lines.copy()
            tried[giver], tried[taker] = less, columns[taker].lines(widths[taker] + step)
            if (cost := _cost(tried)) < best:
                best, choice = cost, (giver, taker)
    if choice is None:
        return False
    widths[choice[0]] -= step
    widths[choice[1]] += step
    return True


def _cost(lines: np.ndarray) -> float:
    """The table's height; among equals the one with fewer broken cells."""
    return float(lines.max(axis=0).sum()) + float((lines**2).sum()) / 1000
