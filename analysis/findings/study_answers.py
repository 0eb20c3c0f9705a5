"""Findings of one study."""

from __future__ import annotations

import math
from dataclasses import replace

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each
from analysis.evidence.selection import Criteria, Selection, only, select
from analysis.exhibit import Finding, sourced
from analysis.exhibit.places import source_row
from analysis.findings.duration_findings import duration_finding
from analysis.findings.harm_findings import harm_finding
from analysis.findings.pain_findings import pain_finding
from analysis.findings.response_findings import response_finding
from analysis.wording import out_of, upper_first


def study_findings(evidence: Evidence, study_id: str, level: float = 0.95) -> tuple[Finding, ...]:
    """Return the findings of one study, without the questions on which it has no results.

    Parameters
    ----------
    evidence
        All evidence.
    study_id
        Id of the study. Each patient counts once: the CRPS patients if they are counted separately, otherwise all.
    """
    selection = each_patient_once(evidence, study_id)
    answers = (
        pain_finding(selection, level, math.inf),
        response_finding(selection, level, math.inf),
        duration_finding(selection, level, math.inf),
        harm_finding(selection, level),
    )
    return tuple(answer for answer in answers if answer.rows) or (_as_reported(only(evidence, study_id)),)


def each_patient_once(evidence: Evidence, study_id: str) -> Selection:
    """Return the study with each patient counted once: CRPS patients if counted separately, otherwise all."""
    criteria = Criteria((study_id,), (), (), (), overlapping_studies=True)
    chosen = select(evidence, criteria)
    return chosen if len(chosen.evidence.arms) else select(evidence, replace(criteria, populations=()))


def _as_reported(selection: Selection) -> Finding:
    question = "What does it report?"
    table = selection.evidence.durations
    rows = [source_row("durations", row) for row in table["row"]]
    words = list(table["reported"])
    if table.empty:
        table = selection.evidence.responders
        rows = [source_row("responders", row) for row in table["row"]]
        words = [f"{row.definition}, {out_of(row.responders, row.n)}" for row in each(table)]
    if not words:
        return Finding(question, "What was read gives no pain score, rate, duration or harm.")
    words[0] = upper_first(words[0])
    sentence = "; ".join(sourced(text, place) for text, place in zip(words, rows, strict=True))
    return Finding(question, f"{sentence}.", (table["study_id"].iloc[0],), tuple(rows))
