"""Panels of shares by weeks: axes, curves with bands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.exhibit.palette import LIGHT
from analysis.figures.style import Look, at_week, panel, week_ticks

_LOW, _HIGH = -2.0, 102.0  # limits of an axis of percentages, so that a marker at 0 or 100% is not cut
_QUARTERS = (0, 25, 50, 75, 100)


def horizontal_rules(ax: Axes, values: Iterable[float]) -> None:
    """Draw light horizontal rules in place of a horizontal axis, with a stronger one at 0."""
    for value in values:
        ax.axhline(value, color=LIGHT["grid"] if value else LIGHT["unknown"], linewidth=0.6, zorder=0.5)
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(axis="x", length=0, pad=2)


def share_axis(ax: Axes, labelled: bool = True) -> None:
    """Set a vertical axis from 0 to 100% with a light rule at every quarter."""
    ax.set_ylim(_LOW, _HIGH)
    ax.set_yticks(_QUARTERS, ["0", "25", "50", "75", "100%"] if labelled else [""] * 5)
    horizontal_rules(ax, _QUARTERS)


def share_height(percent: float, height: float) -> float:
    """Return the position of a percentage in points above the lower edge of a share axis `height` points tall."""
    return height * (percent - _LOW) / (_HIGH - _LOW)


def share_panel(
    picture: Picture,
    left: float,
    top: float,
    size: tuple[float, float],
    last_week: float,
    labelled: bool = True,
    months: bool = True,
) -> tuple[Axes, float]:
    """Return axes of shares by weeks (square-root scale), and the points of one unit of that scale.

    left, top, size: position of week 0, upper edge, and width and height up to the last week, in points. labelled:
    print the percentages. months: print months and years below weeks. The horizontal axis counts points from week 0.
    """
    wide, high = size
    ax = panel(picture, left, top, wide, high)
    share_axis(ax, labelled)
    ax.set_xlim(0, wide)
    unit = wide / at_week(last_week) if last_week else wide
    places, words = week_ticks(last_week, unit, words=months)
    ax.set_xticks([unit * place for place in places], words)
    return ax, unit


def stepped(edges: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return positions and values of step curves from n + 1 `edges` and the n numbers of each of the `values`."""
    return np.repeat(edges, 2)[1:-1], *(np.repeat(numbers, 2) for numbers in values)


def draw_curve(
    ax: Axes,
    x: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    look: Look,
    bands: Sequence[tuple[np.ndarray, np.ndarray, float]] = (),
    width: float = 1.1,
) -> None:
    """Draw a curve with its bands, each as lowest and highest values and an opacity.

    Where `low` and `high` differ, any value between them fits equally well: both are drawn with a dark area between.
    """
    for bottom, ceiling, alpha in bands:
        ax.fill_between(x, bottom, ceiling, color=look.color, alpha=alpha, linewidth=0, zorder=1)
    if high is not low:
        ax.fill_between(x, low, high, color=look.color, alpha=0.28, linewidth=0, zorder=2)
        ax.plot(x, high, color=look.color, linewidth=width, zorder=3)
    ax.plot(x, low, color=look.color, linewidth=width, zorder=3)
