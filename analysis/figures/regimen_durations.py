"""Duration of benefit by regimen: Turnbull's estimate with its range between counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, cite
from analysis.exhibit.palette import LIGHT
from analysis.figures.picture_parts import write_numbers
from analysis.figures.share_panels import draw_curve, share_panel, stepped
from analysis.figures.study_rows import marks_line, not_drawn, present_in_order, study_figure
from analysis.figures.style import (
    POINTS,
    SMALL,
    Look,
    at_week,
    finish,
    nothing,
    regimen_look,
    sheet,
    style,
    text_height,
    wrap,
    write,
)
from analysis.outcomes.synthesis import DurationCurves
from analysis.wording import (
    BENEFIT_WORDS,
    MARK_WORDS,
    REGIMEN_WORDS,
    count_mark,
    counted,
    in_weeks,
    percent,
    percent_level,
    percent_pair,
    regimen_words,
    short_citation,
    source_mark,
    upper_first,
    weeks_cell,
)

_NAME = "duration-curves"
_LEFT, _RIGHT, _GAP, _HIGH = 98.0, 22.0, 32.0, 168.0
_WIDEST = 200.0
_ACROSS = 3  # panels side by side
_FOOT = (
    "● patients were counted then, with limits; dark box: between two counts, any value inside fits equally well; "
    "pale: the limits there."
)
_ROWS = (("still", "still have it"), ("over", "lost or never had it"), ("unknown", "not known"))
_SAME = 1e-9


def regimen_duration_curve(curves: DurationCurves) -> Figure:
    """Return the share of patients with a longer benefit at each time, one panel per regimen.

    Its data have, for each regimen, one row for each counted time and each interval between (percent, limits,
    patients known to have the benefit, to have it no longer, not known), one for the regimen (median in weeks with
    limits) and one for each interval of patients. Between two counts the estimate is a range, drawn as a dark area.
    Below each panel are the numbers of patients known at the counted times.
    """
    words = percent_level(curves.level)
    caption = (
        f"Share of patients whose benefit lasts longer (Turnbull), with pointwise {words} limits from drawing studies, "
        "then patients. Inside a box any value fits equally well. Definitions differ, nobody had a control group: "
        "panels do not compare regimens."
    )
    left_out = not_drawn((row, row.why) for row in each(curves.left_out))
    if curves.groups.empty:
        why = "No duration curve can be drawn: no regimen has patients with durations in two or more intervals."
        return nothing(_NAME, why, caption, left_out)
    regimens = present_in_order(curves.groups["regimen_class"], REGIMEN_WORDS)
    with style():
        picture = _page(curves, regimens)
    patients, data, alt = curves.patients, _data(curves, regimens), _alt(curves, regimens)
    medians = (f"{_median(_of(curves.groups, r).iloc[0])} ({regimen_words(r)})" for r in regimens)
    finding = f"Median duration of benefit: {', '.join(medians)}"
    return study_figure(_NAME, picture, patients, data, finding, alt, caption, _benefits(patients), left_out)


def patients_known(patients: pd.DataFrame, time: float) -> dict[str, int]:
    """Return the numbers of patients known to have the benefit at a time, to have it no longer, and not known.

    Parameters
    ----------
    patients : DataFrame
        The intervals of `DurationCurves.patients`: `weeks_low`, `weeks_high`, `includes_zero`, `patients`.
    time : float
        Weeks after the end of infusion.

    Returns
    -------
    dict
        The three numbers under `still`, `over` and `unknown`; their sum is the number of patients.
    """
    low, high, count = (patients[name].astype(float) for name in ("weeks_low", "weeks_high", "patients"))
    over = high <= time
    never = patients["includes_zero"].astype(bool) & (low == 0)  # the benefit at 0 is unknown
    still = ~over & (low >= time) & ~never
    return {
        "still": int(count[still].sum()),
        "over": int(count[over].sum()),
        "unknown": int(count[~over & ~still].sum()),
    }


def _page(curves: DurationCurves, regimens: list[str]) -> Picture:
    across = min(len(regimens), _ACROSS)
    wide = min(_WIDEST, (POINTS - _RIGHT - _LEFT - _GAP * (across - 1)) / across)
    last = float(curves.groups["last_week"].max())
    titles = {regimen: _title(curves, regimen, wide) for regimen in regimens}
    lines = [regimens[start : start + _ACROSS] for start in range(0, len(regimens), _ACROSS)]
    foot = wrap("\n".join(filter(None, [_FOOT, marks_line(curves.patients)])), POINTS - 8, SMALL)
    above = [24 + max(text_height(titles[regimen]) for regimen in line) for line in lines]
    below = 26 + 14 + 13 + 12.0 * len(_ROWS)
    total = sum(above) + len(lines) * (_HIGH + below + 12)
    picture = sheet(total + text_height(foot, SMALL) + 4)
    top = 0.0
    for line, head in zip(lines, above, strict=True):
        for number, regimen in enumerate(line):
            left = _LEFT + number * (wide + _GAP)
            write(picture, left, top + 8, upper_first(regimen_words(regimen)), 8.5, weight="bold")
            words = titles[regimen]
            write(picture, left, top + 15 + text_height(words) / 2, words, color=LIGHT["muted"])
            ax, unit = share_panel(picture, left, top + head, (wide, _HIGH), last, labelled=number == 0)
            rows = _rows(curves.curves, regimen)
            _estimate(ax, rows, unit, regimen_look(regimen))
            patients = _of(curves.patients, regimen)
            cells = [(unit * at_week(t), _counts(patients, t)) for t in rows.iloc[::2]["weeks"]]
            write_numbers(picture, left, top + head + _HIGH + 26 + 34, cells, color=LIGHT["muted"])
        start = top + head + _HIGH + 26
        middle = _LEFT + (len(line) * (wide + _GAP) - _GAP) / 2
        write(picture, middle, start + 6, "weeks after the end of infusion", color=LIGHT["muted"], ha="center")
        write(picture, 4, start + 21, "patients known", SMALL, color=LIGHT["muted"], weight="bold")
        for place, (_, words) in enumerate(_ROWS):
            write(picture, 4, start + 34 + 12 * place, words, SMALL, color=LIGHT["muted"])
        top += head + _HIGH + below + 12
    write(picture, 4, total + text_height(foot, SMALL) / 2, foot, SMALL, color=LIGHT["muted"])
    return finish(picture)


def _rows(curves: pd.DataFrame, regimen: str) -> pd.DataFrame:
    """Return the curve of a regimen; its first, third, … row is a time at which patients were counted."""
    return _of(curves, regimen).reset_index(drop=True)


def _of(table: pd.DataFrame, regimen: str) -> pd.DataFrame:
    return table[table["regimen_class"] == regimen]


def _counts(patients: pd.DataFrame, time: float) -> list[str]:
    """Return the numbers below a counted time, in the order of `_ROWS`."""
    numbers = patients_known(patients, time)
    return [str(numbers[key]) for key, _ in _ROWS]


def _title(curves: DurationCurves, regimen: str, wide: float) -> str:
    group = _of(curves.groups, regimen).iloc[0]
    patients = _of(curves.patients, regimen)
    marks = "".join(mark for mark in MARK_WORDS if mark in _marks(patients))
    lines = [f"{group['patients']} patients{marks}, {counted(group['k'], 'study', 'studies')}"]
    lines += [f"median {_median(group)}", _limits(group, curves.level)]
    return "\n".join(wrap(line, wide) for line in lines)


def _marks(patients: pd.DataFrame) -> set[str]:
    """Return the marks of the counts and sources behind the intervals of these patients."""
    return {*map(count_mark, patients["count_basis"]), *map(source_mark, patients["access"])}


def _median(group: pd.Series) -> str:
    low, high = group["median_low"], group["median_high"]
    if np.isinf(high):
        return "not reached" if np.isinf(low) else f"longer than {in_weeks(low)}"
    if low == high:
        return in_weeks(low)
    return f"between {weeks_cell(low)} and {in_weeks(high)}"


def _limits(group: pd.Series, level: float) -> str:
    low, high = weeks_cell(group["median_ci_low"]), group["median_ci_high"]
    limits = f"{low} weeks to not reached" if np.isinf(high) else f"{low} to {in_weeks(high)}"
    return f"{percent_level(level)} limits {limits}"


def _estimate(ax: Axes, rows: pd.DataFrame, unit: float, look: Look) -> None:
    """Draw the estimate between the counted times as areas, and at each counted time as a point with limits."""
    x = unit * np.sqrt(rows["weeks"].to_numpy(float))
    shares = 100 * rows[["low", "high", "band_low", "band_high"]].to_numpy(float)
    if len(rows) > 1:
        places, low, high, below, above = stepped(x[::2], *shares[1::2].T)
        draw_curve(ax, places, low, high, look, bands=[(below, above, 0.13)])
    for place, (low, high, below, above) in zip(x[::2], shares[::2], strict=True):
        if high - low <= _SAME:
            if np.isfinite(below):
                ax.plot([place, place], [below, above], color=look.color, linewidth=1.2, clip_on=False, zorder=4)
            ax.plot([place], [low], look.marker, color=look.color, markersize=4.8, clip_on=False, zorder=5)


def _benefits(patients: pd.DataFrame) -> str:
    """Return the benefit that each study counts, in words."""
    named: dict[str, dict[str, None]] = {}
    for row in each(patients):
        words = BENEFIT_WORDS.get(row.benefit, row.benefit)
        named.setdefault(words, {})[cite(row.study_id, short_citation(row.citation))] = None
    parts = [f"{words} ({', '.join(studies)})" for words, studies in named.items()]
    return f"Benefit counted: {'; '.join(parts)}."


def _data(curves: DurationCurves, regimens: list[str]) -> pd.DataFrame:
    parts = []
    for regimen in regimens:
        rows = _rows(curves.curves, regimen)
        patients = _of(curves.patients, regimen)
        numbers = [patients_known(patients, week) if place % 2 == 0 else {} for place, week in enumerate(rows["weeks"])]
        group = _of(curves.groups, regimen).iloc[0]
        parts.append(
            pd.DataFrame(
                {
                    "what": ["counted time" if counts else "between counts" for counts in numbers],
                    "regimen_class": regimen,
                    "weeks_after_end_of_infusion": rows["weeks"],
                    **{f"percent_{end}": 100 * rows[end] for end in ("low", "high")},
                    **{f"band_{end}_percent": 100 * rows[f"band_{end}"] for end in ("low", "high")},
                    "patients_still_with_benefit": [counts.get("still") for counts in numbers],
                    "patients_without_benefit": [counts.get("over") for counts in numbers],
                    "patients_not_known": [counts.get("unknown") for counts in numbers],
                }
            )
        )
        ends = ["median_low", "median_high", "median_ci_low", "median_ci_high"]
        parts.append(
            pd.DataFrame(
                [
                    {
                        "what": "regimen",
                        "regimen_class": regimen,
                        "studies": group["k"],
                        "patients": group["patients"],
                        **{f"{end}_weeks": group[end] for end in ends},
                    }
                ]
            )
        )
        parts.append(
            pd.DataFrame(
                {
                    "what": "patients with one interval",
                    "regimen_class": regimen,
                    **{column: patients[column] for column in ("study_id", "citation", "arm_id", "label", "benefit")},
                    **{column: patients[column] for column in ("patients", "patients_treated", "weeks_low")},
                    **{column: patients[column] for column in ("weeks_high", "includes_zero", "count_basis")},
                    "source_access": patients["access"],
                    "row_ids": patients["rows"],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _alt(curves: DurationCurves, regimens: list[str]) -> str:
    sentences = [
        f"Share of patients whose benefit lasts longer than so many weeks, in {counted(len(regimens), 'regimen')}, "
        "from "
        f"{counted(curves.patients['study_id'].nunique(), 'study', 'studies')} without a control group."
    ]
    parts = []
    for regimen in regimens:
        group = _of(curves.groups, regimen).iloc[0]
        steps = []
        for row in each(_rows(curves.curves, regimen).iloc[::2]):
            share = (
                percent(row.low)
                if row.high - row.low <= _SAME
                else f"between {percent(row.low)} and {percent(row.high)}"
            )
            steps.append(f"{share} ({percent_pair(row.band_low, row.band_high)}) at {in_weeks(row.weeks)}")
        parts.append(
            f"{upper_first(regimen_words(regimen))}, {group['patients']} patients: {', '.join(steps)}; median "
            f"{_median(group)} ({_limits(group, curves.level)})"
        )
    return " ".join([*sentences, *(f"{words}." for words in parts)]) + f" Limits are {percent_level(curves.level)}."
