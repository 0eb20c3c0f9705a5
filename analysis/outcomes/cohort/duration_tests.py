"""Two-group tests of the duration of benefit in a cohort."""

from __future__ import annotations

import pandas as pd

from analysis.outcomes.cohort.benefit import interval_counts
from analysis.statistics.survival import fit_distribution, two_group_test

_FITTED = {"weibull": "Weibull", "lognormal": "log-normal", "loglogistic": "log-logistic"}
RATIO_COLUMNS = ["time_ratio", "ratio_low", "ratio_high", "distribution"]
_TEST_DRAWS, _PERMUTED = 9_999, 10_000


def group_comparison(courses: pd.DataFrame, level: float, seed: int) -> dict[str, object]:
    """Return the test whether two groups of courses have the same durations, and how many times as long the second is.

    The columns of `Durations.tests`. The ratio is that of the fitted distribution with the lowest AIC; it is missing
    where the courses determine none, as with benefits of no duration.
    """
    labels = courses["group"].cat.categories
    rows = _counts_by_group(courses)
    draws = _TEST_DRAWS if len(courses) <= _PERMUTED else 1
    test = two_group_test(rows["lower"], rows["upper"], rows["code"], rows["patients"], draws=draws, seed=seed)
    normal = draws == 1 and test.method == "monte_carlo"
    return {
        "group_1": labels[0],
        "group_2": labels[1],
        "n_1": test.patients[0],
        "n_2": test.patients[1],
        "p_value": test.p_normal if normal else test.p,
        "method": "normal" if normal else test.method,
        **_time_ratio(rows, level),
    }


def _time_ratio(rows: pd.DataFrame, level: float) -> dict[str, object]:
    fits = []
    for name in _FITTED:
        try:
            fits.append(fit_distribution(rows["lower"], rows["upper"], rows["patients"], name, rows["code"], level))
        except ValueError:  # undetermined, or a benefit of no duration
            continue
    if not fits:
        return {}
    best = min(fits, key=lambda fit: fit.aic)
    ratio = best.time_ratio, best.time_ratio_low, best.time_ratio_high, _FITTED[best.distribution]
    return dict(zip(RATIO_COLUMNS, ratio, strict=True))


def _counts_by_group(courses: pd.DataFrame) -> pd.DataFrame:
    counts = [
        interval_counts(members["lower"].to_numpy(), members["upper"].to_numpy()).assign(code=code)
        for code, members in courses.groupby(courses["group"].cat.codes)
    ]
    return pd.concat(counts, ignore_index=True)
