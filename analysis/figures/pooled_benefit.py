"""Retention of benefit pooled over studies: the curve of a typical study, its bands and the counts behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, cite, paragraphs, studies_of
from analysis.exhibit.palette import LIGHT
from analysis.figures.labels import PanelLabels
from analysis.figures.pooled_choices import count_choices
from analysis.figures.study_rows import not_drawn, source_columns
from analysis.figures.style import PHONE, POINTS, Look, finish, nothing, panel, sheet, style, write
from analysis.outcomes.synthesis import BenefitRetention
from analysis.wording import (
    counted,
    in_weeks,
    percent,
    percent_interval,
    percent_level,
    percent_pair,
    printed_percent,
    short_citation,
    study_name,
    weeks_cell,
)

_NAME = "benefit-kept-pooled"
_LEFT, _TOP, _RIGHT, _HIGH = 30.0, 8.0, 6.0, 138.0  # points around the axes, and their height
_TICKS = (0, 4, 8, 13, 26, 39, 52)
_LABEL = Look(LIGHT["placebo"], "o")
_APART = 3  # the data contain every third point of the curve drawn


def pooled_benefit_curve(result: BenefitRetention) -> Figure:
    """Return the share of patients who still have the benefit, pooled over studies, up to the last counted week.

    Its data are the counts of each study (`what` = count), the pooled curve with confidence and prediction limits
    in percent (`pooled`) and both ends of the curve without each study in turn.
    """
    left_out = not_drawn(((row, row.why) for row in each(result.left_out)), "Not in the curve")
    if result.curve.empty:
        return nothing(_NAME, f"No curve can be pooled: {result.why}.", "Benefit kept.", left_out)
    end, words = result.curve.iloc[-1], percent_level(result.level)
    caption = (
        f"{counted(result.k, 'study', 'studies')} without a control group, {_treated(result.points)} patients; "
        f"definitions of benefit differ. Line: typical study; dark band: {words} interval "
        f"({percent_interval(end['ci_low'], end['ci_high'])} at {in_weeks(end['weeks'])}); pale band: where the next "
        "study may lie. Points: counts."
    )
    with style():
        wide, narrow = _picture(result, POINTS, labelled=True), _picture(result, PHONE, labelled=False)
    title, notes = _title(result), paragraphs(_half(result), _most(result), _unknown(result), left_out)
    studies = studies_of(result.points)
    choices = count_choices(result)
    alt = _alt(result, title)
    return Figure(_NAME, wide, _data(result), alt, caption, studies, notes, title, narrow=narrow, choices=choices)


def _picture(result: BenefitRetention, width: float, labelled: bool) -> Picture:
    picture = sheet(_TOP + _HIGH + 34, width)
    wide = width - _LEFT - _RIGHT
    ax = panel(picture, _LEFT, _TOP, wide, _HIGH)
    last = result.last_week * 1.03 or 1.0
    ax.set_xlim(0, last)
    ax.set_ylim(0, 100)
    ticks = [week for week in _TICKS if week <= result.last_week]
    ax.set_xticks(ticks, [str(week) for week in ticks])
    ax.set_yticks([0, 25, 50, 75, 100], ["0%", "25%", "50%", "75%", "100%"])
    ax.grid(axis="y")
    ax.tick_params(length=0)
    ax.spines["bottom"].set_visible(False)
    weeks = result.curve["weeks"].to_numpy(float)
    shares = {column: 100 * result.curve[column].to_numpy(float) for column in result.curve.columns[1:]}
    ax.fill_between(weeks, shares["pi_low"], shares["pi_high"], color=LIGHT["panel"], linewidth=0, zorder=0.1)
    ax.fill_between(weeks, shares["ci_low"], shares["ci_high"], color=LIGHT["band"], linewidth=0, zorder=0.2)
    ax.plot(weeks, shares["rate"], color=LIGHT["ketamine"], linewidth=2.2, zorder=2)
    _points(ax, result, wide / last, labelled)
    write(picture, _LEFT, _TOP + _HIGH + 26, "weeks after the end of infusion", 8, color=LIGHT["muted"])
    return finish(picture)


def _points(ax: Axes, result: BenefitRetention, unit: float, labelled: bool) -> None:
    points = result.points
    look = {"marker": "o", "markersize": 5.5, "markerfacecolor": LIGHT["ground"], "markeredgewidth": 1.4}
    for _, rows in points.groupby("arm_id", sort=False):
        rows = rows.sort_values("weeks", kind="stable")
        ax.plot(rows["weeks"], 100 * rows["rate"], color=LIGHT["unknown"], linewidth=0.6, zorder=2.5)
        ax.plot(
            rows["weeks"], 100 * rows["rate"], color=LIGHT["placebo"], linestyle="", clip_on=False, zorder=3, **look
        )
    if not labelled:
        return
    labels = PanelLabels(unit * ax.get_xlim()[1], _HIGH, lambda value: _HIGH * value / 100)
    for row in each(points):
        words = f"{study_name(row.citation)} {printed_percent(row)}"
        labels.add(unit * float(row.weeks), 100 * row.rate, words, _LABEL)
    curve = result.curve
    for week, rate in zip(curve["weeks"], 100 * curve["rate"], strict=True):
        labels.avoid_bar(unit * week, rate - 2, rate + 2)
    labels.draw(ax)


def _treated(points: pd.DataFrame) -> int:
    return int(points.groupby("arm_id")["patients_treated"].max().sum())


def _ends(result: BenefitRetention) -> tuple[str, str]:
    """Return the pooled share at the end of infusion and at the last count, with limits, in words."""
    first, last = (
        f"{percent(row['rate'])} ({percent_pair(row['ci_low'], row['ci_high'])}) at {in_weeks(row['weeks'])}"
        for row in (result.curve.iloc[0], result.curve.iloc[-1])
    )
    return first, last


def _title(result: BenefitRetention) -> str:
    first, last = result.curve.iloc[0], result.curve.iloc[-1]
    start, end = percent(first["rate"]), percent(last["rate"])
    when = f"{weeks_cell(last['weeks'])} weeks"
    words = f"Across unlike definitions {start} benefit at the end of infusion and {end} at {when}"
    flat = [study for study, rates in _without(result).items() if rates.iloc[-1] >= rates.iloc[0]]
    return f"{words}; the fall rests on one study" if len(flat) == 1 else words


def _without(result: BenefitRetention) -> dict[str, pd.Series]:
    return {study: rows["rate"] for study, rows in result.without.groupby("study_id", sort=False)}


def _most(result: BenefitRetention) -> str:
    """Return the curve without the study that changes it most, in words."""
    if result.without.empty:
        return ""
    pooled = result.curve["rate"].to_numpy(float)
    moved = {study: np.abs(rates.to_numpy(float) - pooled).max() for study, rates in _without(result).items()}
    rows = result.without[result.without["study_id"] == max(moved, key=moved.__getitem__)]
    study = cite(rows["study_id"].iloc[0], short_citation(rows["citation"].iloc[0]))
    start, end = rows["rate"].iloc[0], rows["rate"].iloc[-1]
    return f"Without {study}, which changes the curve most, it runs from {percent(start)} to {percent(end)}."


def _half(result: BenefitRetention) -> str:
    """Return the time at which half of the initial responders have lost the benefit, with its limits, in words."""
    half = result.half.iloc[0]
    limits = f"{percent_level(result.level)} interval: "
    if np.isinf(half["half_low"]):
        limits += "no time is excluded nor found"
    elif np.isinf(half["half_high"]):
        limits += f"from {in_weeks(half['half_low'])} on, without an upper end"
    else:
        limits += f"{in_weeks(half['half_low'])} to {in_weeks(half['half_high'])}"
    if half["half_weeks"] <= result.last_week:
        return f"The curve falls to half of its start at {in_weeks(half['half_weeks'])} ({limits})."
    return f"The curve does not fall to half of its start within {in_weeks(result.last_week)} ({limits})."


def _unknown(result: BenefitRetention) -> str:
    """Return the studies without which there is no curve."""
    rows = result.half[result.half["omitted"].ne("") & result.half["slope"].isna()]
    names = [cite(row.omitted, short_citation(row.citation)) for row in each(rows)]
    return f"Too few studies are left for a curve without {' or '.join(names)}." if names else ""


def _data(result: BenefitRetention) -> pd.DataFrame:
    points = result.points
    same = ["study_id", "citation", "arm_id", "label", "regimen_class", "control", "benefit"]
    counts = pd.DataFrame(
        {
            "what": "count",
            **{column: points[column] for column in same},
            "weeks_after_end_of_infusion": points["weeks"],
            "patients": points["patients"],
            "patients_treated": points["patients_treated"],
            "percent_with_benefit": 100 * points["rate"],
            "percent_as_printed": points["percent_reported"],
            **source_columns(points, "durations"),
        }
    )
    # curves are straight lines of log odds on log(1 + weeks): two ends define those without limits
    curve, ends = result.curve.iloc[::_APART], result.without.groupby("study_id", sort=False).nth([0, -1])
    pooled = pd.DataFrame(
        {
            "what": "pooled",
            "weeks_after_end_of_infusion": curve["weeks"],
            "percent_with_benefit": 100 * curve["rate"],
            **{f"{limit}_percent": 100 * curve[limit] for limit in ("ci_low", "ci_high", "pi_low", "pi_high")},
        }
    )
    turns = pd.DataFrame(
        {
            "what": "pooled without one study",
            "without_study_id": ends["study_id"],
            "weeks_after_end_of_infusion": ends["weeks"],
            "percent_with_benefit": 100 * ends["rate"],
        }
    )
    return pd.concat([part for part in (counts, pooled, turns) if len(part)], ignore_index=True)


def _alt(result: BenefitRetention, title: str) -> str:
    first, last = _ends(result)
    parts = []
    for _, rows in result.points.groupby("arm_id", sort=False):
        steps = [f"{printed_percent(row)} at {in_weeks(row.weeks)}" for row in each(rows.sort_values("weeks"))]
        parts.append(f"{study_name(rows['citation'].iloc[0])}, {', then '.join(steps)}")
    pooled = f"Pooled {first} and {last} ({percent_level(result.level)} intervals)."
    return f"{title}. {pooled} {_half(result)} Counts: {'; '.join(parts)}."
