"""Printed tables: an outcome's DataFrame in, an exhibit out. What is computed stays in `outcomes`; here it gets
words."""

from analysis.tables.consistency import consistency, flow_with_missing
from analysis.tables.durations import benefit_by_regimen, durations, patient_intervals, without_interval
from analysis.tables.evidence import doses, left_out, reviews, studies
from analysis.tables.harms import adverse_events
from analysis.tables.pain import pain_changes, pain_scores
from analysis.tables.responders import responder_flow, responder_rates
from analysis.tables.study import arms, conflicts, sources, study_facts, tests
from analysis.tables.synthesis import (
    coverage,
    duration_groups,
    half_times,
    kept_left_out,
    not_pooled,
    pooled_rates,
    regimen_odds,
    without_each_study,
)

__all__ = [
    "adverse_events",
    "arms",
    "benefit_by_regimen",
    "conflicts",
    "consistency",
    "coverage",
    "doses",
    "duration_groups",
    "durations",
    "flow_with_missing",
    "half_times",
    "kept_left_out",
    "left_out",
    "not_pooled",
    "pain_changes",
    "pain_scores",
    "patient_intervals",
    "pooled_rates",
    "regimen_odds",
    "responder_flow",
    "responder_rates",
    "reviews",
    "sources",
    "studies",
    "study_facts",
    "tests",
    "without_each_study",
    "without_interval",
]
