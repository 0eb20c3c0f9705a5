"""Parts shared by the figures of a clinic's own patients: the mark of invented patients, names of groups, notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.cohort_wording import group_name, left_out_words
from analysis.exhibit import Figure, drawable, escape, paragraphs
from analysis.exhibit.palette import LIGHT
from analysis.exhibit.row_picture import RowPicture
from analysis.figures.row_figure import draw_rows
from analysis.figures.style import PHONE, POINTS, SMALL, TEXT, finish, nothing, panel, sheet, text_width, write
from analysis.wording import series

INVENTED = "Synthetic data: these patients are invented."
_STRIP = 15  # height of the mark at the foot, in points
_LONGEST = 34  # characters of the name of a site or group


def invented_foot(synthetic: bool) -> list[str]:
    """Return the mark for pictures that have their own small print."""
    return [INVENTED] if synthetic else []


@dataclass(frozen=True)
class ClinicFrame:
    """Name, caption and notes of a figure of a clinic's own patients, and whether these are invented.

    title: heading of a figure of the summary, which is half a page wide.
    """

    name: str
    caption: str
    notes: tuple[str, ...]
    synthetic: bool
    title: str = ""

    def sheet(self, height: float) -> Picture:
        """Return an empty picture; for invented patients with a strip at its foot that marks them."""
        picture = sheet(height + (_STRIP if self.synthetic else 0), PHONE if self.title else POINTS)
        if self.synthetic:
            write(
                picture,
                0 if self.title else 4,
                height + _STRIP / 2,
                INVENTED,
                SMALL,
                color=LIGHT["harm"],
                weight="bold",
            )
        return picture

    def figure(
        self,
        picture: Picture,
        data: pd.DataFrame,
        alt: str,
        *notes: str,
        studies: tuple[str, ...] = (),
        finding: str = "",
    ) -> Figure:
        """Return the figure; its words say as well that the patients are invented.

        finding: heading of a figure of full width.
        """
        finish(picture)
        caption = f"{self.caption} {INVENTED}" if self.synthetic and not self.title else self.caption
        text = paragraphs(*self.notes, *notes)
        named = {"title": self.title or finding, "half": bool(self.title)}
        numbers = data.reset_index(drop=True)
        return Figure(self.name, picture, numbers, self._marked(alt), caption, studies, text, **named)

    def row_figure(self, rows: RowPicture, data: pd.DataFrame, alt: str, studies: tuple[str, ...]) -> Figure:
        """Return a row figure; its picture and its words say as well that the patients are invented."""
        figure = self.figure(draw_rows(rows, invented_foot(self.synthetic)), data, alt, studies=studies)
        return replace(figure, rows=rows)

    def empty(self, why: str) -> Figure:
        """Return a figure that states why there is nothing to draw."""
        figure = nothing(self.name, self._marked(why), self.caption, paragraphs(*self.notes))
        return replace(figure, title=self.title, half=bool(self.title))

    def _marked(self, words: str) -> str:
        return f"{INVENTED} {words}" if self.synthetic else words


def clinic_frame(name: str, caption: str, result: Any, *results: str, title: str = "") -> ClinicFrame:
    """Return the frame of a figure of a result: its notes say who is counted and who is left out of `results`."""
    notes = (f"Counted: {result.unit}.", left_out_note(result.left_out, *results))
    return ClinicFrame(name, caption, notes, result.synthetic, title)


def canvas(picture: Picture) -> Axes:
    """Return axes over the whole picture that count points from the left and the top."""
    wide, high = picture.get_figwidth() * 72, picture.get_figheight() * 72
    ax = panel(picture, 0, 0, wide, high)
    ax.set_xlim(0, wide)
    ax.set_ylim(high, 0)
    ax.set_axis_off()
    return ax


def draw_square(picture: Picture, ax: Axes, x: float, y: float, words: str, face: dict[str, Any]) -> float:
    """Draw an entry of a key on a `canvas`: a square, then its words; return where the next entry may begin."""
    ax.add_patch(Rectangle((x, y - 3.7), 7.4, 7.4, **({"linewidth": 0} | face)))
    write(picture, x + 11, y, words, SMALL)
    return x + 19 + text_width(words, SMALL)


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


def runs(chosen: np.ndarray) -> list[tuple[int, int]]:
    """Return where a mask is true without a gap: the first place and one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
