"""Figures of the evidence: each function takes a result table and returns an `analysis.exhibit.Figure`.

A Figure contains the Matplotlib figure, its data, alternative text, caption and notes, and the ids of its studies.
"""

from __future__ import annotations

from analysis.figures.benefit_flows import benefit_flow, possible_flow_curve
from analysis.figures.doses_by_rate import dose_map
from analysis.figures.duration_statements import duration_lanes
from analysis.figures.harm_rates import harm_forest
from analysis.figures.next_trial_chances import next_trial_forest
from analysis.figures.pain_courses import pain_trajectory_lines
from analysis.figures.pain_differences import pain_before_after
from analysis.figures.pooled_benefit import pooled_benefit_curve
from analysis.figures.pooled_responders import pooled_forest
from analysis.figures.regimen_durations import regimen_duration_curve
from analysis.figures.responder_rates import responder_forest
from analysis.figures.study_sizes import study_map
