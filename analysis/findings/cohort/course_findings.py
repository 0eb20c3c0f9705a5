"""Findings on responders, pain and duration of benefit among a clinic's own patients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.cohort_wording import RULE_WORDS, group_name, visit_words
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
    number_text,
    out_of,
    percent,
    percent_interval,
    series,
    time_words,
)

_COMPLETE, _IMPUTED = "complete_cases", "non_responder_imputation"
_VISITS = ("end_of_infusion", "follow_up")
_CONCLUSIONS = {
    "fell": "the rate falls until follow-up",
    "rose": "the rate rises until follow-up",
    "no clear change": "the rate does not clearly change until follow-up",
}


def cohort_response_finding(result: Response, level: float = 0.95) -> Finding:
    """Return the responders at the end of infusion and at follow-up by the chosen rule.

    Parameters
    ----------
    result
        From `outcomes.cohort.response`.
    level
        Confidence level of the intervals in `result`.

    Returns
    -------
    Finding
        Its detail states the flow of responders, and how many responders among the patients without a follow-up score
        would change the conclusion.
    """
    question = "How many patients respond, and how many still do later?"
    rates = result.rates[result.rates["rule"] == result.rule].set_index(["visit", "handling"])
    complete = {visit: rates.loc[(visit, _COMPLETE)] for visit in _VISITS}
    visits = [visit for visit in _VISITS if _is_shown(complete[visit])]
    if not visits:
        return Finding(question, "Too few patients have a score at baseline and later to give a rate.")
    when = {"end_of_infusion": "at the end of infusion", "follow_up": time_words(result.follow_up_weeks)}
    heads = [
        f"{percent(complete[visit]['rate'])} {'were responders ' if visit == visits[0] else ''}{when[visit]}"
        for visit in visits
    ]
    behind = [
        f"{out_of(complete[visit]['responders'], complete[visit]['n'])}, "
        f"{interval_words(level) + ' ' if visit == visits[0] else ''}"
        f"{percent_interval(complete[visit]['ci_low'], complete[visit]['ci_high'])}"
        for visit in visits
    ]
    sentence = f"**{series(heads)}** ({'; '.join(behind)}; responder: {RULE_WORDS[result.rule]})."
    imputed = [rates.loc[(visit, _IMPUTED)] for visit in visits]
    more = any(row["n"] > complete[visit]["n"] for row, visit in zip(imputed, visits, strict=True))
    if more and all(_is_shown(row) for row in imputed):
        shares = series([percent(row["rate"]) for row in imputed])
        sentence += f" Counting everyone without a score as no responder: {shares} of all {int(imputed[0]['n'])}."
    return Finding(question, sentence, detail=f"{_flow(result, level)} {_tipping(result)}".strip())


def cohort_pain_finding(result: Trajectories, level: float = 0.95) -> Finding:
    """Return the mean change of pain from baseline at the end of infusion and at the last visit.

    Parameters
    ----------
    result
        From `outcomes.cohort.trajectories`, in points of the 0–10 scale.
    level
        Confidence level of the intervals in `result`.
    """
    question = "How much does pain fall?"
    visits = result.visits
    changes = visits[(visits["visit"] != "baseline") & ~visits["change_hidden"] & visits["change_mean"].notna()]
    if changes.empty:
        return Finding(question, "Too few patients have a score at baseline and later.")
    first, last = changes.iloc[0], changes.iloc[-1]
    sentence = f"**Mean pain was {_change(first)}** ({_behind(first, interval_words(level) + ' ')})"
    if len(changes) > 1:
        sentence += f" and {_change(last)} ({_behind(last, '')})"
    baseline = visits[(visits["visit"] == "baseline") & visits["mean"].notna()]
    start = f" Before, it was {half_up(baseline['mean'].iloc[0], 1)} on the 0–10 scale." if len(baseline) else ""
    return Finding(question, f"{sentence}.{start}")


def cohort_duration_finding(result: Durations, level: float = 0.95) -> Finding:
    """Return the median duration of benefit among the patients who responded at the end of infusion.

    Parameters
    ----------
    result
        From `outcomes.cohort.durations`, in weeks after the end of infusion.
    level
        Confidence level of the interval of the median.

    Returns
    -------
    Finding
        Its detail compares first with next courses.
    """
    question = "How long does the benefit last?"
    medians = result.medians
    rows = medians[(medians["who"] == "initial_responders") & (medians["by"] == "all") & ~medians["hidden"]]
    if rows.empty or pd.isna(rows["median_low"].iloc[0]):
        return Finding(question, "Too few patients responded and were seen again to say how long it lasted.")
    row = rows.iloc[0]
    who = f"the {int(row['patients'])} patients who responded at the end of infusion"
    if np.isinf(row["median_high"]):
        lead = f"More than half of {who} still had the benefit when last seen"
    else:
        lead = f"Half of {who} had lost the benefit {_when(row['median_low'], row['median_high'])}"
    tests = [_test(test) for test in each(result.tests)]
    detail = " ".join([*result.notes, *filter(None, tests)])
    return Finding(question, f"**{lead}**{_median_limits(row, level)}.", detail=detail)


def _is_shown(row: Any) -> bool:
    return not row["hidden"] and pd.notna(row["rate"])


def _flow(result: Response, level: float) -> str:
    flow = result.flow
    row = flow[(flow["rule"] == result.rule) & (flow["handling"] == _COMPLETE)].iloc[0]
    if row["hidden"] or not row["n"] > 0 or pd.isna(row["difference"]):
        return "Too few patients have a score at both visits to say who kept the response."
    limits = number_interval(100 * row["difference_low"], 100 * row["difference_high"], 0)
    return (
        f"Of {int(row['n'])} patients with both scores {int(row['kept'])} stayed responders, {int(row['lost'])} no "
        f"longer were and {int(row['gained'])} became responders: a change of {half_up(100 * row['difference'])} "
        f"percentage points ({interval_words(level)} {limits})."
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
    return (
        f"That {conclusion} holds if {int(tips.low)} to {int(tips.high)} of {among} were responders, and not otherwise."
    )


def _change(row: Any) -> str:
    side = "below" if row["change_mean"] <= 0 else "above"
    return f"{half_up(abs(row['change_mean']), 1)} points {side} baseline {visit_words(row['weeks'])}"


def _behind(row: Any, lead: str) -> str:
    patients = counted(int(row["change_n"]), "patient")
    if pd.isna(row["change_low"]):
        return patients
    sign = -1 if row["change_mean"] <= 0 else 1
    return f"{lead}{number_interval(*sorted((sign * row['change_low'], sign * row['change_high'])))}; {patients}"


def _when(low: float, high: float) -> str:
    return f"by week {high:g}" if low == high else f"between weeks {number_text(low)} and {number_text(high)}"


def _median_limits(row: Any, level: float) -> str:
    if pd.isna(row["limit_low"]):
        return ""
    low, high = number_text(row["limit_low"]), row["limit_high"]
    limits = f"{low} weeks or more" if np.isinf(high) else f"{low} to {number_text(high)} weeks"
    return f" ({interval_words(level)} of the median: {limits})"


def _test(row: Any) -> str:
    if pd.isna(row.p_value) or row.who != "initial_responders":
        return ""
    p = "P < 0.001" if row.p_value < 0.001 else f"P = {row.p_value:.3f}"
    names = f"{group_name(row.group_1)} and {group_name(row.group_2)}"
    differ = "differ" if row.p_value < 0.05 else "do not clearly differ"
    return f"The durations of {escape(names)} {differ} ({p})."
