"""For every cut-off, how many patients had at least so much less pain (Farrar 2006)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.figures.cohort.common import empty, exhibit, left_out, page, share_axis
from analysis.figures.style import INK, LINE, MUTED, SERIES_LOOKS, SMALL, Look, panel, style, write
from analysis.wording import percent, percent_level, percent_pair, weeks_cell

_LEFT, _TOP, _WIDE, _HIGH = 40, 30, 292, 212
WORDS_AT = _LEFT + _WIDE + 22
_LOOKS = {"end_of_infusion": SERIES_LOOKS[0], "follow_up": SERIES_LOOKS[1]}
CUTOFFS = (30, 50)  # percent less pain: the usual definitions of a responder


def responder_curve(result: Any, level: float = 0.95, synthetic: bool = False, name: str = "responder-curve") -> Figure:
    """The cumulative proportion of responders at the end of infusion and at follow-up; takes `cohort.response`.

    Solid with a band: patients with a score; dashed: patients without one counted as non-responders. Both cut-offs in
    use are told in words with their numbers of patients.
    """
    caption = (
        "Share of patients whose pain was lower than at baseline by at least so many percent, for every cut-off "
        f"[@farrar2006]. Solid line with its {percent_level(level)} band: patients with a score; dashed line: "
        "patients "
        "without a score at that visit counted as non-responders. The curve falls from left to right by its making; a "
        "higher curve means more relief, whatever cut-off one believes in."
    )
    notes = (f"Counted: {result.unit}.", left_out(result.left_out, "curve"))
    shown = result.curve[~result.curve["hidden"]]
    shown = shown[shown["n_complete"].fillna(0) > 0]
    if shown.empty:
        return empty(
            name, "No visit has enough patients with a score to draw a curve.", caption, *notes, synthetic=synthetic
        )
    visits = [visit for visit in _LOOKS if (shown["visit"] == visit).any()]
    names = {"end_of_infusion": "End of infusion", "follow_up": f"{weeks_cell(result.follow_up_weeks)} weeks later"}
    with style():
        picture = page(_TOP + _HIGH + 34, synthetic)
        ax = panel(picture, _LEFT, _TOP, _WIDE, _HIGH)
        ax.set_xlim(0, 100)
        ax.set_xticks([0, 10, *range(20, 101, 10)], ["0", "", "20", "30", "40", "50", "60", "", "80", "", "100%"])
        share_axis(ax)
        for cutoff in CUTOFFS:
            ax.axvline(cutoff, color=LINE, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0.6)
        for visit in visits:
            _curve(ax, shown[shown["visit"] == visit], _LOOKS[visit])
        write(picture, _LEFT, 12, "patients with at least so much less pain", color=MUTED)
        write(
            picture,
            _LEFT + _WIDE / 2,
            _TOP + _HIGH + 25,
            "less pain than at baseline, in percent of the baseline",
            color=MUTED,
            ha="center",
        )
        _words(picture, shown, visits, names)
        return exhibit(name, picture, result.curve, _alt(shown, visits, names), caption, *notes, synthetic=synthetic)


def _curve(ax: Any, rows: pd.DataFrame, look: Look) -> None:
    rows = rows.sort_values("cutoff")
    x = rows["cutoff"].astype("float64").to_numpy()
    values = {
        c: 100 * rows[c].astype("float64").to_numpy()
        for c in ("low_complete", "high_complete", "rate_complete", "rate_imputed")
    }
    known = np.isfinite(values["low_complete"])
    ax.fill_between(
        x[known],
        values["low_complete"][known],
        values["high_complete"][known],
        color=look.color,
        alpha=0.14,
        linewidth=0,
        step="pre",
        zorder=1,
    )
    ax.step(x, values["rate_imputed"], where="pre", color=look.color, linestyle=(0, (3, 1.5)), linewidth=0.9, zorder=2)
    ax.step(x, values["rate_complete"], where="pre", color=look.color, linewidth=1.7, zorder=3)
    for cutoff in CUTOFFS:
        at = x == cutoff
        ax.plot(
            x[at],
            values["rate_complete"][at],
            look.marker,
            color=look.color,
            markeredgecolor="white",
            markersize=6,
            zorder=4,
        )


def _words(picture: Picture, shown: pd.DataFrame, visits: list[str], names: dict[str, str]) -> None:
    """Beside the plot: each visit in its colour, with the shares at the cut-offs in use."""
    y = _TOP + 8
    for visit in visits:
        look, rows = _LOOKS[visit], shown[shown["visit"] == visit]
        write(
            picture,
            WORDS_AT,
            y,
            f"{'●' if look.marker == 'o' else '■'} {names[visit]}",
            8.5,
            color=look.letters,
            weight="bold",
        )
        y += 15
        for cutoff in CUTOFFS:
            row = next(each(rows[rows["cutoff"] == cutoff]))
            write(picture, WORDS_AT, y, f"≥ {cutoff}% less: {_share(row)}", color=INK)
            write(
                picture,
                WORDS_AT,
                y + 11,
                f"{int(row.responders)} of {int(row.n_complete)} with a score",
                SMALL,
                color=MUTED,
            )
            write(picture, WORDS_AT, y + 21, f"{percent(row.rate_imputed)} of all {int(row.n_all)}", SMALL, color=MUTED)
            y += 38
        y += 8
    write(
        picture,
        WORDS_AT,
        y + 8,
        "solid: patients with a score\ndashed: all; those without a\nscore are non-responders",
        SMALL,
        color=MUTED,
    )


def _share(row: Any) -> str:
    return f"{percent(row.rate_complete)} ({percent_pair(row.low_complete, row.high_complete)})"


def _alt(shown: pd.DataFrame, visits: list[str], names: dict[str, str]) -> str:
    parts = []
    for visit in visits:
        rows = shown[shown["visit"] == visit]
        told = [
            f"at least {cutoff}% less pain in {int(row.responders)} of {int(row.n_complete)} ({_share(row)}), "
            f"{percent(row.rate_imputed)} of all {int(row.n_all)}"
            for cutoff in CUTOFFS
            for row in each(rows[rows["cutoff"] == cutoff])
        ]
        parts.append(f"{names[visit]}: {'; '.join(told)}.")
    return f"Share of patients by least relief, falling from left to right. {' '.join(parts)}"
