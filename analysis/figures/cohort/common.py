"""What the figures of a clinic's own patients share: the mark of invented patients, names of groups, small panels."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure, drawable, escape, paragraphs
from analysis.figures.style import LINE, RULE, SMALL, TEXT, finish, nothing, sheet, text_width, write
from analysis.wording import group_name, left_out_words, series

INVENTED = "Synthetic data: these patients are invented."
WARN = "#8a2b06"
_STRIP = 15  # points at the foot that the mark takes
_LONGEST = 34  # letters of a name of a site or group in a picture


def page(height: float, synthetic: bool) -> Picture:
    """An empty picture; with invented patients a strip lower, in which it says so wherever it is copied to."""
    picture = sheet(height + (_STRIP if synthetic else 0))
    if synthetic:
        write(picture, 4, height + _STRIP / 2, INVENTED, SMALL, color=WARN, weight="bold")
    return picture


def foot(synthetic: bool) -> list[str]:
    """The mark for pictures that bring their own small print."""
    return [INVENTED] if synthetic else []


def exhibit(
    name: str,
    picture: Picture,
    data: pd.DataFrame,
    alt: str,
    caption: str,
    *notes: str,
    synthetic: bool = False,
    studies: tuple[str, ...] = (),
) -> Figure:
    """The figure, laid out; words say what the picture says: that the patients are invented."""
    finish(picture)
    alt, caption = marked(alt, synthetic), f"{caption} {INVENTED}" if synthetic else caption
    return Figure(name, picture, data.reset_index(drop=True), alt, caption, studies, paragraphs(*notes))


def empty(name: str, why: str, caption: str, *notes: str, synthetic: bool = False) -> Figure:
    """The figure that says why there is nothing to draw."""
    return nothing(name, marked(why, synthetic), caption, paragraphs(*notes))


def marked(words: str, synthetic: bool) -> str:
    """The words, led by the mark of invented patients."""
    return f"{INVENTED} {words}" if synthetic else words


def group_words(group: object, longest: int = _LONGEST) -> str:
    """The name of a site, a regimen or another group as a picture can show it."""
    return drawable(group_name(group, longest))


def fitting(words: str, width: float, size: float = TEXT, weight: str = "normal") -> str:
    """The words, cut where they are wider than `width` points."""
    while len(words) > 1 and text_width(words, size, weight) > width:
        words = words.removesuffix("…")[:-1].rstrip() + "…"
    return words


def not_shown(groups: Iterable[object], min_cell: int) -> str:
    """Markdown on groups that are too small to be drawn."""
    names = [escape(group_words(group)) for group in groups]
    return f"Not drawn, since fewer than {min_cell} patients stand behind it: {series(names)}." if names else ""


def left_out(table: pd.DataFrame, *results: str) -> str:
    """Markdown on what a result leaves out and why; `results`: those alone that concern one of them."""
    return escape(left_out_words(table, *results))


def share_axis(ax: Axes, labelled: bool = True) -> None:
    """A vertical axis of shares: 0 to 100%, a light rule every quarter."""
    ax.set_ylim(-2, 102)
    ax.set_yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100%"] if labelled else [""] * 5)
    rules(ax, (0, 25, 50, 75, 100))


def rules(ax: Axes, values: Iterable[float], strong: float = 0) -> None:
    """Light horizontal rules, a stronger one where nothing is."""
    for value in values:
        ax.axhline(value, color=LINE if value == strong else RULE, linewidth=0.6, zorder=0.5)
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(axis="x", length=0, pad=2)
