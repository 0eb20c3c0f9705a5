"""Few studies: Student's t beside Bayesian intervals, where a pooled result cannot lead."""

from __future__ import annotations

import pandas as pd

from analysis.outcomes.synthesis.differences import PooledDifferences
from analysis.outcomes.synthesis.rates import GROUP_KEYS, PooledRates
from analysis.statistics.pooling import bayes_pool, bayes_pool_proportions

MOST_STUDIES = 4
WIDEST = 0.6
T_INTERVAL, BAYES = "Student's t", "Bayesian"
_COLUMNS = ["k", "patients", "method", "tau_scale", "estimate", "ci_low", "ci_high", "pi_low", "pi_high"]


def is_uncertain(groups: pd.DataFrame) -> pd.Series:
    """Return whether each pooled rate rests on four studies or fewer, or has an interval wider than 60 points."""
    return (groups["k"] <= MOST_STUDIES) | (groups["ci_high"] - groups["ci_low"] > WIDEST)


def few_studies_rates(pooled: PooledRates, level: float = 0.95) -> pd.DataFrame:
    """Return three intervals for each uncertain pooled rate: Student's t, and Bayesian with two priors of tau.

    Parameters
    ----------
    level : float
        Confidence level; for Bayesian intervals, their probability.

    Returns
    -------
    DataFrame, three rows per group
        Columns control, route, definition_class, window, k, patients, method, tau_scale (scale of the half-normal prior
        of tau on the logit scale; missing for Student's t), estimate, ci_low, ci_high, pi_low, pi_high (between 0 and
        1), rows (where the counts are stored).
    """
    rows = []
    for group in pooled.groups[is_uncertain(pooled.groups)].to_dict("records"):
        members = pooled.studies[(pooled.studies[GROUP_KEYS] == [group[key] for key in GROUP_KEYS]).all(axis=1)]
        bayes = bayes_pool_proportions(members["responders"].astype(int), members["n"].astype(int), level=level)
        named = {name: group[name] for name in (*GROUP_KEYS, "k", "patients", "rows")}
        rows.append({**named, **group, "method": T_INTERVAL, "estimate": group["rate"]})
        rows += [{**named, **row, "method": BAYES} for row in bayes.to_dict("records")]
    return pd.DataFrame(rows).reindex(columns=[*GROUP_KEYS, *_COLUMNS, "rows"])


def few_studies_differences(pooled: PooledDifferences, level: float = 0.95) -> pd.DataFrame:
    """Return three intervals for each pooled difference of four studies or fewer, in points of the 0-10 scale.

    Parameters
    ----------
    level : float
        As in `few_studies_rates`.

    Returns
    -------
    DataFrame, three rows per group
        Columns kind, control, window, then as in `few_studies_rates` from k on; tau_scale is in points.
    """
    keys = ["kind", "control", "window"]
    rows = []
    for group in pooled.groups[pooled.groups["k"] <= MOST_STUDIES].to_dict("records"):
        members = pooled.studies[(pooled.studies[keys] == [group[key] for key in keys]).all(axis=1)]
        bayes = bayes_pool(members["estimate"].astype(float), members["se"].astype(float) ** 2, level=level)
        named = {name: group[name] for name in (*keys, "k", "patients")}
        rows.append({**named, **group, "method": T_INTERVAL})
        rows += [{**named, **row, "method": BAYES} for row in bayes.to_dict("records")]
    return pd.DataFrame(rows).reindex(columns=[*keys, *_COLUMNS])
