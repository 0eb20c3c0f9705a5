"""Figures of a clinic's own patients. Each takes a result of `analysis.outcomes.cohort`; `synthetic` marks invented
patients in the picture itself, wherever it is copied to."""

from __future__ import annotations

from analysis.figures.cohort.benchmark import benchmark
from analysis.figures.cohort.change_from_baseline import change_from_baseline
from analysis.figures.cohort.duration_curves import duration_curves
from analysis.figures.cohort.missing_scores import missing_scores
from analysis.figures.cohort.responder_curve import responder_curve
from analysis.figures.cohort.responder_flow import responder_flow
from analysis.figures.cohort.site_funnel import site_funnel
from analysis.figures.cohort.tipping_point import tipping_point
from analysis.figures.cohort.trajectories import trajectories

__all__ = [
    "benchmark",
    "change_from_baseline",
    "duration_curves",
    "missing_scores",
    "responder_curve",
    "responder_flow",
    "site_funnel",
    "tipping_point",
    "trajectories",
]
