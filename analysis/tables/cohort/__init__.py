"""Printed tables of a clinic's own patients: results of `analysis.outcomes.cohort` in, exhibits out."""

from analysis.tables.cohort.outcomes import flow, pain_by_visit, responders, responders_by_group
from analysis.tables.cohort.people import groups, missing, people, site_by_regimen, who_is_missing
from analysis.tables.cohort.standing import benchmark, duration_tests, durations, regression_to_the_mean, warnings

__all__ = [
    "benchmark",
    "duration_tests",
    "durations",
    "flow",
    "groups",
    "missing",
    "pain_by_visit",
    "people",
    "regression_to_the_mean",
    "responders",
    "responders_by_group",
    "site_by_regimen",
    "warnings",
    "who_is_missing",
]
