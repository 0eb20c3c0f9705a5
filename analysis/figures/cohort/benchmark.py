"""Where a clinic's responder rates stand on what published studies let one expect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, escape
from analysis.figures.cohort.common import empty, exhibit, foot
from analysis.figures.ledger import Column, Ledger, interval
from analysis.figures.style import INK, SERIES_LOOKS, style
from analysis.wording import (
    RULE_WORDS,
    counted,
    interval_words,
    percent,
    percent_interval,
    percent_pair,
    upper_first,
)

_COLUMNS = (Column(4, 212), Column(388, 128))
_PLOT = (232, 376)
CLINIC = SERIES_LOOKS[1]
EXPECTED, AVERAGE = "#d3dce3", "#7f96a8"
_UNJUDGED = "can't be judged"
_VISIT_WORDS = {"end_of_infusion": "end of infusion", "follow_up": "follow-up"}
_VERDICT_WORDS = {
    "within": "within what studies show",
    "above": "above what studies show",
    "below": "below what studies show",
    "can't be told apart": "at the edge of what studies show: can't be told",
}
KEY = (
    "Pale: where one more study would be expected. Dark: interval of the published rate (stroke). Square: this clinic."
)


def benchmark(
    compared: pd.DataFrame,
    studies: Iterable[Iterable[str]] = (),
    level: float = 0.95,
    synthetic: bool = False,
    name: str = "benchmark",
) -> Figure:
    """The clinic's rate with its interval on the published prediction interval; takes `benchmark.compare`.

    studies: ids of the published studies, row by row. A single study has no prediction interval: its own interval is
    drawn alone. Outcomes without one side are listed in the notes.
    """
    caption = (
        f"The clinic's responder rates (square, with their {interval_words(level)}) on the published evidence. Pale "
        "bar: "
        "prediction interval, where the result of one more study of that kind would be expected; it needs three "
        "studies or more. Dark bar: interval of the published rate; stroke: that rate. The studies chose, treated and "
        "counted their patients in their own ways and most had no control group: to stand within the bar is to be "
        "usual, not to be effective."
    )
    shown = compared[
        compared["estimate"].notna() & compared["published"].notna() & (compared["measured_in"] == "share")
    ]
    untold = compared.drop(shown.index)
    notes = [f"Not drawn: {escape(outcome_words(r.outcome))}, {escape(str(r.why))}." for r in each(untold)]
    if shown.empty:
        why = "No published rate could be set beside one of this clinic."
        return empty(name, why, caption, *notes, synthetic=synthetic)
    with style():
        ledger = Ledger(_COLUMNS, *_PLOT)
        # what can be judged first
        order = shown.sort_values("verdict", key=lambda verdicts: verdicts == _UNJUDGED, kind="stable")
        for heading, rows in order.groupby("outcome", sort=False):
            ledger.heading(upper_first(outcome_words(heading)))
            for row in each(rows):
                here = f"{_rate(row.estimate, row.ci_low, row.ci_high)} of {int(row.n)}"
                ledger.row(
                    f"{row.definition}: {counted(int(row.k), 'study', 'studies')}, {_published(row)}",
                    f"{here}\n{_verdict(row)}",
                    draw=_drawing(row),
                )
        picture = ledger.render(_axis, foot=[KEY, *foot(synthetic)])
        ids = tuple(dict.fromkeys(study for row in studies for study in row))
        alt = _alt(shown, level)
        return exhibit(name, picture, compared, alt, caption, *notes, synthetic=synthetic, studies=ids)


def outcome_words(outcome: str) -> str:
    """The words of an outcome of `benchmark.clinic_results`: `pain fell by 30% or more, end of infusion`."""
    rule, _, visit = str(outcome).partition(" at ")
    return f"{RULE_WORDS[rule]}, {_VISIT_WORDS.get(visit, visit)}" if rule in RULE_WORDS else str(outcome)


def _drawing(row: Any) -> Any:
    def draw(ax: Axes, y: float) -> None:
        bars = ((row.pi_low, row.pi_high, 13, EXPECTED), (row.published_ci_low, row.published_ci_high, 5, AVERAGE))
        for low, high, tall, color in bars:
            if pd.notna(low):
                ax.add_patch(Rectangle((low, y - 5 - tall / 2), high - low, tall, facecolor=color, linewidth=0))
        ax.plot([row.published] * 2, [y - 11.5, y + 1.5], color=INK, linewidth=1.4)
        interval(ax, y + 7, row.ci_low, row.estimate, row.ci_high, CLINIC)

    return draw


def _axis(ax: Axes) -> None:
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100%"])


def _rate(value: float, low: float, high: float) -> str:
    return percent(value) + (f" ({percent_pair(low, high)})" if pd.notna(low) else "")


def _verdict(row: Any) -> str:
    if row.verdict == _UNJUDGED and row.k < 3:
        return "too few studies to judge"
    return _VERDICT_WORDS.get(row.verdict, row.verdict)


def _published(row: Any) -> str:
    told = _rate(row.published, row.published_ci_low, row.published_ci_high)
    return told + (
        f", one more expected in {percent_interval(row.pi_low, row.pi_high)}" if pd.notna(row.pi_low) else ""
    )


def _alt(shown: pd.DataFrame, level: float) -> str:
    parts = [
        f"{outcome_words(row.outcome)}: {_rate(row.estimate, row.ci_low, row.ci_high)} of {int(row.n)} here; "
        f"{_published(row)} in {counted(int(row.k), 'study', 'studies')} ({row.definition}); {_verdict(row)}"
        for row in each(shown)
    ]
    return (
        f"The clinic against published studies, with its {interval_words(level)}. {'. '.join(map(upper_first, parts))}."
    )
