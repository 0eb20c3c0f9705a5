"""Two-group score tests for interval-censored durations, by permutation."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import gammaln

from analysis.result_view import ResultView
from analysis.statistics.checks import check_choice, whole_number
from analysis.statistics.survival.interval_data import (
    check_intervals,
    patient_counts,
    two_group_labels,
    unique_intervals,
)
from analysis.statistics.survival.turnbull import npmle, sums_inside

_SCORES = ("sun", "finkelstein")
MOST_TABLES = 200_000


@dataclass(frozen=True)
class GroupTest(ResultView):
    """Result of a two-group test.

    Attributes
    ----------
    groups : tuple
        The two labels, in ascending order.
    patients : tuple of int
        Number of patients in each group.
    scores : str
        `sun` or `finkelstein`.
    excess : float
        Observed minus expected ended benefits of the second group; below 0 if its benefit lasts longer.
    variance, z, p_normal : float
        Permutation variance of `excess`, its standardised value and normal p-value.
    p : float
        Two-sided p-value by `method`.
    method : str
        `exact` (all different assignments of patients to groups) or `monte_carlo` (`draws` of them, with `seed`).
    draws, seed : int or None
    """

    groups: tuple[object, object]
    patients: tuple[int, int]
    scores: str
    excess: float
    variance: float
    z: float
    p_normal: float
    p: float
    method: str
    draws: int | None
    seed: int | None


def two_group_test(
    lower: ArrayLike,
    upper: ArrayLike,
    groups: ArrayLike,
    weights: ArrayLike | None = None,
    scores: str = "sun",
    draws: int = 99_999,
    seed: int = 1,
) -> GroupTest:
    """Return a test of equal distributions of two groups of interval-censored durations.

    Each patient gets a score from the estimate of both groups together. The sum of scores of one group is compared with
    its distribution over all assignments of the same patients to groups of these sizes; the two-sided p-value is the
    share of assignments at least as far from the mean. The test is valid if both groups were observed at the same
    times; groups with different follow-up times can differ for that reason alone.

    Parameters
    ----------
    lower, upper : array_like, shape (n,)
        Intervals as for `npmle`.
    groups : array_like, shape (n,)
        Two different labels.
    weights : array_like of int, shape (n,), optional
        Number of patients with each interval; default 1.
    scores : {"sun", "finkelstein"}
        Logrank scores (with right-censored data: event minus cumulative hazard), or those of the proportional hazards
        model.
    draws : int
        Number of random assignments, if more than 200,000 different ones exist: p = (1 + as far) / (1 + draws).
    seed : int

    Returns
    -------
    GroupTest

    Raises
    ------
    ValueError
        As in `npmle`, and for weights that are not whole, other than two groups, a group without patients, unknown
        scores or draws below 1. The message names the element, counted from 1.

    References
    ----------
    Sun 1996, Stat Med 15:1387; Finkelstein 1986, Biometrics 42:845; Fay and Shaw 2010, J Stat Softw 36(2).
    """
    low, high, weight = check_intervals(lower, upper, weights)
    labels, second = two_group_labels(groups, len(low))
    check_choice("scores", scores, _SCORES)
    draws, seed = whole_number("draws", draws, 1), whole_number("seed", seed)
    count = patient_counts(weight)
    sizes = int(count[~second].sum()), int(count[second].sum())
    for label, size in zip(labels, sizes, strict=True):
        if not size:
            raise ValueError(f"group {label} has no patients: all its weights are 0")
    observed = unique_intervals(low, high, weight)
    score = _score_of(npmle(low, high, weight), observed.lower, observed.upper, scores)
    score -= (observed.weight @ score) / sum(sizes)
    counted = count > 0
    excess = float(count[counted & second] @ score[observed.row[counted & second]])

    n = sum(sizes)
    spread = float(observed.weight @ score**2)
    variance = sizes[0] * sizes[1] / (n * (n - 1)) * spread if n > 1 else 0.0
    z = excess / sqrt(variance) if spread > 1e-20 * n else 0.0
    values, numbers = _equal_scores(score, np.round(observed.weight).astype(np.int64))
    if _tables(numbers, sizes[1]) <= MOST_TABLES:
        p, method, used, with_seed = _exact(values, numbers, sizes[1], excess), "exact", None, None
    else:
        p, method, used, with_seed = (
            _monte_carlo(values, numbers, sizes[1], excess, draws, seed),
            "monte_carlo",
            draws,
            seed,
        )
    return GroupTest(labels, sizes, scores, excess, variance, z, erfc(abs(z) / sqrt(2)), p, method, used, with_seed)


def _score_of(table: pd.DataFrame, lower: ArrayLike, upper: ArrayLike, scores: str = "sun") -> np.ndarray:
    """Return the score of each interval under `table`: above 0 for an early end, below 0 for a late one."""
    probability = table["probability"].to_numpy(dtype=float)
    after = np.maximum(1.0 - np.cumsum(probability), 0.0)
    after[-1] = 0.0
    before = np.concatenate([[1.0], after[:-1]])
    if scores == "sun":
        log_after = -np.cumsum(probability / before)
        log_before = np.concatenate([[0.0], log_after[:-1]])
    else:
        log_before, log_after = (np.log(np.where(s > 0, s, 1.0)) for s in (before, after))
    part = before * log_before - after * log_after
    return sums_inside(table, part, lower, upper) / sums_inside(table, probability, lower, upper)


def _equal_scores(score: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    place = np.concatenate([[0], np.cumsum(np.diff(ordered) > 1e-9)])
    numbers = np.bincount(place, number[order]).astype(np.int64)
    return np.bincount(place, ordered * number[order]) / numbers, numbers


def _tables(numbers: np.ndarray, size: int) -> int:
    """Return the number of different assignments of patients to a group of `size`, or a number above the limit."""
    ways = np.zeros(size + 1, dtype=np.int64)
    ways[0] = 1
    for number in numbers.tolist():
        total = np.concatenate([[0], np.cumsum(ways)])
        taken = np.arange(size + 1)
        # capped above the limit to avoid overflow: a sum with a capped term still exceeds the limit
        ways = np.minimum(total[taken + 1] - total[np.maximum(taken - number, 0)], MOST_TABLES + 1)
    return int(ways[size])


def _exact(values: np.ndarray, numbers: np.ndarray, size: int, excess: float) -> float:
    taken, total, log_ways = np.zeros(1, dtype=np.int64), np.zeros(1), np.zeros(1)
    left = int(numbers.sum())
    for value, number in zip(values, numbers, strict=True):
        left -= int(number)
        take = np.arange(number + 1)
        log_choose = gammaln(number + 1) - gammaln(take + 1) - gammaln(number - take + 1)
        grown = taken[:, None] + take
        possible = (grown <= size) & (grown + left >= size)
        total = (total[:, None] + take * value)[possible]
        log_ways = (log_ways[:, None] + log_choose)[possible]
        taken = grown[possible]
    share = np.exp(log_ways - log_ways.max())
    far = np.abs(total) >= abs(excess) - 1e-9
    return float(min(1.0, share[far].sum() / share.sum()))


def _monte_carlo(values: np.ndarray, numbers: np.ndarray, size: int, excess: float, draws: int, seed: int) -> float:
    random = np.random.default_rng(seed)
    far, left = 0, draws
    while left:
        some = min(left, 10_000)
        total = random.multivariate_hypergeometric(numbers, size, size=some, method="marginals") @ values
        far += int((np.abs(total) >= abs(excess) - 1e-9).sum())
        left -= some
    return (1 + far) / (1 + draws)
