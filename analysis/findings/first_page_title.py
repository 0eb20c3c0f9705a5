"""The first page of the evidence report: its answers, the finding as title, the lead."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Criteria, Selection
from analysis.exhibit import Finding
from analysis.findings.certainty_findings import certainty_finding, gaps_finding
from analysis.findings.duration_findings import duration_finding
from analysis.findings.harm_findings import harm_finding
from analysis.findings.log_findings import evidence_date
from analysis.findings.pain_findings import pain_finding
from analysis.findings.response_findings import response_finding
from analysis.findings.study_page import largest_result
from analysis.outcomes import evidence_map
from analysis.outcomes.context import PLACEBO, UNCONTROLLED
from analysis.outcomes.key_outcomes import shows_difference
from analysis.wording import ACCESS_WORDS, regimen_words, series, upper_first

_PAIN, _FUNCTION = "pain_score", "function"


def evidence_findings(
    selection: Selection, level: float = 0.95, horizon_weeks: float = 52, definition_classes: tuple[str, ...] = ()
) -> tuple[Finding, ...]:
    """Return the six answers of the evidence report, in reading order.

    Returns
    -------
    tuple of Finding
        Pain, responders, duration of benefit, certainty, harms, gaps.
    """
    return (
        pain_finding(selection, level, horizon_weeks),
        response_finding(selection, level, horizon_weeks, definition_classes),
        duration_finding(selection, level, horizon_weeks),
        certainty_finding(selection, definition_classes),
        harm_finding(selection, level),
        gaps_finding(selection, definition_classes),
    )


def page_kicker(selection: Selection) -> str:
    """Return what the page is about, and the date of its evidence, as printed above the title."""
    return f"{_scope(selection) or 'evidence summary'} · {evidence_date(selection.evidence)}"


def page_title(selection: Selection, outcomes: pd.DataFrame) -> str:
    """Return the finding of `key_outcomes.key_outcomes` as title, after the regimens or sources it is limited to."""
    scope, finding = _scope(selection), _finding(selection, outcomes)
    if not scope:
        return finding
    first = finding[:1] if finding[1:2].isupper() else finding[:1].lower()  # CRPS stays as it is
    return f"{upper_first(scope)}: {first}{finding[1:]}"


def _scope(selection: Selection) -> str:
    """Return the regimens and kinds of source that a selection is limited to; empty for the default synthesis."""
    criteria = selection.criteria
    scope = series([regimen_words(name) for name in criteria.regimen_classes])
    if criteria.access != Criteria().access:
        scope = " and ".join(filter(None, (scope, series([f"{ACCESS_WORDS[kind]}s" for kind in criteria.access]))))
    return scope


def _finding(selection: Selection, outcomes: pd.DataFrame) -> str:
    own = outcomes[(outcomes["review"] == "") & (outcomes["comparison"] == "placebo")]
    scored = own[own["difference"].notna() & (own["measure"] == _PAIN)]
    if scored.empty:
        result = largest_result(selection)
        controlled = PLACEBO in set(evidence_map.studies(selection)["control"])
        against = "its size against placebo is not printed" if controlled else "no study has a placebo group"
        return f"{result}; {against}" if result else f"No usable number on pain or response; {against}"
    trials = {study for row in each(scored) for study in row.studies}
    lead = "In the one placebo-controlled trial" if len(trials) == 1 else f"In {len(trials)} placebo-controlled trials"
    lower = bool((scored["ci_high"] < 0).all())
    when = "for weeks after ketamine" if shows_difference(own, measure=_PAIN) else "just after ketamine"
    first = f"{lead} with printed scores, {f'pain was lower {when}' if lower else 'no difference in pain was shown'}"
    missing = []
    if not shows_difference(own, outcome_id="pain_week_12"):
        missing.append("lasting benefit")
    if not shows_difference(own, measure=_FUNCTION):
        missing.append("better function")
    joined = series(missing)
    return f"{first}; {joined} {'are' if len(missing) > 1 else 'is'} not shown" if missing else first


def page_lead(selection: Selection, outcomes: pd.DataFrame) -> str:
    """Return at most three short sentences below the title, in Markdown, from `key_outcomes.key_outcomes`."""
    studies = evidence_map.studies_with_results(selection)
    placebo = [row for row in studies if row.control == PLACEBO]
    scored = {study for row in each(outcomes) if row.review == "" and pd.notna(row.difference) for study in row.studies}
    sentences = []
    silent = [row for row in placebo if row.study_id not in scored]
    if len(silent) == 1 and len(placebo) == 2:
        smaller = ", smaller" if silent[0].n < max(row.n for row in placebo) else ""
        tests = [test for row in each(outcomes) for test in row.tests if test.study_id == silent[0].study_id]
        less = "reports less pain but prints" if any(test.significant for test in tests) else "prints"
        sentences.append(f"A second{smaller} placebo-controlled trial {less} no size.")
    elif silent:
        one = len(silent) == 1
        trials = "One placebo-controlled trial prints" if one else f"{len(silent)} placebo-controlled trials print"
        sentences.append(f"{trials} no size.")
    free = [row for row in studies if row.control == UNCONTROLLED]
    if len(free) > len(studies) / 2:
        which = "All" if len(free) == len(studies) else "Most other" if placebo else "Most"
        sentences.append(f"{which} results come from studies without a control group.")
    if not read_in_full(selection):
        sentences.append("No paper’s full text was read.")
    return " ".join(sentences)


def read_in_full(selection: Selection) -> bool:
    """Return whether a selected result comes from the full text of a paper."""
    evidence = selection.evidence
    access = dict(zip(evidence.sources["source_id"], evidence.sources["access"], strict=True))
    tables = (evidence.pain_scores, evidence.responders, evidence.durations)
    return any(access[source] == "full_text" for table in tables for source in table["source_id"])
