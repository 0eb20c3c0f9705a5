"""Run chart of responders by quarter, with the completeness of follow-up below."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import canvas, clinic_frame
from analysis.figures.style import SMALL, spaced_ticks, style, write
from analysis.outcomes.cohort.run_charts import RunChart
from analysis.statistics.control_charts import FEWEST_POINTS
from analysis.wording import counted, half_up, number_of_weeks, percent

_OUTSIDE = {"color": LIGHT["harm"], "markersize": 7, "markerfacecolor": "none", "zorder": 4}
_WIDE = 420
_LEFT, _RIGHT, _TOP, _HIGH, _LOW_TOP, _LOW = 26, 228, 18, 92, 132, 34


def quarter_run_chart(result: RunChart) -> Figure:
    """Return the responder rate of each quarter with limits of chance, and the share with a follow-up score."""
    points = result.points
    outside = ((points["rate"] < points["low"]) | (points["rate"] > points["high"])).to_numpy()
    title = _outside(outside) if len(points) else "Over time"
    frame = clinic_frame("run-chart", _caption(result), result, title=title)
    if points.empty:
        return frame.empty(_too_few(result))
    with style():
        picture = frame.sheet(_LOW_TOP + _LOW + 14)
        ax = canvas(picture)
        step = (_RIGHT - _LEFT) / len(points)
        places = _LEFT + step * (np.arange(len(points)) + 0.5)
        write(picture, 0, 5, "Responders at the end of infusion, by quarter", SMALL, color=LIGHT["muted"])
        for value in (0, 25, 50, 75, 100):
            _rule(picture, ax, _TOP + _HIGH * (1 - value / 100), f"{value}%")
        middle = _TOP + _HIGH * (1 - result.mean)
        for side in ("low", "high"):
            ys = _TOP + _HIGH * (1 - points[side].to_numpy())
            edges = _LEFT + step * np.arange(len(points) + 1)
            ax.stairs(ys, edges, baseline=None, color=LIGHT["muted"], linewidth=0.8, linestyle=(0, (3, 2)))
            if abs(ys[-1] - middle) > 1.2 * SMALL:  # else the mean stands there
                write(picture, _RIGHT + 3, ys[-1], "limit", SMALL, color=LIGHT["muted"])
        ax.plot([_LEFT, _RIGHT], [middle, middle], color=LIGHT["ink"], linewidth=0.8)
        write(picture, _RIGHT + 3, middle, percent(result.mean), SMALL, weight="bold")
        rates = _TOP + _HIGH * (1 - points["rate"].to_numpy())
        ax.plot(places, rates, "o-", color=LIGHT["ketamine"], markersize=4, linewidth=1.1, zorder=3)
        ax.plot(places[outside], rates[outside], "o", **_OUTSIDE)
        whom = "of those due" if result.follow_up_planned else "of all; no visit was planned then"
        heading = f"With a score {number_of_weeks(result.follow_up_weeks)} later ({whom})"
        write(picture, 0, _LOW_TOP - 12, heading, SMALL, color=LIGHT["muted"])
        shares = (points["seen"] / points["due"].clip(lower=1)).to_numpy()
        for value in (0, 50, 100):
            _rule(picture, ax, _LOW_TOP + _LOW * (1 - value / 100), f"{value}%")
        for place, share in zip(places, shares, strict=True):
            corner = place - 0.3 * step, _LOW_TOP + _LOW * (1 - share)
            ax.add_patch(Rectangle(corner, 0.6 * step, _LOW * share, facecolor=LIGHT["band"], linewidth=0))
        overall = points["seen"].sum() / max(points["due"].sum(), 1)
        y = _LOW_TOP + _LOW * (1 - overall)
        ax.plot([_LEFT, _RIGHT], [y, y], color=LIGHT["ink"], linewidth=0.8)
        write(picture, _RIGHT + 3, y, percent(overall), SMALL, weight="bold")
        _years(picture, ax, points, step, _LOW_TOP + _LOW)
        return frame.figure(picture, points, _alt(result), FALSE_ALARMS)


def fall_run_chart(result: RunChart) -> Figure:
    """Return the mean fall in pain of each quarter with the limits of an XmR chart."""
    caption = (
        "Mean fall in pain from baseline to the end of infusion, by quarter of the baseline. Line: mean of "
        "the quarters; dashed: mean ± 2.66 times the mean difference of neighbours (XmR chart). Outside: a signal."
    )
    points = result.points
    frame = clinic_frame("fall-run-chart", caption, result)
    if points.empty:
        return frame.empty(_too_few(result))
    mean, low, high = (float(points[name].iloc[0]) for name in ("fall_mean", "fall_low", "fall_high"))
    falls = points["fall"].to_numpy()
    bottom, top = np.floor(min(low, falls.min(), 0)), np.ceil(max(high, falls.max()))
    with style():
        picture = frame.sheet(_TOP + _HIGH + 16)
        ax = canvas(picture)
        step = (_WIDE - _LEFT) / len(points)
        places = _LEFT + step * (np.arange(len(points)) + 0.5)

        def height(value: np.ndarray | float) -> np.ndarray | float:
            return _TOP + _HIGH * (top - value) / (top - bottom)

        write(picture, 0, 5, "Mean fall in pain, points on the 0-10 scale", SMALL, color=LIGHT["muted"])
        for value in np.linspace(bottom, top, 4 if (top - bottom) % 3 == 0 else 3):
            _rule(picture, ax, height(value), f"{value:.3g}", _WIDE)
        for value, line in ((mean, "-"), (low, (0, (3, 2))), (high, (0, (3, 2)))):
            color = LIGHT["ink"] if line == "-" else LIGHT["muted"]
            ax.plot([_LEFT, _WIDE], [height(value)] * 2, color=color, linewidth=0.8, linestyle=line)
            write(picture, _WIDE + 3, height(value), f"{value:.1f}", SMALL, weight="bold" if line == "-" else "normal")
        ax.plot(places, height(falls), "o-", color=LIGHT["ketamine"], markersize=4, linewidth=1.1, zorder=3)
        outside = (falls < low) | (falls > high)
        ax.plot(places[outside], height(falls)[outside], "o", **_OUTSIDE)
        _years(picture, ax, points, step, _TOP + _HIGH)
        listed = ", ".join(f"{row.fall:.1f} in {row.start}" for row in each(points))
        alt = (
            f"Mean fall in pain in {len(points)} points of time around {mean:.1f}, limits {low:.1f} to {high:.1f}; "
            f"{int(outside.sum()) or 'none'} outside: {listed}."
        )
        columns = ["start", "end", "n", "fall", "fall_mean", "fall_low", "fall_high"]
        return frame.figure(picture, points[columns], alt, finding=f"Mean fall in pain: {_outside(outside).lower()}")


def _outside(outside: np.ndarray) -> str:
    return f"{int(outside.sum()) or 'None'} of {len(outside)} quarters outside the limits"


def _too_few(result: RunChart) -> str:
    return (
        f"A run chart needs {FEWEST_POINTS} quarters of {result.min_cell} patients or more with a date; this table has "
        f"{result.found}."
    )


def _rule(picture: Picture, ax: Axes, y: float, words: str, right: float = _RIGHT) -> None:
    ax.plot([_LEFT, right], [y, y], color=LIGHT["grid"], linewidth=0.6, zorder=0.5)
    write(picture, _LEFT - 3, y, words, SMALL, color=LIGHT["muted"], ha="right")


def _years(picture: Picture, ax: Axes, points: pd.DataFrame, step: float, bottom: float) -> None:
    """Write each year below its first point."""
    years = points["start"].str[:4]
    first = np.flatnonzero(~years.duplicated().to_numpy())
    kept = spaced_ticks((_LEFT + step * place, years.iloc[place]) for place in first)
    for place in first:
        ax.plot([_LEFT + step * place] * 2, [bottom, bottom + 3], color=LIGHT["unknown"], linewidth=0.6)
    for place, year in kept.items():
        write(picture, place + 2, bottom + 9, year, SMALL)


# tests/reference/control_charts: 10,000 charts without a change, 15 patients a quarter
FALSE_ALARMS = "Without any change, 2 of 100 charts of 10 quarters and 9 of 100 of 40 signal by chance (simulated)."


def _caption(result: RunChart) -> str:
    if result.signals is None:
        return "Responders at the end of infusion by quarter."
    found, outside = result.signals, result.outside
    merged = (
        f" Quarters of fewer than {result.min_cell} patients are one point with a neighbour." if result.merged else ""
    )
    here = f"{outside or 'none'} outside, longest run {found.longest}, {counted(found.crossings, 'crossing')}"
    low, high = result.visible
    return (
        "Line: mean; dashed: 99.8% limits. Signals: a point outside, a run of more than "
        f"{found.longest_expected} on one side, or fewer than {found.crossings_expected} crossings (Anhøj). Here: "
        f"{here}. Of {result.typical} patients only below {half_up(100 * low)}% or above {half_up(100 * high)}% would "
        f"stand out.{merged}"
    )


def _alt(result: RunChart) -> str:
    points = result.points
    rates = ", ".join(f"{percent(row.rate)} of {row.n:,} in {row.start}" for row in each(points))
    seen = percent(points["seen"].sum() / max(points["due"].sum(), 1))
    planned = "" if result.follow_up_planned else ", when no visit was planned"
    return (
        f"Responders at the end of infusion in {len(points)} points of time around {percent(result.mean)}: {rates}. "
        f"{seen} have a score {number_of_weeks(result.follow_up_weeks)} later{planned}."
    )
