"""Effect sizes with their sampling variances: mean differences and mean changes, raw and standardised.

Each function takes the statistics that papers print for one group or one comparison and returns an `Effect` for
`pooling.pool`. scipy 1.17 has no such functions; results agree with metafor 3.8.1 (escalc).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, isfinite, lgamma, log, sqrt

import pandas as pd

from analysis.statistics.checks import check_correlation, check_group_size, check_level, check_positive_sd
from analysis.statistics.intervals import critical_value
from analysis.statistics.summaries import sd_of_change

_CORRELATIONS = (0.3, 0.5, 0.7, 0.9)
_VARIANCES = ("large_sample", "unbiased")
_STANDARDISERS = ("before", "change")


@dataclass(frozen=True)
class Effect:
    """An estimate and its sampling variance."""

    estimate: float
    variance: float

    @property
    def se(self) -> float:
        """Standard error."""
        return sqrt(self.variance)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the normal confidence interval as (low, high)."""
        check_level(level)
        half = critical_value(level) * self.se
        return self.estimate - half, self.estimate + half


def small_sample_factor(df: float) -> float:
    """Return J = Γ(df / 2) / (√(df / 2) Γ((df - 1) / 2)), which removes the bias of a standardised difference.

    This is the exact factor; 1 - 3 / (4 df - 1) is its usual approximation.

    Parameters
    ----------
    df : float
        Degrees of freedom of the standard deviation, above 1.

    Raises
    ------
    ValueError
        For df of 1 or below, where the factor does not exist.

    References
    ----------
    Hedges 1981, J Educ Stat 6:107.
    """
    if not isfinite(df) or df <= 1:
        raise ValueError(f"df is {df}: the small-sample factor needs more than 1 degree of freedom")
    return exp(lgamma(df / 2) - log(sqrt(df / 2)) - lgamma((df - 1) / 2))


def mean_difference(mean_1: float, sd_1: float, n_1: int, mean_2: float, sd_2: float, n_2: int) -> Effect:
    """Return mean_1 - mean_2 of two independent groups.

    The variance is sd_1² / n_1 + sd_2² / n_2 and does not assume equal variances, as metafor's escalc(measure="MD").

    Parameters
    ----------
    mean_1, mean_2 : float
    sd_1, sd_2 : float
        Standard deviations, above 0, in the unit of the means.
    n_1, n_2 : int
        Numbers of patients, 2 or more.

    Returns
    -------
    Effect

    Raises
    ------
    ValueError
        For a mean that is not a number, a standard deviation that is not above 0, or a number of patients that is not a
        whole number of 2 or more.
    """
    _check_groups(mean_1=mean_1, sd_1=sd_1, n_1=n_1, mean_2=mean_2, sd_2=sd_2, n_2=n_2)
    return Effect(mean_1 - mean_2, sd_1**2 / n_1 + sd_2**2 / n_2)


def hedges_g(
    mean_1: float,
    sd_1: float,
    n_1: int,
    mean_2: float,
    sd_2: float,
    n_2: int,
    variance: str = "large_sample",
) -> Effect:
    """Return Hedges' g: the mean difference in units of the pooled SD, times the exact small-sample factor.

    Parameters
    ----------
    mean_1, sd_1, n_1, mean_2, sd_2, n_2
        As in `mean_difference`.
    variance : {"large_sample", "unbiased"}
        `large_sample` is 1 / n_1 + 1 / n_2 + g² / (2 (n_1 + n_2)), metafor's vtype="LS"; `unbiased` is Hedges' unbiased
        estimate, vtype="UB", which needs 5 patients or more.

    Returns
    -------
    Effect

    Raises
    ------
    ValueError
        As in `mean_difference`, and for an unknown `variance`.

    References
    ----------
    Hedges 1982, Psychol Bull 92:490 (`large_sample`); Hedges 1983 (`unbiased`).
    """
    _check_groups(mean_1=mean_1, sd_1=sd_1, n_1=n_1, mean_2=mean_2, sd_2=sd_2, n_2=n_2)
    if variance not in _VARIANCES:
        raise ValueError(f"variance is {variance!r}: must be one of {', '.join(_VARIANCES)}")
    df = n_1 + n_2 - 2
    if variance == "unbiased" and df < 3:
        raise ValueError(f"n_1 + n_2 is {n_1 + n_2}: the unbiased variance needs 5 patients or more")
    factor = small_sample_factor(df)
    g = factor * (mean_1 - mean_2) / sqrt(((n_1 - 1) * sd_1**2 + (n_2 - 1) * sd_2**2) / df)
    own = 1 / (2 * (n_1 + n_2)) if variance == "large_sample" else 1 - (df - 2) / (df * factor**2)
    return Effect(g, 1 / n_1 + 1 / n_2 + own * g**2)


def mean_change(
    mean_before: float, sd_before: float, mean_after: float, sd_after: float, n: int, correlation: float
) -> Effect:
    """Return mean_after - mean_before of the same patients for an assumed correlation.

    The variance is (sd_before² + sd_after² - 2 r sd_before sd_after) / n, as metafor's escalc(measure="MC").

    Parameters
    ----------
    mean_before, mean_after : float
    sd_before, sd_after : float
        Standard deviations, above 0.
    n : int
        Number of patients, 2 or more.
    correlation : float
        Correlation of the two measurements, above -1 and below 1.

    Returns
    -------
    Effect

    Raises
    ------
    ValueError
        As in `mean_difference`, and for a correlation outside -1 to 1 (both ends excluded).
    """
    _check_change(mean_before, sd_before, mean_after, sd_after, n, correlation)
    return Effect(mean_after - mean_before, sd_of_change(sd_before, sd_after, correlation) ** 2 / n)


def standardised_change(
    mean_before: float,
    sd_before: float,
    mean_after: float,
    sd_after: float,
    n: int,
    correlation: float,
    standardiser: str = "before",
) -> Effect:
    """Return the change of the same patients in units of an SD, times the exact small-sample factor.

    Negative values are a decrease. The correlation is seldom reported: `over_correlations` shows its influence.

    Parameters
    ----------
    mean_before, sd_before, mean_after, sd_after, n, correlation
        As in `mean_change`; n is 3 or more.
    standardiser : {"before", "change"}
        `before` is the SD at baseline, comparable with g between groups: variance 2 (1 - r) / n + d² / (2n), metafor's
        measure="SMCR". `change` is the SD of the change: variance 1 / n + d² / (2n), measure="SMCC".

    Returns
    -------
    Effect

    Raises
    ------
    ValueError
        As in `mean_change`, for an unknown standardiser, and for fewer than 3 patients.

    References
    ----------
    Becker 1988, Br J Math Stat Psychol 41:257 (`before`); Gibbons, Hedeker and Davis 1993, J Educ Stat 18:271
    (`change`).
    """
    _check_change(mean_before, sd_before, mean_after, sd_after, n, correlation)
    if standardiser not in _STANDARDISERS:
        raise ValueError(f"standardiser is {standardiser!r}: must be one of {', '.join(_STANDARDISERS)}")
    if n < 3:
        raise ValueError(f"n is {n}: a standardised change needs 3 patients or more")
    unit = sd_before if standardiser == "before" else sd_of_change(sd_before, sd_after, correlation)
    d = small_sample_factor(n - 1) * (mean_after - mean_before) / unit
    first = 2 * (1 - correlation) / n if standardiser == "before" else 1 / n
    return Effect(d, first + d**2 / (2 * n))


def over_correlations(
    mean_before: float,
    sd_before: float,
    mean_after: float,
    sd_after: float,
    n: int,
    correlations: Iterable[float] = _CORRELATIONS,
    standardiser: str | None = "before",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return a change for each of several assumed correlations, as a sensitivity analysis.

    Parameters
    ----------
    mean_before, sd_before, mean_after, sd_after, n
        As in `mean_change`.
    correlations : iterable of float
    standardiser : {"before", "change"} or None
        As in `standardised_change`; None gives the raw change.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame, one row per correlation
        Columns correlation, estimate, se, ci_low, ci_high.

    Raises
    ------
    ValueError
        As in `standardised_change`, and for no correlation.
    """
    rows = []
    for correlation in correlations:
        before_after = (mean_before, sd_before, mean_after, sd_after, n, correlation)
        effect = (
            mean_change(*before_after) if standardiser is None else standardised_change(*before_after, standardiser)
        )
        low, high = effect.interval(level)
        rows.append((correlation, effect.estimate, effect.se, low, high))
    if not rows:
        raise ValueError("correlations is empty: at least one must be assumed")
    return pd.DataFrame(rows, columns=["correlation", "estimate", "se", "ci_low", "ci_high"])


def _check_groups(**values: float) -> None:
    for name, value in values.items():
        if name.startswith("n_"):
            check_group_size(name, value)
        elif name.startswith("sd_"):
            check_positive_sd(name, value)
        elif not isfinite(value):
            raise ValueError(f"{name} is {value}: must be a number")


def _check_change(
    mean_before: float, sd_before: float, mean_after: float, sd_after: float, n: int, correlation: float
) -> None:
    _check_groups(mean_before=mean_before, sd_before=sd_before, mean_after=mean_after, sd_after=sd_after)
    check_group_size("n", n)
    check_correlation(correlation)
