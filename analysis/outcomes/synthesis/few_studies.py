"""Few studies: Student's t beside Bayesian intervals, where a pooled result cannot lead."""

from __future__ import annotations

import pandas as pd

from analysis.outcomes.synthesis.differences import DIFFERENCE_KEYS, PooledDifferences
from analysis.outcomes.synthesis.rates import GROUP_KEYS, PooledRates
from analysis.statistics.pooling import bayes_pool, bayes_pool_proportions

MOST_STUDIES = 4
WIDEST = 0.6
T_INTERVAL, BAYES = "Student's t", "Bayesian"
_COLUMNS = ["k", "patients", "method", "tau_scale", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "rows"]


def is_uncertain(groups: pd.DataFrame) -> pd.Series:
    """Return whether each pooled rate rests on four studies or fewer, or has an interval wider than 60 points."""
    return (groups["k"] <= MOST_STUDIES) | ~(groups["ci_high"] - groups["ci_low"] <= WIDEST)


def few_study_intervals(rates: PooledRates, differences: PooledDifferences, level: float = 0.95) -> pd.DataFrame:
    """Return three intervals for each uncertain pooled rate and each pooled difference.

    They are Student's t (of a difference, Wald's if that is wider), and Bayesian with two priors of tau:
    binomial-normal for rates, normal-normal for differences.

    Returns
    -------
    DataFrame, three rows per group
        Columns kind (missing for rates), control, route and definition_class (missing for differences), window, k,
        patients, method, tau_scale (scale of the half-normal prior of tau, on the logit scale or in points; missing for
        Student's t), estimate, ci_low, ci_high, pi_low, pi_high (rates between 0 and 1, differences in points of the
        0-10 scale), rows (where the numbers are stored).
    """
    uncertain = rates.groups[is_uncertain(rates.groups)].rename(columns={"rate": "estimate"})
    rows = []
    for groups, studies, keys, (first, second), bayes in (
        (uncertain, rates.studies, GROUP_KEYS, ("responders", "n"), bayes_pool_proportions),
        (differences.groups, differences.studies, DIFFERENCE_KEYS, ("estimate", "se"), _of_differences),
    ):
        for group in groups.to_dict("records"):
            members = studies[(studies[keys] == [group[key] for key in keys]).all(axis=1)]
            posterior = bayes(members[first].astype(float), members[second].astype(float), level=level)
            rows.append({**group, "method": T_INTERVAL})
            rows += [{**group, **row, "k": group["k"], "method": BAYES} for row in posterior.to_dict("records")]
    return pd.DataFrame(rows).reindex(columns=["kind", *GROUP_KEYS, *_COLUMNS])


def _of_differences(estimates: pd.Series, ses: pd.Series, level: float) -> pd.DataFrame:
    return bayes_pool(estimates, ses**2, level=level)
