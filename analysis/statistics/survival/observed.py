"""Durations as intervals: the check of the input, equal intervals put together, and the innermost intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Grouped:
    """Different intervals (lower, upper] with their weight, in ascending order; zero weights are left out.

    row: for every row of the input its place here, or -1 where its weight is zero.
    """

    lower: np.ndarray
    upper: np.ndarray
    weight: np.ndarray
    row: np.ndarray


@dataclass(frozen=True)
class Cliques:
    """Turnbull's innermost intervals (left, right] and which of them each observed interval covers.

    Observation i covers the innermost intervals first[i] to end[i] - 1: always a run without gaps. Of several sets of
    observations (`cliques_each`) each array has one row a set.
    """

    left: np.ndarray
    right: np.ndarray
    first: np.ndarray
    end: np.ndarray


def checked(
    lower: ArrayLike, upper: ArrayLike, weights: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three columns as arrays of numbers; weights are 1 where none are given.

    ValueError names the element, counted from 1: a missing or impossible end, lower above upper, a negative or
    missing weight; and refuses columns of unequal length, none at all, or weights that add up to zero.
    """
    low, high = _numbers(lower, "lower"), _numbers(upper, "upper")
    if len(low) != len(high):
        raise ValueError(f"lower has {len(low)} elements and upper has {len(high)}: they must be equally many")
    if not len(low):
        raise ValueError("lower and upper are empty: at least one interval is needed")
    for name, values, wrong in (("lower", low, np.inf), ("upper", high, -np.inf)):
        _refuse(np.isnan(values) | (values == wrong), name, values, "must be a number" + _infinity(name))
    above = np.flatnonzero(low > high)
    if len(above):
        i = above[0]
        raise ValueError(f"element {i + 1}: lower = {low[i]:g} is above upper = {high[i]:g}: check the order")
    if weights is None:
        return low, high, np.ones(len(low))
    weight = _numbers(weights, "weights")
    if len(weight) != len(low):
        raise ValueError(f"weights has {len(weight)} elements and lower has {len(low)}: they must be equally many")
    _refuse(~np.isfinite(weight) | (weight < 0), "weights", weight, "must be a number, 0 or more")
    if not weight.sum() > 0:
        raise ValueError("weights add up to 0: at least one interval must count")
    return low, high, weight


def _infinity(name: str) -> str:
    return " below infinity (-inf: from the beginning on)" if name == "lower" else " (inf: not ended when last seen)"


def _numbers(values: ArrayLike, name: str) -> np.ndarray:
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} holds something that is not a number: {error}") from error
    if numbers.ndim != 1:
        raise ValueError(f"{name} has {numbers.ndim} dimensions: must be one column of numbers")
    return numbers + 0.0  # a copy, and -0 becomes 0


def _refuse(wrong: np.ndarray, name: str, values: np.ndarray, rule: str) -> None:
    places = np.flatnonzero(wrong)
    if len(places):
        raise ValueError(f"{name}[{places[0] + 1}] is {values[places[0]]:g}: {rule}")


def group(low: np.ndarray, high: np.ndarray, weight: np.ndarray) -> Grouped:
    """Equal intervals put together, their weights added up. Expects what `checked` gives."""
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
    return Grouped(low_of[order], high_of[order], total[order], place[code])


def cliques(low: np.ndarray, high: np.ndarray) -> Cliques:
    """The innermost intervals of different intervals (low, high], exact ones where both ends are equal.

    Ends are ordered by value and, at one value t, as: an exact observation begins (it contains t), an interval
    ends (it contains t), an interval begins (it does not). Innermost is what lies between a beginning and an end
    that follow each other without another end or beginning between them.
    """
    _, found = next(cliques_each(low, high, np.ones((1, len(low)), dtype=bool)))
    return Cliques(found.left[0], found.right[0], found.first[0], found.end[0])


def cliques_each(low: np.ndarray, high: np.ndarray, drawn: np.ndarray) -> Iterator[tuple[np.ndarray, Cliques]]:
    """`cliques` of several sets of these intervals, one a row of `drawn`, which says which intervals are in it.

    Gives the rows whose sets have equally many innermost intervals, with these, for each such number. An interval that
    isn't in a set stands there as one that covers all.
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
            Cliques(
                left=value[np.take_along_axis(previous[rows], closing, axis=1)],
                right=value[closing],
                first=np.where(drawn[rows], closed[rows][:, position[:n]], 0),
                end=np.where(drawn[rows], closed[rows][:, position[n:]], size),
            ),
        )


def patients(weight: np.ndarray) -> np.ndarray:
    """Weights as whole numbers of patients, for what draws or reassigns patients. ValueError names one that is not
    whole."""
    _refuse(weight != np.round(weight), "weights", weight, "must be a whole number of patients here")
    return np.round(weight).astype(np.int64)


def two_groups(values: ArrayLike, n: int) -> tuple[tuple[object, object], np.ndarray]:
    """The two different values of a group column in ascending order, and for each row whether it has the second.

    ValueError for another length, a missing value, or one or more than two groups.
    """
    column = pd.Series(np.asarray(values)) if not isinstance(values, pd.Series) else values.reset_index(drop=True)
    if len(column) != n:
        raise ValueError(f"groups has {len(column)} elements and lower has {n}: they must be equally many")
    for i in np.flatnonzero(column.isna())[:1]:
        raise ValueError(f"groups[{i + 1}] is missing: each interval must belong to one of two groups")
    labels = sorted(column.unique().tolist())
    if len(labels) != 2:
        raise ValueError(
            f"groups has {len(labels)} different values ({', '.join(map(str, labels[:4]))}): must have two"
        )
    return (labels[0], labels[1]), (column == labels[1]).to_numpy(dtype=bool)


def check_level(level: float) -> None:
    """ValueError for a confidence level outside 0 to 1."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: a confidence level lies between 0 and 1, for example 0.95")
