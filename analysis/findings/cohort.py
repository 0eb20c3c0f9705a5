"""What a clinic's own patients show, in words, each sentence computed from a result of `analysis.outcomes.cohort`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.exhibit import Finding, escape
from analysis.outcomes.cohort.judging import RULE_WORDS
from analysis.outcomes.context import group_name
from analysis.wording import count, half_up, interval, level_words, of, percent, percent_interval, series, upper_first

COMPLETE, IMPUTED = "complete_cases", "non_responder_imputation"
QUOTED = ("end_of_infusion", "follow_up")
UNJUDGED = "can't be judged"
VERDICTS = {
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


def response(result: Any, level: float = 0.95) -> Finding:
    """Responders at the end of infusion and at follow-up by the chosen rule, and what those not seen could change."""
    rates = result.rates[result.rates["rule"] == result.rule].set_index(["visit", "handling"])
    seen = {visit: rates.loc[(visit, COMPLETE)] for visit in QUOTED}
    told = [visit for visit in QUOTED if _told(seen[visit])]
    question = "How many patients respond, and how many still do later?"
    if not told:
        return Finding(question, "Too few patients have a score at baseline and later to give a rate.")
    when = {"end_of_infusion": "at the end of infusion", "follow_up": f"{_weeks(result.follow_up_weeks)} later"}
    heads = [f"{percent(seen[visit]['rate'])} {when[visit]}" for visit in told]
    behind = [
        f"{of(seen[visit]['responders'], seen[visit]['n'])}, "
        f"{level_words(level) + ' ' if visit == told[0] else ''}"
        f"{percent_interval(seen[visit]['ci_low'], seen[visit]['ci_high'])}"
        for visit in told
    ]
    sentence = f"**{series(heads)} were responders** ({'; '.join(behind)}; responder: {RULE_WORDS[result.rule]})."
    imputed = [rates.loc[(visit, IMPUTED)] for visit in told]
    if all(_told(row) for row in imputed) and any(
        row["n"] > seen[visit]["n"] for row, visit in zip(imputed, told, strict=True)
    ):
        shares = series([f"{percent(row['rate'])} {when[visit]}" for row, visit in zip(imputed, told, strict=True)])
        sentence += f" Counting everyone without a score as no responder: {shares} of {int(imputed[0]['n'])}."
    return Finding(question, sentence, detail=f"{_flow(result, level)} {_tipping(result)}".strip())


def _told(row: Any) -> bool:
    return not row["hidden"] and pd.notna(row["rate"])


def _weeks(weeks: float) -> str:
    return f"{weeks:g} {'week' if weeks == 1 else 'weeks'}"


def _flow(result: Any, level: float) -> str:
    flow = result.flow
    row = flow[(flow["rule"] == result.rule) & (flow["handling"] == COMPLETE)].iloc[0]
    if row["hidden"] or not row["n"] > 0 or pd.isna(row["difference"]):
        return "Too few patients have a score at both visits to say who kept the response."
    limits = [half_up(100 * row[name]) for name in ("difference_low", "difference_high")]
    return (
        f"Of {int(row['n'])} patients with both scores {int(row['kept'])} stayed responders, {int(row['lost'])} no longer "
        f"were and {int(row['gained'])} became responders: a change of {half_up(100 * row['difference'])} percentage "
        f"points ({level_words(level)} {limits[0]} to {limits[1]})."
    )


def _tipping(result: Any) -> str:
    tips = result.tips
    if tips.hidden or not tips.missing:
        return ""
    seen = CONCLUSION_WORDS[tips.conclusion]
    among = f"the {count(int(tips.missing), 'patient')} without a follow-up score"
    if tips.never_changes:
        return f"That {seen} holds whatever became of {among}."
    if pd.isna(tips.low):
        return (
            f"That {seen} is true of the patients seen; with {among} it holds for no number of responders among them."
        )
    return f"That {seen} holds if {int(tips.low)} to {int(tips.high)} of {among} were responders, and not otherwise."


def pain(result: Any, level: float = 0.95) -> Finding:
    """The mean change since baseline at the end of infusion and at the later visits."""
    visits = result.visits
    changes = visits[(visits["visit"] != "baseline") & ~visits["change_hidden"] & visits["change_mean"].notna()]
    question = "How much does pain fall?"
    if changes.empty:
        return Finding(question, "Too few patients have a score at baseline and later.")
    first, last = changes.iloc[0], changes.iloc[-1]
    sentence = f"**{_change(first)} {_at(first)}** ({_behind(first, level, named=True)})"
    if len(changes) > 1:
        sentence += f", and {_fell(last)} {_at(last)} ({_behind(last, level)})"
    baseline = visits[(visits["visit"] == "baseline") & ~visits["hidden"]]
    start = f" The mean before was {half_up(baseline['mean'].iloc[0], 1)}." if len(baseline) else ""
    return Finding(question, f"{sentence}.{start}")


def _fell(row: Any) -> str:
    change = row["change_mean"]
    return f"{'was' if abs(change) < 0.05 else 'lay'} {_points(change)}"


def _points(change: float) -> str:
    if abs(change) < 0.05:
        return "as high as at baseline"
    return f"{half_up(abs(change), 1)} points {'below' if change < 0 else 'above'} baseline"


def _change(row: Any) -> str:
    return f"Mean pain on the 0–10 scale {_fell(row)}"


def _at(row: Any) -> str:
    return "at the end of infusion" if row["weeks"] == 0 else f"at week {row['weeks']:g}"


def _behind(row: Any, level: float, named: bool = False) -> str:
    limits = ""
    if pd.notna(row["change_low"]):
        lead = f"{level_words(level)} " if named else ""
        limits = f"{lead}{interval(row['change_low'], row['change_high'])}; "
    return f"{limits}{count(int(row['change_n']), 'patient')}"


def duration(result: Any, level: float = 0.95) -> Finding:
    """Median duration among those who responded at the end of infusion, and first against next courses."""
    medians, counts = result.medians, result.counts
    row = _only(medians, "initial_responders")
    question = "How long does the benefit last?"
    if row is None or pd.isna(row["median_low"]):
        return Finding(question, "Too few patients responded and were seen again to say how long it lasted.")
    who = f"the {int(row['patients'])} patients who responded at the end of infusion"
    limits = _limits(row, level)
    if np.isinf(row["median_high"]):
        lead = f"**More than half of {who} still had the benefit when last seen**{limits}."
    else:
        lead = f"**Half of {who} had lost the benefit {_span(row['median_low'], row['median_high'])}**{limits}."
    seen = _only(counts, "initial_responders")
    if seen is not None and pd.notna(seen["without_follow_up"]) and seen["without_follow_up"] > 0:
        never = int(seen["without_follow_up"])
        lead += f" {upper_first(count(never, 'of them was', 'of them were'))} never seen again."
    return Finding(question, lead, detail=" ".join(_test(row) for row in result.tests.itertuples()))


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
        return f" ({level_words(level)} of the median: {low} weeks or more)"
    return f" ({level_words(level)} of the median: {low} to {half_up(row['limit_high'], 1).removesuffix('.0')} weeks)"


def _test(row: Any) -> str:
    if pd.isna(row.p_value) or row.who != "initial_responders":
        return ""
    p = "P < 0.001" if row.p_value < 0.001 else f"P = {row.p_value:.3f}"
    names = f"{group_name(row.group_1)} and {group_name(row.group_2)}"
    return f"Durations after {names} {'differ' if row.p_value < 0.05 else 'do not clearly differ'} ({p})."


def standing(compared: pd.DataFrame, rule: str) -> Finding:
    """The clinic's rates by the chosen rule on the published prediction intervals: within, above, below, open."""
    question = "Where does this stand against published studies?"
    own = compared[compared["outcome"].astype(str).str.startswith(f"{rule} ") & compared["estimate"].notna()]
    judged = own[own["verdict"] != UNJUDGED]
    if judged.empty:
        why = own["why"].iloc[0] if len(own) else "no study counts responders in this way"
        return Finding(question, f"This can't be judged: {escape(why)}.")
    told = [_stands(row) for row in judged.itertuples()]
    lead = f"**{upper_first(VERDICTS[judged['verdict'].iloc[0]])}** {told[0]}."
    others = [f"{upper_first(VERDICTS[v])} {words}." for v, words in zip(judged["verdict"][1:], told[1:], strict=True)]
    return Finding(question, " ".join([lead, *others, "This says whether the result is usual, not what caused it."]))


def _stands(row: Any) -> str:
    visit = "at follow-up" if str(row.outcome).endswith("follow_up") else "at the end of infusion"
    return (
        f"{visit}: {percent(row.estimate)} here ({percent_interval(row.ci_low, row.ci_high)}); after "
        f"{count(int(row.k), 'study', 'studies')} with {percent(row.published)} on average, one more would be expected "
        f"between {percent(row.pi_low)} and {percent(row.pi_high)} (counted there: {escape(row.definition)})"
    )


def missing(result: Any, follow_up_weeks: float, level: float = 0.95) -> Finding:
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
        if measure in differs.index and not differs.loc[measure, "hidden"]:
            row = differs.loc[measure]
            digits = 1 if scale == 1 else 0
            limits = f"{half_up(scale * row['low'], digits)} to {half_up(scale * row['high'], digits)}"
            more = "more" if row["difference"] > 0 else "less" if scale == 1 else "fewer"
            told.append(
                f"{half_up(abs(scale * row['difference']), digits)} {unit} {more} {words} ({level_words(level)} {limits})"
            )
    if told:
        sentence += f" Patients without a score {_weeks(follow_up_weeks)} later had {series(told)} than the others."
    return Finding(question, sentence)


def limits(regression: Any, synthetic: bool = False) -> tuple[str, ...]:
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
        f"{general} In patients like these that alone would make up about {half_up(row['fall'], 1)} points{of_seen}, and "
        f"{percent(row['ge_30_percent'])} would count as responders (30% less pain) without any effect."
    )


def scope(cohort: Any, sites: Sequence[str] = (), regimens: Sequence[str] = (), years: Sequence[str] = ()) -> str:
    """One line below the title: the file, and which part of it this report is about."""
    parts = [f"file {group_name(cohort.file)}"]
    if sites:
        parts.append(f"only {'site' if len(sites) == 1 else 'sites'} {series([group_name(site) for site in sites])}")
    if regimens:
        parts.append(f"only {series([group_name(regimen) for regimen in regimens])}")
    if years:
        parts.append(f"only {'year' if len(years) == 1 else 'years'} {series(sorted(years))}")
    return f"{upper_first('; '.join(parts))}."
