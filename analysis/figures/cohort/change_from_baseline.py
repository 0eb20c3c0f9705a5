"""How pain changed since baseline: all patients' first courses, and repeated courses side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.figures.cohort.common import empty, exhibit, group_words, left_out, not_shown, page, rules
from analysis.figures.cohort.trajectories import MARKS
from analysis.figures.cohort.visits import VisitAxis
from analysis.figures.style import MUTED, POINTS, SERIES_LOOKS, SMALL, Look, panel, style, write
from analysis.wording import half_up, interval_words, number_interval, upper_first

_LEFT, _TOP, _HIGH = 106, 22, 168
_WIDE = POINTS - _LEFT - 6
_LOOKS = SERIES_LOOKS[:3]
_APART = 7.0  # points between courses at a visit
TWO_POINTS = -2.0


def change_from_baseline(
    result: Any, level: float = 0.95, synthetic: bool = False, name: str = "change-from-baseline"
) -> Figure:
    """Change of pain since the same patients' baseline, by visit; takes `cohort.trajectories`.

    Courses (first, second, later) stand side by side at each visit where patients came again; mean and n below.
    """
    table = result.by_course if len(result.by_course) else result.visits
    after = table[table["visit"] != "baseline"]
    shown = after[~after["change_hidden"] & after["change_mean"].notna()]
    repeated = shown["group"].nunique() > 1
    caption = (
        "Mean change of pain since the same patients' baseline on the 0 to 10 scale, with its "
        f"{interval_words(level)}, at the end of infusion (0) and in weeks after it (square-root scale). Below 0 is "
        "less "
        "pain; the dotted line is a fall of 2 points. n counts patients with a score both at baseline and then."
        + (" Courses stand side by side; who came again is a selection of all." if repeated else "")
    )
    notes = (f"Counted: {result.unit}.", left_out(result.left_out))
    if shown.empty:
        why = "No visit has enough patients with a score at baseline too."
        return empty(name, why, caption, *notes, synthetic=synthetic)
    hidden = after[after["change_hidden"]]
    small = not_shown([f"{_title(r.group)}, {r.label}" for r in each(hidden)], result.min_cell)
    with style():
        groups = list(dict.fromkeys(shown["group"]))[: len(_LOOKS)]
        picture = page(_TOP + _HIGH + 18 + 26 * len(groups), synthetic)
        _draw(picture, shown, groups)
        data = after.drop(columns=["mean", "sd", "ci_low", "ci_high", "median", "q1", "q3", "hidden", "n"])
        return exhibit(name, picture, data, _alt(shown, level), caption, *notes, small, synthetic=synthetic)


def _title(group: object) -> str:
    if str(group).startswith("other ("):  # merged courses; the first stands alone
        return "later courses together"
    return "first course of each patient" if group == "all" else str(group)


def _draw(picture: Picture, shown: pd.DataFrame, groups: list[str]) -> None:
    axis = VisitAxis(_WIDE, shown["weeks"])
    limits = shown[["change_low", "change_high", "change_mean"]].astype("float64")
    low = max(min(-4.0, limits.min(axis=None) - 0.5), -10.5)  # an interval of two patients may go beyond the scale
    high = min(max(0.5, limits.max(axis=None) + 0.3), 10.5)
    write(picture, _LEFT, 10, "mean change of pain since baseline, points", color=MUTED)
    ax = panel(picture, _LEFT, _TOP, _WIDE, _HIGH)
    ax.set_ylim(low, high)
    axis.draw(ax)
    step = 1 if high - low <= 8 else 2
    ticks = [v for v in range(-10, 11, step) if low <= v <= high]
    ax.set_yticks(ticks, [half_up(v) if v <= 0 else f"+{v}" for v in ticks])
    rules(ax, ticks)
    ax.axhline(TWO_POINTS, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0.6)
    write(picture, _LEFT - 8, _TOP + _HIGH + 8, "weeks", SMALL, color=MUTED, ha="right")
    for number, group in enumerate(groups):
        look, rows = _LOOKS[number], shown[shown["group"] == group].sort_values("position")
        _means(ax, axis, rows, look, _APART * (number - (len(groups) - 1) / 2))
        y = _TOP + _HIGH + 25 + 26 * number
        words = upper_first(group_words(_title(group), 18))
        write(
            picture, _LEFT - 8, y, f"{MARKS[look.marker]} {words}", SMALL, color=look.letters, ha="right", weight="bold"
        )
        write(picture, _LEFT - 8, y + 11, "n", SMALL, color=MUTED, ha="right")
        cells = list(each(rows))
        axis.row(picture, _LEFT, y, [(r.weeks, half_up(r.change_mean, 1)) for r in cells], color=look.letters)
        axis.row(picture, _LEFT, y + 11, [(r.weeks, str(int(r.change_n))) for r in cells], color=MUTED)


def _means(ax: Axes, axis: VisitAxis, rows: pd.DataFrame, look: Look, shift: float) -> None:
    places = [axis.place(weeks) + shift for weeks in rows["weeks"]]
    values = rows["change_mean"].astype("float64").tolist()
    ax.plot(places, values, color=look.color, linestyle=look.line, linewidth=0.9, zorder=2)
    for x, value, row in zip(places, values, each(rows), strict=True):
        if pd.notna(row.change_low):
            ax.plot([x, x], [float(row.change_low), float(row.change_high)], color=look.color, linewidth=1.7, zorder=3)
        ax.plot([x], [value], look.marker, color=look.color, markersize=5.6, zorder=4)


def _limits(row: Any, level: float) -> str:
    if pd.isna(row.change_low):
        return ""
    return f"{interval_words(level)} {number_interval(row.change_low, row.change_high)}, "


def _alt(shown: pd.DataFrame, level: float) -> str:
    parts = []
    for group, rows in shown.groupby("group", sort=False):
        steps = [
            f"{row.label} {half_up(row.change_mean, 1)} points ({_limits(row, level)}n = {int(row.change_n)})"
            for row in each(rows.sort_values("position"))
        ]
        parts.append(f"{upper_first(_title(group))}: {', '.join(steps)}.")
    return f"Mean change of pain since baseline. {' '.join(parts)}"
