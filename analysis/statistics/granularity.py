"""Consistency of a printed mean and SD with whole scores: GRIM, GRIMMER and the bounds of an SD."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, inf, sqrt

from analysis.statistics.checks import patient_number, printed_number, whole_number
from analysis.statistics.summaries import largest_sd


def _printed(name: str, value: float | str, decimals: int) -> Fraction:
    exact = printed_number(name, value)
    if (exact * 10**decimals).denominator != 1:
        raise ValueError(f"{name} is {value}: has more than {decimals} decimals")
    return exact


def _scale(low: int, high: int) -> tuple[int, int]:
    low, high = whole_number("low", low, -inf), whole_number("high", high, -inf)
    if low >= high:
        raise ValueError(f"low is {low} and high is {high}: a scale runs from a lower to a higher score")
    return low, high


def _roundings(value: Fraction, decimals: int) -> dict[str, Fraction]:
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


def sums_behind_mean(mean: float | str, n: int, decimals: int) -> list[tuple[Fraction, set[str]]]:
    """Return every sum of `n` whole scores whose mean can be printed as `mean`, by exact arithmetic.

    Parameters
    ----------
    mean : float or str
        The printed mean.
    n : int
        Number of scores, 1 or more.
    decimals : int
        Decimals of the printed mean.

    Returns
    -------
    list of (Fraction, set of str)
        Each possible sum with the ways of rounding (half_up, half_even, truncated) that give the printed mean.
        Empty if no such scores exist.

    Raises
    ------
    ValueError
        For an n below 1, or a mean that is not a number with at most `decimals` decimals.

    References
    ----------
    Brown and Heathers 2017, Soc Psychol Personal Sci 8:363 (the GRIM test).
    """
    n, decimals = patient_number("n", n), whole_number("decimals", decimals, 0, 15)
    printed = _printed("mean", mean, decimals)
    unit = Fraction(1, 10**decimals)
    first, last = floor((printed - unit) * n), ceil((printed + unit) * n)
    rows = []
    for count in range(first, last + 1):
        ways = {way for way, value in _roundings(Fraction(count, n), decimals).items() if value == printed}
        if ways:
            rows.append((Fraction(count), ways))
    return rows


def sd_ways(total: int, n: int, sd: float | str, decimals: int, low: int = 0, high: int = 10) -> set[str]:
    """Return the ways of rounding by which `n` whole scores with this sum can have an SD printed as `sd`.

    A set of whole scores with this sum and a sum of squares that the printed SD allows must exist. Unlike the parity
    test of GRIMMER this is not only necessary but sufficient: the search is exhaustive for every n.

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
        For n below 2, a sum or an end of the scale that is not whole, `low` not below `high`, or an SD that is not a
        number of 0 or more with at most `decimals` decimals.

    References
    ----------
    Anaya 2016; Allard 2018 (GRIMMER).
    """
    n, total = patient_number("n", n, 2), whole_number("total", total, -inf)
    low, high = _scale(low, high)
    decimals = whole_number("decimals", decimals, 0, 15)
    unit, printed = Fraction(1, 10**decimals), _printed("sd", sd, decimals)
    if printed < 0:
        raise ValueError(f"sd is {sd}: a standard deviation must be a number, 0 or more")
    if not n * low <= total <= n * high:
        return set()
    ends = {
        "rounded": (max(printed - unit / 2, Fraction(0)) ** 2, (printed + unit / 2) ** 2),
        "truncated": (printed**2, (printed + unit) ** 2),
    }
    smallest, largest = _squares(total, n, low, high)
    centre = Fraction(total * total, n)
    ways = set()
    for way, (least, most) in ends.items():
        first = max(ceil(least * (n - 1) + centre), smallest)
        last = min(floor(most * (n - 1) + centre), largest)
        if way == "truncated" and last == most * (n - 1) + centre:
            last -= 1  # an SD of exactly the next unit is not truncated to this one
        # from scores of low to high to scores of 0 to high - low
        shift = n * low**2 - 2 * low * total
        if any(_scores_exist(n, total - n * low, squares + shift, high - low) for squares in range(first, last + 1)):
            ways.add(way)
    return ways


def _scores_exist(n: int, total: int, squares: int, top: int) -> bool:
    """Return whether `n` whole scores from 0 to `top` have this sum and this sum of squares.

    The search takes each possible number of scores of `top`, the others being lower. It ends early where the sum of
    squares has the wrong parity or lies outside what the sum allows, which leaves few branches for any n.
    """
    if n == 0 or top == 0:
        return total == squares == 0
    if squares % 2 != total % 2 or not 0 <= total <= n * top:
        return False
    smallest, largest = _squares(total, n, 0, top)
    if not smallest <= squares <= largest:
        return False
    if squares in (smallest, largest):
        return True
    return any(
        _scores_exist(n - taken, total - taken * top, squares - taken * top**2, top - 1)
        for taken in range(min(n, total // top, squares // top**2), -1, -1)
    )


def _squares(total: int, n: int, low: int, high: int) -> tuple[int, int]:
    quotient, rest = divmod(total, n)
    smallest = (n - rest) * quotient**2 + rest * (quotient + 1) ** 2
    at_top, over = divmod(total - n * low, high - low)
    if at_top >= n:
        return smallest, n * high**2
    largest = at_top * high**2 + (low + over) ** 2 + (n - at_top - 1) * low**2
    return smallest, largest


def sd_bounds(mean: float, n: int, low: float = 0, high: float = 10) -> tuple[float, float]:
    """Return the smallest and largest SD of `n` whole scores from `low` to `high` with this mean.

    Raises
    ------
    ValueError
        As in `largest_sd`.
    """
    largest = largest_sd(mean, n, low, high)
    part = mean - floor(mean)
    return sqrt(max(part * (1 - part), 0) * n / (n - 1)), largest
