"""Tipping point: the number of responders among the patients without a score at which the conclusion changes."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import clinic_frame, runs
from analysis.figures.share_panels import draw_curve, horizontal_rules
from analysis.figures.style import POINTS, SERIES_LOOKS, SMALL, panel, spaced_ticks, style, text_width, write
from analysis.outcomes.cohort.response import Response
from analysis.wording import counted, interval_words, percent, upper_first, weeks_cell

_LEFT, _TOP, _HIGH, _RIGHT = 46, 30, 150, 12
_WIDE = POINTS - _LEFT - _RIGHT
_SAME, _OTHER = SERIES_LOOKS[0], SERIES_LOOKS[1]
_CONCLUSION = {
    "fell": "fewer responders at follow-up",
    "rose": "more responders at follow-up",
    "no clear change": "no clear change",
}


def tipping_point_curve(result: Response) -> Figure:
    """Return the change of the responder rate for each number of responders among patients without a score.

    Its data are `tipping`. From left to right none to all of them count as responders; the colour shows the
    conclusion.
    """
    tips, table = result.tips, result.tipping.sort_values("missing_responders")
    caption = (
        f"Change of the responder rate to follow-up ({weeks_cell(result.follow_up_weeks)} weeks), with "
        f"{interval_words(result.level)}, if so many patients without a follow-up score were responders: from none "
        "(non-responder imputation) to all. Blue, thick: same conclusion as in patients seen; orange, thin: another."
    )
    frame = clinic_frame("tipping-point", caption, result, "tipping")
    if tips.hidden or table.empty or not tips.missing > 0:
        why = (
            "No patient lacks a follow-up score, so that nothing can tip."
            if not tips.hidden and tips.missing == 0
            else ("Too few patients stand behind the missing scores to show what they could change.")
        )
        return frame.empty(why)
    words = _words(tips)
    with style():
        picture = frame.sheet(_TOP + _HIGH + 34)
        _draw(picture, table, tips, _TOP)
        alt = f"{words} {_ends(table, result.level)}"
        return frame.figure(picture, result.tipping, alt, finding=words.removesuffix("."))


def _words(tips: Any) -> str:
    seen, missing = f"“{upper_first(_CONCLUSION[tips.conclusion])}”", int(tips.missing)
    if tips.never_changes:
        return f"{seen} holds whatever became of the {counted(missing, 'patient')} not seen."
    if pd.isna(tips.low):
        return f"{seen} holds for no number of responders among the {counted(missing, 'patient')} not seen."
    shares = f"{percent(tips.low / missing)} to {percent(tips.high / missing)}"
    return (
        f"{seen} holds if {int(tips.low)} to {int(tips.high)} of the {counted(missing, 'patient')} not seen were "
        f"responders ({shares})."
    )


def _draw(picture: Picture, table: pd.DataFrame, tips: Any, top: float) -> None:
    ax = panel(picture, _LEFT, top, _WIDE, _HIGH)
    x = table["missing_responders"].astype("float64").to_numpy()
    low, middle, high = (
        100 * table[c].astype("float64").to_numpy() for c in ("difference_low", "difference", "difference_high")
    )
    bottom, ceiling = min(low.min(), -10) - 3, max(high.max(), 10) + 3
    ax.set_ylim(bottom, ceiling)
    ax.set_xlim(-0.015 * tips.missing, 1.015 * tips.missing)
    step = 20 if ceiling - bottom > 50 else 10
    ticks = [v for v in range(-100, 101, step) if bottom <= v <= ceiling]
    ax.set_yticks(ticks, [f"+{v}" if v > 0 else f"{v}".replace("-", "−") for v in ticks])
    horizontal_rules(ax, ticks)
    same = table["same"].astype(bool).to_numpy()
    for chosen, look, width in ((same, _SAME, 2.2), (~same, _OTHER, 1.0)):
        for start, end in runs(chosen):
            if chosen is not same:  # extend to the neighbouring value, where the conclusion is the other one
                start, end = max(start - 1, 0), min(end + 1, len(x))
            part = slice(start, end)
            line = middle[part]
            draw_curve(ax, x[part], line, line, look, bands=[(low[part], high[part], 0.18)], width=width)
            if end - start == 1:
                ax.plot([x[start]] * 2, [low[start], high[start]], color=look.color, linewidth=width, zorder=2)
    _ticks(ax, tips)
    write(picture, _LEFT, top - 20, "change of the responder rate, percentage points", SMALL, color=LIGHT["muted"])
    below = f"responders among the {counted(int(tips.missing), 'patient')} without a follow-up score"
    write(picture, _LEFT + _WIDE / 2, top + _HIGH + 26, below, color=LIGHT["muted"], ha="center")
    for conclusion in dict.fromkeys(table["conclusion"]):
        for start, end in runs((table["conclusion"] == conclusion).to_numpy()):
            look = _SAME if conclusion == tips.conclusion else _OTHER
            _label(picture, x[start], x[end - 1], tips.missing, top - 6, _CONCLUSION[conclusion], look.color)


def _label(picture: Picture, first: float, last: float, missing: float, y: float, words: str, color: str) -> None:
    """Write the conclusion above its part of the plot, if there is room."""
    places = [_LEFT + _WIDE * (x / missing + 0.015) / 1.03 for x in (first, last)]
    if places[1] - places[0] > text_width(words, SMALL):
        write(picture, sum(places) / 2, y, words, SMALL, color=color, ha="center")


def _ticks(ax: Any, tips: Any) -> None:
    missing = int(tips.missing)
    wanted = {0: "0", missing: f"all {missing}"}
    if pd.notna(tips.low) and not tips.never_changes:
        wanted |= {int(tips.low): str(int(tips.low)), int(tips.high): str(int(tips.high))}
    unit = _WIDE / missing
    ticks = sorted(spaced_ticks((unit * number, words) for number, words in wanted.items()).items())
    ax.set_xticks([place / unit for place, _ in ticks], [words for _, words in ticks])
    ax.tick_params(axis="x", length=3, color=LIGHT["unknown"])


def _ends(table: pd.DataFrame, level: float) -> str:
    first, last = table.iloc[0], table.iloc[-1]
    ends = [
        f"if {words} of them were responders, the rate changes by {_points(row['difference'])} percentage points "
        f"({interval_words(level)} {_points(row['difference_low'])} to {_points(row['difference_high'])})"
        for words, row in (("none", first), ("all", last))
    ]
    return f"{upper_first(ends[0])}; {ends[1]}."


def _points(value: float) -> str:
    return f"{100 * value:+.0f}".replace("-", "−")
