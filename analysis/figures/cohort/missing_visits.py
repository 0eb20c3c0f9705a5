"""Missing scores by visit, and a comparison of patients with and without a follow-up score."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.figures.cohort.clinic_figure import ClinicFrame, hidden_note, left_out_note
from analysis.figures.style import INK, LINE, MUTED, RULE, SERIES_LOOKS, SMALL, panel, style, write
from analysis.wording import half_up, in_weeks, interval_words, number_interval, percent, percent_interval

_LEFT, _WIDE, _ROW, _TOP = 86, 150, 19.0, 34
_RIGHT, _SPAN = 368, 132  # left edge and width of the comparison
_PARTS = (("observed", SERIES_LOOKS[0].color, ""), ("empty", "#cdd6dc", ""), ("no_row", "white", "////"))
_GROUPS = {"with a follow-up score": SERIES_LOOKS[0], "without a follow-up score": SERIES_LOOKS[1]}


def missing_score_bars(
    result: Any,
    level: float = 0.95,
    synthetic: bool = False,
) -> Figure:
    """Return scores present and missing by visit, and the patients without a follow-up score against the others.

    Parameters
    ----------
    result : People
        The result of `cohort.people`: `missing` (courses by visit) and `who_is_missing` (the two groups).
    level : float
        Confidence level of the intervals in `result`.
    synthetic : bool
        Whether the patients are invented.

    Returns
    -------
    Figure
        Its data are both tables; `part` names the table.
    """
    table = result.missing.sort_values("position")
    shown = table[~table["hidden"]]
    caption = (
        "Left: courses with a score at each visit (full colour), with a row but no score (pale) and without a row "
        "(hatched). Right: baseline pain and responders at the end of infusion among patients with and without a "
        f"follow-up score, with their {interval_words(level)}; where these two differ, the patients seen at "
        "follow-up are "
        "not like all."
    )
    hidden = table[table["hidden"]]
    notes = (
        f"Counted on the left: all courses; on the right: {result.unit}.",
        left_out_note(result.left_out),
        hidden_note([_visit(r) for r in each(hidden)], result.min_cell),
    )
    frame = ClinicFrame("missing-scores", caption, notes, synthetic)
    if shown.empty:
        return frame.empty("Too few courses to show which scores are missing.")
    who = result.who_is_missing[~result.who_is_missing["hidden"]]
    with style():
        picture = frame.sheet(_TOP + max(_ROW * len(shown), 166 if len(who) else 0) + 26)
        _bars(picture, shown)
        if len(who):
            _compare(picture, who)
        data = pd.concat([table.assign(part="scores by visit"), result.who_is_missing.assign(part="who is missing")])
        return frame.figure(picture, data, _alt(shown, who, level))


def _visit(row: Any) -> str:
    return "baseline" if pd.isna(row.weeks) else in_weeks(row.weeks).removeprefix("the ")


def _bars(picture: Picture, table: pd.DataFrame) -> None:
    write(picture, 4, 10, "Scores by visit", 8.5, weight="bold")
    write(picture, _LEFT + _WIDE + 10, _TOP - 9, "with a score", SMALL, color=MUTED)
    tall = _ROW * len(table)
    ax = panel(picture, _LEFT, _TOP, _WIDE, tall)
    ax.set_xlim(0, 1)
    ax.set_ylim(tall, 0)
    ax.set_yticks([])
    ax.set_xticks([0, 0.5, 1], ["0", "50", "100%"])
    for number, row in enumerate(each(table)):
        y, x = _ROW * (number + 0.5), 0.0
        for part, color, hatch in _PARTS:
            count = getattr(row, part)
            width = 0.0 if pd.isna(count) else float(count) / float(row.expected)
            if width:
                look = {"facecolor": color, "edgecolor": LINE, "linewidth": 0.5, "hatch": hatch}
                ax.add_patch(Rectangle((x, y - 5.5), width, 11, **look))
            x += width
        write(picture, _LEFT - 8, _TOP + y, _visit(row), color=INK, ha="right")
        words = f"{percent(row.share_observed)}  ({int(row.observed)} of {int(row.expected)})"
        write(picture, _LEFT + _WIDE + 10, _TOP + y, words, SMALL)


def _compare(picture: Picture, who: pd.DataFrame) -> None:
    write(picture, _RIGHT - 6, 10, "Who is missing at follow-up?", 8.5, weight="bold")
    rates = who.assign(**{c: 100 * who[c].astype("float64") for c in ("rate", "ci_low", "ci_high")})
    baseline = ("baseline_mean", "baseline_low", "baseline_high", "baseline_n")
    _pair(picture, _TOP + 2, who, baseline, (0, 10), "baseline pain, mean", "")
    responders = ("rate", "ci_low", "ci_high", "judged")
    _pair(picture, _TOP + 88, rates, responders, (0, 100), "responders at the end of infusion", "%")


def _pair(
    picture: Picture,
    top: float,
    who: pd.DataFrame,
    columns: tuple[str, ...],
    limits: tuple[float, float],
    title: str,
    unit: str,
) -> None:
    """Draw one number of both groups with its interval; `columns`: value, limits, number of patients."""
    value, low, high, n = columns
    rows = who[who[value].notna()]
    write(picture, _RIGHT - 6, top, title, SMALL, color=MUTED)
    ax = panel(picture, _RIGHT, top + 7, _SPAN, 56)
    ax.set_xlim(*limits)
    ax.set_ylim(56, 0)
    ax.set_yticks([])
    middle = sum(limits) / 2
    ax.set_xticks([limits[0], middle, limits[1]], [half_up(limits[0]), half_up(middle), half_up(limits[1]) + unit])
    for place in (limits[0], middle, limits[1]):
        ax.axvline(place, color=RULE, linewidth=0.6, zorder=0.5)
    for number, row in enumerate(rows.to_dict("records")):
        look, y = _GROUPS[row["group"]], 8 + 25 * number
        if pd.notna(row[low]):
            ax.plot([float(row[low]), float(row[high])], [y, y], color=look.color)
        ax.plot([float(row[value])], [y], look.marker, color=look.color, clip_on=False)
        shown = half_up(row[value], 0 if unit else 1) + unit
        words = f"{row['group'].split(' ')[0]} follow-up: {shown}, n = {int(row[n])}"
        write(picture, _RIGHT + _SPAN / 2, top + 7 + y + 11, words, SMALL, color=look.letters, ha="center")


def _alt(shown: pd.DataFrame, who: pd.DataFrame, level: float) -> str:
    visits = [
        f"{percent(row.share_observed)} at {_visit(row)} ({int(row.observed)} of {int(row.expected)} courses)"
        for row in each(shown)
    ]
    groups = [
        f"patients {row.group} (n = {int(row.patients)}) had a mean baseline of {half_up(row.baseline_mean, 1)} "
        f"({interval_words(level)} {number_interval(row.baseline_low, row.baseline_high)}) and {percent(row.rate)} "
        f"({percent_interval(row.ci_low, row.ci_high)}) responded at the end of infusion"
        for row in each(who)
        if pd.notna(row.baseline_low) and pd.notna(row.rate)
    ]
    compared = f" {'; '.join(groups)}." if groups else ""
    return f"Scores that are there: {', '.join(visits)}.{compared[:1] + compared[1:2].upper() + compared[2:]}"
