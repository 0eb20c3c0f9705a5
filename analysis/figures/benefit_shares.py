"""Share of treated patients who still have the benefit by weeks, one panel per regimen."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.figures.picture_parts import draw_heading
from analysis.figures.share_panels import draw_points, share_panel, write_beside
from analysis.figures.study_rows import (
    arm_names,
    not_drawn,
    present_in_order,
    row_label,
    sentence_label,
    source_columns,
    study_figure,
)
from analysis.figures.style import (
    MUTED,
    POINTS,
    SMALL,
    Look,
    at_week,
    finish,
    nothing,
    series_looks,
    sheet,
    style,
    text_height,
    wrap,
    write,
)
from analysis.wording import (
    BENEFIT_STATES,
    BENEFIT_WORDS,
    CONTROL_HEADINGS,
    REGIMEN_WORDS,
    count_mark,
    counted,
    in_weeks,
    percent_level,
    percent_pair,
    printed_percent,
    regimen_words,
    short_citation,
    upper_first,
    weeks_cell,
)

_NAME = "benefit-over-time"
_FEW = 4  # largest number of groups that the alternative text names individually
_LEFT, _WIDE, _LABELS, _GAP, _LOWEST = 43, 86, 120, 36, 104
_MARGIN = 13  # room on both sides for points side by side


def benefit_over_time_curve(counts: pd.DataFrame, horizon_weeks: float = 52, level: float = 0.95) -> Figure:
    """Return the share of all treated patients who still have the benefit, with Wilson's interval, by regimen.

    Parameters
    ----------
    counts : DataFrame
        Table of `durations.retained_benefit`: one row per count of patients with the benefit.
    horizon_weeks : float
        Last week of the axis, above 0; later counts are listed in the notes.
    level : float
        Confidence level of the intervals in the table.

    Returns
    -------
    Figure
        Its data have one row per count drawn: patients of all treated, percent and interval, row of durations.csv.
        Straight lines join the counts of one arm and benefit; they do not estimate the shares between counts.

    Raises
    ------
    ValueError
        If `horizon_weeks` is not above 0.
    """
    if not horizon_weeks > 0:
        raise ValueError(f"horizon_weeks is {horizon_weeks}: the axis must end after week 0")
    caption = (
        "Share of all treated patients who still have the benefit, by weeks after the end of infusion (square-root "
        f"scale), one panel for each regimen, with Wilson's {percent_level(level)} interval. Lines join counts of the "
        "same arm and benefit and say nothing about the time between. The percentages beside a name follow the "
        "points from left to right. Points that fall on the same week are drawn side by side. No arm here has a "
        "control group unless its heading says so."
    )
    drawn = counts[counts["weeks"] <= horizon_weeks + 0.5]
    later = counts.drop(drawn.index)
    notes = not_drawn(
        ((r, f"{int(r.patients)} of {int(r.patients_treated)} at {in_weeks(r.weeks)}") for r in each(later)),
        f"Beyond the end of the axis ({weeks_cell(horizon_weeks)} weeks)",
    )
    if drawn.empty:
        return nothing(
            _NAME,
            "No count of patients who kept the benefit is reported in the evidence that counts here.",
            caption,
            notes,
        )
    with style():
        picture = _page(drawn, horizon_weeks)
    return study_figure(_NAME, picture, drawn, _data(drawn), _alt(drawn, level), caption, notes)


@dataclass(frozen=True)
class _Series:
    rows: pd.DataFrame
    look: Look
    words: str

    @property
    def height(self) -> float:
        return text_height(self.words, SMALL) + 5


@dataclass(frozen=True)
class _Cell:
    title: str
    series: list[_Series]

    @property
    def height(self) -> float:
        return max(_LOWEST, sum(s.height for s in self.series) + 6)


def _page(table: pd.DataFrame, horizon: float) -> Picture:
    names = arm_names(table)
    plan: list[tuple[str, float, object]] = []
    y = 2.0
    for control in present_in_order(table["control"], CONTROL_HEADINGS):
        group = table[table["control"] == control]
        plan.append(
            (
                "heading",
                y,
                (CONTROL_HEADINGS.get(control, control), counted(group["study_id"].nunique(), "study", "studies")),
            )
        )
        y += 26
        cells = [
            _cell(r, group[group["regimen_class"] == r], names)
            for r in present_in_order(group["regimen_class"], REGIMEN_WORDS)
        ]
        for start in range(0, len(cells), 2):
            pair = cells[start : start + 2]
            height = max(cell.height for cell in pair)
            plan.append(("row", y + 16, (pair, height)))
            y += 16 + height + 32
    picture = sheet(y + 10)
    for kind, top, what in plan:
        if kind == "heading":
            draw_heading(picture, top, *what)
        else:
            for number, cell in enumerate(what[0]):
                left = _LEFT + number * (_WIDE + _LABELS + _GAP)
                _panel(picture, cell, left, top, what[1], horizon, first=number == 0)
    write(picture, POINTS - 4, 14, "treated patients with the benefit", color=MUTED, ha="right")
    write(picture, POINTS / 2, y, "weeks after the end of infusion", color=MUTED, ha="center")
    return finish(picture)


def _cell(regimen: str, group: pd.DataFrame, names: dict) -> _Cell:
    series = []
    looks = series_looks(regimen, group.groupby(["arm_id", "benefit"]).ngroups)
    for number, (_, rows) in enumerate(group.groupby(["arm_id", "benefit"], sort=False)):
        rows = rows.sort_values("weeks", kind="stable")
        first = next(each(rows))
        sources = "".join(dict.fromkeys(row_label(r, {})[len(short_citation(r.citation)) :] for r in each(rows)))
        arm = row_label(first._replace(access=None), names)[len(short_citation(first.citation)) :]
        steps = [printed_percent(r) + count_mark(r.count_basis) for r in each(rows)]
        shares = " → ".join(steps) + f" of {int(first.patients_treated)}"
        benefit = BENEFIT_WORDS.get(first.benefit, first.benefit)
        words = (
            wrap(f"{short_citation(first.citation)}{sources}{arm}", _LABELS, SMALL)
            + "\n"
            + wrap(f"{benefit}, {shares}", _LABELS, SMALL)
        )
        series.append(_Series(rows, looks[number], words))
    return _Cell(upper_first(regimen_words(regimen)), series)


def _panel(picture: Picture, cell: _Cell, left: float, top: float, height: float, horizon: float, first: bool) -> None:
    write(picture, left - _MARGIN, top - 9, cell.title, weight="bold")
    size = (_WIDE, height)
    ax, unit = share_panel(picture, left, top, size, horizon, _MARGIN, _MARGIN, labelled=first, months=False)
    ends = []
    for series, shifts in zip(cell.series, _shifts(cell.series), strict=True):
        rows = list(each(series.rows))
        xs = [unit * at_week(min(r.weeks, horizon)) + s for r, s in zip(rows, shifts, strict=True)]
        draw_points(ax, xs, [(100 * r.rate, 100 * r.ci_low, 100 * r.ci_high) for r in rows], series.look)
        ends.append((xs[-1], 100 * rows[-1].rate, series.words, series.look))
    write_beside(ax, _WIDE + _MARGIN, ends)


def _shifts(series: list[_Series]) -> list[list[float]]:
    """Return the horizontal shift of each point, so that points of the same week do not overlap."""
    weeks_of = [[round(w, 1) for w in s.rows["weeks"]] for s in series]
    shared: dict[float, list[int]] = {}
    for number, own in enumerate(weeks_of):
        for week in own:
            shared.setdefault(week, []).append(number)
    return [[3.6 * (shared[w].index(n) - (len(shared[w]) - 1) / 2) for w in own] for n, own in enumerate(weeks_of)]


def _data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "regimen_class", "control", "benefit"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "weeks_after_end_of_infusion": table["weeks"],
            "patients": table["patients"],
            "patients_treated": table["patients_treated"],
            "percent_with_benefit": 100 * table["rate"],
            "ci_low_percent": 100 * table["ci_low"],
            "ci_high_percent": 100 * table["ci_high"],
            "percent_as_printed": table["percent_reported"],
            **source_columns(table, "durations"),
        }
    )


def _alt(table: pd.DataFrame, level: float) -> str:
    arms = table.groupby(["arm_id", "benefit"], sort=False).ngroups
    names = arm_names(table)
    sentences = [
        f"{counted(len(table), 'count')} of patients who kept the benefit, in {counted(arms, 'group')} of "
        f"{counted(table['study_id'].nunique(), 'study', 'studies')}."
    ]
    for regimen in present_in_order(table["regimen_class"], REGIMEN_WORDS):
        group = table[table["regimen_class"] == regimen]
        parts = []
        for _, rows in group.groupby(["arm_id", "benefit"], sort=False):
            rows = rows.sort_values("weeks", kind="stable")
            steps = [
                f"{printed_percent(r)} ({percent_pair(r.ci_low, r.ci_high)}) of {int(r.patients_treated)} at "
                f"{in_weeks(r.weeks)}"
                for r in each(rows)
            ]
            if len(rows) > 1 or arms <= _FEW or group.groupby(["arm_id", "benefit"]).ngroups == 1:
                benefit = rows["benefit"].iloc[0]
                parts.append(
                    f"{sentence_label(next(each(rows)), names)}, {BENEFIT_STATES.get(benefit, benefit)}, "
                    f"{', then '.join(steps)}"
                )
        if parts:
            sentences.append(f"{upper_first(regimen_words(regimen))}: {'; '.join(parts)}.")
    return " ".join(sentences) + f" Intervals are {percent_level(level)}."
