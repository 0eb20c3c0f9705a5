"""Pain of a clinic's patients at each visit, and its change from baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.figures.cohort.clinic_figure import clinic_frame, group_words, hidden_note
from analysis.figures.picture_parts import write_numbers
from analysis.figures.share_panels import draw_points, horizontal_rules
from analysis.figures.style import INK, MUTED, POINTS, SERIES_LOOKS, SMALL, panel, style, write
from analysis.figures.treatment_axis import TreatmentAxis, pain_panel, visit_axis, visit_ticks
from analysis.wording import counted, half_up, interval_words, number_interval, upper_first

_LEFT, _TOP, _HIGH = 92, 24, 208
_WIDE = POINTS - _LEFT - 6
_MEAN, _MEDIAN = SERIES_LOOKS[0], SERIES_LOOKS[1]
_BESIDE = 3.2  # points from the visit to the mean on its left and the median on its right
_MARKERS = {"o": "●", "s": "■", "D": "◆"}  # characters for Matplotlib's markers
_NUMBERS = 5  # lines of numbers below the axis

_CHANGE_LEFT, _CHANGE_TOP, _CHANGE_HIGH = 106, 22, 168
_CHANGE_WIDE = POINTS - _CHANGE_LEFT - 6
COURSE_LOOKS = SERIES_LOOKS[:3]
_APART = 7.0  # points between courses at a visit
_TWO_POINTS = -2.0


# ------------------------------------------------------------------------------------------------ pain
def visit_pain_lines(result: Any, level: float = 0.95, synthetic: bool = False) -> Figure:
    """Return pain at each visit: mean and median, and the density of scores where there are enough.

    Parameters
    ----------
    result : Trajectories
        The result of `cohort.trajectories`: `visits` (the numbers) and `density` (shares of whole scores).
    level : float
        Confidence level of the intervals in `result`.
    synthetic : bool
        Whether the patients are invented.

    Returns
    -------
    Figure
        Its data are the numbers by visit (n, mean with interval, median with quartiles), not the scores of patients.
    """
    visits = result.visits[~result.visits["hidden"]]
    dense = len(result.density) > 0
    how = " The darker a field, the more of a visit's patients have that score, in steps of 5%." if dense else ""
    caption = (
        "Pain on the 0 to 10 scale (10 = worst) before treatment, at the end of infusion (0) and in weeks after it "
        f"(square-root scale; the shaded strip is the time of treatment).{how} Circle: mean with its "
        f"{interval_words(level)}; square: median with the middle half, where patients suffice. Different patients "
        "may stand behind different visits."
    )
    frame = clinic_frame("pain-by-visit", caption, result, synthetic)
    if visits.empty:
        return frame.empty("No visit has enough pain scores to be shown.")
    hidden = hidden_note(result.visits[result.visits["hidden"]]["label"], result.min_cell)
    with style():
        picture = frame.sheet(_TOP + _HIGH + 20 + 12 * _NUMBERS + 8)
        _draw(picture, result, visits, level)
        data = result.visits.drop(columns=[c for c in result.visits if c.startswith("change")])
        return frame.figure(picture, data, _alt(visits, result, level), hidden)


def _draw(picture: Picture, result: Any, visits: pd.DataFrame, level: float) -> None:
    write(picture, _LEFT, 10, counted(int(result.patients), "patient"), weight="bold")
    write(picture, POINTS - 4, 10, "pain, 10 = worst", color=MUTED, ha="right")
    axis = visit_axis(_WIDE, result.visits["weeks"])
    ax = pain_panel(picture, (_LEFT, _TOP), _HIGH, axis, visit_ticks(axis, result.visits["weeks"]))
    if len(result.density):
        _density(ax, axis, result.density)
    _centres(ax, axis, visits)
    _numbers(picture, axis, visits, level)


def _density(ax: Axes, axis: TreatmentAxis, density: pd.DataFrame) -> None:
    shown = density[density["share"] > 0]
    most = shown["share"].max()
    fields = [Rectangle((axis.place(r.weeks) - 11, r.nrs - 0.5), 22, 1) for r in each(shown)]
    # from light to medium grey-blue, so that mean and median contrast with the darkest shade
    colors = [tuple(np.interp(r.share / most, [0, 1], [0.95, low]) for low in (0.5, 0.6, 0.7)) for r in each(shown)]
    ax.add_collection(PatchCollection(fields, facecolors=colors, edgecolors="white", linewidths=0.4, zorder=0.8))


def _centres(ax: Axes, axis: TreatmentAxis, visits: pd.DataFrame) -> None:
    for shift, value, low, high, look in (
        (-_BESIDE, "mean", "ci_low", "ci_high", _MEAN),
        (_BESIDE, "median", "q1", "q3", _MEDIAN),
    ):
        rows = visits[visits[value].notna()].sort_values("position")
        places = [axis.place(weeks) + shift for weeks in rows["weeks"]]
        values = rows[[value, low, high]].astype("float64").to_numpy(na_value=np.nan).tolist()
        draw_points(ax, places, values, look, width=1.9, size=6.2, halo=True)


def _numbers(picture: Picture, axis: TreatmentAxis, visits: pd.DataFrame, level: float) -> None:
    """Write n, mean and median below the axis, in the colours of their marks, so that no legend is needed."""
    rows = list(each(visits.sort_values("position")))
    lines = (
        ("scores, n", INK, [str(int(r.n)) for r in rows]),
        (f"{_MARKERS[_MEAN.marker]} mean", _MEAN.letters, [_one(r.mean) for r in rows]),
        (interval_words(level), _MEAN.letters, [_two(r.ci_low, r.ci_high) for r in rows]),
        (f"{_MARKERS[_MEDIAN.marker]} median", _MEDIAN.letters, [_one(r.median) for r in rows]),
        ("middle half", _MEDIAN.letters, [_two(r.q1, r.q3) for r in rows]),
    )
    write(picture, _LEFT - 8, _TOP + _HIGH + 8, "weeks", SMALL, color=MUTED, ha="right")
    for number, (words, color, cells) in enumerate(lines):
        y = _TOP + _HIGH + 24 + 12 * number
        write(picture, _LEFT - 8, y, words, SMALL, color=color, ha="right")
        columns = [(axis.place(r.weeks), [cell]) for r, cell in zip(rows, cells, strict=True)]
        write_numbers(picture, _LEFT, y, columns, color=color)


def _one(value: float) -> str:
    return "–" if pd.isna(value) else half_up(value, 1)


def _two(low: float, high: float) -> str:
    return "–" if pd.isna(low) else f"{half_up(low, 1)}–{half_up(high, 1)}"


def _median_words(row: Any) -> str:
    if pd.isna(row.median):
        return ""
    quartiles = f" (quartiles {number_interval(row.q1, row.q3)})" if pd.notna(row.q1) else ""
    return f", median {half_up(row.median, 1)}{quartiles}"


def _alt(visits: pd.DataFrame, result: Any, level: float) -> str:
    steps = [
        f"{row.label}: mean {half_up(row.mean, 1)}"
        + (f" ({interval_words(level)} {number_interval(row.ci_low, row.ci_high)})" if pd.notna(row.ci_low) else "")
        + _median_words(row)
        + f", n = {int(row.n)}"
        for row in each(visits.sort_values("position"))
        if pd.notna(row.mean)
    ]
    return f"Pain scores of {counted(int(result.patients), 'patient')} by visit. {'; '.join(steps)}."


# ------------------------------------------------------------------------------------------------ change
def visit_change_lines(
    result: Any,
    level: float = 0.95,
    synthetic: bool = False,
) -> Figure:
    """Return the mean change of pain from the same patients' baseline, by visit.

    Parameters
    ----------
    result : Trajectories
        The result of `cohort.trajectories`: `by_course`, or `visits` if all courses are first courses.
    level : float
        Confidence level of the intervals in `result`.
    synthetic : bool
        Whether the patients are invented.

    Returns
    -------
    Figure
        Its data are the change by visit and course: n, mean, interval. Courses (first, second, later) are side by side
        at each visit, with mean and n below.
    """
    table = result.by_course if len(result.by_course) else result.visits
    after = table[table["visit"] != "baseline"]
    shown = after[~after["change_hidden"] & after["change_mean"].notna()]
    repeated = shown["group"].nunique() > 1
    caption = (
        "Mean change of pain since the same patients' baseline on the 0 to 10 scale, with its "
        f"{interval_words(level)}, at the end of infusion (0) and in weeks after it (square-root scale). Below 0 "
        "is less "
        "pain; the dotted line is a fall of 2 points. n counts patients with a score both at baseline and then."
        + (" Courses stand side by side; who came again is a selection of all." if repeated else "")
    )
    frame = clinic_frame("change-from-baseline", caption, result, synthetic)
    if shown.empty:
        return frame.empty("No visit has enough patients with a score at baseline too.")
    hidden = after[after["change_hidden"]]
    small = hidden_note([f"{_title(r.group)}, {r.label}" for r in each(hidden)], result.min_cell)
    with style():
        groups = list(dict.fromkeys(shown["group"]))[: len(COURSE_LOOKS)]
        picture = frame.sheet(_CHANGE_TOP + _CHANGE_HIGH + 18 + 26 * len(groups))
        _draw_changes(picture, shown, groups)
        data = after.drop(columns=["mean", "sd", "ci_low", "ci_high", "median", "q1", "q3", "hidden", "n"])
        return frame.figure(picture, data, _change_alt(shown, level), small)


def _title(group: object) -> str:
    if str(group).startswith("other ("):  # merged courses, without the first, which is never merged
        return "later courses together"
    return "first course of each patient" if group == "all" else str(group)


def _draw_changes(picture: Picture, shown: pd.DataFrame, groups: list[str]) -> None:
    axis = visit_axis(_CHANGE_WIDE, shown["weeks"])
    limits = shown[["change_low", "change_high", "change_mean"]].astype("float64")
    low = max(min(-4.0, limits.min(axis=None) - 0.5), -10.5)  # an interval of two patients may go beyond the scale
    high = min(max(0.5, limits.max(axis=None) + 0.3), 10.5)
    write(picture, _CHANGE_LEFT, 10, "mean change of pain since baseline, points", color=MUTED)
    ax = panel(picture, _CHANGE_LEFT, _CHANGE_TOP, _CHANGE_WIDE, _CHANGE_HIGH)
    ax.set_ylim(low, high)
    axis.draw(ax, visit_ticks(axis, shown["weeks"]))
    step = 1 if high - low <= 8 else 2
    ticks = [v for v in range(-10, 11, step) if low <= v <= high]
    ax.set_yticks(ticks, [half_up(v) if v <= 0 else f"+{v}" for v in ticks])
    horizontal_rules(ax, ticks)
    ax.axhline(_TWO_POINTS, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0.6)
    write(picture, _CHANGE_LEFT - 8, _CHANGE_TOP + _CHANGE_HIGH + 8, "weeks", SMALL, color=MUTED, ha="right")
    for number, group in enumerate(groups):
        look, rows = COURSE_LOOKS[number], shown[shown["group"] == group].sort_values("position")
        places = [axis.place(weeks) for weeks in rows["weeks"]]
        shift = _APART * (number - (len(groups) - 1) / 2)
        columns = ["change_mean", "change_low", "change_high"]
        values = rows[columns].astype("float64").to_numpy(na_value=np.nan).tolist()
        draw_points(ax, [place + shift for place in places], values, look, width=1.7, size=5.6)
        y = _CHANGE_TOP + _CHANGE_HIGH + 25 + 26 * number
        words = f"{_MARKERS[look.marker]} {upper_first(group_words(_title(group), 18))}"
        write(picture, _CHANGE_LEFT - 8, y, words, SMALL, color=look.letters, ha="right", weight="bold")
        write(picture, _CHANGE_LEFT - 8, y + 11, "n", SMALL, color=MUTED, ha="right")
        means = [(x, [half_up(mean, 1)]) for x, mean in zip(places, rows["change_mean"], strict=True)]
        counts = [(x, [str(int(n))]) for x, n in zip(places, rows["change_n"], strict=True)]
        write_numbers(picture, _CHANGE_LEFT, y, means, color=look.letters)
        write_numbers(picture, _CHANGE_LEFT, y + 11, counts, color=MUTED)


def _limits(row: Any, level: float) -> str:
    if pd.isna(row.change_low):
        return ""
    return f"{interval_words(level)} {number_interval(row.change_low, row.change_high)}, "


def _change_alt(shown: pd.DataFrame, level: float) -> str:
    parts = []
    for group, rows in shown.groupby("group", sort=False):
        steps = [
            f"{row.label} {half_up(row.change_mean, 1)} points ({_limits(row, level)}n = {int(row.change_n)})"
            for row in each(rows.sort_values("position"))
        ]
        parts.append(f"{upper_first(_title(group))}: {', '.join(steps)}.")
    return f"Mean change of pain since baseline. {' '.join(parts)}"
