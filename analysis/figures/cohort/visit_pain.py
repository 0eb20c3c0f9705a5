"""Pain by visit, and how long the benefit lasts: the two courses in time of the summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.cohort_wording import visit_words
from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import canvas, clinic_frame
from analysis.figures.style import PHONE, SMALL, spaced_ticks, style, text_width, write
from analysis.outcomes.cohort.durations import Durations
from analysis.outcomes.cohort.trajectories import Trajectories
from analysis.wording import (
    half_up,
    interval_words,
    number_interval,
    number_text,
    percent,
    percent_pair,
    series,
    upper_first,
)

_LEFT, _TOP, _HIGH = 24, 24, 108
_BEFORE, _END = 14.0, 44.0  # from the left edge of the panel, in points; weeks follow
_FLOOR = 14  # room below 0 for the median, in points


def visit_pain_line(result: Trajectories) -> Figure:
    """Return mean pain at each visit, with its interval and the middle half of the patients, by weeks.

    Visits of too few patients are not drawn and do not interrupt the line.
    """
    visits = result.visits
    shown = visits[~visits["hidden"] & visits["mean"].notna()].reset_index(drop=True)
    caption = (
        f"Circle: mean with its {interval_words(result.level)}; bar: middle half, if there are enough. {_both(visits)}"
    )
    frame = clinic_frame("pain-by-visit", caption, result, "visits", title=_title(visits))
    if len(shown) < 2:
        return frame.empty("Too few patients have a score at two visits to draw the course of pain.")
    with style():
        picture = frame.sheet(_TOP + _HIGH + 38)
        ax = canvas(picture)
        places = _LEFT + _places(shown)
        heights = _TOP + _HIGH * (1 - shown[["mean", "q1", "q3", "ci_low", "ci_high"]].astype("float64") / 10)
        write(picture, 0, 5, "Pain, 0 none to 10 worst", SMALL, color=LIGHT["muted"])
        _ground(picture, ax, (0, 2, 4, 6, 8, 10), 10)
        if list(shown["visit"][:2]) == ["baseline", "end_of_infusion"]:
            ax.add_patch(
                Rectangle((places[0] + 5, _TOP), _END - _BEFORE - 5, _HIGH, facecolor=LIGHT["panel"], linewidth=0)
            )
        ax.plot(places, heights["mean"], color=LIGHT["ketamine"], linewidth=1.2, zorder=3)
        named = _visits(picture, places, shown, _TOP + _HIGH + 9)
        for place, y, row in zip(places, each(heights), each(shown), strict=True):
            if pd.notna(y.q1):
                box = Rectangle((place - 3, y.q3), 6, y.q1 - y.q3, facecolor=LIGHT["band"], alpha=0.7, linewidth=0)
                ax.add_patch(box)
            if pd.notna(y.ci_low):
                ax.plot([place] * 2, [y.ci_low, y.ci_high], color=LIGHT["ketamine"], linewidth=1.6, zorder=4)
            _circle(ax, place, y.mean)
            top = np.nanmin([y.q3, y.ci_high, y.mean - 4])
            if place in named:
                mean = half_up(row.mean, 1)
                write(picture, place, top - 6, mean, 9, color=LIGHT["ketamine"], weight="bold", ha="center")
        write(picture, PHONE, _TOP + _HIGH + 31, "weeks after the end of infusion (shaded: treatment)", SMALL,
              color=LIGHT["muted"], ha="right")  # fmt: skip
        return frame.figure(picture, visits, _alt(shown, result.level))


def benefit_box_curve(result: Durations, weeks: Sequence[float]) -> Figure:
    """Return the responders of 100 who still respond at each planned visit, with boxes where nobody knows.

    Parameters
    ----------
    weeks : sequence of float
        The planned weeks.
    """
    curve = result.curves[(result.curves["who"] == "initial_responders") & (result.curves["by"] == "all")]
    medians = result.medians[(result.medians["who"] == "initial_responders") & (result.medians["by"] == "all")]
    row = next(each(medians), None)
    caption = f"A benefit ends somewhere in the pale box, between two visits. {_half_way(row, result.level)}"
    regained = [note for note in result.notes if "again at a later visit" in note]
    steps = still_responding(curve, [week for week in weeks if week <= result.horizon_weeks])
    title = "How long the benefit lasts"
    if 1 < len(steps) <= sum(week <= result.horizon_weeks for week in weeks):
        caption += f" Steps of fewer than {result.min_cell} patients are not drawn."
    if len(steps) > 1:
        last = next(each(steps.tail(1)))
        title = f"{upper_first(visit_words(last.weeks))}, {percent(last.share)[:-1]} of 100 responders still respond"
    frame = clinic_frame("benefit", " ".join([caption, *regained]), result, title=title)
    if len(steps) < 2:
        return frame.empty(
            "Too few patients responded, or lost the benefit between two visits, to draw how long it lasted."
        )
    with style():
        picture = frame.sheet(_TOP + _HIGH + _FLOOR + 26)
        ax = canvas(picture)
        write(picture, 0, 5, "Of 100 responders at the end, responders still", SMALL, color=LIGHT["muted"])
        _ground(picture, ax, (0, 25, 50, 75, 100), 100)
        scale = (PHONE - _LEFT - 22) / float(steps["weeks"].max())
        places = _LEFT + 8 + scale * steps["weeks"].to_numpy()
        ys = _TOP + _HIGH * (1 - steps[["share", "low", "high"]].to_numpy())
        for number, (place, (y, low, high)) in enumerate(zip(places, ys, strict=True)):
            if number:
                before = places[number - 1], ys[number - 1][0]
                box = (place - before[0], y - before[1])
                ax.add_patch(Rectangle(before, *box, facecolor=LIGHT["band"], alpha=0.7, linewidth=0))
                if np.isfinite(low):
                    ax.plot([place] * 2, [low, high], color=LIGHT["ketamine"], linewidth=1.6, zorder=4)
            _circle(ax, place, y)
            words = half_up(100 * steps["share"].iloc[number])
            write(picture, place + 4, y - 9, words, 9, color=LIGHT["ketamine"], weight="bold")
        _median_mark(picture, ax, row, scale, float(steps["weeks"].max()))
        labels = ["end", *(f"{week:.3g}" for week in steps["weeks"][1:])]
        kept = spaced_ticks(zip(places.tolist(), labels, strict=True))
        for place, label in kept.items():
            write(picture, place, _TOP + _HIGH + _FLOOR + 8, label, SMALL, ha="center")
        write(picture, PHONE, _TOP + _HIGH + _FLOOR + 19, "weeks after the end of infusion", SMALL,
              color=LIGHT["muted"], ha="right")  # fmt: skip
        return frame.figure(picture, steps, _benefit_alt(steps, row, result.level))


def still_responding(curve: pd.DataFrame, weeks: Sequence[float]) -> pd.DataFrame:
    """Return the share who still respond at 0 and at weeks of the curve: weeks, share, low, high (bootstrap limits).

    Where visits were spread about a planned week the share is the middle of what the estimate leaves open.
    """
    rows = [(0.0, 1.0, np.nan, np.nan)] if len(curve) else []
    for week in weeks:
        for point in each(curve[np.isclose(curve["time"].astype("float64"), week, atol=0.051)].head(int(week > 0))):
            rows.append((round(week, 1), (point.low + point.high) / 2, point.band_low, point.band_high))
    return pd.DataFrame(rows, columns=["weeks", "share", "low", "high"]).astype("float64")


def _places(shown: pd.DataFrame) -> np.ndarray:
    """Return the position of each visit from the left edge of the panel, in points."""
    weeks = shown["weeks"].astype("float64").to_numpy()
    last = max(float(np.nanmax(weeks)), 1.0)
    return np.where(np.isnan(weeks), _BEFORE, _END + (PHONE - _LEFT - _END - 10) * np.nan_to_num(weeks) / last)


def _ground(picture: Picture, ax: Axes, values: Sequence[float], most: float) -> None:
    for value in values:
        y = _TOP + _HIGH * (1 - value / most)
        ax.plot([_LEFT, PHONE], [y, y], color=LIGHT["grid"], linewidth=0.7, zorder=0.5)
        write(picture, _LEFT - 5, y, f"{value}", SMALL, color=LIGHT["muted"], ha="right")


def _circle(ax: Axes, x: float, y: float) -> None:
    look = {"color": LIGHT["ketamine"], "markerfacecolor": LIGHT["ground"], "markeredgewidth": 1.2, "markersize": 5.4}
    ax.plot([x], [y], "o", zorder=5, **look)


def _visits(picture: Picture, places: np.ndarray, shown: pd.DataFrame, y: float) -> set[float]:
    """Write week and number of patients below each visit, where there is room; return the places with a week.

    The first two visits and the last come first.
    """
    words = {"baseline": "before", "end_of_infusion": "end"}
    weeks = [words.get(row.visit, f"{row.weeks:.3g}") for row in each(shown)]
    sizes = [f"{row.n:,}" for row in each(shown)]
    order = dict.fromkeys([0, 1, len(shown) - 1, *range(len(shown))])
    write(picture, 0, y + 10, "n =", SMALL, color=LIGHT["muted"])
    kept = spaced_ticks((places[number], f"{weeks[number]:^4}") for number in order)
    for number in order:
        if places[number] in kept:
            write(picture, places[number], y, weeks[number], SMALL, ha="center")
    for place, size in spaced_ticks(
        (places[number], sizes[number]) for number in order if places[number] in kept
    ).items():
        inside = min(place, PHONE - text_width(size, SMALL) / 2)
        write(picture, inside, y + 10, size, SMALL, color=LIGHT["muted"], ha="center")
    return set(kept)


def _changes(visits: pd.DataFrame) -> pd.DataFrame:
    return visits[(visits["visit"] != "baseline") & ~visits["change_hidden"] & visits["change_mean"].notna()]


def _title(visits: pd.DataFrame) -> str:
    changes = _changes(visits)
    if not len(changes):
        return "Pain from visit to visit"
    first, last = -changes["change_mean"].iloc[0], -changes["change_mean"].iloc[-1]
    if first <= 0:
        return "Pain does not fall"
    if len(changes) == 1 or last >= 0.75 * first:
        return "Pain falls"
    return "Pain falls and comes back" if last < 0.1 * first else "Pain falls and partly comes back"


def _both(visits: pd.DataFrame) -> str:
    """Return the change in patients with both scores, since not the same patients have a score at every visit."""
    changes = _changes(visits)
    if not len(changes):
        return ""
    ends = changes.iloc[[0, -1]] if len(changes) > 1 else changes.iloc[[0]]
    parts = [
        f"{half_up(abs(row.change_mean), 1)} {'higher' if row.change_mean > 0 else 'lower'} {visit_words(row.weeks)} "
        f"(n = {int(row.change_n):,})"
        for row in each(ends)
    ]
    return f"Patients differ from visit to visit; in those with both scores pain was {series(parts)}."


def _half_way(row: Any, level: float) -> str:
    if row is None or row.hidden or pd.isna(row.limit_low):
        return ""
    if np.isinf(row.limit_high) and row.limit_low <= 0:
        return "Too few ended it to give limits of the half-way time."
    low = number_text(row.limit_low)
    limits = f"{low} weeks or more" if np.isinf(row.limit_high) else f"{low} to {number_text(row.limit_high)} weeks"
    return f"{interval_words(level)[0].upper()}{interval_words(level)[1:]} of the half-way time: {limits}."


def _median_mark(picture: Picture, ax: Axes, row: Any, scale: float, last: float) -> None:
    if row is None or row.hidden or not np.isfinite(row.median_high) or row.median_high > last:
        return
    left, right = (_LEFT + 8 + scale * value for value in (row.median_low, row.median_high))
    y = _TOP + _HIGH + 4
    ax.add_patch(Rectangle((left, y), max(right - left, 1.5), 5, facecolor=LIGHT["harm"], linewidth=0))
    words, size = "half had lost it by then", SMALL
    width = text_width(words, size)
    if right + 4 + width < PHONE:
        place, where = (right + 4, y + 2.5), "left"
    elif left - 4 - width > _LEFT:
        place, where = (left - 4, y + 2.5), "right"
    else:  # no room beside the bar: above it
        place, where = (min(left, PHONE - width), y - 9), "left"
    write(picture, *place, words, size, color=LIGHT["harm"], weight="bold", ha=where)


def _alt(shown: pd.DataFrame, level: float) -> str:
    parts = []
    for row in each(shown):
        limits = f" ({number_interval(row.ci_low, row.ci_high)})" if pd.notna(row.ci_low) else ""
        when = "before treatment" if row.visit == "baseline" else visit_words(row.weeks)
        parts.append(f"{half_up(row.mean, 1)}{limits} {when}, n = {int(row.n):,}")
    return f"Mean pain on the 0 to 10 scale, with its {interval_words(level)}: {'; '.join(parts)}."


def _benefit_alt(steps: pd.DataFrame, row: Any, level: float) -> str:
    parts = []
    for step in each(steps[steps["weeks"] > 0]):
        limits = f" ({percent_pair(step.low, step.high)})" if np.isfinite(step.low) else ""
        parts.append(f"{percent(step.share)}{limits} at week {step.weeks:.3g}")
    size = "" if row is None else f" {int(row.patients):,}"
    return (
        f"Of{size} responders at the end of infusion, still responding, with {interval_words(level)}: {series(parts)}."
    )
