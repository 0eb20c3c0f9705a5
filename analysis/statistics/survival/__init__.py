"""Survival analysis of durations known as intervals (lower, upper]: exact, interval-censored or right-censored.

Turnbull's estimate with bootstrap bands, parametric fits and a two-group test; see `npmle` for the intervals. scipy
1.17 estimates survival curves of exact and right-censored durations only. Results agree with the R packages npsurv
0.5.0 and survival 3.5.3.
"""

from analysis.statistics.survival.bands import Draws, bootstrap
from analysis.statistics.survival.distributions import DISTRIBUTIONS
from analysis.statistics.survival.failure_time import UndeterminedError
from analysis.statistics.survival.group_test import GroupTest, two_group_test
from analysis.statistics.survival.parametric import ParametricFit, fit_distribution
from analysis.statistics.survival.turnbull import (
    interval_probabilities,
    log_likelihood,
    median,
    npmle,
    quantile,
    survival_at,
)
