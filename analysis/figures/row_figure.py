"""A row figure drawn with Matplotlib: label, track of marks and value of each row, on one axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Polygon, Rectangle

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, paragraphs, studies_of
from analysis.exhibit.palette import LIGHT
from analysis.exhibit.row_picture import (
    Bar,
    Diamond,
    KeyEntry,
    Mark,
    Point,
    Row,
    RowHeading,
    RowPicture,
    Span,
    Stroke,
    Words,
    percent_of_axis,
)
from analysis.figures.labels import stack_labels
from analysis.figures.study_rows import present_in_order, with_bias
from analysis.figures.style import (
    POINTS,
    TALLEST,
    finish,
    panel,
    rule,
    sheet,
    style,
    text_height,
    text_width,
    wrap,
    write,
)

# width of the labels, edges of the track, left of the values
_LABEL, _LEFT, _RIGHT, _VALUE = 150.0, 162.0, 382.0, 394.0
_TEXT, _DETAIL = 9.0, 8.0
_GAP, _LEAST_GAP = 5.0, 1.5  # points between two rows
_ABOVE = 12.0  # points for words above the marks
_KEY_HEIGHT = 16.0


def grouped_rows(
    table: pd.DataFrame, row_of: Callable[..., Row], by: str, words: Mapping[str, str]
) -> tuple[list[Row | RowHeading], pd.DataFrame]:
    """Return the rows of a table under a heading for each value of the column `by`, and the table in that order.

    `words` has the heading of each value and gives their order.
    """
    rows: list[Row | RowHeading] = []
    order: list[object] = []
    for value in present_in_order(table[by], words):
        part = table[table[by] == value]
        rows.append(RowHeading(words.get(value, value)))
        rows += [row_of(row) for row in each(part)]
        order += part.index.tolist()
    return rows, table.loc[order]


@dataclass
class _Placed:
    """A row with its wrapped texts, its height and its position from the top, in points."""

    row: Row | RowHeading
    height: float
    label: str = ""
    detail: str = ""
    value: str = ""
    value_detail: str = ""
    top: float = 0.0
    gap: float = _GAP


def words_apart(picture: RowPicture) -> RowPicture:
    """Return the rows with the words above their marks moved so far that they neither overlap nor leave the track."""
    axis, width = picture.axis, _RIGHT - _LEFT

    def apart(row: Row | RowHeading) -> Row | RowHeading:
        above = [] if isinstance(row, RowHeading) else [m for m in row.marks if isinstance(m, Words) and not m.inside]
        if not above:
            return row
        wide = [text_width(mark.text, _DETAIL) + 4 for mark in above]
        shift = {"start": 0.5, "middle": 0.0, "end": -0.5}
        places = [percent_of_axis(mark.at, axis.low, axis.high) * width / 100 for mark in above]
        wanted = [x + shift[mark.anchor] * w for x, mark, w in zip(places, above, wide, strict=True)]
        middles = stack_labels(wanted, wide, 0, width)
        values = [axis.low + x / width * (axis.high - axis.low) for x in middles]
        moved = [replace(mark, at=at, anchor="middle") for mark, at in zip(above, values, strict=True)]
        kept = [mark for mark in row.marks if mark not in above]
        return replace(row, marks=(*kept, *moved))

    return replace(picture, rows=tuple(map(apart, picture.rows)))


def draw_rows(rows: RowPicture, foot: Sequence[str] = ()) -> Picture:
    """Return the picture of rows, as tall as they need; `foot` is small print below the axis."""
    with style():
        placed = [_placed(row) for row in rows.rows]
        if isinstance(rows.rows[0], RowHeading):  # nothing stands above it
            placed[0].height -= 8.0
        keys = _KEY_HEIGHT if rows.key else 0.0
        small_print = wrap("\n".join(foot), POINTS, _DETAIL) if any(foot) else ""
        below = 16.0 + (12.0 if rows.axis.label else 0.0)
        below += text_height(small_print, _DETAIL) + 4 if small_print else 0.0
        y = top = keys + 2
        excess = y + sum(item.height for item in placed) + below - TALLEST
        for item in placed if excess > 0 else ():  # rows that do not fit on a page move closer
            item.gap = max(_LEAST_GAP, _GAP - excess / len(placed))
            item.height -= _GAP - item.gap
        for item in placed:
            item.top, y = y, y + item.height
        picture = sheet(y + below)
        ax = panel(picture, _LEFT, top, _RIGHT - _LEFT, y - top)
        ax.set_ylim(y, top)
        _draw_axis(ax, rows, placed)
        _draw_key(picture, rows.key)
        for item in placed:
            _draw_row(picture, ax, item)
        if rows.axis.label:
            write(picture, _LEFT, y + 20, rows.axis.label, _DETAIL, color=LIGHT["muted"])
        if small_print:
            middle = y + below - text_height(small_print, _DETAIL) / 2 - 1
            write(picture, 0, middle, small_print, _DETAIL, color=LIGHT["muted"])
        return finish(picture)


def _placed(row: Row | RowHeading) -> _Placed:
    if isinstance(row, RowHeading):
        return _Placed(row, 22.0)
    weight = "bold" if row.strong else "normal"
    texts = [
        wrap(row.label, _LABEL, _TEXT, weight),
        wrap(row.detail, _LABEL, _DETAIL) if row.detail else "",
        wrap(row.value, POINTS - _VALUE, _TEXT, "bold") if row.value else "",
        wrap(row.value_detail, POINTS - _VALUE, _DETAIL) if row.value_detail else "",
    ]
    left, right = (_stacked(texts[i], texts[i + 1]) for i in (0, 2))
    return _Placed(row, max(left, right, 14.0 + (_ABOVE if row.tall else 0.0)) + _GAP, *texts)


def _stacked(first: str, second: str) -> float:
    return (text_height(first, _TEXT) if first else 0.0) + (text_height(second, _DETAIL) if second else 0.0)


def _draw_axis(ax: Axes, rows: RowPicture, placed: Sequence[_Placed]) -> None:
    axis = rows.axis
    ax.yaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    ax.set_xlim(axis.low, axis.high)
    ax.set_xticks(list(axis.ticks), list(axis.ticks.values()), fontsize=_DETAIL)
    ax.tick_params(axis="x", length=0)
    for top, bottom in _runs(placed):
        for value in axis.ticks:
            ax.plot([value] * 2, [top, bottom], color=LIGHT["grid"], linewidth=0.7, zorder=0, clip_on=False)


def _runs(placed: Sequence[_Placed]) -> Iterable[tuple[float, float]]:
    """Yield top and bottom of each run of rows without a heading in between, which grid lines join."""
    start: float | None = None
    for item in placed:
        if isinstance(item.row, RowHeading):
            if start is not None:
                yield start, item.top
            start = None
        elif start is None:
            start = item.top
    if start is not None:
        yield start, placed[-1].top + placed[-1].height


def _draw_key(picture: Picture, key: Sequence[KeyEntry]) -> None:
    x = 0.0
    for entry in key:
        ax = panel(picture, x, 0, 24, _KEY_HEIGHT - 2)
        ax.set_axis_off()
        ax.set_xlim(0, 1)
        ax.set_ylim(_KEY_HEIGHT - 2, 0)
        for mark in entry.marks:
            _draw_mark(ax, (_KEY_HEIGHT - 2) / 2, mark)
        write(picture, x + 29, (_KEY_HEIGHT - 2) / 2, entry.words, _DETAIL, color=LIGHT["ink"])
        x += 29 + text_width(entry.words, _DETAIL) + 14


def _draw_row(picture: Picture, ax: Axes, item: _Placed) -> None:
    row = item.row
    if isinstance(row, RowHeading):
        bottom = item.top + item.height - 2
        write(picture, 0, bottom - 7, row.words, _TEXT, color=LIGHT["muted"], weight="bold")
        rule(picture, bottom, color=LIGHT["line"])
        return
    _write_pair(picture, 0, item, item.label, item.detail, "bold" if row.strong else "normal", LIGHT["ink"])
    color = LIGHT["ink"] if row.known else LIGHT["muted"]
    _write_pair(picture, _VALUE, item, item.value, item.value_detail, "bold" if row.known else "normal", color)
    middle = item.top + (item.height - item.gap) / 2 + (_ABOVE / 2 if row.tall else 0.0)
    for mark in row.marks:
        _draw_mark(ax, middle, mark)


def _write_pair(picture: Picture, x: float, item: _Placed, words: str, detail: str, weight: str, color: str) -> None:
    """Write a text and, below it, its detail, both in the middle of the row."""
    y = item.top + (item.height - item.gap - _stacked(words, detail)) / 2
    if words:
        height = text_height(words, _TEXT)
        write(picture, x, y + height / 2, words, _TEXT, color=color, weight=weight)
        y += height
    if detail:
        write(picture, x, y + text_height(detail, _DETAIL) / 2, detail, _DETAIL, color=LIGHT["muted"])


def _draw_mark(ax: Axes, y: float, mark: Mark) -> None:
    """Draw one mark; `y` is the middle of its row on an axis that counts points downwards."""
    color = LIGHT[mark.tone]
    match mark:
        case Span():
            ax.plot([mark.low, mark.high], [y, y], color=color, linewidth=1.6, zorder=2)
        case Point():
            face = LIGHT["ground"] if mark.fill == "hollow" else color
            look = {"marker": "o", "markersize": 6, "markerfacecolor": face, "markeredgewidth": 1.4}
            ax.plot([mark.at], [y], color=color, linestyle="", clip_on=False, zorder=3, **look)
        case Stroke():
            ax.plot([mark.at] * 2, [y - 6.5, y + 6.5], color=color, linewidth=2.4, zorder=3, clip_on=False)
        case Bar():
            ax.add_patch(_bar(mark, y, color))
        case Diamond():
            corners = [(mark.low, y), (mark.at, y - 5), (mark.high, y), (mark.at, y + 5)]
            ax.add_patch(Polygon(corners, closed=True, facecolor=color, edgecolor=color, zorder=2))
        case Words():
            place = y if mark.inside else y - _ABOVE
            sides = {"start": "left", "middle": "center", "end": "right"}
            look = {"ha": sides[mark.anchor], "va": "center", "fontsize": _DETAIL, "clip_on": False, "zorder": 4}
            ax.text(mark.at, place, mark.text, color=color, **look)


def _bar(mark: Bar, y: float, color: str) -> Rectangle:
    looks = {
        "filled": {"facecolor": color, "edgecolor": "none"},
        "band": {"facecolor": LIGHT["band"], "edgecolor": "none"},
        "hollow": {"facecolor": LIGHT["ground"], "edgecolor": color, "linewidth": 1.2},
        "dashed": {"facecolor": LIGHT["ground"], "edgecolor": color, "linewidth": 1.1, "linestyle": (0, (2.5, 2))},
        "hatched": {"facecolor": "none", "edgecolor": LIGHT["unknown"], "hatch": "////", "linewidth": 0},
    }
    height = 8.0
    return Rectangle((mark.low, y - height / 2), mark.high - mark.low, height, zorder=1, **looks[mark.fill])


def rows_figure(
    name: str,
    rows: RowPicture,
    drawn: pd.DataFrame,
    data: pd.DataFrame,
    title: str,
    alt: str,
    caption: str,
    *notes: str,
) -> Figure:
    """Return the figure of rows that show the studies in `drawn`; `title` is its finding, `data` its numbers."""
    rows = words_apart(rows)
    picture, text = draw_rows(rows), paragraphs(*notes)
    figure = Figure(name, picture, data.reset_index(drop=True), alt, caption, studies_of(drawn), text, title, rows)
    return with_bias(figure, drawn)
