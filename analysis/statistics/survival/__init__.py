"""Durations known as intervals (lower, upper]: Turnbull's estimate, its bands, parametric fits, a two-group test.

lower = upper is exact, upper = inf still going when last seen, lower = -inf ended at or before upper; see `npmle`.
"""

from analysis.statistics.survival.bands import Draws, bootstrap, bootstrap_bands
from analysis.statistics.survival.compare import GroupTest, two_group_test
from analysis.statistics.survival.distributions import DISTRIBUTIONS
from analysis.statistics.survival.parametric import (
    ParametricFit,
    UndeterminedError,
    fit_distribution,
    fit_distributions,
)
from analysis.statistics.survival.turnbull import (
    interval_probabilities,
    log_likelihood,
    median,
    npmle,
    quantile,
    survival_at,
)

__all__ = [
    "DISTRIBUTIONS",
    "Draws",
    "GroupTest",
    "ParametricFit",
    "UndeterminedError",
    "bootstrap",
    "bootstrap_bands",
    "fit_distribution",
    "fit_distributions",
    "interval_probabilities",
    "log_likelihood",
    "median",
    "npmle",
    "quantile",
    "survival_at",
    "two_group_test",
]
