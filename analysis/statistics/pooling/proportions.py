"""Random-effects pooling of proportions, by the binomial-normal model or by inverse variance on a transformed scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import asin, copysign, cos, inf, log, nan, sin, sqrt

import numpy as np
from scipy.special import chdtrc, chdtri, expit

from analysis.statistics.checks import check_choice, check_counts, check_level, whole_number
from analysis.statistics.intervals import clopper_pearson, critical_value
from analysis.statistics.pooling.heterogeneity import METHODS, weighted_least_squares
from analysis.statistics.pooling.inverse_variance import ADJUSTMENTS, pool
from analysis.statistics.pooling.result import ONE_STUDY, TWO_STUDIES, Pooled, unknown_result
from analysis.statistics.random_intercept import fit_random_intercept, tau_limits
from analysis.statistics.study_quadrature import NODES, Counts

_MODELS = ("glmm", "logit", "double_arcsine")


def pool_proportions(
    events: Iterable[float],
    totals: Iterable[float],
    model: str = "glmm",
    level: float = 0.95,
    *,
    adjust: str | None = None,
    method: str = "REML",
    nodes: int = NODES,
    tau2_limits: bool = True,
) -> Pooled:
    """Return the random-effects average of the proportions events / totals.

    Three models:

    - `glmm` (default): the binomial-normal model, a random intercept on the logit scale, by maximum likelihood with
      adaptive Gauss-Hermite quadrature (trapezoidal rule where tau exceeds 1.5), as metafor's rma.glmm(measure="PLO")
      and lme4's glmer. It uses the counts, so cells of 0 and of all patients need no correction. `estimate` is the rate
      of a typical study, expit(mu), not the mean of all rates. With few heterogeneous studies the normal interval is
      too narrow: with two studies `wald` covers 63 to 98% and `t` 89 to 100%, with three 78 to 96% and 92 to 100%, with
      ten 90 to 96% and 93 to 99% (coverage.csv of this package; tau up to 3). Q is the likelihood-ratio
      statistic; I² = tau² / (tau² + typical sampling variance of the logits). The interval of tau², and so of I²,
      is by profile likelihood; above tau = 50 it has no upper limit. This model has no weights; `weights` are
      each study's share of the information on mu at the estimates, 1 / (tau² + 1 / (n p (1 - p))).
    - `logit`: inverse variance on the logit scale, with 1/2 added to events and non-events of studies with a cell of 0
      only, as metafor's escalc(measure="PLO").
    - `double_arcsine`: Freeman and Tukey's variance-stabilised scale (1950) with variance 1 / (4n + 2),
      back-transformed by Miller's formula at the harmonic mean of the totals, as metafor's transf.ipft.hm. It can
      mislead when totals differ much: for comparison only. `estimate_logit` and `se_logit` are NaN, tau2 is on the
      double-arcsine scale.

    Parameters
    ----------
    events, totals : iterable of float, shape (k,)
        Number of patients with the event and of all patients in each study.
    model : {"glmm", "logit", "double_arcsine"}
    level : float
        Confidence level.
    adjust : str, optional
        For `glmm` `wald` (default, as rma.glmm) or `t` (t with k - 1 degrees of freedom); else as in `pool`, default
        `hksj`.
    method : str
        Estimator of tau² as in `pool`; `glmm` always uses maximum likelihood.
    nodes : int
        Number of quadrature nodes of `glmm`, 2 to 180.
    tau2_limits : bool
        False omits the interval of tau² of `glmm`, which takes half of the time; its limits are then NaN.

    Returns
    -------
    Pooled
        NaN for what cannot be estimated, explained in `note`: heterogeneity of one study; all but one confidence limit
        if no patient or every patient has the event; a rate if each study has either none or all.

    Raises
    ------
    ValueError
        For counts that are not whole, events above totals, totals below 1, NaN, unequal lengths, no studies; an unknown
        model, method, adjustment or level; nodes outside 2 to 180. The message names the element, counted from 1.

    References
    ----------
    Stijnen et al. 2010, Stat Med 29:3046 (`glmm`); Miller 1978, Am Stat 32:138, and Schwarzer et al. 2019, Res Synth
    Methods 10:476 (`double_arcsine`).
    """
    check_choice("model", model, _MODELS)
    check_level(level)
    if adjust is None:
        adjust = "wald" if model == "glmm" else "hksj"
    check_choice("adjust", adjust, ("wald", "t") if model == "glmm" else ADJUSTMENTS)
    check_choice("method", method, METHODS)
    nodes = whole_number("nodes", nodes, 2, 180)
    x, n = check_counts(events, totals)
    if model == "glmm":
        return _binomial_normal(x, n, level, adjust, nodes, tau2_limits)
    return _logit(x, n, level, adjust, method) if model == "logit" else _double_arcsine(x, n, level, adjust, method)


def _logits(x: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    add = np.where((x == 0) | (x == n), 0.5, 0.0)
    yes, no = x + add, n - x + add
    return np.log(yes / no), 1 / yes + 1 / no


def _logit(x: np.ndarray, n: np.ndarray, level: float, adjust: str, method: str) -> Pooled:
    pooled = pool(*_logits(x, n), method, adjust, level)
    rates = {name: float(expit(getattr(pooled, name))) for name in ("estimate", *_LIMITS)}
    corrected = int(np.sum((x == 0) | (x == n)))
    return replace(
        pooled,
        **rates,
        se=pooled.se * rates["estimate"] * (1 - rates["estimate"]),
        estimate_logit=pooled.estimate,
        se_logit=pooled.se,
    ).with_note(
        f"1/2 was added to the cells of {corrected} of {len(x)} studies, which have none or all." * bool(corrected)
    )


_LIMITS = ("ci_low", "ci_high", "pi_low", "pi_high")


def _double_arcsine(x: np.ndarray, n: np.ndarray, level: float, adjust: str, method: str) -> Pooled:
    scale = (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2
    pooled = pool(scale, 1 / (4 * n + 2), method, adjust, level)
    size = 1 / float(np.mean(1 / n))
    rates = {name: _back_transformed(getattr(pooled, name), size) for name in ("estimate", *_LIMITS)}
    # d(sin² t) / dt = sin 2t
    return replace(pooled, **rates, se=pooled.se * 2 * sqrt(rates["estimate"] * (1 - rates["estimate"])))


def _back_transformed(t: float, size: float) -> float:
    """Return Miller's inverse of the double arcsine for a study of this size; 0 and 1 beyond its range."""
    if t != t:
        return nan
    t, lowest = float(t), asin(sqrt(1 / (size + 1))) / 2
    highest = (asin(sqrt(size / (size + 1))) + asin(1.0)) / 2
    if t < lowest or t > highest:
        return 0.0 if t < lowest else 1.0
    inner = 1 - (sin(2 * t) + (sin(2 * t) - 1 / sin(2 * t)) / size) ** 2
    return (1 - copysign(sqrt(max(inner, 0.0)), cos(2 * t))) / 2


def _binomial_normal(x: np.ndarray, n: np.ndarray, level: float, adjust: str, nodes: int, tau2_limits: bool) -> Pooled:
    k, total, with_event = len(x), float(n.sum()), float(x.sum())
    blank = unknown_result(k, tuple((n / total).tolist()), "ML", adjust, level)
    if with_event in (0, total):
        return _none_or_all(blank, int(with_event), int(total), level)
    if np.all((x == 0) | (x == n)) and k > 1:
        single = bool(np.all(n == 1))
        why = (
            "a single patient: these data don't tell tau² from the rate"
            if single
            else "either none or all: the likelihood grows with tau² without end"
        )
        note = f"Each study has {why}, and neither can be estimated with this model."
        return replace(blank, tau2=nan if single else inf, q=_common_rate_deviance(x, n), note=note)
    if k == 1:
        logit = log(with_event / (total - with_event))
        result = _with_limits(blank, logit, sqrt(1 / with_event + 1 / (total - with_event)), nan, None)
        return replace(result, adjust="wald", note=ONE_STUDY)
    data = Counts.one_row_a_study(x, n)
    fitted = fit_random_intercept(data, nodes)
    mu, se = float(fitted.beta[0]), sqrt(fitted.covariance[0, 0])
    tau2 = fitted.tau**2
    drop = chdtri(1, 1 - level) / 2
    tau_low, tau_high = tau_limits(data, fitted, drop, nodes) if tau2_limits else (nan, nan)
    variances, ones = _logits(x, n)[1], np.ones((k, 1))
    typical = (k - 1) / weighted_least_squares(variances, variances, ones).trace(ones)
    p = float(expit(mu))
    weights = 1 / (tau2 + 1 / (n * p * (1 - p)))
    deviance = _common_rate_deviance(x, n)
    result = _with_limits(blank, mu, se, tau2, k - 1 if adjust == "t" else None)
    return replace(
        result,
        tau2_low=tau_low**2,
        tau2_high=tau_high**2,
        i2=tau2 / (typical + tau2),
        i2_low=tau_low**2 / (typical + tau_low**2),
        i2_high=1.0 if tau_high == inf else tau_high**2 / (typical + tau_high**2),
        q=deviance,
        q_p=float(chdtrc(k - 1, deviance)),
        weights=tuple((weights / weights.sum()).tolist()),
        note=TWO_STUDIES if k == 2 else "",
    )


def _with_limits(blank: Pooled, mu: float, se: float, tau2: float, df: int | None) -> Pooled:
    """Return `blank` with estimate and limits computed from the logit scale."""
    quantile = critical_value(blank.level, df)
    half, reach = quantile * se, quantile * sqrt(se**2 + tau2)
    p, low, high, pi_low, pi_high = (float(expit(mu + d)) for d in (0, -half, half, -reach, reach))
    limits = {"ci_low": low, "ci_high": high, "pi_low": pi_low, "pi_high": pi_high}
    return replace(blank, estimate=p, se=se * p * (1 - p), tau2=tau2, estimate_logit=mu, se_logit=se, **limits)


def _none_or_all(blank: Pooled, events: int, total: int, level: float) -> Pooled:
    low, high = clopper_pearson(events, total, level)
    who = "No patient" if events == 0 else "Every patient"
    return replace(
        blank,
        estimate=float(events > 0),
        ci_low=low,
        ci_high=high,
        estimate_logit=-inf if events == 0 else inf,
        note=f"{who} of {total} had the event: a standard error and how much studies differ can't be known. The limits "
        "are the exact ones of all patients taken as one group.",
    )


def _common_rate_deviance(x: np.ndarray, n: np.ndarray) -> float:
    """Return twice the log-likelihood ratio of separate rates to one common rate: the likelihood-ratio form of Q."""
    p = x.sum() / n.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(x > 0, x * np.log(x / (n * p)), 0) + np.where(
            x < n, (n - x) * np.log((n - x) / n / (1 - p)), 0
        )
    return max(0.0, 2 * float(terms.sum()))
