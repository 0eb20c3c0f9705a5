"""One function a figure: takes a result table, gives an `analysis.exhibit.Figure`: picture, numbers, words, sources."""

from __future__ import annotations

from analysis.figures.adverse_events import adverse_events
from analysis.figures.benefit_flow import benefit_flow
from analysis.figures.benefit_over_time import benefit_over_time
from analysis.figures.dose_map import dose_map
from analysis.figures.duration_curves import duration_curves
from analysis.figures.durations_swimlane import durations_swimlane
from analysis.figures.evidence_map import evidence_map
from analysis.figures.kept_curve import kept_curve
from analysis.figures.pain_changes import pain_changes
from analysis.figures.pain_trajectories import pain_trajectories
from analysis.figures.patient_intervals import patient_intervals
from analysis.figures.pooled_forest import pooled_forest
from analysis.figures.possible_flows import possible_flows
from analysis.figures.responder_forest import responder_forest

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
