"""Parts shared by the figures of a clinic's own patients: the mark of invented patients, names of groups, notes."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure, drawable, escape, paragraphs
from analysis.figures.style import SMALL, TEXT, finish, nothing, sheet, text_width, write
from analysis.wording import group_name, left_out_words, series

INVENTED = "Synthetic data: these patients are invented."
_WARN = "#8a2b06"
_STRIP = 15  # height of the mark at the foot, in points
_LONGEST = 34  # characters of the name of a site or group


def clinic_sheet(height: float, synthetic: bool) -> Picture:
    """Return an empty picture; if `synthetic`, with a strip at its foot that marks invented patients."""
    picture = sheet(height + (_STRIP if synthetic else 0))
    if synthetic:
        write(picture, 4, height + _STRIP / 2, INVENTED, SMALL, color=_WARN, weight="bold")
    return picture


def invented_foot(synthetic: bool) -> list[str]:
    """Return the mark for pictures that have their own small print."""
    return [INVENTED] if synthetic else []


def clinic_figure(
    name: str,
    picture: Picture,
    data: pd.DataFrame,
    alt: str,
    caption: str,
    *notes: str,
    synthetic: bool = False,
    studies: tuple[str, ...] = (),
) -> Figure:
    """Return the figure, laid out; caption and alternative text also mark invented patients."""
    finish(picture)
    alt, caption = _marked(alt, synthetic), f"{caption} {INVENTED}" if synthetic else caption
    return Figure(name, picture, data.reset_index(drop=True), alt, caption, studies, paragraphs(*notes))


def empty_figure(name: str, why: str, caption: str, *notes: str, synthetic: bool = False) -> Figure:
    """Return a figure that states why there is nothing to draw."""
    return nothing(name, _marked(why, synthetic), caption, paragraphs(*notes))


def _marked(words: str, synthetic: bool) -> str:
    """Return the words, preceded by the mark of invented patients."""
    return f"{INVENTED} {words}" if synthetic else words


def group_words(group: object, longest: int = _LONGEST) -> str:
    """Return the name of a site, regimen or other group, cut to `longest` characters."""
    return drawable(group_name(group, longest))


def fitting(words: str, width: float, size: float = TEXT, weight: str = "normal") -> str:
    """Return the words, cut where they are wider than `width` points."""
    while len(words) > 1 and text_width(words, size, weight) > width:
        words = words.removesuffix("…")[:-1].rstrip() + "…"
    return words


def hidden_note(groups: Iterable[object], min_cell: int) -> str:
    """Return Markdown about groups that are too small to be drawn."""
    names = [escape(group_words(group)) for group in groups]
    return f"Not drawn, since fewer than {min_cell} patients stand behind it: {series(names)}." if names else ""


def left_out_note(table: pd.DataFrame, *results: str) -> str:
    """Return Markdown about what a result leaves out and why, limited to `results` if any are named."""
    return escape(left_out_words(table, *results))
