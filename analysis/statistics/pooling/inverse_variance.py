"""Random-effects pooling of means, differences and other estimates with known sampling variances."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import sqrt

import numpy as np

from analysis.statistics.checks import check_choice, check_estimates, check_level
from analysis.statistics.intervals import critical_value
from analysis.statistics.pooling.heterogeneity import METHODS, heterogeneity, interval_laws, weighted_least_squares
from analysis.statistics.pooling.result import NARROW, ONE_STUDY, TWO_STUDIES, WALD_SHOWN, Pooled, unknown_result

ADJUSTMENTS = ("hksj", "wald", "hksj_or_wald")


def pool(
    estimates: Iterable[float],
    variances: Iterable[float],
    method: str = "REML",
    adjust: str = "hksj",
    level: float = 0.95,
) -> Pooled:
    """Return the random-effects average of estimates with known sampling variances.

    With few studies `hksj` has about nominal coverage, and `wald`, the normal interval, is too narrow. The ad-hoc
    rule max(1, q) of Knapp and Hartung 2003 is not applied, as in metafor's test="knha": it gives up the exact t
    distribution and makes the interval conservative when studies agree. Without it the interval can be narrower than
    Wald's, or have no width at all; `note` then says so and gives Wald's. `hksj_or_wald` gives the wider of the two
    intervals, with its standard error, and the wider of the two prediction intervals; the reports use it.

    The prediction interval is estimate ± c √(tau² + se²), never truncated, with the quantile c of the confidence
    interval: t with k - 1 degrees of freedom for `hksj`, normal for `wald`, as metafor's predict(). Higgins et al. 2009
    (J R Stat Soc A 172:137) used t with k - 2, which is wider and needs three studies.

    Parameters
    ----------
    estimates : iterable of float, shape (k,)
    variances : iterable of float, shape (k,)
        Sampling variances (squared standard errors), above 0.
    method : {"REML", "PM", "DL", "ML"}
        Estimator of the between-study variance tau²: restricted maximum likelihood (the least biased of the likelihood
        methods), Paule-Mandel, DerSimonian-Laird, or maximum likelihood.
    adjust : {"hksj", "wald", "hksj_or_wald"}
        Hartung-Knapp-Sidik-Jonkman variance with Student's t on k - 1 degrees of freedom, the normal interval, or the
        wider of the two.
    level : float
        Confidence level.

    Returns
    -------
    Pooled
        For one study its own Wald interval, and NaN for everything that one study cannot show.

    Raises
    ------
    ValueError
        For values that are not finite numbers, variances of 0 or below, unequal lengths, no studies, or an unknown
        method, adjustment or level. The message names the element, counted from 1.

    References
    ----------
    Veroniki et al. 2016, Res Synth Methods 7:55 (REML); Hartung and Knapp 2001, Stat Med 20:3875, and Sidik and Jonkman
    2002, Stat Med 21:3153 (`hksj`); IntHout et al. 2014, BMC Med Res Methodol 14:25 (coverage); Röver et al. 2015, BMC
    Med Res Methodol 15:99 (narrow intervals); IntHout et al. 2016, BMJ Open 6:e010247 (prediction interval).
    """
    check_choice("method", method, METHODS)
    check_choice("adjust", adjust, ADJUSTMENTS)
    check_level(level)
    y, v = check_estimates(estimates, variances)
    k = len(y)
    if k == 1:
        return _single(float(y[0]), float(v[0]), method, level)
    centre, size = y.mean(), float(np.abs(y).max())  # a large common value would cost precision
    y, x = y - centre, np.ones((k, 1))
    between = heterogeneity(y, v, x, method, level)
    current = weighted_least_squares(y, v, x, between.tau2)
    wald = float(current.covariance[0, 0])
    laws = {
        name: (factor * wald, quantile)
        for name, (quantile, factor) in interval_laws(current, k - 1, size, level).items()
    }
    used = [law for name, law in laws.items() if name in adjust]
    estimate = float(centre + current.beta[0])
    half, se = max((quantile * sqrt(variance), sqrt(variance)) for variance, quantile in used)
    reach = max(quantile * sqrt(variance + between.tau2) for variance, quantile in used)
    result = Pooled(
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        pi_low=estimate - reach,
        pi_high=estimate + reach,
        **vars(between),
        k=k,
        weights=tuple((current.weights / current.weights.sum()).tolist()),
        method=method,
        adjust=adjust,
        level=level,
    )
    (narrow, t), (wide, z) = laws["hksj"], laws["wald"]
    if adjust == "wald" or t * sqrt(narrow) >= z * sqrt(wide):
        words = ""
    elif adjust == "hksj":
        words = NARROW.format(low=estimate - z * sqrt(wide), high=estimate + z * sqrt(wide))
    else:
        words = WALD_SHOWN
    return result.with_note(TWO_STUDIES if k == 2 else "", words)


def _single(estimate: float, variance: float, method: str, level: float) -> Pooled:
    se = sqrt(variance)
    low, high = estimate - critical_value(level) * se, estimate + critical_value(level) * se
    nothing = unknown_result(1, (1.0,), method, "wald", level)
    return replace(nothing, estimate=estimate, se=se, ci_low=low, ci_high=high, note=ONE_STUDY)
