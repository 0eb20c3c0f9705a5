"""Printed tables of the evidence: each function takes a result of `analysis.outcomes` and returns a `Table`."""

from analysis.tables.consistency_tables import consistency_table, missing_at_follow_up_table
from analysis.tables.duration_tables import (
    benefit_by_regimen_table,
    durations_table,
    patient_intervals_table,
    without_interval_table,
)
from analysis.tables.evidence_tables import doses_table, left_out_table, studies_table
from analysis.tables.few_study_tables import (
    directions_table,
    few_studies_table,
    next_trial_table,
    retention_checks_table,
    spread_readings_table,
)
from analysis.tables.harm_tables import adverse_events_table
from analysis.tables.judgement_tables import (
    agreement_table,
    certainty_table,
    computed_certainty_table,
    disagreements_table,
    key_outcomes_table,
    planned_outcomes_table,
    readings_table,
    risk_of_bias_table,
    screening_table,
    searches_table,
    study_flow_table,
)
from analysis.tables.pain_tables import pain_changes_table, pain_scores_table
from analysis.tables.pooling_tables import (
    coverage_table,
    not_pooled_table,
    pooled_rates_table,
    without_each_study_table,
)
from analysis.tables.responder_tables import responder_flow_table, responder_rates_table
from analysis.tables.retention_tables import (
    duration_groups_table,
    half_times_table,
    regimen_odds_table,
    retention_left_out_table,
)
from analysis.tables.review_tables import (
    guidelines_table,
    patient_values_table,
    pharmacology_table,
    review_statements_table,
    reviews_table,
)
from analysis.tables.study_tables import (
    arms_table,
    conflicts_table,
    every_source_table,
    reported_tests_table,
    sources_table,
    study_results_table,
)
