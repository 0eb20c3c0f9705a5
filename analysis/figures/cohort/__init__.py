"""Figures of a clinic's own patients: each function takes a result of `analysis.outcomes.cohort`.

`synthetic` marks invented patients inside the picture, so that copies of it are marked too.
"""

from __future__ import annotations

from analysis.figures.cohort.benefit_durations import cohort_duration_curve
from analysis.figures.cohort.missing_responders import tipping_point_curve
from analysis.figures.cohort.missing_visits import missing_score_bars
from analysis.figures.cohort.published_comparison import benchmark_forest
from analysis.figures.cohort.response_figures import responder_curve, responder_flow
from analysis.figures.cohort.site_rates import site_funnel
from analysis.figures.cohort.visit_pain import visit_change_lines, visit_pain_lines

__all__ = [
    "benchmark_forest",
    "cohort_duration_curve",
    "missing_score_bars",
    "responder_curve",
    "responder_flow",
    "site_funnel",
    "tipping_point_curve",
    "visit_change_lines",
    "visit_pain_lines",
]
