"""One function a figure: takes a result table, gives an `analysis.exhibit.Figure`: picture, numbers, words, sources."""

from __future__ import annotations

from .adverse_events import adverse_events
from .benefit_flow import benefit_flow
from .benefit_over_time import benefit_over_time
from .dose_map import dose_map
from .durations_swimlane import durations_swimlane
from .evidence_map import evidence_map
from .pain_changes import pain_changes
from .pain_trajectories import pain_trajectories
from .patient_intervals import patient_intervals
from .possible_flows import possible_flows
from .responder_forest import responder_forest

__all__ = [
    "adverse_events",
    "benefit_flow",
    "benefit_over_time",
    "dose_map",
    "durations_swimlane",
    "evidence_map",
    "pain_changes",
    "pain_trajectories",
    "patient_intervals",
    "possible_flows",
    "responder_forest",
]
