"""Confidence intervals for proportions, independent and paired."""

from __future__ import annotations

from math import sqrt

from scipy.special import ndtri
from scipy.stats import binomtest


def wilson(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for `events` of `n`, as (low, high) between 0 and 1.

    Keeps close to its nominal coverage for small n and never leaves 0 to 1 (Wilson 1927; Newcombe 1998,
    Stat Med 17:857, method 3). ValueError where the counts are impossible.
    """
    _check_counts(events, n, level)
    events, n = int(events), int(n)
    # written out: scipy's binomtest computes an exact p first, a thousand times the work of the interval
    p, z = events / n, float(ndtri(0.5 + 0.5 * level))
    denominator = 2 * (n + z**2)
    centre, half = (2 * n * p + z**2) / denominator, z / denominator * sqrt(4 * n * p * (1 - p) + z**2)
    return 0.0 if events == 0 else centre - half, 1.0 if events == n else centre + half


def clopper_pearson(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval for `events` of `n`, as (low, high) (Clopper and Pearson 1934). ValueError as in `wilson`."""
    _check_counts(events, n, level)
    interval = binomtest(int(events), int(n)).proportion_ci(confidence_level=level, method="exact")
    return float(interval.low), float(interval.high)


def rule_of_three(n: int) -> float:
    """The upper 95% limit of a rate when none of `n` patients had the event: 3 / n, at most 1.

    Hanley and Lippman-Hand 1983, JAMA 249:1743. A one-sided limit, good for n above 30 and cautious below.
    """
    _check_counts(0, n, 0.95)
    return min(1.0, 3 / n)


def newcombe_independent(events_1: int, n_1: int, events_2: int, n_2: int, level: float = 0.95) -> tuple[float, float]:
    """Interval for the difference first minus second of the proportions of two independent groups, as (low, high).

    Wilson limits of both rates joined (Newcombe 1998, Stat Med 17:873, method 10). ValueError as in `wilson`.
    """
    (low_1, high_1), (low_2, high_2) = wilson(events_1, n_1, level), wilson(events_2, n_2, level)
    p_1, p_2 = events_1 / n_1, events_2 / n_2
    below = sqrt((p_1 - low_1) ** 2 + (high_2 - p_2) ** 2)
    above = sqrt((high_1 - p_1) ** 2 + (p_2 - low_2) ** 2)
    return p_1 - p_2 - below, p_1 - p_2 + above


def newcombe_paired(
    both: int, first_only: int, second_only: int, neither: int, level: float = 0.95
) -> tuple[float, float]:
    """Interval for the difference first minus second of two proportions of the same patients, as (low, high).

    Wilson limits of the two rates joined with a continuity-corrected phi for their correlation
    (Newcombe 1998, Stat Med 17:2635, method 10). ValueError names a count that is negative or not whole.
    """
    names = ("both", "first_only", "second_only", "neither")
    for name, value in zip(names, (both, first_only, second_only, neither), strict=True):
        if value < 0 or value != int(value):
            raise ValueError(f"{name} is {value}: a count of patients must be a whole number, 0 or more")
    n = both + first_only + second_only + neither
    first, second = both + first_only, both + second_only
    low_1, high_1 = wilson(first, n, level)
    low_2, high_2 = wilson(second, n, level)
    p_1, p_2 = first / n, second / n

    product = first * (n - first) * second * (n - second)
    cross = both * neither - first_only * second_only
    if cross > 0:
        cross = max(cross - n / 2, 0)
    phi = cross / sqrt(product) if product else 0.0

    down, down_2 = p_1 - low_1, high_2 - p_2
    up, up_2 = high_1 - p_1, p_2 - low_2
    below = sqrt(down**2 - 2 * phi * down * down_2 + down_2**2)
    above = sqrt(up**2 - 2 * phi * up * up_2 + up_2**2)
    return p_1 - p_2 - below, p_1 - p_2 + above


def _check_counts(events: float, n: float, level: float) -> None:
    if n != int(n) or n < 1:
        raise ValueError(f"n is {n}: a number of patients must be a whole number, 1 or more")
    if events != int(events) or events < 0 or events > n:
        raise ValueError(f"events is {events}: must be a whole number from 0 to n, which is {n}")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: a confidence level lies between 0 and 1, for example 0.95")
