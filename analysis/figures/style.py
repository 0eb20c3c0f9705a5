"""Style of all figures: style sheet, colours and markers, measured text, axis of weeks, empty figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Picture
from matplotlib.lines import Line2D
from matplotlib.text import Text

from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.exhibit.typeface import FONT_HEIGHT, line_width, register

SHEET = Path(__file__).with_name("report.mplstyle")
WIDTH = 7.2  # inches: the text width of a printed page
POINTS = WIDTH * 72
PHONE = 252.0  # points: the width of a phone
TALLEST = 9.3 * 72  # points: fits on a printed page with a caption
TEXT = 9
SMALL = 8.4
LEADING = 1.18


@dataclass(frozen=True)
class Look:
    """Colour, marker and line style of a series; each alone distinguishes the groups in grey print."""

    color: str
    marker: str
    line: str = "-"


# by regimen class; the main three differ in grey
REGIMEN_LOOKS = {
    "anesthetic": Look(LIGHT["second"], "s"),
    "subanesthetic_inpatient": Look(LIGHT["ketamine"], "o"),
    "subanesthetic_outpatient": Look(LIGHT["third"], "D"),
    "topical": Look(LIGHT["fourth"], "v", "--"),
    "oral": Look(LIGHT["threshold"], "^", "--"),
    "block": Look(LIGHT["placebo"], "P", "--"),
    "other": Look(LIGHT["muted"], "p", ":"),
    "control": Look(LIGHT["placebo"], "X", ":"),
    "not_stated": Look(LIGHT["ink"], "h", "-."),
}
# for the arms or series of one panel
SERIES_LOOKS = (
    Look(LIGHT["ketamine"], "o", "-"),
    Look(LIGHT["second"], "s", "--"),
    Look(LIGHT["third"], "D", "-."),
    Look(LIGHT["fourth"], "^", ":"),
    Look(LIGHT["threshold"], "v", "-"),
)


def regimen_look(regimen_class: str) -> Look:
    """Return the look of a regimen class; an unknown class looks like `not_stated`."""
    return REGIMEN_LOOKS.get(regimen_class, REGIMEN_LOOKS["not_stated"])


@contextmanager
def style() -> Iterator[None]:
    """Draw with the style sheet and Matplotlib's defaults, whatever the current settings."""
    register()
    wanted = _wanted()
    # setting a parameter costs much more than comparing it
    with mpl.rc_context({key: value for key, value in wanted.items() if mpl.rcParams[key] != value}):
        yield


@cache
def _wanted() -> dict[str, object]:
    """Return the settings of the style sheet, with Matplotlib's defaults for all others."""
    plain = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith("backend")}
    return plain | dict(mpl.rc_params_from_file(SHEET, use_default_template=False))


def sheet(height: float, width: float = POINTS) -> Picture:
    """Return an empty picture, of the common width unless another is given; both in points."""
    picture = Picture(figsize=(width / 72, height / 72))
    FigureCanvasAgg(picture)
    return picture


def panel(picture: Picture, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes at a position in points from the left and the top of the picture."""
    wide, full = picture.get_figwidth() * 72, picture.get_figheight() * 72
    return picture.add_axes((left / wide, 1 - (top + height) / full, width / wide, height / full))


def write(picture: Picture, x: float, y: float, words: str, size: float = TEXT, **look) -> None:
    """Write text at a position in points from the left and the top of the picture; `y` is the middle of the block.

    Each line is placed on its base line, so that texts side by side align whatever characters they contain.
    """
    wide, full = picture.get_figwidth() * 72, picture.get_figheight() * 72
    lines = words.split("\n")
    first = y - (len(lines) - 1) * size * LEADING / 2 + 0.36 * size
    for number, line in enumerate(lines):
        if line:
            base = first + number * size * LEADING
            picture.text(x / wide, 1 - base / full, line, fontsize=size, va="baseline", **look)


def rule(picture: Picture, y: float, left: float = 0, right: float = POINTS, color: str = LIGHT["grid"]) -> None:
    """Draw a horizontal rule at a position in points from the left and the top."""
    full = picture.get_figheight() * 72
    ends = [left / POINTS, right / POINTS]
    picture.add_artist(Line2D(ends, [1 - y / full] * 2, color=color, linewidth=0.6, zorder=0))


def finish(picture: Picture) -> Picture:
    """Return the picture with ticks and paths created under the style, which Matplotlib would do at the first drawing.

    All texts get the line height LEADING; that of the font is 1.33.
    """
    for ax in picture.axes:
        for axis in (ax.xaxis, ax.yaxis):
            if ax.axison and axis.get_visible():
                axis.get_ticklabels()
        for line in ax.lines:
            line.get_path()
    for text in picture.findobj(Text):
        text.set_linespacing(LEADING / FONT_HEIGHT)
    return picture


def text_width(words: str, size: float = TEXT, weight: str = "normal") -> float:
    """Return the width of the longest line in points."""
    return size * max(line_width(line, weight) for line in words.split("\n"))


def text_height(words: str, size: float = TEXT) -> float:
    """Return the height of all lines in points."""
    return (words.count("\n") + 1) * size * LEADING


def wrap(words: str, width: float, size: float = TEXT, weight: str = "normal") -> str:
    """Return text broken into lines of at most `width` points; a longer word gets its own line."""
    lines: list[str] = []
    for paragraph in str(words).split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}".strip()
            if line and text_width(longer, size, weight) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return "\n".join(lines)


def balanced(words: str, width: float, size: float = TEXT, weight: str = "normal") -> str:
    """Return text broken as by `wrap`, but into lines of about the same length."""
    best = wrap(words, width, size, weight)
    lines = best.count("\n")
    while lines and width > 20:
        width -= 4
        narrower = wrap(words, width, size, weight)
        if narrower.count("\n") > lines:
            break
        best = narrower
    return best


# ------------------------------------------------------------------------------------------------ the axis of weeks
# in order of priority, for axes without room for all labels
_WEEK_TICKS = (0, 4, 13, 52, 26, 104, 208, 1, 8, 416, 2, 39, 78, 156)
_WEEK_WORDS = {
    4: "1 month",
    13: "3 months",
    26: "6 months",
    52: "1 year",
    104: "2 years",
    208: "4 years",
    416: "8 years",
}


def at_week(weeks: float) -> float:
    """Return the position of a number of weeks on the axis, its square root, which gives the first weeks more space."""
    return sqrt(weeks)


def week_ticks(last: float, points_a_unit: float, words: bool = True) -> tuple[list[float], list[str]]:
    """Return positions and labels of the ticks from 0 to `last` weeks that fit, some with months or years below."""
    labels = []
    for week in (week for week in _WEEK_TICKS if week <= last + 1e-9):
        if words and week in _WEEK_WORDS:
            labels.append((at_week(week) * points_a_unit, f"{week}\n{_WEEK_WORDS[week]}"))
        labels.append((at_week(week) * points_a_unit, f"{week}"))
    ticks = sorted(spaced_ticks(labels).items())
    return [place / points_a_unit for place, _ in ticks], [label for _, label in ticks]


def spaced_ticks(labels: Iterable[tuple[float, str]]) -> dict[float, str]:
    """Return the labels, by position in points, that fit beside those before them."""
    ticks: dict[float, str] = {}
    for place, label in labels:
        if all(abs(place - x) >= (text_width(label) + text_width(other)) / 2 + 4 for x, other in ticks.items()):
            ticks[place] = label
    return ticks


def horizon_tick(weeks: float) -> float:
    """Return the end of an axis that shows `weeks`: the next usual tick."""
    for tick in sorted(_WEEK_TICKS):
        if tick >= max(weeks - 0.5, 4):
            return max(float(tick), weeks)
    return weeks


# ------------------------------------------------------------------------------------------------ nothing to draw
def nothing(name: str, why: str, caption: str, notes: str = "") -> Figure:
    """Return a figure that states in words why there is nothing to draw."""
    with style():
        words = wrap(why, POINTS - 80, 9)
        picture = sheet(44 + text_height(words, 9))
        middle = picture.get_figheight() * 36
        write(picture, POINTS / 2, middle, words, 9, color=LIGHT["muted"], ha="center")
        finish(picture)
    return Figure(name=name, figure=picture, data=pd.DataFrame(), alt=why, caption=caption, notes=notes)
