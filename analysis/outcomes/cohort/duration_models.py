"""Two-group tests and fitted distributions of the duration of benefit in a cohort."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.benefit import interval_counts
from analysis.statistics.survival import UndeterminedError, fit_distribution, fit_distributions, two_group_test

_FITTED = ("weibull", "lognormal", "loglogistic")
FIT_COLUMNS = ["distribution", "log_likelihood", "aic", "aic_above_best", "median", "median_low", "median_high"]
FIT_COLUMNS += ["time_ratio", "time_ratio_low", "time_ratio_high", "p_value", "not_fitted"]
_TEST_DRAWS, _PERMUTED = 9_999, 10_000


def group_comparison(courses: pd.DataFrame, seed: int) -> dict[str, object]:
    """Return the test whether two groups of courses have the same durations.

    Parameters
    ----------
    courses : DataFrame
        Columns lower, upper (weeks) and group (categorical with two categories).
    seed : int
        Seed of the permutations.

    Returns
    -------
    dict
        group_1, group_2, n_1, n_2, p_value, method: exact, monte_carlo or, above 10,000 courses, normal.
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
    }


def group_fits(courses: pd.DataFrame, by: str, level: float) -> pd.DataFrame:
    """Return fitted distributions of courses, for `by` other than `all` with the time ratio of two groups.

    Parameters
    ----------
    courses : DataFrame
        Columns lower, upper (weeks) and group (categorical; two categories unless `by` is `all`).
    by : str
    level : float
        Confidence level.

    Returns
    -------
    DataFrame, one row per distribution
        FIT_COLUMNS (see `fit_distributions`), by, group_1, group_2, n.
    """
    labels = list(courses["group"].cat.categories) if by != "all" else ["", ""]
    rows = _counts_by_group(courses)
    groups = rows["code"] if by != "all" else None
    fits = fit_distributions(rows["lower"], rows["upper"], rows["patients"], groups, _FITTED, level)
    return fits.rename(columns={"p": "p_value"}).assign(by=by, group_1=labels[0], group_2=labels[1], n=len(courses))


def fitted_curves(courses: pd.DataFrame, horizon: float, level: float, min_cell: int) -> pd.DataFrame:
    """Return the fitted survival curves of courses up to `horizon` weeks: distribution, time, survival.

    There are no rows for fewer than `min_cell` courses, nor for a distribution that the courses do not determine.
    """
    times, frames = np.linspace(0, horizon, 105), []
    if len(courses) >= max(min_cell, 1):
        counts = interval_counts(courses["lower"].to_numpy(), courses["upper"].to_numpy())
        for name in _FITTED:
            try:
                fit = fit_distribution(counts["lower"], counts["upper"], counts["patients"], name, level=level)
            except UndeterminedError:
                continue
            frames.append(pd.DataFrame({"distribution": name, "time": times, "survival": fit.survival_at(times)}))
    columns = ["distribution", "time", "survival"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _counts_by_group(courses: pd.DataFrame) -> pd.DataFrame:
    counts = [
        interval_counts(members["lower"].to_numpy(), members["upper"].to_numpy()).assign(code=code)
        for code, members in courses.groupby(courses["group"].cat.codes)
    ]
    return pd.concat(counts, ignore_index=True)
