"""Consistency of a printed mean and SD with whole scores: GRIM, GRIMMER and the bounds of an SD."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, sqrt

from analysis.statistics.summaries import largest_sd


def roundings(value: Fraction, decimals: int) -> dict[str, Fraction]:
    """Return a value rounded to `decimals` half up (away from zero), half to even, and truncated.

    Returns
    -------
    dict of str to Fraction
        Keys half_up, half_even, truncated.
    """
    unit = 10**decimals
    scaled, sign = abs(value) * unit, -1 if value < 0 else 1
    return {
        "half_up": Fraction(sign * floor(scaled + Fraction(1, 2)), unit),
        "half_even": Fraction(sign * round(scaled), unit),
        "truncated": Fraction(sign * floor(scaled), unit),
    }


def sums_behind_mean(
    mean: float | str, n: int, decimals: int, step: Fraction = Fraction(1)
) -> list[tuple[Fraction, set[str]]]:
    """Return every sum of `n` scores whose mean can be printed as `mean`, by exact arithmetic.

    Parameters
    ----------
    mean : float or str
        The printed mean.
    n : int
        Number of scores, 1 or more.
    decimals : int
        Decimals of the printed mean.
    step : Fraction
        Distance between two neighbouring scores of the scale, above 0.

    Returns
    -------
    list of (Fraction, set of str)
        Each possible sum with the ways of rounding (keys of `roundings`) that give the printed mean. Empty if no such
        scores exist.

    Raises
    ------
    ValueError
        For an n below 1 or a step that is not above 0.

    References
    ----------
    Brown and Heathers 2017, Soc Psychol Personal Sci 8:363 (the GRIM test).
    """
    if n < 1 or n != int(n):
        raise ValueError(f"n is {n}: a number of patients must be a whole number, 1 or more")
    if step <= 0:
        raise ValueError(f"step is {step}: the distance between two scores is above 0")
    printed = Fraction(str(mean)).limit_denominator(10**decimals)
    unit = Fraction(1, 10**decimals)
    first, last = floor((printed - unit) * n / step), ceil((printed + unit) * n / step)
    rows = []
    for count in range(first, last + 1):
        ways = {way for way, value in roundings(count * step / n, decimals).items() if value == printed}
        if ways:
            rows.append((count * step, ways))
    return rows


def sd_ways(total: int, n: int, sd: float | str, decimals: int, low: int = 0, high: int = 10) -> set[str]:
    """Return the ways of rounding by which `n` whole scores with this sum can have an SD printed as `sd`.

    The sum of squares is a whole number of the same parity as the sum, within what the printed SD and the scale allow
    (GRIMMER).

    Parameters
    ----------
    total : int
        Sum of the scores.
    n : int
        Number of scores, 2 or more.
    sd : float or str
        The printed SD.
    decimals : int
        Decimals of the printed SD.
    low, high : int
        Ends of the scale.

    Returns
    -------
    set of str
        `rounded`, `truncated`, both or none.

    Raises
    ------
    ValueError
        For n below 2.

    References
    ----------
    Anaya 2016; Allard 2018 (GRIMMER).
    """
    if n < 2:
        raise ValueError(f"n is {n}: an SD needs 2 values or more")
    unit = Fraction(1, 10**decimals)
    printed = Fraction(str(sd)).limit_denominator(10**decimals)
    ends = {
        "rounded": (max(printed - unit / 2, Fraction(0)) ** 2, (printed + unit / 2) ** 2),
        "truncated": (printed**2, (printed + unit) ** 2),
    }
    smallest, largest = squares_of(total, n, low, high)
    centre = Fraction(total * total, n)
    ways = set()
    for way, (least, most) in ends.items():
        first = max(ceil(least * (n - 1) + centre), smallest)
        last = min(floor(most * (n - 1) + centre), largest)
        possible = range(first, last + 1)
        if any(
            squares % 2 == total % 2 and (way == "rounded" or (squares - centre) / (n - 1) < most)
            for squares in possible
        ):
            ways.add(way)
    return ways


def squares_of(total: int, n: int, low: int, high: int) -> tuple[int, int]:
    """Return the smallest and largest sum of squares of `n` whole scores from `low` to `high` with the sum `total`."""
    quotient, rest = divmod(total, n)
    smallest = (n - rest) * quotient**2 + rest * (quotient + 1) ** 2
    at_top, over = divmod(total - n * low, high - low)
    if at_top >= n:
        return smallest, n * high**2
    largest = at_top * high**2 + (low + over) ** 2 + (n - at_top - 1) * low**2
    return smallest, largest


def sd_bounds(mean: float, n: int, low: float = 0, high: float = 10) -> tuple[float, float]:
    """Return the smallest and largest SD of `n` whole scores from `low` to `high` with this mean."""
    part = mean - floor(mean)
    return sqrt(max(part * (1 - part), 0) * n / (n - 1)), largest_sd(mean, n, low, high)
