"""Sensitivity of a pooled result: leave-one-out, cumulative and subgroup analyses."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from analysis.statistics.checks import check_choice, check_estimates, check_same_length
from analysis.statistics.pooling.inverse_variance import pool
from analysis.statistics.pooling.regression import meta_regression
from analysis.statistics.pooling.result import Pooled

_COLUMNS = ("k", "estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "q", "q_p", "note")
_TAU2_KINDS = ("common", "separate")


@dataclass(frozen=True)
class Subgroups:
    """Averages by group and the test for a difference between groups.

    Attributes
    ----------
    groups : DataFrame
        One row per group: group, then the columns of `leave_one_out` after `omitted`.
    statistic, p : float
        F test with df and residual_df degrees of freedom for `hksj` with a common tau², else Q with df.
    df, residual_df : int
        Degrees of freedom; residual_df is 0 for Q.
    tau2 : str
        `common` or `separate`.
    """

    groups: pd.DataFrame
    statistic: float
    df: int
    residual_df: int
    p: float
    tau2: str


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


def cumulative(
    estimates: Iterable[float],
    variances: Iterable[float],
    order: Iterable[float],
    labels: Iterable[Hashable] | None = None,
    using: Callable[..., Pooled] = pool,
    **options: object,
) -> pd.DataFrame:
    """Return the pooled result after each study in a given order.

    Parameters
    ----------
    estimates, variances, labels, using, **options
        As in `leave_one_out`.
    order : iterable of float, shape (k,)
        Sort key, for instance years; ties keep their order.

    Returns
    -------
    DataFrame, one row per study
        Columns added, order, then those of `leave_one_out` after `omitted`.

    Raises
    ------
    ValueError
        As in `leave_one_out`, and for a missing value of `order`.
    """
    first, second, names = _studies(estimates, variances, labels)
    using(first, second, **options)
    places = list(order)
    check_same_length("estimates", first, "order", places)
    for position, value in enumerate(places, 1):
        if pd.isna(value):
            raise ValueError(f"order, element {position}, is {value}: every study needs a sort key")
    sequence = sorted(range(len(first)), key=lambda i: places[i])
    rows = []
    for count, i in enumerate(sequence, 1):
        part = sequence[:count]
        pooled = using([first[j] for j in part], [second[j] for j in part], **options)
        rows.append({"added": names[i], "order": places[i], **_row(pooled)})
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
        not determine their own. `separate` pools each group alone and tests the difference of their averages by Q with
        weights 1 / se².

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
    Borenstein et al. 2009, Introduction to Meta-Analysis, ch. 19.
    """
    check_choice("tau2", tau2, _TAU2_KINDS)
    y, v = check_estimates(estimates, variances)
    labels = list(labels)
    check_same_length("estimates", y, "labels", labels)
    for position, label in enumerate(labels, 1):
        if pd.isna(label):
            raise ValueError(f"labels, element {position}, is {label}: every study needs a group")
    names = list(dict.fromkeys(labels))
    if len(names) < 2:
        raise ValueError(f"labels name one group only, {names[0]!r}: there is nothing to compare")
    members = {name: np.array([label == name for label in labels]) for name in names}
    alone = {name: pool(y[rows], v[rows], method, adjust, level) for name, rows in members.items()}
    df = len(names) - 1
    if tau2 == "separate":
        table = pd.DataFrame([{"group": name, **_row(pooled)} for name, pooled in alone.items()])
        weights = 1 / table["se"] ** 2
        centre = (weights * table["estimate"]).sum() / weights.sum()
        statistic = float((weights * (table["estimate"] - centre) ** 2).sum())
        return Subgroups(table, statistic, df, 0, float(chdtrc(df, statistic)), tau2)
    columns = {f"{i}": members[name].astype(float) for i, name in enumerate(names)}
    each = meta_regression(y, v, columns, method, adjust, level, intercept=False)
    contrast = meta_regression(y, v, dict(list(columns.items())[1:]), method, adjust, level)
    spreads = each.predict(pd.DataFrame(np.eye(len(names)), columns=list(columns)))
    table = pd.DataFrame([{"group": name, **_row(pooled)} for name, pooled in alone.items()])
    for column in ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high"):
        table[column] = spreads[column].to_numpy()
    table["tau2"], table["i2"], table["note"] = each.tau2, each.i2, ""
    left = contrast.residual_df if adjust == "hksj" else 0
    return Subgroups(table, contrast.moderators_q, df, left, contrast.moderators_p, tau2)


def _studies(
    estimates: Iterable[float], variances: Iterable[float], labels: Iterable[Hashable] | None
) -> tuple[list, list, list]:
    first, second = list(estimates), list(variances)
    names = list(range(1, len(first) + 1)) if labels is None else list(labels)
    check_same_length("estimates", first, "labels", names)
    return first, second, names


def _row(pooled: Pooled) -> dict[str, object]:
    return {column: getattr(pooled, column) for column in _COLUMNS}
