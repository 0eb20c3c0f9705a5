"""Limits of chance for rates and single values, and rules for runs of values around a centre."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import numpy as np
import scipy

from analysis.result_view import ResultView
from analysis.statistics.checks import element_list, finite_number, finite_numbers, whole_numbers

FEWEST_POINTS = 10
_INDIVIDUALS = 2.66  # 3 / 1.128, the mean range of two values of a standard normal distribution
_CROSSINGS = 0.05


@dataclass(frozen=True)
class RunSignals(ResultView):
    """Runs of values on one side of a centre; values at the centre do not count.

    Attributes
    ----------
    points : int
        Values above or below the centre.
    longest, longest_expected : int
        Length of the longest run, and the length above which it is a signal.
    crossings, crossings_expected : int
        How often neighbours lie on different sides, and the number below which that is a signal.
    """

    points: int
    longest: int
    longest_expected: int
    crossings: int
    crossings_expected: int

    @property
    def is_signal(self) -> bool:
        """Whether a run is too long or crossings are too few."""
        return self.longest > self.longest_expected or self.crossings < self.crossings_expected


def run_signals(values: np.ndarray, center: float) -> RunSignals:
    """Return runs and crossings of values in order of time, with what is unusual by chance.

    A run of more than round(log2(n) + 3) values, or fewer crossings than the 5% quantile of a binomial distribution of
    n - 1 trials with probability 1/2, is a signal.

    Parameters
    ----------
    values : ndarray, shape (n,)
    center : float

    Raises
    ------
    ValueError
        For fewer than ten values.

    References
    ----------
    Anhøj 2015, PLoS One 10:e0121349; Anhøj, Wentzel-Larsen 2018, BMC Med Res Methodol 18:111.
    """
    values = finite_numbers("values", values)
    if len(values) < FEWEST_POINTS:
        raise ValueError(f"values has {len(values)} elements: runs need {FEWEST_POINTS} or more")
    sides = np.sign(values - finite_number("center", center))
    sides = sides[sides != 0]
    n = len(sides)
    if not n:
        return RunSignals(0, 0, 0, 0, 0)
    changes = np.flatnonzero(np.diff(sides)) + 1
    longest = int(np.diff([0, *changes, n]).max())
    fewest = int(scipy.stats.binom.ppf(_CROSSINGS, n - 1, 0.5))
    return RunSignals(n, longest, round(log2(n) + 3), len(changes), fewest)


def individuals_limits(values: np.ndarray) -> tuple[float, float, float]:
    """Return mean, lower and upper limit of single values from their moving range (XmR chart): mean ± 2.66 mR.

    Parameters
    ----------
    values : ndarray, shape (n,)
        In order of time, two or more.

    References
    ----------
    Wheeler 1993, Understanding Variation.
    """
    values = finite_numbers("values", values)
    if len(values) < 2:
        raise ValueError(f"values has {len(values)} elements: a moving range needs 2 or more")
    mean, reach = float(values.mean()), _INDIVIDUALS * float(np.abs(np.diff(values)).mean())
    return mean, mean - reach, mean + reach


def binomial_limits(n: np.ndarray, mean: float, p: float) -> tuple[np.ndarray, np.ndarray]:
    """Return limits that rates of `n` patients exceed by chance with probability `p` on either side.

    Exact binomial limits, interpolated between counts: with r the smallest count that has P(R <= r) >= p, the lower
    limit is (r - a) / n, a = (P(R <= r) - p) / P(R = r), at least 0. The upper limit is 1 minus the lower limit of
    patients without a response, which treats both sides in the same way; the same formula with 1 - p would classify
    too many rates as outside (5 patients, mean 0.4: 8.7%, not 2.5%).

    Parameters
    ----------
    n : ndarray of int, shape (m,)
    mean : float
        The common rate, 0 to 1.
    p : float

    References
    ----------
    Spiegelhalter 2005, Stat Med 24:1185, appendix A.1.
    """
    n, p = whole_numbers("n", element_list("n", n)), finite_number("p", p, most=0.5, above=0)
    mean = finite_number("mean", mean, 0, 1) if n.size else 0.0  # without groups there is no mean
    return _lower_limit(n, mean, p), 1 - _lower_limit(n, 1 - mean, p)


def _lower_limit(n: np.ndarray, mean: float, p: float) -> np.ndarray:
    count = scipy.stats.binom.ppf(p, n, mean)
    at = scipy.stats.binom.pmf(count, n, mean)
    beyond = np.divide(scipy.stats.binom.cdf(count, n, mean) - p, at, out=np.zeros(len(n)), where=at > 0)
    return np.maximum((count - beyond) / np.maximum(n, 1), 0.0)
