"""What a simulation says of the intervals used here."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.statistics import pooling

COVERAGE = Path(pooling.__file__).with_name("coverage.csv")


def simulated_coverage() -> pd.DataFrame:
    """How often each interval for a pooled rate held the true one, from tests/reference/pooling/simulation.py.

    One row a number of studies and method: k, method, coverage_low to coverage_high (over the simulated settings),
    prediction_low to prediction_high (for the rate of one more study), width (mean width); shares between 0 and 1.
    """
    table = pd.read_csv(COVERAGE)
    groups = table.groupby(["k", "method"], sort=False)
    return groups.agg(
        coverage_low=("coverage", "min"),
        coverage_high=("coverage", "max"),
        prediction_low=("prediction_coverage", "min"),
        prediction_high=("prediction_coverage", "max"),
        width=("mean_width", "mean"),
    ).reset_index()
