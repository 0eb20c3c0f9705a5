"""Where the observed rate of some patients is expected, and the difference of two estimates with their limits."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
from scipy.special import bdtr, bdtrc, expit, logit, ndtri

from analysis.statistics.checks import check_level, finite_number, finite_numbers, patient_number

_NODES = 400


def observed_rate_interval(
    estimate: float, low: float, high: float, n: int, level: float = 0.95
) -> tuple[float, float]:
    """Return where the observed rate of `n` patients is expected, given a prediction interval of true rates.

    The true rate is taken to be normally distributed on the logit scale around `estimate`, with a spread on each side
    that gives the printed limits; the observed number of responders is binomial around it. A few patients are
    therefore expected in a wider interval than a true rate.

    Parameters
    ----------
    estimate, low, high : float
        Average and prediction limits of the true rate, between 0 and 1.
    n : int
    level : float
        Probability of the prediction interval and of the result.

    Returns
    -------
    (float, float)
        The smallest and largest observed rate with more than (1 - level) / 2 at or beyond it on its side.

    Raises
    ------
    ValueError
        For limits that are not around the estimate, or without patients.
    """
    check_level(level)
    n, estimate = patient_number("n", n), finite_number("estimate", estimate)
    low, high = finite_number("low", low), finite_number("high", high)
    if not 0 < low <= estimate <= high < 1:
        raise ValueError(f"estimate {estimate}, limits low {low} and high {high}: 0 < low ≤ estimate ≤ high < 1")
    tail = (1 - level) / 2
    center, (below, above) = logit(estimate), np.abs(logit([low, high]) - logit(estimate)) / ndtri(1 - tail)
    z = ndtri((np.arange(_NODES) + 0.5) / _NODES)
    rates = expit(center + np.where(z < 0, below, above) * z)
    counts = range(n + 1)
    lowest = bisect_right(counts, tail, key=lambda count: bdtr(count, n, rates).mean())
    highest = bisect_left(counts, -tail, key=lambda count: -bdtrc(count, n, rates).mean())
    return lowest / n, highest / n


def mover_difference(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return first minus second with limits, from both estimates and their own limits (MOVER).

    For two Wilson intervals this is Newcombe's interval of independent proportions.

    Parameters
    ----------
    first, second : (float, float, float)
        Estimate, lower and upper limit.

    References
    ----------
    Zou, Donner 2008, Stat Med 27:1693.
    """
    (a, a_low, a_high), (b, b_low, b_high) = _with_limits("first", first), _with_limits("second", second)
    low = a - b - np.hypot(a - a_low, b_high - b)
    return a - b, float(low), float(a - b + np.hypot(a_high - a, b - b_low))


def _with_limits(name: str, values: tuple[float, float, float]) -> list[float]:
    numbers = finite_numbers(name, values).tolist()
    if len(numbers) != 3 or not numbers[1] <= numbers[0] <= numbers[2]:
        raise ValueError(f"{name} is {values}: must be an estimate, its lower and its upper limit")
    return numbers
