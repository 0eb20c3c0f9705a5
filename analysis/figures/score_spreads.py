"""Spread of patients' scores: printed spreads of every kind as vertical lines."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from analysis.evidence.rowwise import each
from analysis.exhibit import escape, paragraphs
from analysis.wording import short_citation

_TOP = 10.0
TAKEN_AS_SD = "taken as an SD"
KINDS_OF_SPREAD = {
    "sd": "SD",
    "if_se": "SD, the printed ± read as an SE",
    "iqr_width": "interquartile range, drawn symmetric",
    "q1_q3": "interquartile range",
    "range": "lowest to highest",
    "ci95": "95% interval",
}


@dataclass(frozen=True)
class Spread:
    """One spread: its kind (`means` or a key of KINDS_OF_SPREAD) and its ends, cut at the ends of the 0-10 scale."""

    kind: str
    low: float
    high: float


def spread_of(row) -> Spread | None:
    """Return the spread of one row of `trajectories.scores`: of two readings the wider, None where none is printed."""
    kind = row.spread_kind
    if row.statistic == "range_of_means":
        return Spread("means", row.spread_low, row.spread_high)
    if kind in ("q1_q3", "range", "ci95"):
        return Spread(kind, max(0.0, row.spread_low), min(_TOP, row.spread_high))
    if kind == "iqr_width":
        return _around(kind, row.value, row.spread / 2)
    if kind == "unlabelled" and pd.notna(row.sd_if_se):
        return _around("if_se", row.value, row.sd_if_se)
    return _around("sd", row.value, row.spread if kind == "unlabelled" else row.sd)


def _around(kind: str, value: float, half: float) -> Spread | None:
    if pd.isna(value) or pd.isna(half):
        return None
    return Spread(kind, max(0.0, value - half), min(_TOP, value + half))


def draw_spread(ax: Axes, x: float, spread: Spread, color: str, alpha: float) -> None:
    """Draw a spread at a horizontal position: a broad bar for several means, otherwise a thin line."""
    width = 6.0 if spread.kind == "means" else 1.2
    ax.plot([x, x], [spread.low, spread.high], color=color, linewidth=width, alpha=alpha, zorder=2)


def spread_notes(table: pd.DataFrame) -> str:
    """Return the assumptions about spreads, in words: unlabelled spreads with their readings, values without spread."""
    taken = table[table["sd_basis"].astype("str").str.startswith(TAKEN_AS_SD)]
    parts = [f"{short_citation(r.citation)} (± {r.spread:g}, n = {int(r.n)}): {r.sd_basis}" for r in each(taken)]
    both = table[(table["spread_kind"] == "unlabelled") & table["sd_if_se"].notna()]
    for r in each(both.drop_duplicates("study_id")):
        name = short_citation(r.citation)
        parts.append(f"{name} (± {r.spread:g}, n = {int(r.n)}): drawn as an SE, which gives an SD of {r.sd_if_se:.1f}")
    none = table[(table["spread_kind"] == "none") & table["value"].notna()]
    without = (
        f"No spread is printed by {', '.join(dict.fromkeys(short_citation(c) for c in none['citation']))}."
        if len(none)
        else ""
    )
    return paragraphs(f"A spread printed without a label, {escape('; '.join(parts))}." if parts else "", without)
