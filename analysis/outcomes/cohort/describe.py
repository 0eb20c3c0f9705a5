"""One way to describe a column of scores."""

from __future__ import annotations

import numpy as np

from analysis.statistics.summaries import mean_interval

STATISTICS = ("mean", "sd", "low", "high", "median", "q1", "q3")


def describe(values: np.ndarray, level: float = 0.95) -> dict[str, float]:
    """n, mean, sd, Student's interval of the mean (low, high) at `level`, median, q1 and q3 of the values that aren't
    missing.

    sd and interval need two values; no interval where all values are alike, which says nothing of how sure the mean is.
    """
    values = values[~np.isnan(values)]
    n = len(values)
    found = {"n": n, **dict.fromkeys(STATISTICS, np.nan)}
    if n:
        found["mean"] = float(values.mean())
        found["q1"], found["median"], found["q3"] = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    if n > 1:
        found["sd"] = float(values.std(ddof=1))
        if found["sd"] > 1e-12:
            found["low"], found["high"] = mean_interval(found["mean"], found["sd"], n, level)
    return found
