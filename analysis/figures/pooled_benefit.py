"""Retention of benefit pooled over studies: the pooled curve, and the curve without each study in turn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, cite
from analysis.figures.labels import PanelLabels
from analysis.figures.share_panels import draw_curve, share_height, share_panel, write_beside
from analysis.figures.study_rows import arm_names, marks_line, not_drawn, sentence_label, source_columns, study_figure
from analysis.figures.style import (
    INK,
    MUTED,
    POINTS,
    SMALL,
    Look,
    at_week,
    balanced,
    finish,
    nothing,
    sheet,
    style,
    text_height,
    wrap,
    write,
)
from analysis.outcomes.synthesis import BenefitRetention
from analysis.wording import (
    BENEFIT_STATES,
    BENEFIT_WORDS,
    count_mark,
    counted,
    in_weeks,
    percent,
    percent_level,
    percent_pair,
    printed_percent,
    short_citation,
    source_mark,
)

_NAME = "benefit-kept-pooled"
_LEFT, _WIDE, _ROOM = 36.0, 332.0, 142.0  # the axis in points, and space for labels beyond the last week
_HIGH, _LOW_HIGH, _HIGHEST = 236.0, 84.0, 400.0
_FEW = 7  # largest number of groups whose labels fit into a panel of the common height
_INSIDE = 112.0  # width of a label beside a point
_APART = 3  # the data contain every third point of the curve drawn
_MARGIN = 8.0  # a large point at week 0 must not be cut
_LARGEST = 6.5  # points: the radius of the largest group
_CURVE = Look("#00588f", "#00588f", "")
_STUDY = Look("#5d6a75", MUTED, "o")


def pooled_benefit_curve(result: BenefitRetention, level: float = 0.95) -> Figure:
    """Return the share of patients who still have the benefit, pooled over studies, up to the last counted week.

    Parameters
    ----------
    result : BenefitRetention
        The result of `synthesis.benefit_retention`: the pooled curve, the counts, the curve without each study.
    level : float
        Confidence level the curve was fitted with.

    Returns
    -------
    Figure
        Its data are the counts of each study (`what` = count), the pooled curve with confidence and prediction limits
        in percent (`pooled`) and both ends of the curve without each study in turn.

    Raises
    ------
    ValueError
        If `level` is not the one the curve was fitted with.
    """
    if level != result.level:
        raise ValueError(f"level is {level}, but the curve and its limits were fitted with {result.level}")
    words = percent_level(level)
    caption = (
        "Share of all treated patients who still have the benefit, put together over studies without a control group "
        "by a logistic model with a level of its own for each study and one fall on log(1 + weeks) for all; weeks "
        f"after the end of infusion on a square-root scale. Line: the study in the middle; darker band: its {words} "
        f"interval; paler band: the {words} prediction interval, in which the share of the next such group of "
        "patients is expected. Points: the counts, their area by the number of treated patients; thin lines join the "
        "counts of one group. Nothing is drawn beyond the last count. The studies define the benefit differently and "
        "give different regimens. Below: the same curve without each study in turn."
    )
    left_out = not_drawn(((row, row.why) for row in each(result.left_out)), "Not in the curve")
    if result.curve.empty:
        return nothing(_NAME, f"No curve can be put together over studies: {result.why}.", caption, left_out)
    with style():
        picture = _page(result)
    notes = (_half(result), _unknown(result), left_out)
    return study_figure(_NAME, picture, result.points, _data(result), _alt(result), caption, *notes)


def _page(result: BenefitRetention) -> Picture:
    marks = wrap(marks_line(result.points), POINTS - 8, SMALL)
    first, last = _ends(result)
    studies = f"{counted(result.k, 'study', 'studies')}, {_treated(result.points)} treated patients"
    pooled = wrap(f"pooled over {studies}: {first}, {last}", POINTS - 8)
    top = 16 + text_height(pooled) + 12
    high = min(_HIGHEST, _HIGH + 16 * max(0, result.points["arm_id"].nunique() - _FEW))
    below = top + high + 26
    second = not result.without.empty
    axis_end = below + 20 + _LOW_HIGH + 26 if second else below
    foot = text_height(marks, SMALL) + 5 if marks else 0
    picture = sheet(axis_end + 12 + foot)
    write(picture, 4, 8, "Patients who still have the benefit", 8.5, weight="bold")
    write(picture, 4, 16 + text_height(pooled) / 2, pooled, color=MUTED)
    _main(*share_panel(picture, _LEFT, top, (_WIDE, high), result.last_week, _MARGIN, _ROOM), result, high)
    if second:
        write(picture, _LEFT, below + 8, "Without each study in turn", weight="bold")
        size = (_WIDE, _LOW_HIGH)
        _without_each(*share_panel(picture, _LEFT, below + 20, size, result.last_week, _MARGIN, _ROOM), result)
    write(picture, _LEFT + _WIDE / 2, axis_end + 2, "weeks after the end of infusion", color=MUTED, ha="center")
    write(picture, 4, axis_end + 12 + text_height(marks, SMALL) / 2, marks, SMALL, color=MUTED)
    return finish(picture)


def _ends(result: BenefitRetention) -> tuple[str, str]:
    """Return the pooled share at the end of infusion and at the last count, with limits, in words."""
    first, last = (
        f"{percent(row['rate'])} ({percent_pair(row['ci_low'], row['ci_high'])}) at {in_weeks(row['weeks'])}"
        for row in (result.curve.iloc[0], result.curve.iloc[-1])
    )
    return first, last


def _treated(points: pd.DataFrame) -> int:
    return int(points.groupby("arm_id")["patients_treated"].max().sum())


def _main(ax: Axes, unit: float, result: BenefitRetention, height: float) -> None:
    curve = result.curve
    x = unit * np.sqrt(curve["weeks"].to_numpy(float))
    shares = {column: 100 * curve[column].to_numpy(float) for column in curve.columns[1:]}
    bands = [(shares["pi_low"], shares["pi_high"], 0.08), (shares["ci_low"], shares["ci_high"], 0.20)]
    draw_curve(ax, x, shares["rate"], shares["rate"], _CURVE, bands, width=2)
    for edge in ("pi_low", "pi_high"):
        ax.plot(x, shares[edge], color=_CURVE.color, alpha=0.4, linewidth=0.6, zorder=1.5)

    ends: list[tuple[float, float, str, Look]] = []
    labels = PanelLabels(_WIDE, height, lambda value: share_height(value, height))
    for piece in pairwise(list(zip(x, shares["rate"], strict=True))[::3]):
        labels.avoid_line(*zip(*piece, strict=True))
    largest = result.points["patients_treated"].max()
    names = arm_names(result.points)
    for _, rows in result.points.groupby("arm_id", sort=False):
        rows = rows.sort_values("weeks", kind="stable")
        xs, values = [unit * at_week(week) for week in rows["weeks"]], [100 * rate for rate in rows["rate"]]
        ax.plot(xs, values, color=_STUDY.color, linewidth=0.8, zorder=3)
        for piece in pairwise(zip(xs, values, strict=True)):
            labels.avoid_line(*zip(*piece, strict=True))
        for x_, value in zip(xs, values, strict=True):
            for aside in (-4, 0, 4):
                labels.avoid_bar(x_ + aside, value - 2, value + 2)
        size = 2 * _LARGEST * np.sqrt(rows["patients_treated"].iloc[0] / largest)
        dot = {"marker": "o", "markersize": size, "markeredgecolor": "white", "markeredgewidth": 0.6}
        ax.plot(xs, values, color=_STUDY.color, linestyle="", clip_on=False, zorder=4, **dot)
        if rows["weeks"].iloc[-1] == result.last_week:
            ends.append((_WIDE, values[-1], _label(rows, names, _ROOM - 16), _STUDY))
        else:
            labels.add(xs[-1], values[-1], _label(rows, names, _INSIDE), _STUDY)
    labels.draw(ax)
    write_beside(ax, _WIDE + 8, [*ends, *_band_names(result)])


def _label(rows: pd.DataFrame, names: dict, room: float) -> str:
    first = next(each(rows))
    sources = "".join(dict.fromkeys(source_mark(access) for access in rows["access"]))
    counts = "".join(dict.fromkeys(count_mark(basis) for basis in rows["count_basis"]))
    benefit = BENEFIT_WORDS.get(first.benefit, first.benefit)
    arm = names.get((first.study_id, first.label), "")
    lines = (short_citation(first.citation) + sources, arm, f"{benefit}{counts}, n = {int(first.patients_treated)}")
    return "\n".join(balanced(line, room, SMALL) for line in lines if line)


def _band_names(result: BenefitRetention) -> list[tuple[float, float, str, Look]]:
    """Return labels of the curve and its bands, with their positions at the last week."""
    end, level = result.curve.iloc[-1], percent_level(result.level)
    names = {
        "rate": f"pooled, {percent(end['rate'])}",
        "ci_low": f"{level} interval,\n{percent_pair(end['ci_low'], end['ci_high'])}%",
        "pi_high": f"{level} prediction interval:\nnext study, {percent_pair(end['pi_low'], end['pi_high'])}%",
    }
    return [(_WIDE, 100 * end[column], words, _CURVE) for column, words in names.items()]


def _without_each(ax: Axes, unit: float, result: BenefitRetention) -> None:
    ax.set_yticklabels(["0", "", "50", "", "100%"])  # the panel is low
    most = _changes_most(result)
    ends: list[tuple[float, float, str, Look]] = []
    others = []
    for study, rows in result.without.groupby("study_id", sort=False):
        x, values = unit * np.sqrt(rows["weeks"].to_numpy(float)), 100 * rows["rate"].to_numpy(float)
        own = study == most
        ax.plot(x, values, color=INK if own else _STUDY.color, linewidth=1.1 if own else 0.6, zorder=3 if own else 2)
        if own:
            words = f"without {short_citation(rows['citation'].iloc[0])}:\n{_fall(rows['rate'])}"
            ends.append((_WIDE, values[-1], words, Look(INK, INK, "")))
        else:
            others.append(rows["rate"])
    x, values = unit * np.sqrt(result.curve["weeks"].to_numpy(float)), 100 * result.curve["rate"].to_numpy(float)
    draw_curve(ax, x, values, values, _CURVE, width=2)
    ends.append((_WIDE, values[-1], f"all studies: {_fall(result.curve['rate'])}", _CURVE))
    if others:
        last = [100 * rates.iloc[-1] for rates in others]
        words = f"without one of the others:\n{_span(others, 0)} → {_span(others, -1)}"
        ends.append((_WIDE, float(np.mean(last)), words, _STUDY))
    write_beside(ax, _WIDE + 8, ends)


def _changes_most(result: BenefitRetention) -> str:
    """Return the study without which the curve moves farthest at any time."""
    pooled = result.curve["rate"].to_numpy(float)
    moves = result.without.groupby("study_id")["rate"].apply(lambda rates: np.abs(rates.to_numpy(float) - pooled).max())
    return str(moves.idxmax())


def _fall(rates: pd.Series) -> str:
    return f"{percent(rates.iloc[0])} → {percent(rates.iloc[-1])}"


def _span(curves: list[pd.Series], at: int) -> str:
    shares = [rates.iloc[at] for rates in curves]
    return percent(shares[0]) if len(shares) == 1 else f"{percent_pair(min(shares), max(shares))}%"


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


def _alt(result: BenefitRetention) -> str:
    first, last = _ends(result)
    predicted = [percent_pair(row["pi_low"], row["pi_high"]) for row in (result.curve.iloc[0], result.curve.iloc[-1])]
    names, parts = arm_names(result.points), []
    for _, rows in result.points.groupby("arm_id", sort=False):
        row = next(each(rows))
        steps = [f"{printed_percent(r)} at {in_weeks(r.weeks)}" for r in each(rows.sort_values("weeks"))]
        state = BENEFIT_STATES.get(row.benefit, row.benefit)
        parts.append(f"{sentence_label(row, names)}, {', then '.join(steps)} {state} (n = {int(row.patients_treated)})")
    sentences = [
        f"{counted(len(result.points), 'count')} of who still has the benefit, in "
        f"{counted(result.k, 'study', 'studies')} with {_treated(result.points)} treated patients.",
        f"Pooled, it is {first} and {last} ({percent_level(result.level)} intervals); prediction intervals for the "
        f"next study are {' and '.join(predicted)}.",
        _half(result),
        f"Studies: {'; '.join(parts)}.",
    ]
    if len(result.without):
        rows = result.without[result.without["study_id"] == _changes_most(result)]
        sentences.append(
            f"One study changes the curve most: without {short_citation(rows['citation'].iloc[0])} it runs from "
            f"{percent(rows['rate'].iloc[0])} to {percent(rows['rate'].iloc[-1])}."
        )
    return " ".join(sentences)
