"""Findings about a clinic's own patients, each sentence computed from a result of `analysis.outcomes.cohort`."""

from analysis.findings.cohort.context_findings import (
    benchmark_finding,
    cohort_limits,
    cohort_missing_finding,
    cohort_scope,
)
from analysis.findings.cohort.course_findings import cohort_duration_finding, cohort_response_finding
from analysis.findings.cohort.meeting import controls_card, limits_card, meeting_card, short_page
