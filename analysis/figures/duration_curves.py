"""How long the benefit lasts, regimen by regimen: Turnbull's estimate with what the counts leave open."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, cite, paragraphs, studies_of
from analysis.figures.study_rows import marked_caption, marks_line, not_drawn, present_in_order
from analysis.figures.style import (
    LINE,
    MUTED,
    POINTS,
    RULE,
    SMALL,
    Look,
    at_week,
    finish,
    nothing,
    panel,
    regimen_look,
    sheet,
    style,
    text_height,
    text_width,
    week_ticks,
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

_LEFT, _RIGHT, _GAP, _HIGH = 98.0, 22.0, 32.0, 168.0
WIDEST = 200.0
SIDE_BY_SIDE = 3
_FOOT = (
    "● patients were counted then, with limits; dark box: between two counts, any value inside fits equally well; "
    "pale: the limits there."
)
ROWS = (("still", "still have it"), ("over", "lost or never had it"), ("unknown", "not known"))
_SAME = 1e-9


def duration_curves(curves: DurationCurves, level: float = 0.95, name: str = "duration-curves") -> Figure:
    """The share of patients whose benefit lasts longer than each time, one panel a regimen; takes
    `synthesis.duration_curves`.

    Where nobody was counted the estimate is a range, drawn as a box. Below each panel the patients known at the counted
    times: who still has the benefit, who has it no longer, of whom it isn't known.
    level: the level of the table's limits, for the words.
    """
    words = percent_level(level)
    caption = (
        "Share of patients whose benefit lasts longer than so many weeks after the end of infusion (square-root "
        "scale), one panel for each regimen: Turnbull's estimate from the intervals in which patients lost the "
        f"benefit. Points: times at which patients were counted, with pointwise {words} limits from drawing patients "
        "again (bootstrap). Dark box: between two counts any value inside fits equally well; pale: the limits there. "
        "The numbers below are patients known at that time. Patients of several studies are put together as if of "
        "one; the studies define the benefit differently, had no control group, and their difference is not in the "
        "limits. Panels do not compare regimens."
    )
    left_out = not_drawn((row, row.why) for row in each(curves.left_out))
    if curves.groups.empty:
        why = "No duration curve can be drawn: no regimen has patients whose durations are told as two intervals."
        return nothing(name, why, caption, left_out)
    regimens = present_in_order(curves.groups["regimen_class"], REGIMEN_WORDS)
    with style():
        picture = _page(curves, regimens, level)
    notes = paragraphs(_benefits(curves.patients), left_out)
    caption = marked_caption(caption, curves.patients)
    data, alt = _data(curves, regimens), _alt(curves, regimens, level)
    return Figure(name, picture, data, alt, caption, studies_of(curves.patients), notes)


def known(patients: pd.DataFrame, time: float) -> dict[str, int]:
    """How many patients are known to still have the benefit at a time, to have it no longer, and of how many it is not
    known; from the intervals of `DurationCurves.patients`."""
    low, high, count = (patients[name].astype(float) for name in ("weeks_low", "weeks_high", "patients"))
    over = high <= time
    never = patients["includes_zero"].astype(bool) & (low == 0)  # may have had no benefit at all: nothing is known at 0
    still = ~over & (low >= time) & ~never
    return {
        "still": int(count[still].sum()),
        "over": int(count[over].sum()),
        "unknown": int(count[~over & ~still].sum()),
    }


def _page(found: DurationCurves, regimens: list[str], level: float) -> Picture:
    across = min(len(regimens), SIDE_BY_SIDE)
    wide = min(WIDEST, (POINTS - _RIGHT - _LEFT - _GAP * (across - 1)) / across)
    last = float(found.groups["last_week"].max())
    titles = {regimen: _title(found, regimen, wide, level) for regimen in regimens}
    lines = [regimens[start : start + SIDE_BY_SIDE] for start in range(0, len(regimens), SIDE_BY_SIDE)]
    foot = wrap("\n".join(filter(None, [_FOOT, marks_line(found.patients)])), POINTS - 8, SMALL)
    above = [24 + max(text_height(titles[regimen]) for regimen in line) for line in lines]
    below = 26 + 14 + 13 + 12.0 * len(ROWS)
    total = sum(above) + len(lines) * (_HIGH + below + 12)
    picture = sheet(total + text_height(foot, SMALL) + 4)
    top = 0.0
    for line, head in zip(lines, above, strict=True):
        for number, regimen in enumerate(line):
            left = _LEFT + number * (wide + _GAP)
            write(picture, left, top + 8, upper_first(regimen_words(regimen)), 8.5, weight="bold")
            words = titles[regimen]
            write(picture, left, top + 15 + text_height(words) / 2, words, color=MUTED)
            ax = panel(picture, left, top + head, wide, _HIGH)
            unit = _axes(ax, last, wide, first=number == 0)
            rows = _rows(found.curves, regimen)
            _estimate(ax, rows, unit, regimen_look(regimen))
            patients = found.patients[found.patients["regimen_class"] == regimen]
            _counts(picture, patients, rows.iloc[::2]["weeks"], unit, left, top + head + _HIGH + 26 + 34)
        start = top + head + _HIGH + 26
        middle = _LEFT + (len(line) * (wide + _GAP) - _GAP) / 2
        write(picture, middle, start + 6, "weeks after the end of infusion", color=MUTED, ha="center")
        write(picture, 4, start + 21, "patients known", SMALL, color=MUTED, weight="bold")
        for place, (_, words) in enumerate(ROWS):
            write(picture, 4, start + 34 + 12 * place, words, SMALL, color=MUTED)
        top += head + _HIGH + below + 12
    write(picture, 4, total + text_height(foot, SMALL) / 2, foot, SMALL, color=MUTED)
    return finish(picture)


def _rows(curves: pd.DataFrame, regimen: str) -> pd.DataFrame:
    """The curve of a regimen: its first, third … row stands at a time that somebody was counted, the others between."""
    return curves[curves["regimen_class"] == regimen].reset_index(drop=True)


def _title(found: DurationCurves, regimen: str, wide: float, level: float) -> str:
    group = found.groups[found.groups["regimen_class"] == regimen].iloc[0]
    patients = found.patients[found.patients["regimen_class"] == regimen]
    marks = "".join(mark for mark in MARK_WORDS if mark in _marks(patients))
    lines = [f"{group['patients']} patients{marks}, {counted(group['k'], 'study', 'studies')}"]
    lines += [f"median {_median(group)}", _limits(group, level)]
    return "\n".join(wrap(line, wide) for line in lines)


def _marks(patients: pd.DataFrame) -> set[str]:
    """The marks of the counts and of the sources that the intervals of these patients rest on."""
    return {*map(count_mark, patients["count_basis"]), *map(source_mark, patients["access"])}


def _median(group: pd.Series) -> str:
    low, high = group["median_low"], group["median_high"]
    if np.isinf(high):
        return "not reached" if np.isinf(low) else f"later than {in_weeks(low)}"
    if low == high:
        return in_weeks(low)
    return f"between {weeks_cell(low)} and {in_weeks(high)}"


def _limits(group: pd.Series, level: float) -> str:
    low, high = weeks_cell(group["median_ci_low"]), group["median_ci_high"]
    limits = f"{low} weeks to not reached" if np.isinf(high) else f"{low} to {in_weeks(high)}"
    return f"{percent_level(level)} limits {limits}"


def _axes(ax: Axes, last: float, wide: float, first: bool) -> float:
    unit = wide / at_week(last) if last else wide
    ax.set_xlim(0, wide)
    ax.set_ylim(0, 100)
    places, words = week_ticks(last, unit)
    ax.set_xticks([unit * place for place in places], words)
    ax.set_yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100%"] if first else [""] * 5)
    for value in (0, 25, 50, 75, 100):
        ax.axhline(value, color=LINE if value == 0 else RULE, linewidth=0.6, zorder=0.5)
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(axis="x", length=0, pad=3)
    return unit


def _estimate(ax: Axes, rows: pd.DataFrame, unit: float, look: Look) -> None:
    at = [unit * at_week(week) for week in rows["weeks"]]
    shares = 100 * rows[["low", "high", "band_low", "band_high"]].to_numpy(float)
    for middle in range(1, len(rows), 2):
        left, right = at[middle - 1], at[middle + 1]
        low, high, below, above = shares[middle]
        box = {"facecolor": look.color, "linewidth": 0}
        ax.add_patch(Rectangle((left, below), right - left, above - below, alpha=0.13, zorder=1, **box))
        if high - low > _SAME:
            ax.add_patch(Rectangle((left, low), right - left, high - low, alpha=0.38, zorder=2, **box))
            for edge in (low, high):
                ax.plot([left, right], [edge, edge], color=look.color, linewidth=0.6, zorder=2)
        else:
            ax.plot([left, right], [low, low], color=look.color, zorder=3)
            ax.plot([right, right], [low, shares[middle + 1][1]], color=look.color, linewidth=0.8, zorder=3)
    for place in range(0, len(rows), 2):
        low, high, below, above = shares[place]
        if high - low <= _SAME:
            ax.plot([at[place]] * 2, [below, above], color=look.color, linewidth=1.2, clip_on=False, zorder=4)
            ax.plot([at[place]], [low], color=look.color, marker=look.marker, clip_on=False, zorder=5)


def _counts(picture: Picture, patients: pd.DataFrame, times: pd.Series, unit: float, left: float, top: float) -> None:
    """The patients known at the counted times, below the axis, where there is room for the numbers."""
    edge = -np.inf
    for time in times:
        numbers = known(patients, time)
        half = max(text_width(str(count), SMALL) for count in numbers.values()) / 2
        x = left + unit * at_week(time)
        if x - half < edge:
            continue
        edge = x + half + 3
        for place, (key, _) in enumerate(ROWS):
            write(picture, x, top + 12 * place, str(numbers[key]), SMALL, color=MUTED, ha="center")


def _benefits(patients: pd.DataFrame) -> str:
    """Which benefit each study counts."""
    named: dict[str, dict[str, None]] = {}
    for row in each(patients):
        words = BENEFIT_WORDS.get(row.benefit, row.benefit)
        named.setdefault(words, {})[cite(row.study_id, short_citation(row.citation))] = None
    parts = [f"{words} ({', '.join(studies)})" for words, studies in named.items()]
    return f"Benefit counted: {'; '.join(parts)}."


def _data(found: DurationCurves, regimens: list[str]) -> pd.DataFrame:
    parts = []
    for regimen in regimens:
        rows = _rows(found.curves, regimen)
        patients = found.patients[found.patients["regimen_class"] == regimen]
        counted = [known(patients, week) if place % 2 == 0 else {} for place, week in enumerate(rows["weeks"])]
        group = found.groups[found.groups["regimen_class"] == regimen].iloc[0]
        parts.append(
            pd.DataFrame(
                {
                    "what": ["counted time" if known_ else "between counts" for known_ in counted],
                    "regimen_class": regimen,
                    "weeks_after_end_of_infusion": rows["weeks"],
                    **{f"percent_{end}": 100 * rows[end] for end in ("low", "high")},
                    **{f"band_{end}_percent": 100 * rows[f"band_{end}"] for end in ("low", "high")},
                    "patients_still_with_benefit": [known_.get("still") for known_ in counted],
                    "patients_without_benefit": [known_.get("over") for known_ in counted],
                    "patients_not_known": [known_.get("unknown") for known_ in counted],
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
                    "durations_csv_rows": patients["rows"],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _alt(found: DurationCurves, regimens: list[str], level: float) -> str:
    sentences = [
        f"Share of patients whose benefit lasts longer than so many weeks, in {counted(len(regimens), 'regimen')}, "
        "from "
        f"{counted(found.patients['study_id'].nunique(), 'study', 'studies')} without a control group."
    ]
    told = []
    for regimen in regimens:
        group = found.groups[found.groups["regimen_class"] == regimen].iloc[0]
        steps = []
        for row in each(_rows(found.curves, regimen).iloc[::2]):
            share = (
                percent(row.low)
                if row.high - row.low <= _SAME
                else f"between {percent(row.low)} and {percent(row.high)}"
            )
            steps.append(f"{share} ({percent_pair(row.band_low, row.band_high)}) at {in_weeks(row.weeks)}")
        told.append(
            f"{upper_first(regimen_words(regimen))}, {group['patients']} patients: {', '.join(steps)}; median "
            f"{_median(group)} ({_limits(group, level)})"
        )
    return " ".join([*sentences, *(f"{words}." for words in told)]) + f" Limits are {percent_level(level)}."
