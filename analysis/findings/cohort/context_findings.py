"""Findings on a clinic's results against published studies, over time, on missing scores and on limitations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.cohort_wording import RULE_WORDS, few_words, group_name, hundred_words, visit_words
from analysis.evidence.rowwise import each
from analysis.exhibit import Finding, escape, sourced
from analysis.findings.cohort.course_findings import complete_rates
from analysis.outcomes.cohort import Cohort
from analysis.outcomes.cohort.fall_without_effect import LEAST_FOR_LIMITS, Regression
from analysis.outcomes.cohort.people import People
from analysis.outcomes.cohort.response import Response
from analysis.outcomes.cohort.run_charts import RunChart
from analysis.statistics.control_charts import FEWEST_POINTS
from analysis.wording import (
    counted,
    half_up,
    number_interval,
    number_of_weeks,
    out_of,
    percent,
    percent_pair,
    series,
    short_citation,
    upper_first,
)

_VERDICTS = {"within": "As expected from", "above": "Higher than expected from", "below": "Lower than expected from"}


def benchmark_finding(compared: pd.DataFrame, chart: RunChart) -> Finding:
    """Return the place of the rates of `benchmark.compare` among like studies, and any change over time."""
    question, weeks = "How does that compare?", chart.follow_up_weeks
    alike = list(each(compared[compared["alike"].astype(bool) & compared["difference"].notna()]))
    mixed = [row for row in each(compared[~compared["alike"].astype(bool)]) if pd.notna(row.expected_low)]
    judged = [row for row in alike if row.verdict in _VERDICTS]
    apart = [row for row in alike if row not in judged and not row.difference_low <= 0 <= row.difference_high]
    if not alike and compared["alike"].any():
        sentence = "Too few patients have a score to be set beside published studies."
    elif not alike:
        sentence = "**No published study counted in this way**, so there is no comparison of like with like."
    elif judged or apart:
        parts = [_judged(row, weeks) for row in judged] + [_apart(row, weeks) for row in apart]
        sentence = f"{'; '.join(parts)}."
    else:
        studies = sorted({name for row in alike for name in str(row.studies).split(" and ")})
        numbers = sourced(counted(len(alike), "number"), "; ".join(str(row.rows) for row in alike))
        sentence = (
            "**Not clearly different from published studies** that counted nearly the same way "
            f"({numbers} from {counted(len(studies), 'study', 'studies')})."
        )
    detail = " ".join(_orientation(row, weeks) for row in mixed)
    return Finding(question, f"{sentence} {_change(chart)}", detail=detail)


def cohort_missing_finding(result: People, response: Response) -> Finding:
    """Return who has no follow-up score, whether they differ, and what the rate would be with them."""
    question = "Who is missing?"
    weeks = number_of_weeks(response.follow_up_weeks)
    later = complete_rates(response)[1]
    step = response.steps.set_index("step").loc["follow_up"]
    awaited = ""
    if not result.follow_up_planned:
        any_later = result.missing.iloc[-1]
        lead = ""
        if result.own_times and not any_later["hidden"]:
            seen = out_of(any_later["recorded"], any_later["patients"])
            lead = f"**{seen} patients were seen again, at times of their own.** "
        few = pd.isna(step["n"])
        who = f"Fewer than {result.min_cell} patients" if few else counted(int(step["n"]), "patient")
        near = f"{who} had a score near week {response.follow_up_weeks:g}"
        return Finding(question, f"{lead}{near}; for the others no visit was planned then, so none of them is missing.")
    if later.hidden or pd.isna(step["n"]) or not step["n"]:
        return Finding(question, f"Too few patients have a score at {weeks} to say who is missing.")
    if pd.isna(step["not_expected"]) or step["not_expected"]:
        awaited = f" For {few_words(step['not_expected'], 'patient', result.min_cell)} that visit is not due yet."
    if step["without"] is not pd.NA and not step["without"]:
        return Finding(question, f"**Nobody: all {int(step['n']):,} patients have a score at {weeks}.**{awaited}")
    if pd.isna(step["without"]):
        few = f"**Fewer than {result.min_cell} of {int(step['of']):,} patients**"
        return Finding(question, f"{few} have no score at {weeks}.{awaited}")
    missing = int(step["without"])
    lead = f"**{out_of(missing, step['of'])} patients have no score at {weeks}**{_differ(result, later)}"
    return Finding(question, f"{lead} {_bounds(response, missing)}{awaited}")


def cohort_limits(regression: Regression, controls: int = 0) -> tuple[str, ...]:
    """Return the limitations of the results, one sentence each; `controls` is the number of control patients."""
    invented = "These patients are invented: nothing follows from them about ketamine."
    changes = "Pain also changes by itself, by attention and by expectation."
    alone = f"There is no control group: this is not the effect of ketamine. {changes}"
    beside = f"Control patients may differ from the treated: a difference need not be the effect of ketamine. {changes}"
    return (
        *([invented] if regression.synthetic else []),
        beside if controls else alone,
        *_regression(regression),
        "Sites and regimens treat different patients; nothing here ranks them.",
    )


def cohort_scope(
    cohort: Cohort, who: People, sites: Sequence[str] = (), regimens: Sequence[str] = (), years: Sequence[str] = ()
) -> str:
    """Return the line below the title: sizes, years and last day of the data, and what the report is limited to."""
    sizes = who.sizes.set_index("item")["n"]
    parts = []
    if pd.notna(sizes["patients"]) and sizes["patients"]:
        names = (("patients", "patient"), ("courses", "course"), ("sites", "site"))
        parts.append(", ".join(counted(int(sizes[item]), word) for item, word in names if sizes[item]))
        known = cohort.courses["year"].dropna()
        if len(known):
            parts.append(f"treated {known.min()}" + (f" to {known.max()}" if known.max() > known.min() else ""))
        if pd.notna(who.until):
            parts.append(f"data until {who.until.day} {who.until:%B %Y}")
    parts.append(f"file {group_name(cohort.file)}")
    for one, many, values in (("site", "sites", sites), ("regimen", "regimens", regimens), ("year", "years", years)):
        if values:
            parts.append(f"only {one if len(values) == 1 else many} {series([group_name(value) for value in values])}")
    return upper_first(" · ".join(parts))


def _name(row: Any) -> str:
    return short_citation(str(row.studies)) if row.k == 1 else counted(int(row.k), "study", "studies")


def _what(row: Any, weeks: float) -> str:
    rule, _, visit = str(row.outcome).partition(" at ")
    return f"{RULE_WORDS[rule]}, {visit_words(0 if visit == 'end_of_infusion' else weeks)}"


def _judged(row: Any, weeks: float) -> str:
    expected = percent_pair(row.expected_low, row.expected_high)
    there = sourced(counted(int(row.k), "study", "studies"), row.rows)
    here = f"{_what(row, weeks)}: {percent(row.estimate)} here, expected {expected}"
    return f"**{_VERDICTS[row.verdict]} {there}** ({here})"


def _apart(row: Any, weeks: float) -> str:
    side = "Higher" if row.difference > 0 else "Lower"
    limits = sorted(abs(half_up_points(value)) for value in (row.difference_low, row.difference_high))
    return (
        f"**{side} than in {sourced(escape(_name(row)), row.rows)}** by {abs(half_up_points(row.difference))} points "
        f"({limits[0]} to {limits[1]}; {_what(row, weeks)})"
    )


def half_up_points(share: float) -> int:
    """Return a difference of rates in whole percentage points."""
    return int(half_up(100 * share).replace("\u2212", "-"))


def _orientation(row: Any, weeks: float) -> str:
    return (
        f"For orientation, {_what(row, weeks)}: {percent(row.estimate)} here; in "
        f"{sourced(counted(int(row.k), 'study', 'studies'), row.rows)}, each with its own definition, "
        f"{sourced(percent(row.published), row.rows)} on average, and {int(row.n):,} patients would be expected to "
        f"give {percent_pair(row.expected_low, row.expected_high)}. No verdict follows."
    )


def _change(chart: RunChart) -> str:
    if chart.signals is None:
        dated = " with a date at baseline" if len(chart.left_out) else ""
        few = f"{counted(chart.found, 'quarter')} of {chart.min_cell} patients or more{dated}"
        return f"Change over time can't be judged: {few}, {FEWEST_POINTS} are needed."
    period = f"over {len(chart.points)} quarters"
    if not chart.outside and not chart.signals.is_signal:
        return f"**No signal of change** {period}."
    beyond = f"{counted(chart.outside, 'quarter')} outside the limits of chance" if chart.outside else ""
    runs = "more rates in a row on one side of the mean than by chance" if chart.signals.is_signal else ""
    return f"**Signal of change** {period}: {series([part for part in (beyond, runs) if part])}."


def _differ(result: People, rate: Any) -> str:
    """Return whether the patients without a follow-up score had responded less or more often at the end."""
    row = result.who_differs.set_index("measure").loc["response_end_of_infusion"]
    if row["hidden"] or pd.isna(row["low"]):
        return "."
    groups = [hundred_words(one.responders, one.judged, one.rate, "%") for one in each(result.who_is_missing)]
    against = f"({groups[1]} against {groups[0]})"
    if row["low"] <= 0 <= row["high"]:
        return f"; they had responded about as often as the others {against}."
    less = row["high"] < 0
    how, side = ("less", "high") if less else ("more", "low")
    probably = f"{hundred_words(rate.responders, rate.n, rate.rate)} is probably too {side}"
    return f", and they had responded {how} often than the others {against}: {probably}."


def _bounds(response: Response, missing: int) -> str:
    """Return the lowest and the highest rate possible."""
    rates = response.rates[(response.rates["rule"] == response.rule) & (response.rates["visit"] == "follow_up")]
    by = {row.handling: row for row in each(rates)}
    names = ("non_responder_imputation", "responder_imputation")
    low, high = (hundred_words(by[name].responders, by[name].n, by[name].rate) for name in names)
    return f"It would be {low} if none of the {missing} responded, {high} if all did."


def _regression(result: Regression) -> tuple[str, ...]:
    """Return regression to the mean with its limits; without them nothing is said about its size."""
    central = result.falls[result.falls["is_central"]]
    general = "Patients come when pain is high, and high pain tends to fall by itself."
    if result.n < LEAST_FOR_LIMITS or central.empty or pd.isna(result.fall_low):
        return (general,)
    row = central.iloc[0]
    share = row[result.rule]
    responders = f"{half_up(100 * share)} of 100 ({percent_pair(result.share_low, result.share_high)})"
    fall = f"{half_up(row['fall'], 1)} ({number_interval(result.fall_low, result.fall_high)})"
    return (
        f"{general} That alone would make about {responders} responders, and {fall} of the "
        f"{half_up(result.observed_fall, 1)} points.",
    )
