"""The log of searches and decisions: the date of the last search, and the flow from records to studies with results."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import values
from analysis.evidence.selection import POPULATION_REASONS, Selection
from analysis.outcomes import evidence_map
from analysis.outcomes.context import PLACEBO

OLD_AFTER_DAYS = 365
_IN_SHORT = {
    "route": "by another route",
    "regimen class": "of another regimen",
    "shares patients": "with patients of another study",
    "study not asked for": "not asked for",
    POPULATION_REASONS["mixed"]: "with several pain conditions",
}


def search_date(evidence: Evidence) -> str:
    """Return the date of the last recorded search, as ISO text."""
    return max(evidence.searches["date"])


def search_is_old(evidence: Evidence, on: pd.Timestamp) -> bool:
    """Return whether the last recorded search is more than a year old on this date."""
    return (on - pd.Timestamp(search_date(evidence))).days > OLD_AFTER_DAYS


def study_flow(everything: Evidence, selection: Selection) -> pd.DataFrame:
    """Return the flow from the records that were screened to the studies with results.

    Returns
    -------
    DataFrame, one row per step
        Columns step, records, detail (of what they are, or why others are left out, with their numbers).
    """
    screened = list(values(everything.screening, "study_id", "decision"))
    studies = set(everything.studies["study_id"])
    reviews = set(everything.reviews["review_id"])
    of_studies = [decision for study, decision in screened if study in studies]
    others = [decision for study, decision in screened if study not in studies | reviews]
    left = selection.left_out_of("studies")
    counted = selection.evidence.studies
    planned = int((counted["design"] == "rct_protocol").sum())
    results = evidence_map.studies_with_results(selection)
    none = len(counted) - planned - len(results)
    placebo = sum(row.control == PLACEBO for row in results)
    steps = [
        (
            "records screened",
            len(screened),
            f"{sum(study in reviews for study, _ in screened)} reviews, guidelines and surveys (context, never "
            f"counted); {len(others)} others in no table ({_numbers(others)})",
        ),
        ("studies in the tables", len(of_studies), _numbers(of_studies)),
        ("studies that count here", len(counted), f"left out: {_numbers([_in_short(why) for why in left['why']])}"),
        (
            "studies with a pain score, a rate or a duration",
            len(results),
            f"left out: {planned} planned; {none} with none in the texts that were read",
        ),
        ("of these, studies with a placebo group", placebo, f"{len(results) - placebo} without"),
    ]
    return pd.DataFrame(steps, columns=["step", "records", "detail"])


def _numbers(words: list[str]) -> str:
    counts = pd.Series(words, dtype="str").value_counts(sort=False)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{number} {word.replace('_', ' ')}" for word, number in ordered) or "none"


def _in_short(why: str) -> str:
    kind = why.split(" is ")[0].partition(", or probably")[0].split(";")[0]
    return _IN_SHORT.get(kind, kind)
