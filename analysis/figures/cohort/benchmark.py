"""Where a clinic's results stand on what published studies let one expect."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from analysis.exhibit import Figure
from analysis.wording import half_up, level_words

from ..ledger import Column, Ledger
from ..style import INK, SERIES_LOOKS, style
from ..words import percent, percent_pair, plural
from .common import empty, exhibit, foot

COLUMNS = (Column(4, 150), Column(410, 108, "this clinic"))
PLOT = (166, 398)
CLINIC = SERIES_LOOKS[1]
PUBLISHED = "#8fa3b3"
VERDICTS = {
    "within": "within what studies show",
    "above": "above what studies show",
    "below": "below what studies show",
    "can't be told apart": "can't be told apart",
    "can't be judged": "can't be judged",
}


def benchmark(
    compared: pd.DataFrame,
    measured_in: str = "share",
    level: float = 0.95,
    synthetic: bool = False,
    name: str = "",
) -> Figure:
    """The clinic's rate (or weeks) with its interval on the published prediction interval; takes `benchmark.compare`.

    measured_in: `share` or `weeks`; the two have axes of their own and make two figures. Outcomes that no published
    result stands beside are listed in the notes.
    """
    name = name or f"benchmark-{measured_in}"
    table = compared[compared["measured_in"] == measured_in]
    shown = table[table["estimate"].notna() & table["pi_low"].notna()]
    what = "responder rates" if measured_in == "share" else "weeks of benefit"
    caption = (
        f"The clinic's {what} (square, with its {level_words(level)}) on the published evidence. Pale bar: prediction "
        "interval, where the result of one more study of that kind would be expected; dark bar: interval of the average; "
        "stroke: average. The published studies chose, treated and counted their patients in their own ways, and most "
        "had no control group: standing within the bar shows that a result is usual, not that the treatment works."
    )
    notes = (_untold(table[~table.index.isin(shown.index)]),)
    if shown.empty:
        return empty(
            name, f"No published {what} stand beside those of this clinic.", caption, *notes, synthetic=synthetic
        )
    values = shown[["pi_high", "ci_high", "published", "estimate"]].astype("float64")
    last = 1.0 if measured_in == "share" else 1.05 * float(values.where(values < 1e6).max(axis=None))
    with style():
        ledger = Ledger(COLUMNS, *PLOT)
        for row in shown.itertuples():
            ledger.row(
                f"{row.definition}\n{_studies(row)}",
                f"{_value(row.estimate, measured_in)} ({_pair(row.ci_low, row.ci_high, measured_in)}), n = {int(row.n)}\n"
                f"{VERDICTS.get(row.verdict, row.verdict)}",
                draw=_drawing(row, last),
            )
        picture = ledger.render(lambda ax: _axis(ax, last, measured_in), foot=foot(synthetic))
        return exhibit(name, picture, table, _alt(shown, measured_in, level), caption, *notes, synthetic=synthetic)


def _drawing(row: Any, last: float) -> Any:
    def draw(ax: Axes, y: float) -> None:
        for low, high, tall, color in (
            (row.pi_low, row.pi_high, 13, "#d5dde3"),
            (row.published_ci_low, row.published_ci_high, 5, PUBLISHED),
        ):
            if pd.notna(low):
                ax.add_patch(
                    Rectangle((low, y - 5 - tall / 2), min(high, last) - low, tall, facecolor=color, linewidth=0)
                )
        ax.plot([row.published] * 2, [y - 11.5, y + 1.5], color=INK, linewidth=1.4)
        ends = [max(row.ci_low, 0), min(row.ci_high, last)]
        if pd.notna(row.ci_low):
            ax.plot(ends, [y + 7] * 2, color=CLINIC.color, linewidth=1.6)
        ax.plot([row.estimate], [y + 7], CLINIC.marker, color=CLINIC.color, clip_on=False)
        ax.plot([row.estimate] * 2, [y - 11.5, y + 7], color=CLINIC.color, linewidth=0.7, linestyle=(0, (1, 1.5)))

    return draw


def _axis(ax: Axes, last: float, measured_in: str) -> None:
    ax.set_xlim(0, last)
    if measured_in == "share":
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100%"])
    else:
        step = next(s for s in (1, 2, 4, 8, 13, 26, 52, 104, 520, 5200) if last / s <= 7)
        ticks = [step * i for i in range(int(last // step) + 1)]
        ax.set_xticks(ticks, [f"{tick}" for tick in ticks])


def _studies(row: Any) -> str:
    words = plural(int(row.k), "study", "studies") if pd.notna(row.k) else "published"
    return f"{words}: {_value(row.published, row.measured_in)} ({_pair(row.pi_low, row.pi_high, row.measured_in)})"


def _value(value: float, measured_in: str) -> str:
    return percent(value) if measured_in == "share" else f"{half_up(value, 1)} weeks"


def _pair(low: float, high: float, measured_in: str) -> str:
    if pd.isna(low):
        return "no interval"
    if measured_in == "share":
        return percent_pair(low, high)
    return f"{half_up(low, 1)} to {'∞' if high == float('inf') else half_up(high, 1)}"


def _untold(rows: pd.DataFrame) -> str:
    named = [f"{row.definition}: {row.why}" for row in rows.itertuples() if isinstance(row.why, str) and row.why]
    return f"Not drawn: {'; '.join(named)}." if named else ""


def _alt(shown: pd.DataFrame, measured_in: str, level: float) -> str:
    parts = [
        f"{row.definition}: {_value(row.estimate, measured_in)} ({level_words(level)} "
        f"{_pair(row.ci_low, row.ci_high, measured_in)}, n = {int(row.n)}) here, {_value(row.published, measured_in)} published "
        f"(prediction interval {_pair(row.pi_low, row.pi_high, measured_in)}), {VERDICTS.get(row.verdict, row.verdict)}"
        for row in shown.itertuples()
    ]
    return f"The clinic against published studies. {'; '.join(parts)}."
