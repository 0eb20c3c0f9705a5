"""Checks of interval-censored durations, unique intervals and Turnbull's innermost intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.statistics.checks import check_labels, check_same_length, finite_numbers


@dataclass(frozen=True)
class UniqueIntervals:
    """Different intervals (lower, upper] with their total weight, in ascending order, without those of weight 0.

    Attributes
    ----------
    lower, upper, weight : ndarray, shape (m,)
    row : ndarray of int, shape (n,)
        For each interval of the input its position here, -1 where its weight is 0.
    """

    lower: np.ndarray
    upper: np.ndarray
    weight: np.ndarray
    row: np.ndarray


@dataclass(frozen=True)
class InnermostIntervals:
    """Turnbull's innermost intervals (left, right], and which of them each observed interval covers.

    Observation i covers the innermost intervals first[i] to end[i] - 1, always a run without gaps. For several samples
    (`innermost_intervals_each`) each array has one row per sample.
    """

    left: np.ndarray
    right: np.ndarray
    first: np.ndarray
    end: np.ndarray


def check_intervals(
    lower: ArrayLike, upper: ArrayLike, weights: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lower and upper ends and weights as arrays of floats.

    Parameters
    ----------
    lower, upper : array_like, shape (n,)
        Intervals as for `npmle`.
    weights : array_like, shape (n,), optional
        Default: 1 for each.

    Raises
    ------
    ValueError
        For a missing or impossible end, lower above upper, a negative or missing weight, unequal lengths, no intervals,
        or weights with sum 0. The message names the element, counted from 1.
    """
    low, high = finite_numbers("lower", lower, infinite=True), finite_numbers("upper", upper, infinite=True)
    check_same_length("lower", low, "upper", high)
    for name, values, wrong in (("lower", low, np.inf), ("upper", high, -np.inf)):
        _refuse(values == wrong, name, values, "must be a number" + _infinity(name))
    above = np.flatnonzero(low > high)
    if len(above):
        i = above[0]
        raise ValueError(f"element {i + 1}: lower = {low[i]:g} is above upper = {high[i]:g}: check the order")
    if weights is None:
        return low + 0.0, high + 0.0, np.ones(len(low))  # -0 becomes 0
    weight = finite_numbers("weights", weights)
    check_same_length("lower", low, "weights", weight)
    _refuse(weight < 0, "weights", weight, "must be a number, 0 or more")
    if not weight.sum() > 0:
        raise ValueError("weights add up to 0: at least one interval must count")
    return low + 0.0, high + 0.0, weight


def _infinity(name: str) -> str:
    return " below infinity (-inf: from the beginning on)" if name == "lower" else " (inf: not ended when last seen)"


def _refuse(wrong: np.ndarray, name: str, values: np.ndarray, rule: str) -> None:
    places = np.flatnonzero(wrong)
    if len(places):
        raise ValueError(f"{name}, element {places[0] + 1}, is {values[places[0]]:g}: {rule}")


def unique_intervals(low: np.ndarray, high: np.ndarray, weight: np.ndarray) -> UniqueIntervals:
    """Return the different intervals with their total weights; the input is that of `check_intervals`."""
    code_low, ends_low = pd.factorize(low)
    code_high, ends_high = pd.factorize(high)
    code, pairs = pd.factorize(code_low * len(ends_high) + code_high)
    total = np.bincount(code, weights=weight, minlength=len(pairs))
    low_of, high_of = np.divmod(np.asarray(pairs), len(ends_high))
    low_of, high_of = np.asarray(ends_low)[low_of], np.asarray(ends_high)[high_of]
    order = np.lexsort((high_of, low_of))
    order = order[total[order] > 0]
    place = np.full(len(pairs), -1)
    place[order] = np.arange(len(order))
    return UniqueIntervals(low_of[order], high_of[order], total[order], place[code])


def innermost_intervals(low: np.ndarray, high: np.ndarray) -> InnermostIntervals:
    """Return the innermost intervals of different intervals (low, high]; exact where both ends are equal.

    Ends are ordered by value and, at one value t, as: start of an exact observation (contains t), end of an interval
    (contains t), start of an interval (does not contain t). An innermost interval lies between a start and an end that
    directly follow each other.
    """
    _, result = next(innermost_intervals_each(low, high, np.ones((1, len(low)), dtype=bool)))
    return InnermostIntervals(result.left[0], result.right[0], result.first[0], result.end[0])


def innermost_intervals_each(
    low: np.ndarray, high: np.ndarray, drawn: np.ndarray
) -> Iterator[tuple[np.ndarray, InnermostIntervals]]:
    """Yield the innermost intervals of several samples, grouped by their number.

    Parameters
    ----------
    low, high : ndarray, shape (n,)
        Different intervals.
    drawn : ndarray of bool, shape (samples, n)
        Whether each sample contains each interval.

    Yields
    ------
    (ndarray of int, InnermostIntervals)
        The samples with equally many innermost intervals, and these intervals. An interval that is not in a sample
        appears there as one that covers all.
    """
    n = len(low)
    value = np.concatenate([low, high])
    kind = np.concatenate([np.where(low == high, 0, 2), np.ones(n, dtype=int)])
    order = np.lexsort((kind, value))
    position = np.empty(2 * n, dtype=int)
    position[order] = np.arange(2 * n)
    begins, value = order < n, value[order]
    there = drawn[:, order % n]
    last = np.maximum.accumulate(np.where(there, np.arange(2 * n), 0), axis=1)
    previous = np.concatenate([np.zeros((len(drawn), 1), dtype=int), last[:, :-1]], axis=1)
    closes = there & ~begins & begins[previous]
    closed = np.cumsum(closes, axis=1)
    sizes = closed[:, -1]
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        closing = np.nonzero(closes[rows])[1].reshape(len(rows), size)
        yield (
            rows,
            InnermostIntervals(
                left=value[np.take_along_axis(previous[rows], closing, axis=1)],
                right=value[closing],
                first=np.where(drawn[rows], closed[rows][:, position[:n]], 0),
                end=np.where(drawn[rows], closed[rows][:, position[n:]], size),
            ),
        )


def patient_counts(weight: np.ndarray) -> np.ndarray:
    """Return weights as whole numbers of patients; ValueError for a weight that is not whole."""
    _refuse(weight != np.round(weight), "weights", weight, "must be a whole number of patients here")
    return np.round(weight).astype(np.int64)


def two_group_labels(values: ArrayLike, n: int) -> tuple[tuple[object, object], np.ndarray]:
    """Return the two labels of a group column in ascending order, and for each row whether it has the second.

    Raises
    ------
    ValueError
        For another length, a missing value, or other than two labels.
    """
    column = check_labels("groups", values, ("lower", range(n)))
    labels = list(dict.fromkeys(column))
    if len(labels) != 2:
        raise ValueError(
            f"groups has {len(labels)} different values ({', '.join(map(str, labels[:4]))}): must have two"
        )
    try:
        labels.sort()
    except TypeError:  # labels of different types, such as a number and a text
        labels.sort(key=str)
    return (labels[0], labels[1]), np.fromiter((label == labels[1] for label in column), bool, n)
