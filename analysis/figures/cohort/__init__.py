"""Figures of a clinic's own patients: each function takes a result of `analysis.outcomes.cohort`.

Invented patients are marked inside the picture, so that copies of it are marked too.
"""

from __future__ import annotations

from analysis.figures.cohort.benefit_durations import cohort_duration_curve
from analysis.figures.cohort.missing_responders import tipping_point_curve
from analysis.figures.cohort.missing_visits import missing_visit_bars
from analysis.figures.cohort.outcome_shares import outcome_share_bars
from analysis.figures.cohort.patient_counts import patient_count_bars, responder_squares
from analysis.figures.cohort.published_comparison import benchmark_forest
from analysis.figures.cohort.quarters import fall_run_chart, quarter_run_chart
from analysis.figures.cohort.response_figures import responder_curve, responder_flow
from analysis.figures.cohort.site_rates import site_funnel
from analysis.figures.cohort.visit_pain import benefit_box_curve, visit_pain_line
