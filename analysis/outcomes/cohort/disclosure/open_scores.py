"""Whether printed statistics of few patients leave their scores open, by enumeration of all possible scores."""

from __future__ import annotations

import functools
from math import ceil, floor, sqrt

import numpy as np

from analysis.outcomes.cohort.disclosure.digits import SCORES
from analysis.statistics.summaries import mean_interval
from analysis.wording import half_up

FEW = 12  # patients whose possible scores are compared
OPEN = 2  # points between the least and the greatest possible value of each score
_ALIKE = 0.5  # points; a smaller SD means that nearly all have the same score


def are_scores_open(summary: dict[str, float], level: float = 0.95, low: int = 0, high: int = 10) -> bool:
    """Return whether n, mean, SD and interval leave each patient's score open by 2 points or more.

    All sets of whole scores with these printed statistics are compared: the lowest score of each set with one another,
    the second lowest, and so on. Scores with decimals only add sets. Above 12 patients, where the sets are too many,
    only scores that are nearly all alike are not open. summary: as from `scores.describe`, not rounded.
    """
    n = int(summary["n"])
    if n < 2:
        return n == 0
    if n > FEW:
        return summary["sd"] >= _ALIKE
    return _open(n, _sums(n, summary["mean"], summary["sd"], low, level), high - low)


@functools.lru_cache(256)
def _sums(n: int, mean: float, sd: float, low: int, level: float) -> tuple[tuple[int, int], ...]:
    """Return the pairs of sum and sum of squares of `n` whole numbers (above `low`) that are printed as these are."""
    wanted = _printed(n, mean, sd, level)
    unit = 10.0**-SCORES
    pairs = []
    for total in range(max(floor(n * (mean - low - unit)), 0), ceil(n * (mean - low + unit)) + 1):
        spread = [total * total / n + (n - 1) * max(sd + side * unit, 0.0) ** 2 for side in (-1, 1)]
        for squares in range(floor(spread[0]), ceil(spread[1]) + 1):
            variance = (squares - total * total / n) / (n - 1)
            if variance > -1e-9 and _printed(n, total / n + low, sqrt(max(variance, 0.0)), level) == wanted:
                pairs.append((total, squares))
    return tuple(pairs)


def _printed(n: int, mean: float, sd: float, level: float) -> tuple[str, ...]:
    limits = mean_interval(mean, sd, n, level) if sd > 1e-12 else (0.0, 0.0)
    return tuple(half_up(value, SCORES) for value in (mean, sd, *limits))


@functools.lru_cache(256)
def _open(n: int, sums: tuple[tuple[int, int], ...], top: int) -> bool:
    if not sums:
        return False  # scores with decimals that no whole scores resemble
    most = max(total for total, _ in sums), max(squares for _, squares in sums)
    # possible[v, c]: some set of scores has exactly c scores of v or less
    possible = np.zeros((top + 1, n + 1), dtype=bool)
    for value in range(top + 1):
        lower = _reached(range(value + 1), n, most)
        upper = _reached(range(value + 1, top + 1), n, most)
        for count in range(n + 1):
            possible[value, count] = any(
                (lower[count, : s + 1, : q + 1] & upper[n - count, s::-1, q::-1]).any() for s, q in sums
            )
    if not possible.any():
        return False
    for place in range(1, n + 1):
        least = next(v for v in range(top + 1) if possible[v, place:].any())
        greatest = max((v + 1 for v in range(top) if possible[v, :place].any()), default=0)
        if greatest - least < OPEN:
            return False
    return True


def _reached(values: range, n: int, most: tuple[int, int]) -> np.ndarray:
    """Return which count, sum and sum of squares some scores out of `values` have; none above `most`."""
    reached = np.zeros((n + 1, most[0] + 1, most[1] + 1), dtype=bool)
    reached[0, 0, 0] = True
    for value in values:
        square = value * value
        if value > most[0] or square > most[1]:
            continue
        for count in range(n):
            reached[count + 1, value:, square:] |= reached[count, : most[0] + 1 - value, : most[1] + 1 - square]
    return reached
