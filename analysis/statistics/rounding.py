"""Which whole numbers can stand behind a printed, rounded number."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pandas as pd

ROUNDINGS = ("half_up", "half_even", "truncated")


def decimals_of(value: float) -> int:
    """Decimals in the shortest form of a printed number: 2 for 0.03, 0 for 62 (and for 61.0: the text knows better)."""
    return len(f"{value:.10f}".rstrip("0").partition(".")[2])


def counts_behind_percent(percent: float, n: int, decimals: int = 0) -> pd.DataFrame:
    """Every count of `n` patients that can be printed as `percent` with so many `decimals`.

    One row a count: `count`, and True or False under each way of rounding: `half_up` (62.5 gives 63),
    `half_even` (62.5 gives 62), `truncated` (62.9 gives 62). No row: no whole number of n patients fits.
    Exact arithmetic, after the GRIM test (Brown and Heathers 2017, Soc Psychol Personal Sci 8:363).
    ValueError for a percentage outside 0 to 100 or an n below 1.
    """
    if not 0 <= percent <= 100:
        raise ValueError(f"percent is {percent}: must lie between 0 and 100")
    if n != int(n) or n < 1:
        raise ValueError(f"n is {n}: a number of patients must be a whole number, 1 or more")
    unit = 10**decimals
    printed = round(Fraction(str(percent)) * unit)
    # a printed value stands for less than one unit of its last decimal, so only these counts need a look
    first = max(0, floor(Fraction(printed - 1, 100 * unit) * n))
    last = min(int(n), ceil(Fraction(printed + 1, 100 * unit) * n))
    rows = []
    for count in range(first, last + 1):
        scaled = Fraction(100 * unit * count, int(n))
        fits = {
            "half_up": floor(scaled + Fraction(1, 2)) == printed,
            "half_even": round(scaled) == printed,
            "truncated": floor(scaled) == printed,
        }
        if any(fits.values()):
            rows.append((count, *fits.values()))
    columns = zip(*rows, strict=True) if rows else [()] * (1 + len(ROUNDINGS))
    kinds = ["int64", *["bool"] * len(ROUNDINGS)]
    return pd.DataFrame(
        {
            name: np.array(column, dtype=kind)
            for name, column, kind in zip(["count", *ROUNDINGS], columns, kinds, strict=True)
        }
    )
