"""The answers in sentences. Every number in a sentence is computed from the selected evidence."""

from __future__ import annotations

from analysis.evidence.selection import Selection
from analysis.exhibit import Finding
from analysis.findings.certainty_findings import certainty_finding, gaps_finding
from analysis.findings.closing_cards import limits_and_methods
from analysis.findings.consistency_findings import consistency_finding
from analysis.findings.duration_findings import duration_finding
from analysis.findings.first_page import page_kicker, page_lead, page_title
from analysis.findings.harm_findings import harm_finding
from analysis.findings.log_findings import agreement_words, evidence_date, judgement_findings, what_was_read
from analysis.findings.outcome_rows import summary_of_findings
from analysis.findings.page_cards import first_page_cards
from analysis.findings.pain_findings import pain_finding
from analysis.findings.response_findings import response_finding
from analysis.findings.selection_scope import evidence_scope
from analysis.findings.study_answers import each_patient_once, study_findings
from analysis.findings.synthesis_findings import (
    benefit_retention_finding,
    durations_by_regimen_finding,
    next_trial_finding,
    pooled_rates_finding,
)

__all__ = [
    "agreement_words",
    "benefit_retention_finding",
    "certainty_finding",
    "consistency_finding",
    "duration_finding",
    "durations_by_regimen_finding",
    "each_patient_once",
    "evidence_date",
    "evidence_findings",
    "evidence_scope",
    "first_page_cards",
    "gaps_finding",
    "harm_finding",
    "judgement_findings",
    "limits_and_methods",
    "next_trial_finding",
    "page_kicker",
    "page_lead",
    "page_title",
    "pain_finding",
    "pooled_rates_finding",
    "response_finding",
    "study_findings",
    "summary_of_findings",
    "what_was_read",
]


def evidence_findings(
    selection: Selection, level: float = 0.95, horizon_weeks: float = 52, definition_classes: tuple[str, ...] = ()
) -> tuple[Finding, ...]:
    """Return the six answers of the evidence report, in reading order.

    Parameters
    ----------
    horizon_weeks
        Latest time included, in weeks after the end of infusion.
    definition_classes
        Definitions of a responder to include; empty for all.

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
