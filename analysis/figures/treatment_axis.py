"""The axis of pain over time: before treatment, the end of infusion, then weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.exhibit.palette import LIGHT
from analysis.figures.share_panels import horizontal_rules
from analysis.figures.style import panel

PAIN_LIMITS = (-0.45, 10.45)


@dataclass(frozen=True)
class TreatmentAxis:
    """Positions in points from the left edge of axes that are `wide` points wide.

    before: position of the baseline. end: position of the end of infusion. right: points to the right of the last week.
    """

    wide: float
    last_week: float
    before: float
    end: float
    right: float

    def place(self, weeks: float) -> float:
        """Return the position of a time in weeks after the end of infusion; a missing time is the baseline."""
        if pd.isna(weeks):
            return self.before
        return self.end + (self.wide - self.end - self.right) * (weeks / self.last_week)

    def draw(self, ax: Axes, ticks: Mapping[float, str]) -> None:
        """Set the limits and ticks (label of each position), and draw the shaded strip of the treatment."""
        ax.set_xlim(0, self.wide)
        ax.set_xticks(sorted(ticks), [ticks[place] for place in sorted(ticks)])
        ax.axvspan(self.before + 13, self.end - 1, color=LIGHT["panel"], linewidth=0, zorder=0.3)


def pain_panel(
    picture: Picture,
    place: tuple[float, float],
    high: float,
    axis: TreatmentAxis,
    ticks: Mapping[float, str],
    labelled: bool = True,
) -> Axes:
    """Return axes of pain from 0 to 10 over the treatment axis; `place` is their upper left corner in points."""
    ax = panel(picture, *place, axis.wide, high)
    axis.draw(ax, ticks)
    ax.set_ylim(*PAIN_LIMITS)
    scores = range(0, 11, 2)
    ax.set_yticks(scores, [str(score) for score in scores] if labelled else [""] * len(scores))
    horizontal_rules(ax, scores)
    return ax


def pain_height(score: float, height: float) -> float:
    """Return the position of a score in points above the lower edge of a `pain_panel` that is `height` points tall."""
    low, high = PAIN_LIMITS
    return height * (score - low) / (high - low)
