"""Duration of benefit: Turnbull's estimate with its band, a small panel for each group of patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import ClinicFrame, fitting, group_words, hidden_note, left_out_note
from analysis.figures.share_panels import draw_curve, share_panel, stepped
from analysis.figures.style import POINTS, SERIES_LOOKS, SMALL, horizon_tick, style, write
from analysis.outcomes.cohort.durations import Durations
from analysis.wording import (
    counted,
    number_text,
    percent,
    percent_interval,
    percent_level,
    percent_pair,
    series,
    upper_first,
)

_LEFT, _GAP, _ACROSS, _HIGH, _TITLE = 34, 20, 3, 92, 40
_WIDE = (POINTS - 6 - _LEFT - _GAP * (_ACROSS - 1)) / _ACROSS
_LOOK = SERIES_LOOKS[0]
_MOST = 12  # panels that fit on a printed page
_HEADINGS = {"regimen_class": "By regimen", "site": "By site, in the order of their names"}
_AT = (4, 13, 26, 52)  # weeks named in the alternative text


@dataclass(frozen=True)
class _Cell:
    title: str
    curve: pd.DataFrame
    median: Any
    all: bool


def cohort_duration_curve(
    result: Durations, by: tuple[str, ...] = ("course", "regimen_class"), name: str = "duration-of-benefit"
) -> Figure:
    """Return the share of the responders at the end of infusion who still have the benefit, by weeks.

    Its data are the curves drawn: time in weeks, lowest and highest share, band. In the panels of groups, grey
    lines show all responders.

    Parameters
    ----------
    by : tuple of str
        Groupings, each in separate rows of panels: `course` (all first courses, then the next ones),
        `regimen_class`, `site`.
    name : str
        Name of the figure's files.
    """
    curves = result.curves[result.curves["who"] == "initial_responders"]
    medians = result.medians[result.medians["who"] == "initial_responders"]
    caption = (
        "Initial responders who still have the benefit (Turnbull), by weeks after the infusion (square-root scale). "
        f"Shaded: any value between two visits; pale: {percent_level(result.level)} bootstrap band; grey lines: all "
        "responders. Groups differ in more than their name: no ranking."
    )
    chosen = medians[medians["by"].isin(by)]
    rows = {key: _cells(key, curves, medians) for key in by}
    too_many = [key for key, cells in rows.items() if len(cells) > _MOST]
    notes = (
        f"Counted: {result.unit}.",
        left_out_note(result.left_out),
        hidden_note(chosen.loc[chosen["hidden"], "group"], result.min_cell),
        "".join(f"More than {_MOST} groups: not drawn, see the table." for _ in too_many),
    )
    frame = ClinicFrame(name, caption, notes, result.synthetic)
    rows = {key: cells for key, cells in rows.items() if cells and key not in too_many}
    if not rows:
        return frame.empty("Too few groups of patients responded and were seen again to draw how long it lasted.")
    known = curves["time"].astype("float64")
    last = horizon_tick(min(float(result.horizon_weeks), float(known[np.isfinite(known)].max())))
    with style():
        lines = [
            (_HEADINGS.get(key, "") if start == 0 else "", cells[start : start + _ACROSS])
            for key, cells in rows.items()
            for start in range(0, len(cells), _ACROSS)
        ]
        picture = frame.sheet(sum(_TITLE + _HIGH + 22 + (20 if heading else 0) for heading, _ in lines) + 16)
        everybody, y = curves[curves["by"] == "all"], 0.0
        for heading, cells in lines:
            if heading:
                write(picture, 4, y + 10, heading, 8.5, weight="bold")
                y += 20
            for place, cell in enumerate(cells):
                _panel(picture, cell, _LEFT + place * (_WIDE + _GAP), y + _TITLE, last, everybody, place == 0)
            y += _TITLE + _HIGH + 22
        write(picture, POINTS / 2, y + 6, "weeks after the end of infusion", color=LIGHT["muted"], ha="center")
        drawn = [cell for cells in rows.values() for cell in cells]
        data = pd.concat([cell.curve for cell in drawn])
        return frame.figure(picture, data, _alt(drawn, result.level), finding=_finding(drawn))


def _finding(drawn: list[_Cell]) -> str:
    if drawn[0].all:
        return f"Duration of benefit: {_median(drawn[0].median)}"
    known = [cell.median for cell in drawn if pd.notna(cell.median.median_low)]
    low = min((row.median_low for row in known), default=np.inf)
    if not np.isfinite(low):
        return "No group reaches its median"
    high = max(row.median_high for row in known)
    ends = f"to {number_text(high)} weeks" if np.isfinite(high) else "weeks or more"
    medians = f"{'Median' if len(known) == 1 else 'Medians'} of {counted(len(known), 'group')}"
    return f"{medians}: {number_text(low)} {'weeks' if low == high else ends}"


def _cells(key: str, curves: pd.DataFrame, medians: pd.DataFrame) -> list[_Cell]:
    """Return the panels of one grouping; by course the first is that of all first courses."""
    chosen = [("all", "All: first course of each patient")] if key == "course" else []
    groups = medians[(medians["by"] == key) & ~medians["hidden"]]["group"]
    chosen += [(key, group) for group in groups if (key, group) != ("course", "first course")]
    cells = []
    for by, group in chosen:
        label = "all" if by == "all" else group
        row = medians[(medians["by"] == by) & ~medians["hidden"] & ((medians["group"] == label) | (by == "all"))]
        curve = curves[(curves["by"] == by) & ((curves["group"] == label) | (by == "all"))].sort_values("time")
        if len(row) and len(curve):
            cells.append(_Cell(upper_first(group_words(group)), curve, next(each(row)), by == "all"))
    return cells if key == "course" or len(cells) > 1 else []


def _panel(
    picture: Picture, cell: _Cell, left: float, top: float, last: float, everybody: pd.DataFrame, first: bool
) -> None:
    write(picture, left, top - 31, fitting(cell.title, _WIDE, weight="bold"), weight="bold")
    write(picture, left, top - 20, f"n = {int(cell.median.patients)}", SMALL, color=LIGHT["muted"])
    write(picture, left, top - 9, _median(cell.median), SMALL, color=_LOOK.color)
    ax, unit = share_panel(picture, left, top, (_WIDE, _HIGH), last, labelled=first, months=False)
    if not cell.all:
        x, low, high, *_ = _steps(everybody, last, unit)
        for values in (low, high):
            ax.plot(x, values, color=LIGHT["unknown"], linewidth=0.8, zorder=1.5)
    x, low, high, band_low, band_high = _steps(cell.curve, last, unit)
    draw_curve(ax, x, low, high, _LOOK, bands=[(band_low, band_high, 0.13)])


def _steps(curve: pd.DataFrame, last: float, unit: float) -> tuple[np.ndarray, ...]:
    """Return positions in points and percentages of the steps up to the end of the axis.

    The lowest value falls right after a time, the highest at the next time.
    """
    rows = curve[curve["time"].astype("float64") <= last].sort_values("time", kind="stable")
    edges = unit * np.sqrt(rows["time"].astype("float64").to_numpy())
    low, high, band_low, band_high = (
        100 * rows[c].astype("float64").to_numpy() for c in ("low", "high", "band_low", "band_high")
    )
    return stepped(edges, low[1:], high[:-1], band_low[1:], band_high[:-1])


def _median(row: Any) -> str:
    if pd.isna(row.median_low):
        return "median not known"
    if np.isinf(row.median_high):
        weeks = "not reached" if np.isinf(row.median_low) else f"beyond week {number_text(row.median_low)}"
    elif row.median_low == row.median_high:
        weeks = f"{number_text(row.median_low)} weeks"
    else:
        weeks = f"{number_text(row.median_low)}–{number_text(row.median_high)} weeks"
    if pd.isna(row.limit_low):
        return f"median {weeks}"
    high = "∞" if np.isinf(row.limit_high) else number_text(row.limit_high)
    return f"median {weeks} ({number_text(row.limit_low)} to {high})"


def _alt(cells: list[_Cell], level: float) -> str:
    parts = []
    for cell in cells:
        steps = [share for week in _AT if (share := _at(cell.curve, week))] if cell.all else []
        still = f"; still with the benefit {series(steps)}" if steps else ""
        parts.append(f"{cell.title} (n = {int(cell.median.patients)}): {_median(cell.median)}{still}")
    return f"Share of responders who still have the benefit, with {percent_level(level)} bands. {'; '.join(parts)}."


def _at(curve: pd.DataFrame, week: float) -> str:
    """Return the estimate at a week with its band, in words; empty after the last time of the curve."""
    rows = curve[curve["time"].astype("float64") == week]
    if rows.empty or pd.isna(rows["low"].iloc[0]):
        return ""
    low, high, band_low, band_high = (float(rows[c].iloc[0]) for c in ("low", "high", "band_low", "band_high"))
    share = percent(low) if high - low < 0.005 else percent_interval(low, high)
    return share + (f" ({percent_pair(band_low, band_high)})" if np.isfinite(band_low) else "") + f" at {week} weeks"
