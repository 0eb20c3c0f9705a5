"""Responders of a clinic: their share by cut-off (Farrar 2006), and their flow between two times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.cohort_wording import p_words
from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import clinic_frame
from analysis.figures.flow_bands import BROAD, FIRST, HEIGHT, QUANTITIES, SECOND, draw_flow
from analysis.figures.share_panels import draw_curve, share_axis
from analysis.figures.style import POINTS, SERIES_LOOKS, SMALL, Look, panel, style, text_height, wrap, write
from analysis.outcomes.cohort.response import Response
from analysis.wording import half_up, interval_words, percent, percent_level, percent_pair, series, weeks_cell

_LEFT, _TOP, _WIDE, _HIGH = 40, 30, 292, 212
_WORDS_AT = _LEFT + _WIDE + 22
VISIT_LOOKS = {"end_of_infusion": SERIES_LOOKS[0], "follow_up": SERIES_LOOKS[1]}
_WHEN = {"end_of_infusion": "at the end of infusion"}
_CUTOFFS = (30, 50)  # percent less pain: the usual definitions of a responder

_FLOW_TOP = 44
_FLOW_WORDS = {
    "kept": "stayed responders",
    "lost": "no longer responders",
    "gained": "became responders",
    "neither": "at neither time",
}


# ------------------------------------------------------------------------------------------------ by cut-off
def responder_curve(result: Response) -> Figure:
    """Return the cumulative proportion of responders at the end of infusion and at follow-up.

    Its data are the `curve`. Solid with a band: patients with a score; dashed: patients without one counted as
    non-responders. The text beside the plot states the shares at both cut-offs in use.

    References
    ----------
    Farrar 2006, the cumulative proportion of responders analysis.
    """
    caption = (
        "Patients whose pain was lower than at baseline by at least so many percent [@farrar2006]. Solid, with "
        f"{percent_level(result.level)} band: patients with a score; dashed: all, those without as non-responders. The "
        "curve always falls; a higher curve means more relief at any cut-off."
    )
    frame = clinic_frame("responder-curve", caption, result, "curve")
    shown = result.curve[~result.curve["hidden"]]
    shown = shown[shown["n_complete"].fillna(0) > 0]
    if shown.empty:
        return frame.empty("No visit has enough patients with a score to draw a curve.")
    visits = [visit for visit in VISIT_LOOKS if (shown["visit"] == visit).any()]
    names = {"end_of_infusion": "End of infusion", "follow_up": f"{weeks_cell(result.follow_up_weeks)} weeks later"}
    with style():
        picture = frame.sheet(_TOP + _HIGH + 34)
        ax = panel(picture, _LEFT, _TOP, _WIDE, _HIGH)
        ax.set_xlim(0, 100)
        ax.set_xticks([0, 10, *range(20, 101, 10)], ["0", "", "20", "30", "40", "50", "60", "", "80", "", "100%"])
        share_axis(ax)
        for cutoff in _CUTOFFS:
            ax.axvline(cutoff, color=LIGHT["unknown"], linewidth=0.8, linestyle=(0, (1, 2)), zorder=0.6)
        for visit in visits:
            _curve(ax, shown[shown["visit"] == visit], VISIT_LOOKS[visit])
        write(picture, _LEFT, 12, "patients with at least so much less pain", color=LIGHT["muted"])
        below = "less pain than at baseline, in percent of the baseline"
        write(picture, _LEFT + _WIDE / 2, _TOP + _HIGH + 25, below, color=LIGHT["muted"], ha="center")
        _words(picture, shown, visits, names)
        return frame.figure(
            picture, result.curve, _curve_alt(shown, visits, names), finding=_finding(shown, visits, names)
        )


def _finding(shown: pd.DataFrame, visits: list[str], names: dict[str, str]) -> str:
    least = shown[shown["cutoff"] == _CUTOFFS[0]].set_index("visit")["rate_complete"]
    shares = [f"{percent(least[visit])} {_WHEN.get(visit, names[visit])}" for visit in visits if visit in least]
    return f"Pain fell by at least {_CUTOFFS[0]}% in {series(shares)}"


def _curve(ax: Axes, rows: pd.DataFrame, look: Look) -> None:
    """Draw the curve of one visit: a point for each cut-off, joined by lines."""
    rows = rows.sort_values("cutoff")
    x = rows["cutoff"].astype("float64").to_numpy()
    complete, imputed, low, high = (
        100 * rows[c].astype("float64").to_numpy()
        for c in ("rate_complete", "rate_imputed", "low_complete", "high_complete")
    )
    draw_curve(ax, x, complete, complete, look, bands=[(low, high, 0.14)], width=1.7)
    ax.plot(x, complete, look.marker, color=look.color, markersize=2.5, zorder=3)
    ax.plot(x, imputed, color=look.color, linestyle=(0, (3, 1.5)), linewidth=0.9, zorder=2)
    chosen = np.isin(x, _CUTOFFS)
    dots = {"linestyle": "", "marker": look.marker, "markeredgecolor": LIGHT["ground"], "markersize": 6, "zorder": 4}
    ax.plot(x[chosen], complete[chosen], color=look.color, **dots)


def _words(picture: Picture, shown: pd.DataFrame, visits: list[str], names: dict[str, str]) -> None:
    """Write each visit beside the plot in its colour, with the shares at the cut-offs in use."""
    y = _TOP + 8
    for visit in visits:
        look, rows = VISIT_LOOKS[visit], shown[shown["visit"] == visit]
        title = f"{'●' if look.marker == 'o' else '■'} {names[visit]}"
        write(picture, _WORDS_AT, y, title, 8.5, color=look.color, weight="bold")
        y += 15
        for row in each(rows[rows["cutoff"].isin(_CUTOFFS)]):
            cutoff = int(row.cutoff)
            write(picture, _WORDS_AT, y, f"≥ {cutoff}% less: {_share(row)}", color=LIGHT["ink"])
            count = f"{int(row.responders)} of {int(row.n_complete)} with a score"
            write(picture, _WORDS_AT, y + 11, count, SMALL, color=LIGHT["muted"])
            write(
                picture,
                _WORDS_AT,
                y + 21,
                f"{percent(row.rate_imputed)} of all {int(row.n_all)}",
                SMALL,
                color=LIGHT["muted"],
            )
            y += 38
        y += 8
    lines = "solid: patients with a score\ndashed: all; those without a\nscore are non-responders"
    write(picture, _WORDS_AT, y + 8, lines, SMALL, color=LIGHT["muted"])


def _share(row: Any) -> str:
    return f"{percent(row.rate_complete)} ({percent_pair(row.low_complete, row.high_complete)})"


def _curve_alt(shown: pd.DataFrame, visits: list[str], names: dict[str, str]) -> str:
    parts = []
    for visit in visits:
        rows = shown[shown["visit"] == visit]
        steps = [
            f"at least {cutoff}% less pain in {int(row.responders)} of {int(row.n_complete)} ({_share(row)}), "
            f"{percent(row.rate_imputed)} of all {int(row.n_all)}"
            for cutoff in _CUTOFFS
            for row in each(rows[rows["cutoff"] == cutoff])
        ]
        parts.append(f"{names[visit]}: {'; '.join(steps)}.")
    return f"Share of patients by least relief, falling from left to right. {' '.join(parts)}"


# ------------------------------------------------------------------------------------------------ who changed
def responder_flow(result: Response) -> Figure:
    """Return the flow of responders by the chosen rule between the end of infusion and follow-up.

    Its data are the rows of `flow` under the chosen rule. Below the bands: the difference with Newcombe's interval
    and the P value of McNemar's exact test.
    """
    flow = result.flow
    row = flow[(flow["rule"] == result.rule) & (flow["handling"] == "complete_cases")].iloc[0]
    caption = (
        f"Patients with a score before, at the end of infusion and {weeks_cell(result.follow_up_weeks)} weeks later "
        f"(within {weeks_cell(result.window_weeks)} weeks): who kept, lost or gained the response. Newcombe's "
        f"{interval_words(result.level)}; McNemar's exact test. No control group."
    )
    frame = clinic_frame("responder-flow", caption, result, "flow")
    if row["hidden"] or not row["n"] > 0:
        return frame.empty("Too few patients have a score at both visits to show who changed.")
    counts = {q: int(row[q]) for q in QUANTITIES}
    n, first, second = int(row["n"]), int(row["first"]), int(row["second"])
    with style():
        small = wrap(_difference(row, result.level), POINTS - 8, SMALL)
        picture = frame.sheet(_FLOW_TOP + HEIGHT + 16 + text_height(small, SMALL))
        times = ("end of infusion", f"{weeks_cell(result.follow_up_weeks)} weeks later")
        for left, words, count, rate in zip(
            (FIRST, SECOND), times, (first, second), (row["rate_first"], row["rate_second"]), strict=True
        ):
            write(picture, left + BROAD / 2, 12, words, color=LIGHT["muted"], ha="center")
            write(picture, left + BROAD / 2, 28, f"{count:,}/{n:,} = {percent(rate)}", 10, weight="bold", ha="center")
        drawn = {q: (counts[q], counts[q]) for q in QUANTITIES}
        draw_flow(picture, _FLOW_TOP, (n, first, second), drawn, ("responders", "others"), words=_FLOW_WORDS)
        write(picture, 4, _FLOW_TOP + HEIGHT + 10 + text_height(small, SMALL) / 2, small, SMALL, color=LIGHT["muted"])
        alt = (
            f"Of {n} patients {first} ({percent(row['rate_first'])}) were responders at the end of infusion and "
            f"{second} ({percent(row['rate_second'])}) {times[1]}: {counts['kept']} stayed responders, "
            f"{counts['lost']} no longer were, {counts['gained']} became responders, {counts['neither']} "
            f"were at neither time. {_difference(row, result.level)}"
        )
        still = f"{counts['kept']} of {first} responders still respond {times[1]}; new responders: {counts['gained']}"
        return frame.figure(picture, flow[flow["rule"] == result.rule], alt, finding=still)


def _difference(row: Any, level: float) -> str:
    points = half_up(100 * row["difference"])
    limits = f"{half_up(100 * row['difference_low'])} to {half_up(100 * row['difference_high'])}"
    return (
        f"Difference: {points} percentage points ({interval_words(level)} {limits}); McNemar's exact test: "
        f"{p_words(row['p_value'])}."
    )
