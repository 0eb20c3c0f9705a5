"""A figure that is also a table: rows of printed columns, each with a track of marks.

The rows are data (`Row`, `RowHeading`, the marks of `row_marks`); `draw_rows` draws them with Matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.figures.picture_parts import KEY_ROW, draw_heading, draw_key, key_rows
from analysis.figures.row_marks import Mark, draw_mark
from analysis.figures.study_rows import present_in_order
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
    wrap,
    write,
)
from analysis.wording import CONTROL_HEADINGS, counted, upper_first


@dataclass(frozen=True)
class PrintedColumn:
    """A printed column: its edge in points from the left (right edge if aligned right), its width, its title."""

    edge: float
    width: float
    title: str = ""
    align: str = "left"


@dataclass(frozen=True)
class RowHeading:
    """A bold heading over the full width with a lighter remark, or a lighter heading below it."""

    words: str
    detail: str = ""
    below: bool = False


@dataclass(frozen=True)
class Row:
    """A row: one text for each column, and the marks of its track."""

    cells: tuple[str, ...]
    marks: tuple[Mark, ...] = ()
    color: str = INK


@dataclass(frozen=True)
class Track:
    """The horizontal axis of all rows.

    left, right: edges in points from the left. low, high: limits. ticks: label of each labelled value. label: text
    below. line: extent of the drawn axis, if not its full width. zero: draw a stronger line at 0.
    """

    left: float
    right: float
    low: float
    high: float
    ticks: Mapping[float, str]
    label: str = ""
    line: tuple[float, float] | None = None
    zero: bool = False


def percent_track(left: float, right: float, label: str = "", full: float = 100, narrow: bool = False) -> Track:
    """Return a track from 0 to 100%; `full` is the value of 100%, `narrow` omits the labels of 25 and 75."""
    words = ("0", "" if narrow else "25", "50", "" if narrow else "75", "100%")
    ticks = {full * share: label_ for share, label_ in zip((0, 0.25, 0.5, 0.75, 1), words, strict=True)}
    return Track(left, right, 0, full, ticks, label)


def grouped_rows(
    table: pd.DataFrame,
    row_of: Callable[..., Row],
    detail: Callable[[pd.DataFrame], str],
    by: str = "",
    words: Mapping[str, str] | None = None,
) -> tuple[list[Row | RowHeading], pd.DataFrame]:
    """Return the rows of a table under headings, and the table in the order of these rows.

    Each kind of control group has a heading, with the `detail` of its rows, and below it a heading for each value of
    the column `by`, in the order and with the labels of `words`.
    """
    rows: list[Row | RowHeading] = []
    order: list[object] = []
    for control in present_in_order(table["control"], CONTROL_HEADINGS):
        group = table[table["control"] == control]
        rows.append(RowHeading(CONTROL_HEADINGS.get(control, control), detail(group)))
        for value in present_in_order(group[by], words or {}) if by else [""]:
            part = group[group[by] == value] if by else group
            if by:
                rows.append(RowHeading(upper_first((words or {}).get(value, value)), below=True))
            rows += [row_of(row) for row in each(part)]
            order += part.index.tolist()
    return rows, table.loc[order]


def count_studies(group: pd.DataFrame, rows: str = "") -> str:
    """Return the remark after a heading: `2 studies`, or `2 studies, 5 rates` with the name of its rows."""
    studies = counted(group["study_id"].nunique(), "study", "studies")
    return f"{studies}, {counted(len(group), rows)}" if rows else studies


@dataclass
class _Placed:
    """A row with its preferred height, its smallest height and its position from the top, all in points."""

    row: Row | RowHeading
    height: float
    least: float
    cells: list[str] = field(default_factory=list)
    top: float = 0.0


def draw_rows(
    columns: Sequence[PrintedColumn],
    track: Track,
    rows: Iterable[Row | RowHeading],
    key: Sequence[tuple[Look, str]] = (),
    foot: Sequence[str] = (),
    tick_lines: int = 1,
) -> Picture:
    """Return the picture of rows, as tall as they need.

    Many rows move closer together to fit on one printed page. key: look and label of each kind of marker. foot: small
    print below. tick_lines: lines of a tick's label.
    """
    placed = [_placed(row, columns) for row in rows]
    keys = key_rows(key)
    titled = any(column.title for column in columns)
    title_lines = max(column.title.count("\n") + 1 for column in columns)
    top = 3 + KEY_ROW * len(keys) + (title_lines * SMALL * LEADING + 5 if titled else 0)
    small_print = wrap("\n".join(foot), POINTS - 8, SMALL) if any(foot) else ""
    below = 6 + tick_lines * 11 + (12 if track.label else 0)
    below += text_height(small_print, SMALL) + 5 if small_print else 0
    _fit(placed, TALLEST - top - below)

    y = top
    for item in placed:
        item.top, y = y, y + item.height
    picture = sheet(y + below)
    ax = panel(picture, track.left, top, track.right - track.left, y - top)
    ax.set_ylim(y, top)
    _draw_track(ax, track)
    draw_key(picture, keys)
    if titled:
        middle = top - 3 - title_lines * SMALL * LEADING / 2
        for column in columns:
            write(picture, column.edge, middle, column.title, SMALL, color=MUTED, ha=column.align)
    for item in placed:
        _draw_row(picture, ax, item, columns, track)
    if small_print:
        place = y + below - text_height(small_print, SMALL) / 2 - 2
        write(picture, 4, place, small_print, SMALL, color=MUTED)
    return finish(picture)


def _placed(row: Row | RowHeading, columns: Sequence[PrintedColumn]) -> _Placed:
    if isinstance(row, RowHeading):
        return _Placed(row, 16.5, 12.5) if row.below else _Placed(row, 21, 15)
    cells = [wrap(cell, column.width) for cell, column in zip(row.cells, columns, strict=True)]
    height = max(text_height(cell) for cell in cells)
    return _Placed(row, height + 4.6, height + 0.4, cells)


def _fit(placed: Sequence[_Placed], room: float) -> None:
    """Reduce the space between lines until the rows fit into `room` or no space is left."""
    total = sum(item.height for item in placed)
    slack = total - sum(item.least for item in placed)
    if total <= room or not slack:
        return
    share = max(0.0, 1 - (total - room) / slack)
    for item in placed:
        item.height = item.least + (item.height - item.least) * share


def _draw_track(ax: Axes, track: Track) -> None:
    ax.yaxis.set_visible(False)
    ax.set_xlim(track.low, track.high)
    ax.set_xticks(list(track.ticks), list(track.ticks.values()))
    ax.grid(axis="x")
    if track.line:
        ax.spines["bottom"].set_bounds(*track.line)
    if track.zero:
        ax.axvline(0, color=LINE, linewidth=0.9, zorder=0.5)
    if track.label:
        ax.set_xlabel(wrap(track.label, track.right - track.left + 90))


def _draw_row(picture: Picture, ax: Axes, item: _Placed, columns: Sequence[PrintedColumn], track: Track) -> None:
    row = item.row
    middle = item.top + item.height / 2
    if isinstance(row, Row):
        for cell, column in zip(item.cells, columns, strict=True):
            if cell:
                write(picture, column.edge, middle, cell, color=row.color, ha=column.align)
        for mark in row.marks:
            draw_mark(ax, middle, mark)
    elif row.below:
        write(picture, 4, middle + 1.5, row.words, color=MUTED, weight="bold")
        rule(picture, item.top + item.height - 0.5, left=4, right=track.left - 6, color=RULE)
    else:
        draw_heading(picture, item.top + 2, row.words, row.detail, item.height - 4)
