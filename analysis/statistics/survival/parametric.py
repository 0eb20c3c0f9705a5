"""Parametric fits to interval-censored durations, with a time ratio for two groups.

scipy 1.17 also fits interval-censored data (scipy.stats.CensoredData), but without weights, covariance or groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import erfc, exp, sqrt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.result_view import ResultView
from analysis.statistics.checks import check_choice, check_level, finite_numbers
from analysis.statistics.intervals import critical_value
from analysis.statistics.survival.distributions import DISTRIBUTIONS, STANDARD
from analysis.statistics.survival.failure_time import FailureTimeModel, UndeterminedError
from analysis.statistics.survival.interval_data import check_intervals, two_group_labels


@dataclass(frozen=True)
class ParametricFit(ResultView):
    """A fitted distribution of durations T: log T = intercept + group effect + scale × standard error term.

    Attributes
    ----------
    distribution : str
    log_likelihood, aic : float
    groups : tuple or None
        The two group labels.
    coefficients : DataFrame
        Columns term (intercept; group, for the second of `groups`; log_scale, not for the exponential), estimate, se,
        low, high.
    covariance : ndarray, shape (p, p)
        Covariance of the terms, from the observed information.
    medians : DataFrame
        Columns group, median, low, high.
    time_ratio, time_ratio_low, time_ratio_high : float or None
        Durations of the second group as a multiple of those of the first, with limits; None without groups.
    p : float or None
        Two-sided Wald p-value of the time ratio.
    """

    distribution: str
    log_likelihood: float
    aic: float
    groups: tuple[object, object] | None
    coefficients: pd.DataFrame
    covariance: np.ndarray = field(repr=False)
    medians: pd.DataFrame
    time_ratio: float | None
    time_ratio_low: float | None
    time_ratio_high: float | None
    p: float | None

    @property
    def scale(self) -> float:
        """Scale of log T: 1 for the exponential, 1 / shape for the Weibull."""
        result = self.coefficients.set_index("term")["estimate"]
        return exp(result["log_scale"]) if "log_scale" in result else 1.0

    def location(self, second: bool = False) -> float:
        """Return the intercept, with the group effect for the second group."""
        result = self.coefficients.set_index("term")["estimate"]
        return float(result["intercept"] + (result["group"] if second else 0.0))

    def survival_at(self, times: ArrayLike, second: bool = False) -> np.ndarray:
        """Return the probability of a duration longer than each time, in the first or second group."""
        at = finite_numbers("times", [times] if np.isscalar(times) else times, infinite=True)
        with np.errstate(divide="ignore", over="ignore"):
            z = (np.log(np.maximum(at, 0.0)) - self.location(second)) / self.scale
            return np.exp(STANDARD[self.distribution].log_survival(z))


def fit_distribution(
    lower: ArrayLike,
    upper: ArrayLike,
    weights: ArrayLike | None = None,
    distribution: str = "weibull",
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> ParametricFit:
    """Return a distribution of durations fitted to intervals by maximum likelihood.

    With `groups`, the model is an accelerated failure time model: the time ratio multiplies the durations of the second
    group. A lower end of 0 or below means that the benefit ended at or before `upper`. A duration of exactly 0 has no
    logarithm: fit the patients who had the benefit, and report the share who never had it. The log-likelihood is that
    of T, as in R's survreg.

    Parameters
    ----------
    lower, upper : array_like, shape (n,)
        Intervals as for `npmle`.
    weights : array_like, shape (n,), optional
        Number of patients with each interval; default 1.
    distribution : {"exponential", "weibull", "lognormal", "loglogistic"}
    groups : array_like, shape (n,), optional
        Two different labels.
    level : float
        Confidence level of the normal limits, on the log scale for medians and time ratio.

    Returns
    -------
    ParametricFit

    Raises
    ------
    ValueError
        As in `npmle`, for an unknown distribution, a duration of 0, or other than two groups; the message names the
        element, counted from 1.
    UndeterminedError
        If the intervals do not determine the distribution, for instance if all are right-censored.

    References
    ----------
    Kalbfleisch and Prentice 2002, chapter 3.
    """
    check_level(level)
    check_choice("distribution", distribution, list(DISTRIBUTIONS))
    low, high, weight = check_intervals(lower, upper, weights)
    for i in np.flatnonzero((high <= 0) & (weight > 0))[:1]:
        raise ValueError(
            f"element {i + 1}: upper = {high[i]:g}: a duration of 0 has no logarithm; leave those who never had the "
            "benefit out of the fit and report their share"
        )
    labels, second = (None, np.zeros(len(low), dtype=bool)) if groups is None else two_group_labels(groups, len(low))
    known = (weight > 0) & ~((low <= 0) & (high == np.inf))
    _check_determined(low[known], high[known], second[known], labels, distribution)
    model = FailureTimeModel(low[known], high[known], weight[known], second[known] if labels else None, distribution)
    estimate, value, covariance = model.maximise()
    return _report(model, estimate, value, covariance, labels, level)


def _check_determined(
    low: np.ndarray, high: np.ndarray, second: np.ndarray, labels: tuple[object, object] | None, distribution: str
) -> None:
    parts = [("", np.ones(len(low), dtype=bool))]
    if labels:
        parts = [(f" of group {labels[0]}", ~second), (f" of group {labels[1]}", second)]
    for of_group, part in parts:
        if not np.isfinite(high[part]).any():
            raise UndeterminedError(
                f"no duration{of_group} is known to have ended: a {distribution} fit needs one that has"
            )
        if not (low[part] > 0).any():
            raise UndeterminedError(
                f"no duration{of_group} is known to have lasted for any time: a {distribution} fit needs one that has"
            )
    # if one time lies in every interval, the likelihood is unbounded as the scale goes to 0
    if distribution != "exponential" and all(low[part].max() < high[part].min() for _, part in parts):
        raise UndeterminedError(
            f"all durations may have been equally long: a {distribution} fit needs some that were not, to tell how "
            "much they differ"
        )


def _report(
    model: FailureTimeModel,
    estimate: np.ndarray,
    value: float,
    covariance: np.ndarray,
    labels: tuple[object, object] | None,
    level: float,
) -> ParametricFit:
    quantile = critical_value(level)
    terms = ["intercept", *(["group"] if labels else []), *(["log_scale"] if model.free_scale else [])]
    se = np.sqrt(np.diag(covariance))
    coefficients = pd.DataFrame({"term": terms, "estimate": estimate, "se": se})
    coefficients["low"], coefficients["high"] = estimate - quantile * se, estimate + quantile * se
    scale = exp(estimate[-1]) if model.free_scale else 1.0
    rows = []
    for index, label in enumerate(labels or (None,)):
        # the log median is linear in the terms except the log scale, of_group derivative is scale × median
        slope = np.array(
            [{"intercept": 1.0, "group": float(index)}.get(term, scale * model.standard.median) for term in terms]
        )
        middle = estimate[0] + (estimate[1] if index else 0.0) + scale * model.standard.median
        wide = quantile * sqrt(slope @ covariance @ slope)
        rows.append({"group": label, "median": exp(middle), "low": exp(middle - wide), "high": _exp(middle + wide)})
    ratio = [None] * 4
    if labels:
        effect = coefficients.iloc[1]
        ratio = [_exp(effect[name]) for name in ("estimate", "low", "high")]
        ratio.append(erfc(abs(effect["estimate"] / effect["se"]) / sqrt(2)))
    aic = 2 * len(terms) - 2 * value
    return ParametricFit(model.distribution, value, aic, labels, coefficients, covariance, pd.DataFrame(rows), *ratio)


def _exp(value: float) -> float:
    """Return the exponential; infinite on overflow, since a limit may lie that far out."""
    with np.errstate(over="ignore"):
        return float(np.exp(value))
