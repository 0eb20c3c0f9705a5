"""Simulated coverage of the intervals for pooled rates."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.statistics import pooling

_COVERAGE = Path(pooling.__file__).with_name("coverage.csv")


def simulated_coverage() -> pd.DataFrame:
    """Return the simulated coverage of each interval for a pooled rate (tests/reference/pooling/simulation.py).

    Returns
    -------
    DataFrame, one row per number of studies and method
        Columns k, method, coverage_low, coverage_high (range over the simulated settings), prediction_low,
        prediction_high (coverage of a new study's rate by the prediction interval), width (mean width); between 0 and
        1.
    """
    table = pd.read_csv(_COVERAGE)
    groups = table.groupby(["k", "method"], sort=False)
    return groups.agg(
        coverage_low=("coverage", "min"),
        coverage_high=("coverage", "max"),
        prediction_low=("prediction_coverage", "min"),
        prediction_high=("prediction_coverage", "max"),
        width=("mean_width", "mean"),
    ).reset_index()
