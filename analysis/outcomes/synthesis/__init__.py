"""Synthesis over studies: pooled rates and differences, retention of benefit, duration curves, and what is left out."""

from analysis.outcomes.synthesis.controlled_trials import directions, next_trial, spread_readings
from analysis.outcomes.synthesis.decline_assumptions import retention_checks
from analysis.outcomes.synthesis.differences import PooledDifferences, pooled_differences
from analysis.outcomes.synthesis.duration_curves import DurationCurves, duration_curves
from analysis.outcomes.synthesis.few_studies import few_study_intervals
from analysis.outcomes.synthesis.published import published_results
from analysis.outcomes.synthesis.rates import PooledRates, pooled_rates
from analysis.outcomes.synthesis.retention import BenefitRetention, benefit_retention
from analysis.outcomes.synthesis.simulation import simulated_coverage
