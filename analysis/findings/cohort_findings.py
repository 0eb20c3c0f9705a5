"""What a clinic's own patients show, in words, each sentence computed from a result of `analysis.outcomes.cohort`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Finding, escape, sourced
from analysis.wording import (
    RULE_WORDS,
    counted,
    group_name,
    half_up,
    interval_words,
    number_interval,
    out_of,
    percent,
    percent_interval,
    series,
    upper_first,
)

_COMPLETE, _IMPUTED = "complete_cases", "non_responder_imputation"
QUOTED = ("end_of_infusion", "follow_up")
_UNJUDGED = "can't be judged"
_VERDICTS = {
    "within": "within what published studies show",
    "above": "above what published studies show",
    "below": "below what published studies show",
    "can't be told apart": "too close to the edge of what published studies show to be told apart",
}
CONCLUSION_WORDS = {
    "fell": "the rate falls until follow-up",
    "rose": "the rate rises until follow-up",
    "no clear change": "the rate does not clearly change until follow-up",
}


def cohort_response_finding(result: Any, level: float = 0.95) -> Finding:
    """Responders at the end of infusion and at follow-up by the chosen rule, and what those not seen could change."""
    rates = result.rates[result.rates["rule"] == result.rule].set_index(["visit", "handling"])
    seen = {visit: rates.loc[(visit, _COMPLETE)] for visit in QUOTED}
    told = [visit for visit in QUOTED if _told(seen[visit])]
    question = "How many patients respond, and how many still do later?"
    if not told:
        return Finding(question, "Too few patients have a score at baseline and later to give a rate.")
    when = {"end_of_infusion": "at the end of infusion", "follow_up": f"at {_weeks(result.follow_up_weeks)}"}
    heads = [f"{percent(seen[visit]['rate'])} {when[visit]}" for visit in told]
    behind = [
        f"{out_of(seen[visit]['responders'], seen[visit]['n'])}, "
        f"{interval_words(level) + ' ' if visit == told[0] else ''}"
        f"{percent_interval(seen[visit]['ci_low'], seen[visit]['ci_high'])}"
        for visit in told
    ]
    sentence = f"**{_were(heads)}** ({'; '.join(behind)}; responder: {RULE_WORDS[result.rule]})."
    imputed = [rates.loc[(visit, _IMPUTED)] for visit in told]
    if all(_told(row) for row in imputed) and any(
        row["n"] > seen[visit]["n"] for row, visit in zip(imputed, told, strict=True)
    ):
        shares = series([percent(row["rate"]) for row in imputed])
        sentence += f" Counting everyone without a score as no responder: {shares} of all {int(imputed[0]['n'])}."
    return Finding(question, sentence, detail=f"{_flow(result, level)} {_tipping(result)}".strip())


def _were(heads: list[str]) -> str:
    """`57% were responders at the end of infusion and 48% at 4 weeks`."""
    share, _, time = heads[0].partition(" ")
    return series([f"{share} were responders {time}", *heads[1:]])


def _told(row: Any) -> bool:
    return not row["hidden"] and pd.notna(row["rate"])


def _weeks(weeks: float) -> str:
    return f"{weeks:g} {'week' if weeks == 1 else 'weeks'}"


def _flow(result: Any, level: float) -> str:
    flow = result.flow
    row = flow[(flow["rule"] == result.rule) & (flow["handling"] == _COMPLETE)].iloc[0]
    if row["hidden"] or not row["n"] > 0 or pd.isna(row["difference"]):
        return "Too few patients have a score at both visits to say who kept the response."
    limits = [half_up(100 * row[name]) for name in ("difference_low", "difference_high")]
    return (
        f"Of {int(row['n'])} patients with both scores {int(row['kept'])} stayed responders, {int(row['lost'])} no "
        f"longer were and {int(row['gained'])} became responders: a change of {half_up(100 * row['difference'])} "
        f"percentage points ({interval_words(level)} {limits[0]} to {limits[1]})."
    )


def _tipping(result: Any) -> str:
    tips = result.tips
    if tips.hidden or not tips.missing:
        return ""
    seen = CONCLUSION_WORDS[tips.conclusion]
    among = f"the {counted(int(tips.missing), 'patient')} without a follow-up score"
    if tips.never_changes:
        return f"That {seen} holds whatever became of {among}."
    if pd.isna(tips.low):
        return (
            f"That {seen} is true of the patients seen; with {among} it holds for no number of responders among them."
        )
    return f"That {seen} holds if {int(tips.low)} to {int(tips.high)} of {among} were responders, and not otherwise."


def cohort_pain_finding(result: Any, level: float = 0.95) -> Finding:
    """The mean change since baseline at the end of infusion and at the last visit."""
    visits = result.visits
    changes = visits[(visits["visit"] != "baseline") & ~visits["change_hidden"] & visits["change_mean"].notna()]
    question = "How much does pain fall?"
    if changes.empty:
        return Finding(question, "Too few patients have a score at baseline and later.")
    first, last = changes.iloc[0], changes.iloc[-1]
    sentence = f"**Mean pain was {_change(first)} {_at(first)}** ({_behind(first, interval_words(level) + ' ')})"
    if len(changes) > 1:
        sentence += f" and {_change(last)} {_at(last)} ({_behind(last, '')})"
    baseline = visits[(visits["visit"] == "baseline") & ~visits["hidden"]]
    start = f" Before, it was {half_up(baseline['mean'].iloc[0], 1)} on the 0–10 scale." if len(baseline) else ""
    return Finding(question, f"{sentence}.{start}")


def _change(row: Any) -> str:
    side = "below" if row["change_mean"] <= 0 else "above"
    return f"{half_up(abs(row['change_mean']), 1)} points {side} baseline"


def _behind(row: Any, lead: str) -> str:
    patients = counted(int(row["change_n"]), "patient")
    if pd.isna(row["change_low"]):
        return patients
    sign = -1 if row["change_mean"] <= 0 else 1
    return f"{lead}{number_interval(*sorted((sign * row['change_low'], sign * row['change_high'])))}; {patients}"


def _at(row: Any) -> str:
    return "at the end of infusion" if row["weeks"] == 0 else f"at week {row['weeks']:g}"


def cohort_duration_finding(result: Any, level: float = 0.95) -> Finding:
    """Median duration among those who responded at the end of infusion, and first against next courses."""
    row = _only(result.medians, "initial_responders")
    question = "How long does the benefit last?"
    if row is None or pd.isna(row["median_low"]):
        return Finding(question, "Too few patients responded and were seen again to say how long it lasted.")
    who = f"the {int(row['patients'])} patients who responded at the end of infusion"
    limits = _limits(row, level)
    if np.isinf(row["median_high"]):
        lead = f"**More than half of {who} still had the benefit when last seen**{limits}."
    else:
        lead = f"**Half of {who} had lost the benefit {_span(row['median_low'], row['median_high'])}**{limits}."
    detail = [_test(row) for row in each(result.tests)]
    return Finding(question, lead, detail=" ".join([*result.notes, *filter(None, detail)]))


def _only(table: pd.DataFrame, who: str) -> Any:
    rows = table[(table["who"] == who) & (table["by"] == "all") & ~table["hidden"]]
    return rows.iloc[0] if len(rows) else None


def _span(low: float, high: float) -> str:
    return (
        f"by week {high:g}"
        if low == high
        else f"between weeks {half_up(low, 1).removesuffix('.0')} and {half_up(high, 1).removesuffix('.0')}"
    )


def _limits(row: Any, level: float) -> str:
    if pd.isna(row["limit_low"]):
        return ""
    low = half_up(row["limit_low"], 1).removesuffix(".0")
    if np.isinf(row["limit_high"]):
        return f" ({interval_words(level)} of the median: {low} weeks or more)"
    return (
        f" ({interval_words(level)} of the median: {low} to {half_up(row['limit_high'], 1).removesuffix('.0')} weeks)"
    )


def _test(row: Any) -> str:
    if pd.isna(row.p_value) or row.who != "initial_responders":
        return ""
    p = "P < 0.001" if row.p_value < 0.001 else f"P = {row.p_value:.3f}"
    names = f"{group_name(row.group_1)} and {group_name(row.group_2)}"
    differ = "differ" if row.p_value < 0.05 else "do not clearly differ"
    return f"The durations of {escape(names)} {differ} ({p})."


def benchmark_finding(compared: pd.DataFrame, rule: str) -> Finding:
    """The clinic's rates by the chosen rule on the published prediction intervals: within, above, below, open."""
    question = "Where does this stand against published studies?"
    own = compared[compared["outcome"].astype(str).str.startswith(f"{rule} ") & compared["estimate"].notna()]
    judged = own[own["verdict"] != _UNJUDGED]
    if judged.empty:
        why = own["why"].iloc[0] if len(own) else "no study counts responders in this way"
        return Finding(question, f"This can't be judged: {escape(why)}.")
    first, *others = each(judged)
    sentence = f"**{upper_first(_VERDICTS[first.verdict])}** {_stands(first)}"
    sentence += "".join(
        f"; {'also within' if {first.verdict, other.verdict} == {'within'} else _VERDICTS[other.verdict]} "
        f"{_stands(other)}"
        for other in others
    )
    ways = list(dict.fromkeys(escape(row.definition) for row in each(judged)))
    detail = (
        f"Counted in the studies: {'; '.join(ways)}. To stand within says that a result is usual, not what caused it."
    )
    return Finding(question, f"{sentence}. Studies count responders in their own ways.", detail=detail)


def _stands(row: Any) -> str:
    return (
        f"{'at follow-up' if str(row.outcome).endswith('follow_up') else 'at the end of infusion'}: "
        f"{percent(row.estimate)} here, {sourced(percent(row.published), row.rows)} on average in "
        f"{sourced(counted(int(row.k), 'study', 'studies'), row.rows)} (one more study would be expected between "
        f"{sourced(f'{percent(row.pi_low)} and {percent(row.pi_high)}', row.rows)})"
    )


def cohort_missing_finding(result: Any, follow_up_weeks: float, level: float = 0.95) -> Finding:
    """How many scores are missing and whether those without a later score are like the others."""
    question = "Who is not in these numbers?"
    table = result.missing[~result.missing["hidden"] & (result.missing["visit"] != "baseline")]
    if table.empty:
        return Finding(question, "Too few courses to say which scores are missing.")
    worst = table.loc[table["share_observed"].astype("float64").idxmin()]
    sentence = (
        f"**{percent(1 - worst['share_observed'])} of the courses have no score {_at(worst)}** "
        f"({int(worst['expected'] - worst['observed'])} of {int(worst['expected'])})."
    )
    differs = result.who_differs.set_index("measure")
    told = []
    for measure, words, scale, unit in (
        ("baseline", "pain at baseline", 1, "points"),
        ("response_end_of_infusion", "responders at the end of infusion", 100, "percentage points"),
    ):
        row = differs.loc[measure]
        if not row["hidden"] and pd.notna(row["low"]):
            digits = 1 if scale == 1 else 0
            sign = 1 if row["difference"] > 0 else -1
            limits = number_interval(*sorted(sign * scale * row[side] for side in ("low", "high")), digits)
            more = "more" if row["difference"] > 0 else "less" if scale == 1 else "fewer"
            size = half_up(abs(scale * row["difference"]), digits)
            told.append(f"{size} {unit} {more} {words} ({interval_words(level)} {limits})")
    if told:
        sentence += f" Patients without a score {_weeks(follow_up_weeks)} later had {series(told)} than the others."
    return Finding(question, sentence)


def cohort_limits(regression: Any, synthetic: bool = False) -> tuple[str, ...]:
    """What an uncontrolled cohort can't show, in the reader's words."""
    told = ["These patients are invented: nothing follows from them about ketamine."] if synthetic else []
    told.append(
        "There is no control group. What was seen is not the effect of ketamine: pain also changes by itself, by "
        "attention, by expectation and by whatever else was done."
    )
    told.append(_regression(regression))
    told += [
        "Patients who did well, or badly, may be likelier to come back: rates among those seen need not hold for all.",
        "Sites and regimens treat different patients. Differences between them are not differences in quality, and "
        "nothing here ranks them.",
    ]
    return tuple(told)


def _regression(result: Any) -> str:
    central = result.falls[result.falls["is_central"]]
    general = (
        "Patients are treated when pain is at its worst, and pain at its worst tends to fall (regression to the mean)."
    )
    if result.hidden or central.empty or pd.isna(central["fall"].iloc[0]):
        return f"{general} How much of the fall that explains cannot be computed here."
    row = central.iloc[0]
    observed = result.observed_fall
    of_seen = f" of the {half_up(observed, 1)} seen" if pd.notna(observed) and observed > 0 else ""
    return (
        f"{general} In patients like these that alone would make up about {half_up(row['fall'], 1)} points{of_seen}, "
        f"and {percent(row['ge_30_percent'])} would count as responders (30% less pain) without any effect."
    )


def cohort_scope(
    cohort: Any, sites: Sequence[str] = (), regimens: Sequence[str] = (), years: Sequence[str] = ()
) -> str:
    """One line below the title: the file, and which part of it this report is about."""
    parts = [f"file {group_name(cohort.file)}"]
    for one, many, values in (("site", "sites", sites), ("regimen", "regimens", regimens), ("year", "years", years)):
        if values:
            parts.append(f"{one if len(values) == 1 else many}: {series([group_name(value) for value in values])}")
    return f"{upper_first('; '.join(parts))}."
