"""The answers in sentences. Every number in a sentence is computed from the selected evidence."""

from analysis.findings.certainty_findings import certainty_finding, gaps_finding
from analysis.findings.closing_cards import limits_and_methods
from analysis.findings.consistency_findings import consistency_finding
from analysis.findings.duration_findings import duration_finding
from analysis.findings.first_page_title import evidence_findings, page_kicker, page_lead, page_title
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
