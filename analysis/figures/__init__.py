"""One function a figure: takes a result table, gives an `analysis.exhibit.Figure`: picture, numbers, words, sources."""

from __future__ import annotations

from .adverse_events import adverse_events
from .benefit_flow import benefit_flow
from .benefit_over_time import benefit_over_time
from .dose_map import dose_map
from .duration_curves import duration_curves
from .durations_swimlane import durations_swimlane
from .evidence_map import evidence_map
from .kept_curve import kept_curve
from .pain_changes import pain_changes
from .pain_trajectories import pain_trajectories
from .patient_intervals import patient_intervals
from .pooled_forest import pooled_forest
from .possible_flows import possible_flows
from .responder_forest import responder_forest

__all__ = [
    "adverse_events",
    "benefit_flow",
    "benefit_over_time",
    "dose_map",
    "duration_curves",
    "durations_swimlane",
    "evidence_map",
    "kept_curve",
    "pain_changes",
    "pain_trajectories",
    "patient_intervals",
    "pooled_forest",
    "possible_flows",
    "responder_forest",
]
