"""Standard distributions of parametric survival fits, and the log-likelihood of an interval under each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi

import numpy as np
from scipy.special import expit, log_ndtr

_Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class IntervalTerms:
    """Log-probability of each interval and its derivatives by the lower and upper end on the standard scale."""

    value: np.ndarray
    by_low: np.ndarray
    by_high: np.ndarray
    low_low: np.ndarray
    low_high: np.ndarray
    high_high: np.ndarray


@dataclass(frozen=True)
class StandardDistribution:
    """A standard distribution, given by its log density, log survival function and log distribution function.

    `slope` and `bend` are the first and second derivative of the log density.
    """

    log_density: _Function
    slope: _Function
    bend: _Function
    log_survival: _Function
    log_distribution: _Function
    median: float

    def interval(
        self, low: np.ndarray, high: np.ndarray, begins: np.ndarray, ends: np.ndarray, exact: np.ndarray
    ) -> IntervalTerms:
        """Return the log-likelihood terms of intervals from `low` to `high`.

        Parameters
        ----------
        low, high : ndarray, shape (n,)
            Ends on the standard scale.
        begins, ends : ndarray of bool, shape (n,)
            Where False, `low` is minus infinity or `high` is infinity.
        exact : ndarray of bool, shape (n,)
            Where True, low equals high and the density counts.

        Returns
        -------
        IntervalTerms
        """
        floor, ceiling = np.where(begins, low, -np.inf), np.where(ends, high, np.inf)
        value = np.where(exact, self.log_density(np.where(exact, low, 0.0)), self._log_between(floor, ceiling, exact))
        inner_low, inner_high = begins & ~exact, ends & ~exact
        at_low = np.where(inner_low, np.exp(self.log_density(np.where(inner_low, low, 0.0)) - value), 0.0)
        at_high = np.where(inner_high, np.exp(self.log_density(np.where(inner_high, high, 0.0)) - value), 0.0)
        point = np.where(exact, low, 0.0)
        return IntervalTerms(
            value=value,
            by_low=np.where(exact, self.slope(point), -at_low),
            by_high=at_high,
            low_low=np.where(exact, self.bend(point), -at_low * self.slope(low) - at_low**2),
            low_high=at_low * at_high,
            high_high=at_high * self.slope(high) - at_high**2,
        )

    def _log_between(self, low: np.ndarray, high: np.ndarray, exact: np.ndarray) -> np.ndarray:
        """Return log(F(high) - F(low)), computed from the tail in which the two differ more."""
        low, high = np.where(exact, -1.0, low), np.where(exact, 1.0, high)
        upper_tail = low > 0
        near = np.where(upper_tail, self.log_survival(low), self.log_distribution(high))
        far = np.where(upper_tail, self.log_survival(high), self.log_distribution(low))
        return near + np.log(-np.expm1(far - near))


def _extreme() -> StandardDistribution:
    return StandardDistribution(
        log_density=lambda z: z - np.exp(z),
        slope=lambda z: 1.0 - np.exp(z),
        bend=lambda z: -np.exp(z),
        log_survival=lambda z: -np.exp(z),
        log_distribution=lambda z: np.log(-np.expm1(-np.exp(z))),
        median=log(log(2)),
    )


STANDARD = {
    "exponential": _extreme(),
    "weibull": _extreme(),
    "lognormal": StandardDistribution(
        log_density=lambda z: -(z**2) / 2 - log(2 * pi) / 2,
        slope=lambda z: -z,
        bend=lambda z: -np.ones_like(z),
        log_survival=lambda z: log_ndtr(-z),
        log_distribution=log_ndtr,
        median=0.0,
    ),
    "loglogistic": StandardDistribution(
        log_density=lambda z: -np.abs(z) - 2 * np.log1p(np.exp(-np.abs(z))),
        slope=lambda z: -np.tanh(z / 2),
        bend=lambda z: -2 * expit(z) * expit(-z),
        log_survival=lambda z: -np.logaddexp(0.0, z),
        log_distribution=lambda z: -np.logaddexp(0.0, -z),
        median=0.0,
    ),
}
DISTRIBUTIONS = tuple(STANDARD)
