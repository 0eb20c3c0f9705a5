"""Sensitivity of a pooled result: leave-one-out and subgroup analyses."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc, fdtrc

from analysis.result_view import ResultView
from analysis.statistics.checks import check_choice, check_estimates, check_labels, element_list
from analysis.statistics.pooling.inverse_variance import pool
from analysis.statistics.pooling.regression import meta_regression
from analysis.statistics.pooling.result import Pooled

_COLUMNS = ("k", "estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "q", "q_p", "note")
_TAU2_KINDS = ("common", "separate")


@dataclass(frozen=True)
class Subgroups(ResultView):
    """Averages by group and the test for a difference between groups.

    Attributes
    ----------
    groups : DataFrame
        One row per group: group, then the columns of `leave_one_out` after `omitted`.
    statistic, p : float
        Of the test for a difference between groups; NaN where the standard errors are 0.
    df : int
    residual_df : float
        Degrees of freedom of F; 0 for the chi-square test Q.
    tau2 : str
        `common` or `separate`, as used for the test.
    test : str
        The test in words, and why it is another one than asked for.
    """

    groups: pd.DataFrame
    statistic: float
    df: int
    residual_df: float
    p: float
    tau2: str
    test: str


def leave_one_out(
    estimates: Iterable[float],
    variances: Iterable[float],
    labels: Iterable[Hashable] | None = None,
    using: Callable[..., Pooled] = pool,
    **options: object,
) -> pd.DataFrame:
    """Return the pooled result without each study in turn.

    Parameters
    ----------
    estimates, variances : iterable of float, shape (k,)
        As in `using`; with `pool_proportions`, events and totals.
    labels : iterable of hashable, shape (k,), optional
        Names of the studies; default: their numbers from 1.
    using : callable
        The pooling function.
    **options
        Further arguments of `using`.

    Returns
    -------
    DataFrame, one row per study
        Columns omitted, k, estimate, se, ci_low, ci_high, pi_low, pi_high, tau2, i2, q, q_p, note.

    Raises
    ------
    ValueError
        As in `using`, for labels of another length, and for fewer than two studies.
    """
    first, second, names = _studies(estimates, variances, labels)
    using(first, second, **options)  # so that messages name positions of the complete input
    if len(first) < 2:
        raise ValueError("estimates has 1 element: without it there is nothing to pool")
    rows = []
    for i, name in enumerate(names):
        rest = [j for j in range(len(first)) if j != i]
        rows.append({"omitted": name, **_row(using([first[j] for j in rest], [second[j] for j in rest], **options))})
    return pd.DataFrame(rows)


def subgroup(
    estimates: Iterable[float],
    variances: Iterable[float],
    labels: Iterable[Hashable],
    method: str = "REML",
    adjust: str = "hksj",
    level: float = 0.95,
    tau2: str = "common",
) -> Subgroups:
    """Return the average in each group and a test for a difference between groups.

    Parameters
    ----------
    estimates, variances, method, adjust, level
        As in `pool`.
    labels : iterable of hashable, shape (k,)
        The group of each study.
    tau2 : {"common", "separate"}
        `common` estimates one tau² for all groups, as a meta-regression on the groups, because few studies per group do
        not determine their own; the test is F for `hksj`, chi-square for `wald`. `separate` pools each group alone. The
        averages are then compared by Q with weights 1 / se² and chi-square for `wald`, and by Welch's F for `hksj`,
        because Hartung-Knapp standard errors are estimated with k - 1 degrees of freedom per group and chi-square with
        them rejects 7 to 23% of true null hypotheses. If a group has one study or a standard error of 0, this F does
        not exist, and the test of `common` is given instead.

    Returns
    -------
    Subgroups

    Raises
    ------
    ValueError
        As in `pool`, for labels of another length or missing, for fewer than two groups and, with a common tau², if no
        group has two studies.

    References
    ----------
    Borenstein et al. 2009, Introduction to Meta-Analysis, ch. 19; Welch 1951, Biometrika 38:330.
    """
    check_choice("tau2", tau2, _TAU2_KINDS)
    y, v = check_estimates(estimates, variances)
    labels = check_labels("labels", labels, ("estimates", y))
    names = list(dict.fromkeys(labels))
    if len(names) < 2:
        raise ValueError(f"labels name one group only, {names[0]!r}: there is nothing to compare")
    members = {name: np.array([label == name for label in labels]) for name in names}
    alone = {name: pool(y[rows], v[rows], method, adjust, level) for name, rows in members.items()}
    table = pd.DataFrame([{"group": name, **_row(pooled)} for name, pooled in alone.items()])
    df, why = len(names) - 1, ""
    if tau2 == "separate":
        if adjust == "wald":
            statistic = _weighted_squares(table)
            p = float(chdtrc(df, statistic))
            return Subgroups(table, statistic, df, 0, p, tau2, "chi-square, each group with its own tau²")
        if (table["k"] > 1).all() and (table["se"] > 0).all():
            return Subgroups(table, *_welch(table), tau2, "Welch's F, each group with its own tau²")
        why = ", because a group has one study" if (table["k"] == 1).any() else ", because a standard error is 0"
    columns = {f"{i}": members[name].astype(float) for i, name in enumerate(names)}
    contrast = meta_regression(y, v, dict(list(columns.items())[1:]), method, adjust, level)
    if tau2 == "common":
        each = meta_regression(y, v, columns, method, adjust, level, intercept=False)
        spreads = each.predict(pd.DataFrame(np.eye(len(names)), columns=list(columns)))
        for column in ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high"):
            table[column] = spreads[column].to_numpy()
        table["tau2"], table["i2"], table["note"] = each.tau2, each.i2, ""
    test = f"{'F' if contrast.moderators_by_f else 'chi-square'}, one tau² for all groups{why}"
    if np.isnan(contrast.moderators_p):
        test += "; no test, because the estimates of each group are equal"
    left = contrast.residual_df if contrast.moderators_by_f else 0
    return Subgroups(table, contrast.moderators_q, df, left, contrast.moderators_p, "common", test)


def _weighted_squares(table: pd.DataFrame) -> float:
    weights = 1 / table["se"] ** 2
    centre = (weights * table["estimate"]).sum() / weights.sum()
    return float((weights * (table["estimate"] - centre) ** 2).sum())


def _welch(table: pd.DataFrame) -> tuple[float, int, float, float]:
    """Return Welch's F, its degrees of freedom and p for averages with estimated standard errors."""
    groups, weights = len(table), 1 / table["se"] ** 2
    spread = float(((1 - weights / weights.sum()) ** 2 / (table["k"] - 1)).sum())
    statistic = _weighted_squares(table) / (groups - 1) / (1 + 2 * (groups - 2) / (groups**2 - 1) * spread)
    left = (groups**2 - 1) / (3 * spread)
    return statistic, groups - 1, left, float(fdtrc(groups - 1, left, statistic))


def _studies(
    estimates: Iterable[float], variances: Iterable[float], labels: Iterable[Hashable] | None
) -> tuple[list, list, list]:
    first, second = list(element_list("estimates", estimates)), list(element_list("variances", variances))
    names = list(range(1, len(first) + 1)) if labels is None else check_labels("labels", labels, ("estimates", first))
    return first, second, names


def _row(pooled: Pooled) -> dict[str, object]:
    return {column: getattr(pooled, column) for column in _COLUMNS}
