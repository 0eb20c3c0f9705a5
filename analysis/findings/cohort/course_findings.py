"""Findings on responders, pain and duration of benefit among a clinic's own patients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.cohort_wording import FEW_PATIENTS, RULE_WORDS, group_name, hundred_words, p_words
from analysis.evidence.rowwise import each
from analysis.exhibit import Finding, escape
from analysis.outcomes.cohort.durations import Durations
from analysis.outcomes.cohort.response import Response
from analysis.outcomes.cohort.trajectories import Trajectories
from analysis.wording import (
    counted,
    half_up,
    interval_words,
    number_interval,
    number_of_weeks,
    number_text,
    out_of,
    series,
    time_words,
)

_COMPLETE = "complete_cases"
_CONCLUSIONS = {
    "fell": "the rate falls until follow-up",
    "rose": "the rate rises until follow-up",
    "no clear change": "the rate does not clearly change until follow-up",
}


def cohort_response_finding(result: Response) -> Finding:
    """Return the responders of 100 with a score at the end of infusion and at follow-up, by the chosen rule.

    Its detail states the flow of responders, and how many responders among the patients without a follow-up score
    would change the conclusion.
    """
    question = "How many did well?"
    shown = [row for row in complete_rates(result) if _is_shown(row)]
    if not shown:
        return Finding(question, "Too few patients have a score at baseline and later to give a rate.")
    parts = []
    for row in shown:
        first = row is shown[0]
        when = time_words(0 if row.visit == "end_of_infusion" else result.follow_up_weeks)
        who = f"{rate_of(row)}{' patients with a score responded' if first else ''}"
        limits = f"{interval_words(result.level) + ' ' if first else ''}{limits_of(row)}"
        behind = limits if row.n < FEW_PATIENTS else f"{out_of(row.responders, row.n)}; {limits}"
        parts.append(f"**{who}** {when} ({behind})")
    sentence = f"{' and '.join(parts)}. Responder: {RULE_WORDS[result.rule]}."
    return Finding(question, sentence, detail=f"{_flow(result)} {_tipping(result)}".strip())


def cohort_duration_finding(result: Durations, pain: Trajectories) -> Finding:
    """Return when half of the responders had lost the benefit, and mean pain before, at the end and at the last visit.

    Its detail compares first with next courses.
    """
    question = "How long did it last?"
    medians = result.medians
    rows = medians[(medians["who"] == "initial_responders") & (medians["by"] == "all") & ~medians["hidden"]]
    if rows.empty or pd.isna(rows["median_low"].iloc[0]):
        lead = "Too few patients responded and were seen again to say how long it lasted."
    else:
        row = rows.iloc[0]
        who = f"the {int(row['patients']):,} responders"
        if np.isinf(row["median_high"]):
            lead = f"**More than half of {who} still had the benefit when last seen.**"
        else:
            lead = f"**Half of {who} had lost the benefit {_when(row['median_low'], row['median_high'])}**"
            lead += f"{_median_limits(row, result.level)}."
    tests = [_test(test) for test in each(result.tests)]
    detail = " ".join([*result.notes, *filter(None, tests)])
    return Finding(question, f"{lead}{_pain(pain)}", detail=detail)


def complete_rates(result: Response) -> list[Any]:
    """Return the rows of `rates` by the chosen rule among patients with a score, in the order of the visits."""
    rates = result.rates
    return list(each(rates[(rates["rule"] == result.rule) & (rates["handling"] == _COMPLETE)]))


def rate_of(row: Any) -> str:
    """Return a rate as `58 of 100`, or as the numbers themselves below 20 patients."""
    return hundred_words(row.responders, row.n, row.rate, " of 100")


def limits_of(row: Any) -> str:
    """Return the limits of a rate, in the unit of `rate_of`."""
    if row.n < FEW_PATIENTS:
        return f"{half_up(row.n * row.ci_low, 1)} to {half_up(row.n * row.ci_high, 1)} of {row.n:,}"
    return f"{half_up(100 * row.ci_low)} to {half_up(100 * row.ci_high)}"


def _pain(result: Trajectories) -> str:
    visits = result.visits[~result.visits["hidden"] & result.visits["mean"].notna()]
    rows = list(each(visits))
    if len(rows) < 2 or rows[0].visit != "baseline":
        return ""
    chosen = rows[:2] + ([rows[-1]] if len(rows) > 2 else [])
    parts = [f"{half_up(rows[0].mean, 1)} before"]
    for row in chosen[1:]:
        when = "at the end" if row.weeks == 0 else f"after {number_of_weeks(row.weeks)}"
        parts.append(f"{half_up(row.mean, 1)} {when}")
    return f" Mean pain was {series(parts)}."


def _is_shown(row: Any) -> bool:
    return not row.hidden and pd.notna(row.rate)


def _flow(result: Response) -> str:
    flow = result.flow
    row = flow[(flow["rule"] == result.rule) & (flow["handling"] == _COMPLETE)].iloc[0]
    if row["hidden"] or not row["n"] > 0 or pd.isna(row["difference"]):
        return "Too few patients have a score at both visits to say who kept the response."
    limits = number_interval(100 * row["difference_low"], 100 * row["difference_high"], 0)
    return (
        f"Of {int(row['n']):,} patients with both scores {int(row['kept']):,} stayed responders, {int(row['lost']):,} "
        f"no longer were and {int(row['gained']):,} became responders: a change of {half_up(100 * row['difference'])} "
        f"percentage points ({interval_words(result.level)} {limits})."
    )


def _tipping(result: Response) -> str:
    tips = result.tips
    if tips.hidden or not tips.missing:
        return ""
    conclusion = _CONCLUSIONS[tips.conclusion]
    among = f"the {counted(int(tips.missing), 'patient')} without a follow-up score"
    if tips.never_changes:
        return f"That {conclusion} holds whatever became of {among}."
    if pd.isna(tips.low):
        return (
            f"That {conclusion} is true of the patients seen; with {among} it holds for no number of responders among "
            "them."
        )
    range_words = f"{int(tips.low):,} to {int(tips.high):,} of {among}"
    return f"That {conclusion} holds only if {range_words} were responders."


def _when(low: float, high: float) -> str:
    return f"by week {high:g}" if low == high else f"between weeks {number_text(low)} and {number_text(high)}"


def _median_limits(row: Any, level: float) -> str:
    if pd.isna(row["limit_low"]):
        return ""
    low, high = number_text(row["limit_low"]), row["limit_high"]
    if row["limit_low"] <= 0 and np.isinf(high):
        return ""
    limits = f"{low} weeks or more" if np.isinf(high) else f"{low} to {number_text(high)} weeks"
    return f" ({interval_words(level)} of the median: {limits})"


def _test(row: Any) -> str:
    if pd.isna(row.p_value) or row.who != "initial_responders":
        return ""
    names = f"{group_name(row.group_1)} and {group_name(row.group_2)}"
    differ = "differ" if row.p_value < 0.05 else "do not clearly differ"
    return f"The durations of {escape(names)} {differ} ({p_words(row.p_value)})."
