"""What may be put together over studies, what may not, and why: rates, differences, benefit kept, durations."""

from analysis.outcomes.synthesis.benefit_kept import BenefitKept, benefit_kept
from analysis.outcomes.synthesis.differences import PooledDifferences, pooled_differences
from analysis.outcomes.synthesis.duration_curves import DurationCurves, duration_curves
from analysis.outcomes.synthesis.published import published
from analysis.outcomes.synthesis.rates import PooledRates, pooled_rates
from analysis.outcomes.synthesis.simulation import simulated_coverage

__all__ = [
    "BenefitKept",
    "DurationCurves",
    "PooledDifferences",
    "PooledRates",
    "benefit_kept",
    "duration_curves",
    "pooled_differences",
    "pooled_rates",
    "published",
    "simulated_coverage",
]
