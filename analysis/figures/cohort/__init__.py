"""Figures of a clinic's own patients. Each takes a result of `analysis.outcomes.cohort`; `synthetic` marks invented
patients in the picture itself, wherever it is copied to."""

from __future__ import annotations

from .benchmark import benchmark
from .change_from_baseline import change_from_baseline
from .duration_curves import duration_curves
from .missing_scores import missing_scores
from .responder_curve import responder_curve
from .responder_flow import responder_flow
from .site_funnel import site_funnel
from .tipping_point import tipping_point
from .trajectories import trajectories

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
