"""Printed tables of a clinic's own patients: each takes a result of `analysis.outcomes.cohort`, returns a `Table`."""

from analysis.tables.cohort.benchmark_tables import benchmark_table, regression_to_the_mean_table, warnings_table
from analysis.tables.cohort.benefit_tables import cohort_durations_table, duration_tests_table
from analysis.tables.cohort.other_tables import harms_table, opioids_table, other_outcomes_table
from analysis.tables.cohort.people_tables import (
    groups_table,
    missing_scores_table,
    people_table,
    site_by_regimen_table,
    who_is_missing_table,
)
from analysis.tables.cohort.response_tables import (
    cohort_flow_table,
    pain_by_visit_table,
    responders_by_group_table,
    responders_table,
    threshold_table,
)
