"""What the figures of a clinic's own patients share: the mark of invented patients, names of groups, notes."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure, drawable, escape, paragraphs
from analysis.figures.style import SMALL, TEXT, finish, nothing, sheet, text_width, write
from analysis.wording import group_name, left_out_words, series

INVENTED = "Synthetic data: these patients are invented."
_WARN = "#8a2b06"
_STRIP = 15  # points at the foot that the mark takes
_LONGEST = 34  # letters of a name of a site or group in a picture


def clinic_sheet(height: float, synthetic: bool) -> Picture:
    """Return an empty picture; for invented patients with a strip at its foot that says so wherever it is copied to."""
    picture = sheet(height + (_STRIP if synthetic else 0))
    if synthetic:
        write(picture, 4, height + _STRIP / 2, INVENTED, SMALL, color=_WARN, weight="bold")
    return picture


def invented_foot(synthetic: bool) -> list[str]:
    """Return the mark for pictures that have small print of their own."""
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
    """Return the figure, laid out; words say what the picture says: that the patients are invented."""
    finish(picture)
    alt, caption = _marked(alt, synthetic), f"{caption} {INVENTED}" if synthetic else caption
    return Figure(name, picture, data.reset_index(drop=True), alt, caption, studies, paragraphs(*notes))


def empty_figure(name: str, why: str, caption: str, *notes: str, synthetic: bool = False) -> Figure:
    """Return the figure that says why there is nothing to draw."""
    return nothing(name, _marked(why, synthetic), caption, paragraphs(*notes))


def _marked(words: str, synthetic: bool) -> str:
    """Return the words, led by the mark of invented patients."""
    return f"{INVENTED} {words}" if synthetic else words


def group_words(group: object, longest: int = _LONGEST) -> str:
    """Return the name of a site, a regimen or another group as a picture can show it."""
    return drawable(group_name(group, longest))


def fitting(words: str, width: float, size: float = TEXT, weight: str = "normal") -> str:
    """Return the words, cut where they are wider than `width` points."""
    while len(words) > 1 and text_width(words, size, weight) > width:
        words = words.removesuffix("…")[:-1].rstrip() + "…"
    return words


def hidden_note(groups: Iterable[object], min_cell: int) -> str:
    """Markdown on groups that are too small to be drawn."""
    names = [escape(group_words(group)) for group in groups]
    return f"Not drawn, since fewer than {min_cell} patients stand behind it: {series(names)}." if names else ""


def left_out_note(table: pd.DataFrame, *results: str) -> str:
    """Markdown on what a result leaves out and why; `results`: those alone that concern one of them."""
    return escape(left_out_words(table, *results))
