"""A figure that is also a table: rows of printed columns, a drawing beside each (forest plots, swimlanes)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.lines import Line2D

from analysis.figures.style import (
    INK,
    LEADING,
    LINE,
    MUTED,
    POINTS,
    RULE,
    SMALL,
    TALLEST,
    Look,
    finish,
    panel,
    rule,
    sheet,
    text_height,
    text_width,
    wrap,
    write,
)

Draw = Callable[[Axes, float], None]


@dataclass(frozen=True)
class Column:
    """A printed column: its edge in points from the left (right edge if aligned right), its width, its title."""

    edge: float
    width: float
    title: str = ""
    align: str = "left"


@dataclass
class _Row:
    kind: str
    cells: list[str]
    height: float
    draw: Draw | None = None
    color: str = INK
    top: float = 0.0


@dataclass
class Ledger:
    """Collects headings and rows, then draws them all.

    columns: the printed columns. left, right: edges of the plot in points. The picture is as tall as its rows need;
    many rows move closer together so that they stay on one printed page as long as they can.
    """

    columns: Sequence[Column]
    left: float
    right: float
    _rows: list[_Row] = field(default_factory=list)

    def heading(self, words: str, detail: str = "") -> None:
        """A bold heading over the full width, with a lighter remark behind it."""
        self._rows.append(_Row("heading", [words, detail], 21))

    def subheading(self, words: str) -> None:
        """A lighter heading."""
        self._rows.append(_Row("subheading", [words], 16.5))

    def row(self, *cells: str, draw: Draw | None = None, color: str = INK) -> None:
        """A row: one text for each column, broken into lines where it is too long, and what to draw beside it.

        `draw` gets the axes and the row's place on their vertical axis.
        """
        broken = [wrap(cell, column.width) for cell, column in zip(cells, self.columns, strict=True)]
        tallest = max(text_height(cell) for cell in broken)
        self._rows.append(_Row("row", broken, tallest + 4.6, draw, color))

    def render(
        self,
        axis: Callable[[Axes], None],
        label: str = "",
        plot_title: str = "",
        key: Sequence[tuple[Look, str]] = (),
        foot: Sequence[str] = (),
        tick_lines: int = 1,
    ) -> Picture:
        """Draw everything.

        axis: sets limits and ticks of the horizontal axis. label, plot_title: words below and above the plot. key:
        marker and words for each group the markers stand for. foot: small print below. tick_lines: lines of a tick's
        label.
        """
        keys = key_rows(key)
        titled = bool(plot_title) or any(column.title for column in self.columns)
        title_lines = max([c.title.count("\n") + 1 for c in self.columns] + [plot_title.count("\n") + 1])
        top = 3 + 14 * len(keys) + (title_lines * SMALL * LEADING + 5 if titled else 0)
        small_print = wrap("\n".join(foot), POINTS - 8, SMALL) if any(foot) else ""
        below = 6 + tick_lines * 11 + (12 if label else 0) + (text_height(small_print, SMALL) + 5 if small_print else 0)
        self._fit(TALLEST - top - below)

        y = top
        for row in self._rows:
            row.top, y = y, y + row.height
        picture = sheet(y + below)
        ax = panel(picture, self.left, top, self.right - self.left, y - top)
        ax.set_ylim(y, top)
        ax.yaxis.set_visible(False)
        axis(ax)
        ax.grid(axis="x")
        if label:
            ax.set_xlabel(wrap(label, self.right - self.left + 90))

        draw_key(picture, keys)
        if titled:
            middle = top - 3 - title_lines * SMALL * LEADING / 2
            for column in self.columns:
                write(picture, column.edge, middle, column.title, SMALL, color=MUTED, ha=column.align)
            write(picture, (self.left + self.right) / 2, middle, plot_title, SMALL, color=MUTED, ha="center")
        for number, row in enumerate(self._rows):
            self._draw_row(picture, ax, row, first=number == 0)
        if small_print:
            place = y + below - text_height(small_print, SMALL) / 2 - 2
            write(picture, 4, place, small_print, SMALL, color=MUTED)
        return finish(picture)

    def _draw_row(self, picture: Picture, ax: Axes, row: _Row, first: bool) -> None:
        if row.kind == "heading":
            rule(picture, row.top + 2, color=LINE)
            middle = row.top + 1 + row.height / 2
            words, detail = row.cells
            write(picture, 4, middle, words, 8.5, weight="bold")
            if detail:
                write(picture, 11 + text_width(words, 8.5, "bold"), middle + 0.18, detail, color=MUTED)
        elif row.kind == "subheading":
            middle = row.top + row.height / 2 + 1.5
            write(picture, 4, middle, row.cells[0], color=MUTED, weight="bold")
            rule(picture, row.top + row.height - 0.5, left=4, right=self.left - 6, color=RULE)
        else:
            middle = row.top + row.height / 2
            for cell, column in zip(row.cells, self.columns, strict=True):
                if cell:
                    write(picture, column.edge, middle, cell, color=row.color, ha=column.align)
            if row.draw:
                row.draw(ax, middle)

    def _fit(self, room: float) -> None:
        """Take the air out of the rows, never the letters, until they fit into the room or none is left."""
        total = sum(row.height for row in self._rows)
        least = {"heading": 15.0, "subheading": 12.5}
        if total <= room:
            return
        floors = [least.get(row.kind, row.height - 4.2) for row in self._rows]
        slack = total - sum(floors)
        share = max(0.0, 1 - (total - room) / slack) if slack else 0.0
        for row, floor in zip(self._rows, floors, strict=True):
            row.height = floor + (row.height - floor) * share


def key_rows(key: Sequence[tuple[Look, str]]) -> list[list[tuple[float, Look, str]]]:
    """Markers with their words, in as many rows as they need; each with its place in points from the left."""
    rows: list[list[tuple[float, Look, str]]] = []
    x = POINTS
    for look, words in key:
        width = 12 + text_width(words, SMALL) + 14
        if x + width - 14 > POINTS - 4:
            rows.append([])
            x = 8
        rows[-1].append((x, look, words))
        x += width
    return rows


def draw_key(picture: Picture, rows: list[list[tuple[float, Look, str]]]) -> None:
    """Draw the rows of `key_rows` at the top of a picture, 14 points a row."""
    full = picture.get_figheight() * 72
    for number, row in enumerate(rows):
        y = 3 + 14 * number + 7
        for x, look, words in row:
            dot = Line2D([x / POINTS], [1 - y / full], color=look.color, marker=look.marker, linestyle="")
            picture.add_artist(dot)
            write(picture, x + 8, y, words, SMALL, color=look.letters)


def interval(ax: Axes, y: float, low: float, middle: float, high: float, look: Look, hollow: bool = False) -> None:
    """A point with its interval."""
    ax.plot([low, high], [y, y], color=look.color)
    face = "white" if hollow else look.color
    ax.plot([middle], [y], color=look.color, marker=look.marker, markerfacecolor=face, linestyle="", clip_on=False)


def assumed_interval(ax: Axes, y: float, low: float, middle: float, high: float, look: Look) -> None:
    """A point with an interval that rests on an assumption: dashed, with its ends marked."""
    ax.plot([low, high], [y, y], color=look.color, linestyle=(0, (3, 1.2)), linewidth=1.2)
    ax.plot([low, high], [y, y], color=look.color, marker="|", markersize=7, linestyle="")
    ax.plot([middle], [y], color=look.color, marker=look.marker, markersize=4, linestyle="", clip_on=False)


__all__ = ["Column", "Ledger", "assumed_interval", "draw_key", "interval", "key_rows"]
