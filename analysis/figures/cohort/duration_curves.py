"""How long the benefit lasted: Turnbull's estimate with its band, a small panel for each group of patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure
from analysis.wording import level_words, percent, series, upper_first

from ..style import LINE, MUTED, POINTS, SERIES_LOOKS, SMALL, at_week, horizon_tick, panel, style, week_ticks, write
from ..words import number, percent_pair
from .common import empty, exhibit, group_words, left_out, not_shown, page, share_axis

LEFT, GAP, ACROSS, HIGH, TITLE = 34, 20, 3, 104, 40
WIDE = (POINTS - 6 - LEFT - GAP * (ACROSS - 1)) / ACROSS
LOOK = SERIES_LOOKS[0]
HEADINGS = {
    "all": "All",
    "regimen_class": "By regimen",
    "site": "By site, in the order of their names",
    "course": "First and next course",
}
AT = (4, 13, 26, 52)  # weeks told in the alternative text


def duration_curves(
    result: Any,
    by: tuple[str, ...] = ("all", "regimen_class", "course", "site"),
    who: str = "initial_responders",
    level: float = 0.95,
    synthetic: bool = False,
    name: str = "duration-of-benefit",
) -> Figure:
    """Share of responders who still have the benefit, by weeks after the end of infusion; takes `cohort.durations`.

    by: which groupings get panels; one with a single group gets none. who: `initial_responders` or `all`. In the
    panels of groups the grey line is the curve of all.
    """
    curves = result.curves[result.curves["who"] == who]
    told = result.medians[result.medians["who"] == who]
    whose = "those who responded at the end of infusion" if who == "initial_responders" else "all patients"
    caption = (
        f"Share of {whose} who still have the benefit, by weeks after the end of infusion (square-root scale). "
        "When the benefit ended is known only to lie between two visits: Turnbull's estimate, shaded between its least "
        f"and its greatest value where the visits leave it open, with its {level_words(level)} bootstrap band (pale). "
        "Grey: the curve of all, for comparison. Groups differ in more than their name; the panels do not rank them."
    )
    hidden = told[told["hidden"] & told["by"].isin(by)]
    notes = (
        f"Counted: {result.unit}.", left_out(result.left_out),
        not_shown(hidden["group"], result.min_cell),
    )  # fmt: skip
    rows = [row for key in by if (row := _panels(key, curves, told)).cells]
    if not rows:
        return empty(
            name,
            "Too few patients have a benefit and a later visit to show how long it lasted.",
            caption,
            *notes,
            synthetic=synthetic,
        )
    last = horizon_tick(min(float(result.horizon_weeks), _last(curves)))
    with style():
        lines = [
            (row, row.cells[start : start + ACROSS], start == 0)
            for row in rows
            for start in range(0, len(row.cells), ACROSS)
        ]
        tall = sum(HIGH + 22 + TITLE + (20 if first and row.heading else 0) for row, _, first in lines)
        picture = page(tall + 16, synthetic)
        y = 0.0
        everybody = curves[(curves["by"] == "all")]
        for row, cells, first in lines:
            if first and row.heading:
                write(picture, 4, y + 10, row.heading, 8.5, weight="bold")
                y += 20
            for place, cell in enumerate(cells):
                grey = everybody if cell.by != "all" else everybody.iloc[:0]
                _panel(picture, cell, LEFT + place * (WIDE + GAP), y + TITLE, last, grey, place == 0)
            y += TITLE + HIGH + 22
        write(picture, POINTS / 2, y + 6, "weeks after the end of infusion", color=MUTED, ha="center")
        kept = pd.concat([cell.curve for row in rows for cell in row.cells])
        return exhibit(name, picture, kept, _alt(rows, whose, level), caption, *notes, synthetic=synthetic)


@dataclass(frozen=True)
class _Cell:
    by: str
    group: str
    curve: pd.DataFrame
    median: Any


@dataclass(frozen=True)
class _Row:
    heading: str
    cells: list[_Cell]


def _panels(key: str, curves: pd.DataFrame, medians: pd.DataFrame) -> _Row:
    rows = medians[(medians["by"] == key) & ~medians["hidden"]]
    own = curves[curves["by"] == key]
    cells = [
        _Cell(key, str(row.group), curve, row)
        for row in rows.itertuples()
        if len(curve := own[own["group"] == row.group].sort_values("time"))
    ]
    alone = key != "all" and len(cells) < 2
    return _Row("" if key == "all" else HEADINGS.get(key, upper_first(key)), [] if alone else cells)


def _last(curves: pd.DataFrame) -> float:
    times = curves["time"].astype("float64")
    return float(times[np.isfinite(times)].max()) if len(times) else 4.0


def _panel(
    picture: Picture, cell: _Cell, left: float, top: float, last: float, grey: pd.DataFrame, first: bool
) -> None:
    title = (
        "All responders"
        if cell.by == "all" and cell.curve["who"].iloc[0] == "initial_responders"
        else group_words(cell.group, 26)
    )
    if cell.by == "all" and cell.curve["who"].iloc[0] == "all":
        title = "All patients"
    write(picture, left, top - 31, upper_first(title), weight="bold")
    write(picture, left, top - 20, f"n = {int(cell.median.patients)}", SMALL, color=MUTED)
    write(picture, left, top - 9, _median(cell.median), SMALL, color=LOOK.letters)
    ax = panel(picture, left, top, WIDE, HIGH)
    share_axis(ax, labelled=first)
    unit = WIDE / at_week(last)
    ax.set_xlim(0, WIDE)
    places, words = week_ticks(last, unit, words=False)
    ax.set_xticks([unit * place for place in places], words)
    if len(grey):
        x, low, high, *_ = _steps(grey, last, unit)
        ax.plot(x, (low + high) / 2, color=LINE, linewidth=1.0, zorder=1.5)
    x, low, high, band_low, band_high = _steps(cell.curve, last, unit)
    ax.fill_between(x, band_low, band_high, color=LOOK.color, alpha=0.15, linewidth=0, zorder=1)
    ax.fill_between(x, low, high, color=LOOK.color, alpha=0.4, linewidth=0, zorder=2)
    ax.plot(x, low, color=LOOK.color, linewidth=1.3, zorder=3)
    ax.plot(x, high, color=LOOK.color, linewidth=1.3, zorder=3)


def _steps(curve: pd.DataFrame, last: float, unit: float) -> tuple[np.ndarray, ...]:
    """The curve up to the end of the axis: places in points, percents."""
    rows = curve[curve["time"].astype("float64") <= last].sort_values("time", kind="stable")
    times = rows["time"].astype("float64").to_numpy()
    values = [100 * rows[c].astype("float64").to_numpy() for c in ("low", "high", "band_low", "band_high")]
    x = unit * np.sqrt(times)
    if len(x) and times[-1] < last:  # the last value holds to the end of what was seen, not beyond
        x, values = np.append(x, x[-1]), [np.append(v, v[-1]) for v in values]
    return (x, *values)


def _median(row: Any) -> str:
    if pd.isna(row.median_low):
        return "median not known"
    if np.isinf(row.median_low):
        told = "median not reached"
    elif np.isinf(row.median_high):
        told = f"median beyond week {number(row.median_low)}"
    elif row.median_low == row.median_high:
        told = f"median {number(row.median_low)} weeks"
    else:
        told = f"median {number(row.median_low)}–{number(row.median_high)} weeks"
    return told + _limits(row)


def _limits(row: Any) -> str:
    if pd.isna(row.limit_low):
        return ""
    high = "∞" if np.isinf(row.limit_high) else number(row.limit_high)
    return f" ({number(row.limit_low)} to {high})"


def _alt(rows: list[_Row], whose: str, level: float) -> str:
    parts = []
    for row in rows:
        for cell in row.cells:
            steps = [
                f"{percent(value)} ({percent_pair(low, high)}) at {week} weeks"
                for week in AT
                if (found := _at(cell.curve, week))
                for value, low, high in [found]
            ]
            parts.append(
                f"{'all' if cell.by == 'all' else group_words(cell.group)} (n = {int(cell.median.patients)}): "
                f"{_median(cell.median)}"
                + (f"; still with the benefit {series(steps)}" if steps and cell.by == "all" else "")
            )
    return f"Share of {whose} who still have the benefit, with {level_words(level)} bands. {upper_first('; '.join(parts))}."


def _at(curve: pd.DataFrame, week: float) -> tuple[float, float, float] | None:
    """The estimate at a week, with its band; None after the last time of the curve."""
    times = curve["time"].astype("float64")
    if not len(times) or week > times[np.isfinite(times)].max():
        return None
    row = curve[times <= week].iloc[-1]
    if pd.isna(row["band_low"]):
        return None
    return (float(row["low"]) + float(row["high"])) / 2, float(row["band_low"]), float(row["band_high"])
