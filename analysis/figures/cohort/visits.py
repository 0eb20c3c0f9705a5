"""The axis on which a clinic's visits stand: before, the end of infusion, then weeks on a square-root scale."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from ..style import BAND, SMALL, at_week, horizon_tick, text_width, week_ticks, write

BEFORE = 18.0  # points from the left edge of the axes


@dataclass(frozen=True)
class VisitAxis:
    """Places in points from the left edge of axes that are `wide` points wide; `last` week on the right."""

    wide: float
    last: float
    baseline: bool = True  # whether the baseline has a place

    @property
    def end(self) -> float:
        """Place of the end of infusion."""
        return 56.0 if self.baseline else 20.0

    @property
    def unit(self) -> float:
        """Points from the end of infusion to one on the square-root scale of weeks."""
        return (self.wide - self.end - 14) / at_week(max(self.last, 1))

    def place(self, weeks: float) -> float:
        """Where a visit stands; a missing number of weeks is the baseline."""
        return BEFORE if pd.isna(weeks) else self.end + self.unit * at_week(weeks)

    def draw(self, ax: Axes) -> None:
        """Limits, ticks and the shaded strip of the treatment."""
        ax.set_xlim(0, self.wide)
        places, words = week_ticks(self.last, self.unit, words=False)
        places = [self.end + self.unit * place for place in places]
        if self.baseline:
            places, words = [BEFORE, *places], ["before", *words]
            ax.axvspan(BEFORE + 13, self.end - 1, color=BAND, linewidth=0, zorder=0.3)
        ax.set_xticks(places, words)

    def counts(self, picture: Picture, left: float, y: float, rows: list[tuple[float, str]], color: str) -> None:
        """The numbers of patients below the visits: pairs of weeks and words; what has no room is left to the table."""
        edge = -1e9
        for weeks, words in rows:
            half = text_width(words, SMALL) / 2
            x = max(self.place(weeks), half - 4)
            if x - half > edge + 3:
                write(picture, left + x, y, words, SMALL, color=color, ha="center")
                edge = x + half


def last_week(weeks: pd.Series) -> float:
    """Where an axis of these weeks ends."""
    return horizon_tick(float(weeks.max()) if weeks.notna().any() else 0.0)
