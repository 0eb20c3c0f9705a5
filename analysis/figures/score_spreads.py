"""Spread of patients' scores: printed spreads of every kind as bars."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import escape, paragraphs
from analysis.figures.style import MUTED, POINTS, SMALL, Look, panel, text_height, wrap, write
from analysis.wording import short_citation

_TOP = 10.0
TAKEN_AS_SD = "taken as an SD"
BAR_WORDS = {
    "means": "span of several mean scores",
    "sd": "one standard deviation (SD) up and down",
    "if_se": "one SD, the printed ± without a label read as a standard error (SE)",
    "if_sd": "the same ± read as an SD",
    "iqr_width": "interquartile range: width printed, position not, drawn symmetric",
    "q1_q3": "interquartile range",
    "range": "lowest to highest score",
    "ci95": "95% interval of the mean",
}


@dataclass(frozen=True)
class SpreadBar:
    """One bar: its kind (a key of BAR_WORDS) and its ends on the 0-10 scale, cut at the ends of the scale."""

    kind: str
    low: float
    high: float


def bars_of(row) -> list[SpreadBar]:
    """Return the bars of one row of `trajectories.scores`, the longer first; none where no spread is printed."""
    if row.statistic == "range_of_means":
        return [SpreadBar("means", row.spread_low, row.spread_high)]
    kind = row.spread_kind
    if kind in ("sd", "se"):
        return _around("sd", row.value, row.sd)
    if kind == "iqr_width":
        return _around("iqr_width", row.value, row.spread / 2)
    if kind in ("q1_q3", "range", "ci95"):
        return [SpreadBar(kind, max(0.0, row.spread_low), min(_TOP, row.spread_high))]
    if kind == "unlabelled":
        only = str(row.sd_basis).startswith(TAKEN_AS_SD)
        return [*_around("if_se", row.value, row.sd_if_se), *_around("sd" if only else "if_sd", row.value, row.spread)]
    return []


def _around(kind: str, value: float, half: float) -> list[SpreadBar]:
    if pd.isna(value) or pd.isna(half):
        return []
    return [SpreadBar(kind, max(0.0, value - half), min(_TOP, value + half))]


def draw_bar(ax: Axes, x: float, bar: SpreadBar, look: Look) -> None:
    """Draw a bar at a horizontal position."""
    ends = [bar.low, bar.high]
    if bar.kind in ("means", "q1_q3"):
        ax.plot([x, x], ends, color=look.color, linewidth=6, alpha=0.4, zorder=2)
        if bar.kind == "means":
            ax.plot([x, x], ends, color=look.color, marker="_", markersize=6, linestyle="", zorder=3, clip_on=False)
        return
    dashes = (0, (3, 1.5))
    width, line = {
        "sd": (1.2, "-"),
        "if_sd": (3.0, "-"),
        "if_se": (1.2, "-"),
        "iqr_width": (1.1, dashes),
        "range": (0.8, "-"),
        "ci95": (1.2, (0, (5, 1, 1, 1))),
    }[bar.kind]
    ax.plot([x, x], ends, color=look.color, linewidth=width, linestyle=line, zorder=2)
    if bar.kind != "if_sd":
        end = {"range": "o", "ci95": "_"}.get(bar.kind, "_")
        size = 2.5 if end == "o" else 5
        ax.plot([x, x], ends, color=look.color, marker=end, markersize=size, linestyle="", zorder=2, clip_on=False)


def draw_bar_key(picture: Picture, kinds: list[str], left: float, top: float) -> None:
    """Draw the key of the bars: a small bar of each kind with its meaning."""
    look = Look(MUTED, MUTED, "o")
    for kind in kinds:
        words = wrap(BAR_WORDS[kind], POINTS - 24 - left, SMALL)
        height = max(text_height(words, SMALL) + 3, 15)
        ax = panel(picture, left, top, 10, height - 3)
        ax.set_xlim(-1, 1)
        ax.set_ylim(-0.15, 1.15)
        ax.set_axis_off()
        draw_bar(ax, 0, SpreadBar(kind, 0, 1), look)
        write(picture, left + 16, top + (height - 3) / 2, words, SMALL, color=MUTED)
        top += height
    write(picture, left, top + 8, "filled marker: mean; hollow marker: median", SMALL, color=MUTED)


def spread_notes(table: pd.DataFrame) -> str:
    """Return the assumptions about spreads, in words: unlabelled spreads with one reading, values without spread."""
    taken = table[table["sd_basis"].astype("str").str.startswith(TAKEN_AS_SD)]
    parts = [f"{short_citation(r.citation)} (± {r.spread:g}, n = {int(r.n)}): {r.sd_basis}" for r in each(taken)]
    none = table[(table["spread_kind"] == "none") & table["value"].notna()]
    without = (
        f"No spread is printed by {', '.join(dict.fromkeys(short_citation(c) for c in none['citation']))}."
        if len(none)
        else ""
    )
    return paragraphs(f"A spread printed without a label, {escape('; '.join(parts))}." if parts else "", without)
