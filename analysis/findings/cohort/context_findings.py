"""Findings on a clinic's results against published studies, on missing scores and on limitations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.cohort_wording import group_name, visit_words
from analysis.evidence.rowwise import each
from analysis.exhibit import Finding, escape, sourced
from analysis.outcomes.cohort import Cohort
from analysis.outcomes.cohort.limits import Regression
from analysis.outcomes.cohort.people import People
from analysis.wording import (
    counted,
    half_up,
    interval_words,
    number_interval,
    number_of_weeks,
    percent,
    series,
    upper_first,
)

_UNJUDGED = "can't be judged"
_VERDICTS = {
    "within": "within what published studies show",
    "above": "above what published studies show",
    "below": "below what published studies show",
    "can't be told apart": "too close to the edge of what published studies show to be told apart",
}


def benchmark_finding(compared: pd.DataFrame, rule: str) -> Finding:
    """Return the position of the clinic's responder rates within the published prediction intervals.

    Parameters
    ----------
    compared
        One row per outcome, from `outcomes.cohort.benchmark.compare`.
    rule
        The responder rule whose rates are compared.
    """
    question = "Where does this stand against published studies?"
    own = compared[compared["outcome"].astype(str).str.startswith(f"{rule} ") & compared["estimate"].notna()]
    judged = list(each(own[own["verdict"] != _UNJUDGED]))
    if not judged:
        why = own["why"].iloc[0] if len(own) else "no study counts responders in this way"
        return Finding(question, f"This can't be judged: {escape(why)}.")
    first, *others = judged
    parts = [f"**{upper_first(_VERDICTS[first.verdict])}** {_position(first)}"]
    for other in others:
        also = {first.verdict, other.verdict} == {"within"}
        parts.append(f"{'also within' if also else _VERDICTS[other.verdict]} {_position(other)}")
    definitions = dict.fromkeys(escape(row.definition) for row in judged)
    detail = (
        f"Counted in the studies: {'; '.join(definitions)}. To stand within says that a result is usual, not what "
        "caused it."
    )
    return Finding(question, f"{'; '.join(parts)}. Studies count responders in their own ways.", detail=detail)


def cohort_missing_finding(result: People, follow_up_weeks: float, level: float = 0.95) -> Finding:
    """Return the number of missing scores, and the difference of patients without a follow-up score from the others.

    Parameters
    ----------
    result
        From `outcomes.cohort.people`.
    follow_up_weeks
        Time of the follow-up visit, in weeks after the end of infusion.
    level
        Confidence level of the intervals in `result`.
    """
    question = "Who is not in these numbers?"
    visits = result.missing[~result.missing["hidden"] & (result.missing["visit"] != "baseline")]
    if visits.empty:
        return Finding(question, "Too few courses to say which scores are missing.")
    worst = visits.loc[visits["share_observed"].astype("float64").idxmin()]
    sentence = (
        f"**{percent(1 - worst['share_observed'])} of the courses have no score {visit_words(worst['weeks'])}** "
        f"({int(worst['expected'] - worst['observed'])} of {int(worst['expected'])})."
    )
    measures = result.who_differs.set_index("measure")
    differences = (
        _difference(measures.loc["baseline"], 1, "points {} pain at baseline", "less", level),
        _difference(
            measures.loc["response_end_of_infusion"],
            100,
            "percentage points {} responders at the end of infusion",
            "fewer",
            level,
        ),
    )
    shown = [words for words in differences if words]
    if shown:
        sentence += (
            f" Patients without a score {number_of_weeks(follow_up_weeks)} later had {series(shown)} than the others."
        )
    return Finding(question, sentence)


def cohort_limits(regression: Regression, synthetic: bool = False) -> tuple[str, ...]:
    """Return the limitations of an uncontrolled cohort, one sentence each.

    Parameters
    ----------
    regression
        From `outcomes.cohort.limits.regression_to_the_mean`, in points of the 0–10 scale.
    synthetic
        Whether the patients are invented; the first sentence then says so.
    """
    invented = "These patients are invented: nothing follows from them about ketamine."
    return (
        *([invented] if synthetic else []),
        "There is no control group. What was seen is not the effect of ketamine: pain also changes by itself, by "
        "attention, by expectation and by whatever else was done.",
        _regression(regression),
        "Patients who did well, or badly, may be likelier to come back: rates among those seen need not hold for all.",
        "Sites and regimens treat different patients. Differences between them are not differences in quality, and "
        "nothing here ranks them.",
    )


def cohort_scope(
    cohort: Cohort, sites: Sequence[str] = (), regimens: Sequence[str] = (), years: Sequence[str] = ()
) -> str:
    """Return the line below the title: the file, and the sites, regimens and years of the report."""
    parts = [f"file {group_name(cohort.file)}"]
    for one, many, values in (("site", "sites", sites), ("regimen", "regimens", regimens), ("year", "years", years)):
        if values:
            parts.append(f"{one if len(values) == 1 else many}: {series([group_name(value) for value in values])}")
    return f"{upper_first('; '.join(parts))}."


def _position(row: Any) -> str:
    return (
        f"{'at follow-up' if str(row.outcome).endswith('follow_up') else 'at the end of infusion'}: "
        f"{percent(row.estimate)} here, {sourced(percent(row.published), row.rows)} on average in "
        f"{sourced(counted(int(row.k), 'study', 'studies'), row.rows)} (one more study would be expected between "
        f"{sourced(f'{percent(row.pi_low)} and {percent(row.pi_high)}', row.rows)})"
    )


def _difference(row: Any, scale: int, words: str, less: str, level: float) -> str:
    """Return the difference of the patients without a score; `words` contains a placeholder for `more` or `less`."""
    if row["hidden"] or pd.isna(row["low"]):
        return ""
    decimals = 1 if scale == 1 else 0
    sign = 1 if row["difference"] > 0 else -1
    limits = number_interval(*sorted(sign * scale * row[side] for side in ("low", "high")), decimals)
    size = half_up(abs(scale * row["difference"]), decimals)
    return f"{size} {words.format('more' if sign == 1 else less)} ({interval_words(level)} {limits})"


def _regression(result: Regression) -> str:
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
