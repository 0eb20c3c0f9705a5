"""How pain changed since baseline: all patients' first courses, and repeated courses side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure
from analysis.wording import half_up, interval, level_words, upper_first

from ..style import INK, LINE, MUTED, POINTS, SERIES_LOOKS, SMALL, panel, style, write
from .common import empty, exhibit, group_words, left_out, not_shown, page, rules
from .trajectories import MARKS
from .visits import VisitAxis

LEFT, TOP, HIGH, GAP = 74, 22, 168, 14
MEAN, MEDIAN = SERIES_LOOKS[0], SERIES_LOOKS[1]
APART = 3.0
TWO_POINTS = -2.0


def change_from_baseline(
    result: Any, level: float = 0.95, synthetic: bool = False, name: str = "change-from-baseline"
) -> Figure:
    """Change of pain since the same patients' baseline, by visit; takes `cohort.trajectories`.

    One panel for each course (first, second, later) where patients came again, else one for all; n stands below each
    visit.
    """
    table = result.by_course if len(result.by_course) else result.visits
    after = table[table["visit"] != "baseline"]
    shown = after[~after["change_hidden"] & after["change_mean"].notna()]
    caption = (
        "Change of pain since baseline on the 0 to 10 scale, in the same patients, at the end of infusion (0) and in "
        f"weeks after it (square-root scale): mean with its {level_words(level)} (circle), median with the middle "
        "half of the patients (square). Below 0 is less pain; the dotted line is a fall of 2 points. The number below a "
        "visit counts patients with a score both at baseline and then."
        + (
            " Patients who came again are a selection of all: the panels do not compare courses."
            if len(result.by_course)
            else ""
        )
    )
    notes = (f"Counted: {result.unit}.", left_out(result.left_out))
    if shown.empty:
        return empty(
            name, "No visit has enough patients with a score at baseline too.", caption, *notes, synthetic=synthetic
        )
    hidden = after[after["change_hidden"]]
    small = not_shown([f"{_title(r.group)}, {r.label}" for r in hidden.itertuples()], result.min_cell)
    with style():
        picture = page(TOP + HIGH + 80, synthetic)
        _panels(picture, shown, level)
        data = after.drop(columns=["mean", "sd", "ci_low", "ci_high", "median", "q1", "q3", "hidden", "n"])
        return exhibit(name, picture, data, _alt(shown, level), caption, *notes, small, synthetic=synthetic)


def _title(group: object) -> str:
    if str(group).startswith("other ("):  # merged courses; the first stands alone
        return "later courses together"
    return "first course of each patient" if group == "all" else str(group)


def _panels(picture: Picture, shown: pd.DataFrame, level: float) -> None:
    groups = list(dict.fromkeys(shown["group"]))
    wide = min((POINTS - LEFT - 6 - GAP * (len(groups) - 1)) / len(groups), 330)
    axis = VisitAxis(wide, shown["weeks"])
    limits = shown[["change_low", "change_high", "change_q1", "change_q3", "change_mean"]].astype("float64")
    low, high = min(-4.0, limits.min(axis=None) - 0.5), max(1.0, limits.max(axis=None) + 0.5)
    write(picture, LEFT - 8, 10, "points", color=MUTED, ha="right")
    for number, group in enumerate(groups):
        left = LEFT + number * (wide + GAP)
        rows = shown[shown["group"] == group].sort_values("position")
        write(picture, left, 10, upper_first(group_words(_title(group), round(wide / 5.4))), weight="bold")
        ax = panel(picture, left, TOP, wide, HIGH)
        ax.set_ylim(low, high)
        axis.draw(ax)
        ticks = [v for v in range(-10, 11, 2) if low <= v <= high]
        ax.set_yticks(ticks, [half_up(v) if v <= 0 else f"+{v}" for v in ticks] if number == 0 else [""] * len(ticks))
        rules(ax, ticks)
        ax.axhline(TWO_POINTS, color=LINE, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0.6)
        _centres(ax, axis, rows)
        _numbers(picture, axis, rows, left, number == 0, level)


def _centres(ax: Axes, axis: VisitAxis, rows: pd.DataFrame) -> None:
    for shift, value, low, high, look in (
        (-APART, "change_mean", "change_low", "change_high", MEAN),
        (APART, "change_median", "change_q1", "change_q3", MEDIAN),
    ):
        places = [axis.place(weeks) + shift for weeks in rows["weeks"]]
        ax.plot(places, rows[value].astype("float64"), color=look.color, linestyle=look.line, linewidth=0.9, zorder=2)
        for x, row in zip(places, rows.to_dict("records"), strict=True):
            if pd.notna(row[low]):
                ax.plot([x, x], [float(row[low]), float(row[high])], color=look.color, linewidth=1.7, zorder=3)
            ax.plot([x], [float(row[value])], look.marker, color=look.color, markersize=5.2, zorder=4)


def _numbers(picture: Picture, axis: VisitAxis, rows: pd.DataFrame, left: float, first: bool, level: float) -> None:
    """Below the axis of each panel how many, mean with its interval, and median."""
    cells = list(rows.itertuples())
    lines = (
        ("n", INK, [str(int(r.change_n)) for r in cells]),
        (f"{MARKS[MEAN.marker]} mean", MEAN.letters, [half_up(r.change_mean, 1) for r in cells]),
        (level_words(level), MEAN.letters, [_two(r.change_low, r.change_high) for r in cells]),
        (f"{MARKS[MEDIAN.marker]} median", MEDIAN.letters, [half_up(r.change_median, 1) for r in cells]),
    )
    for number, (words, color, texts) in enumerate(lines):
        y = TOP + HIGH + 24 + 12 * number + (4.5 if number == 2 else 9 if number > 2 else 0)
        if first:
            write(picture, LEFT - 8, y, words, SMALL, color=color, ha="right")
        axis.row(picture, left, y, [(r.weeks, text) for r, text in zip(cells, texts, strict=True)], color=color)
    if first:
        write(picture, LEFT - 8, TOP + HIGH + 8, "weeks", SMALL, color=MUTED, ha="right")


def _two(low: float, high: float) -> str:
    return "–" if pd.isna(low) else f"{half_up(low, 1)} to\n{half_up(high, 1)}"


def _alt(shown: pd.DataFrame, level: float) -> str:
    parts = []
    for group, rows in shown.groupby("group", sort=False):
        steps = [
            f"{row.label} {half_up(row.change_mean, 1)} points ({level_words(level)} "
            f"{interval(row.change_low, row.change_high)}, n = {int(row.change_n)})"
            for row in rows.sort_values("position").itertuples()
        ]
        parts.append(f"{upper_first(_title(group))}: {', '.join(steps)}.")
    return f"Mean change of pain since baseline. {' '.join(parts)}"
