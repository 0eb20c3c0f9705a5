"""The axis on which a clinic's visits stand: before, the end of infusion, then weeks on a square-root scale."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.figures.style import BAND, SMALL, at_week, text_width, write
from analysis.wording import weeks_cell

_BEFORE = 18.0  # points from the left edge of the axes
_RIGHT = 18.0  # points right of the last visit


class VisitAxis:
    """Places in points from the left edge of axes that are `wide` points wide, for visits at these weeks.

    A missing number of weeks is the baseline; it has a place if it is among them.
    """

    def __init__(self, wide: float, weeks: Iterable[float]) -> None:
        known = pd.Series(list(weeks), dtype="float64")
        self.wide = wide
        self.baseline = bool(known.isna().any())
        self.weeks = sorted(set(known.dropna()) | {0.0})
        self.end = 64.0 if self.baseline else _RIGHT
        self.unit = (wide - self.end - _RIGHT) / at_week(max(self.weeks[-1], 1))

    def place(self, weeks: float) -> float:
        """Where a visit stands."""
        return _BEFORE if pd.isna(weeks) else self.end + self.unit * at_week(weeks)

    def draw(self, ax: Axes) -> None:
        """Limits, a tick for each visit that has room for its number, and the shaded strip of the treatment."""
        ax.set_xlim(0, self.wide)
        ticks = {_BEFORE: "before"} if self.baseline else {}
        # the end of infusion and the last visit first, then from the left
        for week in dict.fromkeys([0.0, self.weeks[-1], *self.weeks]):
            place, words = self.place(week), weeks_cell(week)
            if all(abs(place - x) > (text_width(words) + text_width(other)) / 2 + 4 for x, other in ticks.items()):
                ticks[place] = words
        ax.set_xticks(sorted(ticks), [ticks[place] for place in sorted(ticks)])
        if self.baseline:
            ax.axvspan(_BEFORE + 13, self.end - 1, color=BAND, linewidth=0, zorder=0.3)

    def row(self, picture: Picture, left: float, y: float, cells: list[tuple[float, str]], **look: object) -> None:
        """Words below the visits, in pairs of weeks and words; the table has what finds no room between its
        neighbours."""
        edge = -1e9
        for weeks, words in cells:
            half = text_width(words, SMALL) / 2
            if self.place(weeks) - half > edge + 3:
                write(picture, left + self.place(weeks), y, words, SMALL, ha="center", **look)
                edge = self.place(weeks) + half
