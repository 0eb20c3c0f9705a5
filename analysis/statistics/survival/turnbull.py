"""Turnbull's estimate of the distribution of durations that are known as intervals, and what can be read from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.statistics.survival.newton import maximise
from analysis.statistics.survival.observed import Cliques, checked, cliques, group

TIE = 1e-9  # a cumulated probability this near to p has reached p


def npmle(lower: ArrayLike, upper: ArrayLike, weights: ArrayLike | None = None) -> pd.DataFrame:
    """The nonparametric maximum likelihood estimate of a distribution from intervals (lower, upper] (Turnbull 1976, J R
    Stat Soc B 38:290), each counting `weights` times.

    lower = upper: exact, the patient's benefit ended then; upper = inf: still going when last seen at `lower`; lower
    = -inf: ended at or before `upper`. An interval leaves its lower end out, so three ways to lose a benefit by week
    13 differ: (0, 13] had it and lost it; exact 0 (lower = upper = 0) never had it; lower = -inf, upper = 13 lost it or
    never had it.

    One row an innermost interval that has probability, in ascending order: left, right, probability. Where in (left,
    right] the probability lies the data don't say; left = right is a point. right = inf: beyond the last patient
    seen; left = -inf: from the beginning on, 0 included. Probabilities add up to 1. With exact and right-censored
    observations only it is the estimate of Kaplan and Meier, with what remains at the end as right = inf.

    Found by self-consistency and constrained Newton steps (Wang 2008, Comput Stat Data Anal 52:2388) up to the
    Kuhn-Tucker conditions: no other distribution has a log-likelihood larger by more than 1e-10 times the total weight.
    There is one answer: some observation ends with each innermost interval, so no two sets of masses give all
    observations the same probabilities. ValueError names the wrong element, counted from 1.
    """
    observed = group(*checked(lower, upper, weights))
    inner = cliques(observed.lower, observed.upper)
    masses = maximise(inner.first, inner.end, observed.weight, len(inner.left))
    return table_of(inner, masses)


def table_of(inner: Cliques, masses: np.ndarray) -> pd.DataFrame:
    """The innermost intervals that have probability: left, right, probability."""
    some = masses > 0
    return pd.DataFrame({"left": inner.left[some], "right": inner.right[some], "probability": masses[some]})


def interval_probabilities(table: pd.DataFrame, lower: ArrayLike, upper: ArrayLike) -> np.ndarray:
    """The probability that `table` gives to each interval (lower, upper]: of the innermost intervals inside it."""
    return np.maximum(sums_inside(table, _columns(table)[2], lower, upper), 0.0)


def sums_inside(table: pd.DataFrame, values: np.ndarray, lower: ArrayLike, upper: ArrayLike) -> np.ndarray:
    """For each interval (lower, upper] the sum of `values`, one a row of `table`, over the rows inside it."""
    low, high, _ = checked(lower, upper)
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
    """The log-likelihood of the intervals under `table`; minus infinity if it gives one of them no probability."""
    observed = group(*checked(lower, upper, weights))
    with np.errstate(divide="ignore"):
        return float(observed.weight @ np.log(interval_probabilities(table, observed.lower, observed.upper)))


def survival_at(table: pd.DataFrame, times: ArrayLike) -> pd.DataFrame:
    """The probability of a duration longer than each time: time, low, high.

    low and high differ inside an innermost interval only, where any value between them fits the data equally well.
    ValueError for a missing time.
    """
    at = np.atleast_1d(np.asarray(times, dtype=float))
    for i in np.flatnonzero(np.isnan(at))[:1]:
        raise ValueError(f"times[{i + 1}] is nan: must be a number")
    left, right, probability = _columns(table)
    beyond = np.concatenate([np.cumsum(probability[::-1])[::-1], [0.0]])
    possible = np.searchsorted(right, at, side="right")
    # the one interval that has begun and not ended: its probability may lie before or after the time
    inside = np.minimum(possible, len(left) - 1)
    split = (possible < len(left)) & (left[inside] < at)
    return pd.DataFrame(
        {"time": at, "low": np.minimum(beyond[possible + split], 1.0), "high": np.minimum(beyond[possible], 1.0)}
    )


def quantile(table: pd.DataFrame, p: float) -> tuple[float, float]:
    """Where the share `p` of all durations has ended, the first time that it has: somewhere in (low, high].

    low = high: exactly then. high = inf: not within the time that patients were followed. ValueError for a p outside
    0 to 1.
    """
    if not 0 < p < 1:
        raise ValueError(f"p is {p}: must lie between 0 and 1, for example 0.5 for the median")
    left, right, probability = _columns(table)
    reached = int(np.searchsorted(np.cumsum(probability), p - TIE, side="left"))
    reached = min(reached, len(left) - 1)
    return float(left[reached]), float(right[reached])


def median(table: pd.DataFrame) -> tuple[float, float]:
    """Where half of all durations have ended: somewhere in (low, high], see `quantile`."""
    return quantile(table, 0.5)


def _columns(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    missing = [name for name in ("left", "right", "probability") if name not in table]
    if missing or not len(table):
        raise ValueError(f"table has no {missing[0] if missing else 'rows'}: must be what npmle gives")
    return tuple(table[name].to_numpy(dtype=float) for name in ("left", "right", "probability"))
