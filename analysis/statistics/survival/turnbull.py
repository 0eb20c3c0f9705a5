"""Turnbull's estimate of the distribution of interval-censored durations, and its survival function and quantiles."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.statistics.checks import finite_number, finite_numbers
from analysis.statistics.survival.interval_data import (
    InnermostIntervals,
    check_intervals,
    innermost_intervals,
    unique_intervals,
)
from analysis.statistics.survival.newton import maximise

PROBABILITY_TOLERANCE = 1e-9  # a cumulative probability this near to p counts as p


def npmle(lower: ArrayLike, upper: ArrayLike, weights: ArrayLike | None = None) -> pd.DataFrame:
    """Return the nonparametric maximum likelihood estimate of a distribution from intervals (Turnbull 1976).

    An interval (lower, upper] does not contain its lower end. So three ways to lose a benefit by week 13 differ: (0,
    13] had it and lost it; exactly 0 (lower = upper = 0) never had it; lower = -inf, upper = 13 lost it or never had
    it.

    With exact and right-censored observations only, the estimate is that of Kaplan and Meier, with the remaining
    probability at right = inf. It is computed by self-consistency and constrained Newton steps up to the Kuhn-Tucker
    conditions: no other distribution has a log-likelihood larger by more than 1e-10 times the total weight. The
    estimate is unique: an observation ends with each innermost interval, so no two sets of masses give all observations
    the same probabilities.

    Parameters
    ----------
    lower, upper : array_like, shape (n,)
        Ends of the intervals, in any unit of time. lower = upper is exact; upper = inf is right-censored, still going
        at `lower`; lower = -inf ended at or before `upper`.
    weights : array_like, shape (n,), optional
        Number of patients with each interval; default 1.

    Returns
    -------
    DataFrame, one row per innermost interval with probability, ascending
        Columns left, right, probability (sum 1). The data do not show where in (left, right] the probability lies;
        left = right is a point; right = inf lies beyond the last observation; left = -inf includes 0.

    Raises
    ------
    ValueError
        For a missing or impossible end, lower above upper, a negative or missing weight, unequal lengths, no intervals,
        or weights with sum 0. The message names the element, counted from 1.

    References
    ----------
    Turnbull 1976, J R Stat Soc B 38:290; Wang 2008, Comput Stat Data Anal 52:2388.
    """
    observed = unique_intervals(*check_intervals(lower, upper, weights))
    inner = innermost_intervals(observed.lower, observed.upper)
    masses = maximise(inner.first, inner.end, observed.weight, len(inner.left))
    return mass_table(inner, masses)


def mass_table(inner: InnermostIntervals, masses: np.ndarray) -> pd.DataFrame:
    """Return the innermost intervals that have probability: left, right, probability."""
    some = masses > 0
    return pd.DataFrame({"left": inner.left[some], "right": inner.right[some], "probability": masses[some]})


def interval_probabilities(table: pd.DataFrame, lower: ArrayLike, upper: ArrayLike) -> np.ndarray:
    """Return the probability of each interval under `table`: that of the innermost intervals inside it."""
    return np.maximum(sums_inside(table, _columns(table)[2], lower, upper), 0.0)


def sums_inside(table: pd.DataFrame, values: np.ndarray, lower: ArrayLike, upper: ArrayLike) -> np.ndarray:
    """Return for each interval (lower, upper] the sum of `values` over the rows of `table` inside it.

    Parameters
    ----------
    table : DataFrame, m rows
        As from `npmle`.
    values : ndarray, shape (m,)
    lower, upper : array_like, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
    """
    low, high, _ = check_intervals(lower, upper)
    left, right, _ = _columns(table)
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.searchsorted(left, low, side="left")
    at = np.minimum(first, len(left) - 1)
    point = (left[at] == low) & (right[at] == low)
    exact = low == high
    first = np.where(point & ~exact, first + 1, first)
    end = np.where(exact, first + point, np.searchsorted(right, high, side="right"))
    return total[np.maximum(end, first)] - total[first]


def log_likelihood(table: pd.DataFrame, lower: ArrayLike, upper: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the log-likelihood of intervals under `table`; minus infinity if one of them has probability 0.

    Parameters
    ----------
    table : DataFrame
        As from `npmle`.
    lower, upper, weights
        As in `npmle`.
    """
    observed = unique_intervals(*check_intervals(lower, upper, weights))
    with np.errstate(divide="ignore"):
        return float(observed.weight @ np.log(interval_probabilities(table, observed.lower, observed.upper)))


def survival_at(table: pd.DataFrame, times: ArrayLike) -> pd.DataFrame:
    """Return the probability of a duration longer than each time.

    Parameters
    ----------
    table : DataFrame
        As from `npmle`.
    times : array_like, shape (n,)

    Returns
    -------
    DataFrame, n rows
        Columns time, low, high. low and high differ only inside an innermost interval, where all values between them
        fit the data equally well.

    Raises
    ------
    ValueError
        For a missing time.
    """
    at = finite_numbers("times", [times] if np.isscalar(times) else times, infinite=True)
    left, right, probability = _columns(table)
    beyond = np.concatenate([np.cumsum(probability[::-1])[::-1], [0.0]])
    possible = np.searchsorted(right, at, side="right")
    # the interval that contains the time: its probability may lie before or after it
    inside = np.minimum(possible, len(left) - 1)
    split = (possible < len(left)) & (left[inside] < at)
    return pd.DataFrame(
        {"time": at, "low": np.minimum(beyond[possible + split], 1.0), "high": np.minimum(beyond[possible], 1.0)}
    )


def quantile(table: pd.DataFrame, p: float) -> tuple[float, float]:
    """Return the first time at which the share `p` of all durations has ended, as an interval (low, high].

    Parameters
    ----------
    table : DataFrame
        As from `npmle`.
    p : float
        Above 0 and below 1.

    Returns
    -------
    (float, float)
        low = high is exact; high = inf is not reached during follow-up.

    Raises
    ------
    ValueError
        For a p outside 0 to 1.
    """
    if not 0 < finite_number("p", p) < 1:
        raise ValueError(f"p is {p}: must lie between 0 and 1, for example 0.5 for the median")
    left, right, probability = _columns(table)
    reached = int(np.searchsorted(np.cumsum(probability), p - PROBABILITY_TOLERANCE, side="left"))
    reached = min(reached, len(left) - 1)
    return float(left[reached]), float(right[reached])


def median(table: pd.DataFrame) -> tuple[float, float]:
    """Return the median duration as an interval (low, high]; see `quantile`."""
    return quantile(table, 0.5)


def _columns(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    missing = [name for name in ("left", "right", "probability") if name not in table]
    if missing or not len(table):
        raise ValueError(f"table has no {missing[0] if missing else 'rows'}: must be what npmle gives")
    return tuple(table[name].to_numpy(dtype=float) for name in ("left", "right", "probability"))
