"""A clinic's responder rates beside published studies that counted nearly the same way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.cohort_wording import RULE_WORDS, visit_words
from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, drawable
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import ClinicFrame, canvas, draw_square
from analysis.figures.style import PHONE, SMALL, style, text_height, text_width, wrap, write
from analysis.outcomes.cohort.response import Response
from analysis.wording import counted, half_up, percent, percent_interval, percent_pair, short_citation, upper_first

_LEFT, _RIGHT = 6.0, 246.0
_LINE = 9.5
_MOST_MIXED = 1  # rows for orientation


def benchmark_forest(compared: pd.DataFrame, result: Response, studies: Iterable[Iterable[str]] = ()) -> Figure:
    """Return the clinic's responder rates beside those of studies that counted nearly the same way.

    Below a line, for orientation, the first pool of studies that each counted in their own way, with the interval in
    which the observed rate of so many patients would be expected.

    Parameters
    ----------
    compared : DataFrame
        Table of `benchmark.compare`.
    result : Response
        The clinic's responders.
    studies : iterable of iterables of str
        Ids of the published studies, row by row.
    """
    weeks = result.follow_up_weeks
    known = compared[compared["estimate"].notna() & compared["published"].notna()]
    alike, mixed = known[known["alike"].astype(bool)], known[~known["alike"].astype(bool)].iloc[:_MOST_MIXED]
    title = "Beside published studies, like with like"
    if len(alike):
        first = next(each(alike))
        title = (
            f"{percent(first.estimate)} respond {_when(first.outcome, weeks)}, {percent(first.published)} as published"
        )
    frame = ClinicFrame("benchmark", _caption(alike, mixed), (), result.synthetic, title)
    if known.empty:
        return frame.empty("Too few patients have a score to be set beside published rates.")
    shown = pd.concat([alike, mixed])
    heads = [_heading(row, weeks) for row in each(shown)]
    heights = [
        14 + text_height(theirs, SMALL) + 3 + _LINE * (3 if row.alike else 2) + 8
        for (_, theirs), row in zip(heads, each(shown), strict=True)
    ]
    with style():
        picture = frame.sheet(sum(heights) + 24)
        ax, y = canvas(picture), 0.0
        for (heading, theirs), row, height in zip(heads, each(shown), heights, strict=True):
            _row(picture, ax, y, row, heading, theirs)
            y += height
        for value in (0, 25, 50, 75, 100):
            where = "left" if value == 0 else "right" if value == 100 else "center"
            x = _at(value / 100) + (-4 if value == 0 else 4 if value == 100 else 0)
            write(picture, x, y + 3, f"{value}%", SMALL, color=LIGHT["muted"], ha=where)
        x = draw_square(picture, ax, 0, y + 16, "studies", {"facecolor": LIGHT["unknown"]})
        x = draw_square(picture, ax, x, y + 16, "here, with a score", {"facecolor": LIGHT["ketamine"]})
        if len(alike):
            hollow = {"facecolor": LIGHT["ground"], "edgecolor": LIGHT["ketamine"], "linewidth": 1}
            draw_square(picture, ax, x, y + 16, "here, no score = no response", hollow)
        ids = tuple(
            dict.fromkeys(
                s for row, keep in zip(studies, compared.index.isin(alike.index), strict=False) for s in row if keep
            )
        )
        return frame.figure(picture, compared, _alt(shown, weeks), studies=ids)


def _heading(row: Any, weeks: float) -> tuple[str, str]:
    """Return the outcome, and the studies beside it with how they counted."""
    outcome = outcome_words(row.outcome, weeks)
    if not row.alike:
        return "For orientation only, no verdict", wrap(
            f"{counted(int(row.k), 'study', 'studies')}, each with its own definition, {outcome.rpartition(', ')[2]}",
            PHONE,
            SMALL,
        )
    who = short_citation(row.studies) if row.k == 1 else counted(int(row.k), "study", "studies")
    events = f": {int(row.responders)} of {int(row.patients)}" if pd.notna(row.responders) else ""
    how = f"; there {row.counted}" if isinstance(row.counted, str) and row.counted else ""
    return upper_first(outcome), wrap(drawable(f"{who}{events}{how}"), PHONE, SMALL)


def outcome_words(outcome: str, weeks: float) -> str:
    """Return the words of an outcome of `benchmark.clinic_results`: `pain fell by 30% or more, at week 4`."""
    rule = str(outcome).partition(" at ")[0]
    return f"{RULE_WORDS[rule]}, {_when(outcome, weeks)}" if rule in RULE_WORDS else str(outcome)


def _when(outcome: str, weeks: float) -> str:
    return visit_words(0 if str(outcome).endswith(" at end_of_infusion") else weeks)


def _at(rate: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * rate


def _row(picture: Picture, ax: Axes, top: float, row: Any, heading: str, theirs: str) -> None:
    if not row.alike:
        ax.plot([0, PHONE], [top, top], color=LIGHT["unknown"], linewidth=0.5)
        top += 4
    write(picture, 0, top + 5, heading, SMALL, weight="bold")
    tall = text_height(theirs, SMALL)
    write(picture, 0, top + 11 + tall / 2, theirs, SMALL, color=LIGHT["muted"])
    y = top + 14 + tall + _LINE / 2
    lines = 3 if row.alike else 2
    for value in (0, 0.25, 0.5, 0.75, 1):
        ax.plot([_at(value)] * 2, [y - 4, y + _LINE * lines - 4], color=LIGHT["grid"], linewidth=0.7, zorder=0.5)
    starts, ends = [row.published, row.published_ci_low], [row.published, row.published_ci_high]
    if pd.notna(row.expected_low):
        x, wide = _at(row.expected_low), _at(row.expected_high) - _at(row.expected_low)
        look = {"facecolor": LIGHT["grid"], "edgecolor": LIGHT["unknown"], "linewidth": 0.5}
        ax.add_patch(Rectangle((x, y - 3), wide, 6, **look))
        starts.append(row.expected_low)
        ends.append(row.expected_high)
    if pd.notna(row.published_ci_low):
        ends_of_line = [_at(row.published_ci_low), _at(row.published_ci_high)]
        ax.plot(ends_of_line, [y, y], color=LIGHT["unknown"], linewidth=3.6, zorder=2)
    ax.plot([_at(row.published)] * 2, [y - 3.8, y + 3.8], color=LIGHT["ink"], linewidth=1.5, zorder=3)
    low = min(start for start in starts if pd.notna(start))
    _label(picture, y, ends, percent(row.published), LIGHT["muted"], _at(low))
    own = [(row.estimate, row.ci_low, row.ci_high, True, f"{percent(row.estimate)} of those seen")]
    if row.alike and pd.notna(row.all_rate):
        own.append((row.all_rate, row.all_low, row.all_high, False, f"{percent(row.all_rate)} of all"))
    for number, (rate, low, high, full, words) in enumerate(own, 1):
        line = y + _LINE * number
        ax.plot([_at(low), _at(high)], [line, line], color=LIGHT["ketamine"], linewidth=1.5, zorder=2)
        face = LIGHT["ketamine" if full else "ground"]
        ax.plot([_at(rate)], [line], "s", color=LIGHT["ketamine"], markerfacecolor=face, markersize=5, zorder=3)
        _label(picture, line, [high], words, LIGHT["ketamine"], _at(low))


def _label(picture: Picture, y: float, ends: list[float], words: str, color: str, low: float) -> None:
    """Write the words to the right of the marks, or to their left where there is no room."""
    right = _at(max(end for end in ends if pd.notna(end))) + 4
    if right + text_width(words, SMALL) <= PHONE:
        write(picture, right, y, words, SMALL, color=color)
    else:
        write(picture, low - 4, y, words, SMALL, color=color, ha="right")


def _caption(alike: pd.DataFrame, mixed: pd.DataFrame) -> str:
    sentences = []
    if len(alike):
        sentences.append(
            "Nearly the same rule and time; what differs stands in grey. How studies counted patients who did not come "
            "back is not known, so both of ours are shown."
        )
        rows = alike[alike["difference"].notna()]
        if len(rows):
            least, most = (half_up(100 * rows["difference"].agg(side)) for side in ("min", "max"))
            ends = half_up(100 * rows["difference_low"].min()), half_up(100 * rows["difference_high"].max())
            across = ((rows["difference_low"] < 0) & (rows["difference_high"] > 0)).all()
            chance = "All differences can be chance" if across else "Differences, ours minus theirs"
            sentences.append(
                f"{chance} ({_signed(least)} to {_signed(most)} points; intervals from {_signed(ends[0])} to "
                f"{_signed(ends[1])})."
            )
        if (alike["k"] < 3).all():
            sentences.append("Fewer than three studies give no verdict.")
    if len(mixed):
        row = next(each(mixed))
        sentences.append(
            f"Pale: where the observed rate of {int(row.n)} patients would be expected "
            f"({percent_interval(row.expected_low, row.expected_high)})."
        )
    return " ".join(sentences) or "Published rates."


def _signed(text: str) -> str:
    return text if text.startswith("\u2212") or text == "0" else f"+{text}"


def _alt(shown: pd.DataFrame, weeks: float) -> str:
    parts = []
    for row in each(shown):
        own = f"{percent(row.estimate)} ({percent_pair(row.ci_low, row.ci_high)}) of {int(row.n)} here"
        there = f"{percent(row.published)} in {counted(int(row.k), 'study', 'studies')}"
        kind = "" if row.alike else ", each with its own definition"
        parts.append(f"{upper_first(outcome_words(row.outcome, weeks))}: {own}, {there}{kind}")
    return f"Responder rates beside published studies. {'. '.join(parts)}."
