"""The marks of a row figure as data; `draw_mark` draws one with Matplotlib."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle

from analysis.figures.style import INK, MUTED, SMALL, Look


@dataclass(frozen=True)
class Line:
    """A horizontal line from one value to another; `ends` is the size of the strokes at its ends, 0 for none."""

    low: float
    high: float
    color: str
    width: float | None = None
    dash: object = "-"
    alpha: float = 1.0
    ends: float = 0.0
    shift: float = 0.0  # points below the middle of the row


@dataclass(frozen=True)
class Point:
    """A marker at a value."""

    at: float
    color: str
    marker: str
    size: float | None = None
    hollow: bool = False
    stroke: float | None = None  # width of the marker's outline
    shift: float = 0.0


@dataclass(frozen=True)
class Box:
    """A rectangle from one value to another; `height` in points."""

    low: float
    high: float
    height: float
    face: str
    edge: str = "none"
    width: float = 0.7
    hatch: str = ""
    dash: str = "-"
    shift: float = 0.0


@dataclass(frozen=True)
class Diamond:
    """A diamond as wide as the interval of a pooled value."""

    low: float
    at: float
    high: float
    hollow: bool = False


@dataclass(frozen=True)
class Stroke:
    """A vertical stroke at a value, from `top` to `bottom` points below the middle of the row."""

    at: float
    color: str
    width: float
    top: float = -4.5
    bottom: float = 4.5


@dataclass(frozen=True)
class Words:
    """Text at a value."""

    at: float
    text: str
    color: str = MUTED
    size: float = SMALL
    align: str = "left"


Mark = Line | Point | Box | Diamond | Stroke | Words


def interval_marks(
    low: float,
    point: float,
    high: float,
    look: Look,
    hollow: bool = False,
    assumed: bool = False,
    shift: float = 0.0,
) -> tuple[Mark, ...]:
    """Return a point with its interval; an `assumed` interval is dashed with marked ends."""
    if assumed:
        line = Line(low, high, look.color, width=1.2, dash=(0, (3, 1.2)), ends=7, shift=shift)
        return line, Point(point, look.color, look.marker, size=4, hollow=hollow, shift=shift)
    return (
        Line(low, high, look.color, shift=shift),
        Point(point, look.color, look.marker, hollow=hollow, shift=shift),
    )


def draw_mark(ax: Axes, y: float, mark: Mark) -> None:
    """Draw one mark; `y` is the middle of its row on an axis that counts points downwards."""
    match mark:
        case Line():
            place = [y + mark.shift] * 2
            look = {"linestyle": mark.dash, "alpha": mark.alpha}
            if mark.width is not None:
                look["linewidth"] = mark.width
            ax.plot([mark.low, mark.high], place, color=mark.color, **look)
            if mark.ends:
                ax.plot([mark.low, mark.high], place, color=mark.color, marker="|", markersize=mark.ends, linestyle="")
        case Point():
            look = {"markerfacecolor": "white" if mark.hollow else mark.color}
            look |= {} if mark.size is None else {"markersize": mark.size}
            look |= {} if mark.stroke is None else {"markeredgewidth": mark.stroke}
            place = [y + mark.shift]
            ax.plot([mark.at], place, color=mark.color, marker=mark.marker, linestyle="", clip_on=False, **look)
        case Box():
            corner = (mark.low, y + mark.shift - mark.height / 2)
            look = {"facecolor": mark.face, "edgecolor": mark.edge, "hatch": mark.hatch, "linestyle": mark.dash}
            ax.add_patch(Rectangle(corner, mark.high - mark.low, mark.height, linewidth=mark.width, **look))
        case Diamond():
            corners = [(mark.low, y), (mark.at, y - 5), (mark.high, y), (mark.at, y + 5)]
            face = "white" if mark.hollow else INK
            ax.add_patch(Polygon(corners, closed=True, facecolor=face, edgecolor=INK, linewidth=0.9, zorder=2))
        case Stroke():
            ends = [y + mark.top, y + mark.bottom]
            ax.plot([mark.at] * 2, ends, color=mark.color, linewidth=mark.width, clip_on=False)
        case Words():
            # digits inside a box are centred on their own height
            middle = "center_baseline" if mark.align == "center" else "center"
            look = {"color": mark.color, "ha": mark.align, "va": middle}
            ax.text(mark.at, y, mark.text, fontsize=mark.size, **look)
