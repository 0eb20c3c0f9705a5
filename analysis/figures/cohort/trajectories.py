"""Pain of a clinic's patients at each visit: every patient a thin line, or the density of scores; mean and median."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.figures.cohort.common import empty, exhibit, left_out, not_shown, page, rules
from analysis.figures.cohort.visits import VisitAxis
from analysis.figures.style import INK, MUTED, POINTS, SERIES_LOOKS, SMALL, panel, style, write
from analysis.wording import counted, half_up, interval_words, number_interval

_LEFT, _TOP, _HIGH = 92, 24, 208
_WIDE = POINTS - _LEFT - 6
MEAN, MEDIAN = SERIES_LOOKS[0], SERIES_LOOKS[1]
_APART = 3.2  # points that mean and median stand to the left and right of the visit
SHAKE = 0.3  # points of the scale over which lines of equal scores are spread
MARKS = {"o": "●", "s": "■", "D": "◆"}  # markers as letters
LINES = 5  # of numbers below the axis


def trajectories(result: Any, level: float = 0.95, synthetic: bool = False, name: str = "pain-by-visit") -> Figure:
    """Pain at each visit with mean, interval, median and quartiles; takes `cohort.trajectories`.

    result: visits (the numbers), lines (one line a patient; empty if there are too many) and density (shares of whole
    scores), unit, min_cell, left_out. Up to a readable number of patients each is a thin line; of more, the darker a
    field the more patients have that score. The data behind the picture are the numbers by visit, not the patients.
    """
    visits = result.visits[~result.visits["hidden"]]
    lines = len(result.lines) > 0
    how = (
        "Each thin grey line is one patient (moved up or down by at most "
        f"{half_up(SHAKE / 2, 2)} points, so that lines of equal scores stay apart; a line stops at a visit without a "
        "score)"
        if lines
        else "The darker a field, the more of a visit's patients have that score (fields of very few stay empty)"
    )
    caption = (
        "Pain on the 0 to 10 scale (10 = worst) before treatment, at the end of infusion (0) and in weeks after it "
        f"(square-root scale; the shaded strip is the time of treatment). {how}. Circle: mean with its "
        f"{interval_words(level)}; square: median with the middle half of the patients. Different patients may stand "
        "behind different visits."
    )
    notes = (_counted(result), left_out(result.left_out))
    if visits.empty:
        return empty(name, "No visit has enough pain scores to be shown.", caption, *notes, synthetic=synthetic)
    hidden = not_shown(result.visits[result.visits["hidden"]]["label"], result.min_cell)
    with style():
        picture = page(_TOP + _HIGH + 20 + 12 * LINES + 8, synthetic)
        _draw(picture, result, visits, lines, level)
        data = result.visits.drop(columns=[c for c in result.visits if c.startswith("change")])
        return exhibit(name, picture, data, _alt(visits, result, level), caption, *notes, hidden, synthetic=synthetic)


def _counted(result: Any) -> str:
    return f"Counted: {result.unit}."


def _draw(picture: Picture, result: Any, visits: pd.DataFrame, lines: bool, level: float) -> None:
    patients = int(result.patients)
    words = (
        f"{counted(patients, 'patient')}, each a thin line" if lines else f"{counted(patients, 'patient')}, as density"
    )
    write(picture, _LEFT, 10, words, weight="bold")
    write(picture, POINTS - 4, 10, "pain, 10 = worst", color=MUTED, ha="right")
    axis = VisitAxis(_WIDE, result.visits["weeks"])
    ax = panel(picture, _LEFT, _TOP, _WIDE, _HIGH)
    ax.set_ylim(-0.45, 10.45)
    axis.draw(ax)
    ax.set_yticks(range(0, 11, 2))
    rules(ax, range(0, 11, 2))
    if lines:
        _lines(ax, axis, result)
    else:
        _density(ax, axis, result.density)
    _centres(ax, axis, visits)
    _numbers(picture, axis, visits, level)


def _lines(ax: Axes, axis: VisitAxis, result: Any) -> None:
    places = np.array([axis.place(weeks) for weeks in result.visits.sort_values("position")["weeks"]])
    segments, points = [], []
    for number, scores in enumerate(result.lines.to_numpy("float64")):
        shift = SHAKE * ((number * 0.618034) % 1 - 0.5)
        known = np.isfinite(scores)
        for start, end in _runs(known):
            line = np.column_stack([places[start:end], np.clip(scores[start:end] + shift, -0.15, 10.15)])
            (segments if len(line) > 1 else points).append(line)
    ax.add_collection(LineCollection(segments, colors="#7c8a96", linewidths=0.5, alpha=0.55, zorder=1))
    if points:
        single = np.vstack(points)
        ax.plot(single[:, 0], single[:, 1], ".", color="#7c8a96", markersize=2, alpha=0.55, zorder=1)


def _runs(known: np.ndarray) -> list[tuple[int, int]]:
    """Where scores follow each other without a gap: first and one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _density(ax: Axes, axis: VisitAxis, density: pd.DataFrame) -> None:
    shown = density[~density["hidden"] & density["share"].notna() & (density["n"] > 0)]
    most = shown["share"].max()
    fields = [Rectangle((axis.place(r.weeks) - 11, r.nrs - 0.5), 22, 1) for r in each(shown)]
    # from a light to a middling grey-blue: mean and median must stand out from the darkest
    colors = [tuple(np.interp(r.share / most, [0, 1], [0.95, low]) for low in (0.5, 0.6, 0.7)) for r in each(shown)]
    ax.add_collection(PatchCollection(fields, facecolors=colors, edgecolors="white", linewidths=0.4, zorder=0.8))


def _centres(ax: Axes, axis: VisitAxis, visits: pd.DataFrame) -> None:
    for shift, value, low, high, look in (
        (-_APART, "mean", "ci_low", "ci_high", MEAN),
        (_APART, "median", "q1", "q3", MEDIAN),
    ):
        rows = visits[visits[value].notna()].sort_values("position")
        places = [axis.place(weeks) + shift for weeks in rows["weeks"]]
        ax.plot(places, rows[value].astype("float64"), color=look.color, linestyle=look.line, linewidth=1.1, zorder=3)
        for x, row in zip(places, rows.to_dict("records"), strict=True):
            if pd.notna(row[low]):
                ends = [float(row[low]), float(row[high])]
                ax.plot([x, x], ends, color="white", linewidth=3.4, zorder=3.5)
                ax.plot([x, x], ends, color=look.color, linewidth=1.9, zorder=4)
            ax.plot(
                [x], [float(row[value])], look.marker, color=look.color, markeredgecolor="white",
                markeredgewidth=0.8, markersize=6.2, zorder=5,
            )  # fmt: skip


def _numbers(picture: Picture, axis: VisitAxis, visits: pd.DataFrame, level: float) -> None:
    """Below the axis how many, mean and median, in the colours of their marks, so that no legend is needed."""
    rows = list(each(visits.sort_values("position")))
    lines = (
        ("scores, n", INK, [str(int(r.n)) for r in rows]),
        (f"{MARKS[MEAN.marker]} mean", MEAN.letters, [_one(r.mean) for r in rows]),
        (interval_words(level), MEAN.letters, [_two(r.ci_low, r.ci_high) for r in rows]),
        (f"{MARKS[MEDIAN.marker]} median", MEDIAN.letters, [_one(r.median) for r in rows]),
        ("middle half", MEDIAN.letters, [_two(r.q1, r.q3) for r in rows]),
    )
    write(picture, _LEFT - 8, _TOP + _HIGH + 8, "weeks", SMALL, color=MUTED, ha="right")
    for number, (words, color, cells) in enumerate(lines):
        y = _TOP + _HIGH + 24 + 12 * number
        write(picture, _LEFT - 8, y, words, SMALL, color=color, ha="right")
        axis.row(picture, _LEFT, y, [(r.weeks, cell) for r, cell in zip(rows, cells, strict=True)], color=color)


def _one(value: float) -> str:
    return "–" if pd.isna(value) else half_up(value, 1)


def _two(low: float, high: float) -> str:
    return "–" if pd.isna(low) else f"{half_up(low, 1)}–{half_up(high, 1)}"


def _alt(visits: pd.DataFrame, result: Any, level: float) -> str:
    steps = [
        f"{row.label}: mean {half_up(row.mean, 1)}"
        + (f" ({interval_words(level)} {number_interval(row.ci_low, row.ci_high)})" if pd.notna(row.ci_low) else "")
        + f", median {half_up(row.median, 1)} (quartiles {number_interval(row.q1, row.q3)}), n = {int(row.n)}"
        for row in each(visits.sort_values("position"))
        if pd.notna(row.mean)
    ]
    return f"Pain scores of {counted(int(result.patients), 'patient')} by visit. {'; '.join(steps)}."
