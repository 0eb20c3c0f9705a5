"""Whole numbers that are consistent with a printed, rounded number."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pandas as pd

from analysis.statistics.checks import finite_number, patient_number, printed_number, whole_number

ROUNDINGS = ("half_up", "half_even", "truncated")


def decimals_of(value: float) -> int:
    """Return the number of decimals in the shortest form of a number: 2 for 0.03, 0 for 62 and for 61.0."""
    return len(f"{finite_number('value', value):.10f}".rstrip("0").partition(".")[2])


def counts_near(percent: Fraction, n: int, decimals: int = 0) -> range:
    """Return the counts of `n` patients whose percentage lies within one unit of the last decimal of `percent`.

    No other count is printed as `percent`, however it is rounded.
    """
    n, decimals = patient_number("n", n), whole_number("decimals", decimals, 0, 15)
    percent, unit = printed_number("percent", percent), Fraction(1, 10**decimals)
    return range(max(0, floor((percent - unit) * n / 100)), min(n, ceil((percent + unit) * n / 100)) + 1)


def ways_to_print(count: int, n: int, decimals: int = 0) -> tuple[int, int, int]:
    """Return `count` of `n` patients as a percentage in units of its last decimal, for each way of ROUNDINGS."""
    n, decimals = patient_number("n", n), whole_number("decimals", decimals, 0, 15)
    count = whole_number("count", count, 0, n)
    scaled = Fraction(100 * 10**decimals * count, n)
    return floor(scaled + Fraction(1, 2)), round(scaled), floor(scaled)


def counts_behind_percent(percent: float, n: int, decimals: int = 0) -> pd.DataFrame:
    """Return every count of `n` patients that can be printed as `percent`, by exact arithmetic.

    Parameters
    ----------
    percent : float
        The printed percentage, 0 to 100.
    n : int
        Number of patients, 1 or more.
    decimals : int
        Decimals of the printed percentage.

    Returns
    -------
    DataFrame, one row per count
        Columns count, and True or False for each way of rounding: half_up (62.5 gives 63), half_even (62.5 gives 62),
        truncated (62.9 gives 62). No rows if no whole number of n patients fits.

    Raises
    ------
    ValueError
        For a percentage outside 0 to 100 or an n below 1.

    References
    ----------
    Brown and Heathers 2017, Soc Psychol Personal Sci 8:363 (the GRIM test).
    """
    exact = printed_number("percent", percent, 0, 100)
    n, decimals = patient_number("n", n), whole_number("decimals", decimals, 0, 15)
    unit = 10**decimals
    printed = round(exact * unit)
    rows = []
    for count in counts_near(Fraction(printed, unit), n, decimals):
        fits = [number == printed for number in ways_to_print(count, n, decimals)]
        if any(fits):
            rows.append((count, *fits))
    columns = zip(*rows, strict=True) if rows else [()] * (1 + len(ROUNDINGS))
    kinds = ["int64", *["bool"] * len(ROUNDINGS)]
    return pd.DataFrame(
        {
            name: np.array(column, dtype=kind)
            for name, column, kind in zip(["count", *ROUNDINGS], columns, kinds, strict=True)
        }
    )
