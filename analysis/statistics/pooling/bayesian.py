"""Bayesian random-effects pooling of few studies with a weakly informative prior of tau, by quadrature.

With two to four studies the data hardly determine tau, and Student's t interval is wide by construction. A half-normal
prior states which differences between studies are plausible; two scales show what it does. The posterior is integrated
on a grid over tau and, given tau, over the mean: no random numbers. Results agree with an independent
quadrature in R and with brms 2.18.0.

References
----------
Röver et al. 2021, Res Synth Methods 12:448 (half-normal priors of tau); Friede et al. 2017, Res Synth Methods 8:79 (few
studies); Günhan, Röver and Friede 2020, Res Synth Methods 11:74 (binomial-normal model).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import log, sqrt

import numpy as np
import pandas as pd
import scipy
from scipy.special import expit, ndtr

from analysis.statistics.checks import check_counts, check_estimates, check_level, finite_number, finite_numbers
from analysis.statistics.study_quadrature import Counts, study_integrands

TAU_SCALES = (0.5, 1.0)
MEAN_LOGIT_SD = 1.5  # as a rate: nearly uniform, 5 to 95% with a probability of 95%
_ON_SCALE = ["estimate", "ci_low", "ci_high", "pi_low", "pi_high"]
_COLUMNS = ["tau_scale", *_ON_SCALE, "tau", "tau_low", "tau_high", "k"]
# panels of tau, as multiples of the smallest scale, and Gauss-Legendre nodes in each
_FIRST, _RATIO, _PER_PANEL = 0.03, 1.9, 6
# points between two nodes of tau where its quantiles are looked up
_BETWEEN = 40
# grid of the mean given tau: half-width in standard deviations at the mode, number of points
_WIDTHS, _POINTS = 9, 97
# nodes for each study's deviation, fewer than for estimates to 1e-6
_NODES = 24
# nodes for the deviation of a new study
_NEW_NODES = 60

_Law = Callable[[float], np.ndarray]


def bayes_pool(
    estimates: Iterable[float],
    variances: Iterable[float],
    tau_scales: Iterable[float] = TAU_SCALES,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the posterior of a random-effects average of estimates with known sampling variances.

    The normal-normal model: flat prior of the mean, half-normal prior of tau.

    Parameters
    ----------
    estimates, variances : iterable of float, shape (k,)
        As in `pool`.
    tau_scales : iterable of float
        Scales of the half-normal prior of tau, in the unit of the estimates.
    level : float
        Probability of the intervals.

    Returns
    -------
    DataFrame, one row per scale
        Columns tau_scale, estimate (posterior median of the mean), ci_low, ci_high (equal-tailed credible limits),
        pi_low, pi_high (limits for the true value of a new study), tau, tau_low, tau_high, k.

    Raises
    ------
    ValueError
        As in `pool`, and for a scale that is not above 0.
    """
    check_level(level)
    y, v = check_estimates(estimates, variances)
    scales = _scales(tau_scales)
    centre, k = float(y.mean()), len(y)
    y = y - centre
    spread = float(np.sum(y**2))
    taus, steps = _tau_grid(scales, sqrt(spread))
    weights = 1 / (v + taus[:, None] ** 2)
    total = weights.sum(1)
    means, sds = (weights @ y) / total, 1 / np.sqrt(total)
    heights = (np.log(weights).sum(1) - np.log(total) - (weights * (y - means[:, None]) ** 2).sum(1)) / 2
    new = np.sqrt(sds**2 + taus**2)
    bounds = (float((means - 40 * new).min()), float((means + 40 * new).max()))
    laws = (lambda at: ndtr((at - means) / sds)), (lambda at: ndtr((at - means) / new))
    table = _posterior_table(_shares(scales, taus, steps, heights), taus, bounds, level, k, laws)
    table[_ON_SCALE] += centre
    return table


def bayes_pool_proportions(
    events: Iterable[float], totals: Iterable[float], tau_scales: Iterable[float] = TAU_SCALES, level: float = 0.95
) -> pd.DataFrame:
    """Return the posterior of the rate of a typical study, by the binomial-normal model.

    The mean logit has the prior normal(0, 1.5), nearly uniform as a rate, and tau a half-normal prior. The model uses
    the counts, so cells of 0 and of all patients need no correction.

    Parameters
    ----------
    events, totals : iterable of float, shape (k,)
        As in `pool_proportions`.
    tau_scales : iterable of float
        Scales of the half-normal prior of tau, on the logit scale.
    level : float
        Probability of the intervals.

    Returns
    -------
    DataFrame, one row per scale
        As `bayes_pool`; estimate, ci and pi are probabilities, tau is on the logit scale.

    Raises
    ------
    ValueError
        As in `pool_proportions`, and for a scale that is not above 0.
    """
    check_level(level)
    x, n = check_counts(events, totals)
    scales = _scales(tau_scales)
    logits = np.log((x + 0.5) / (n - x + 0.5))
    taus, steps = _tau_grid(scales, float(np.linalg.norm(logits - logits.mean())))
    offsets, gap = np.linspace(-_WIDTHS, _WIDTHS, _POINTS, retstep=True)
    modes, widths, heights = np.empty((3, len(taus)))
    densities = np.empty((len(taus), _POINTS))
    mode = float(np.clip(logits.mean(), -5, 5))
    for i, tau in enumerate(taus):
        mode, width = _mode_of_mean(x, n, tau, mode)
        terms = _log_posterior(x, n, tau, mode + width * offsets)
        top = terms.max()
        densities[i] = np.exp(terms - top)
        area = densities[i].sum() * width * gap
        densities[i] /= area
        modes[i], widths[i], heights[i] = mode, width, top + log(area)
    grids, steps_of_mean = modes[:, None] + widths[:, None] * offsets, widths * gap
    pieces = scipy.interpolate.CubicSpline(offsets, densities, axis=1).antiderivative().c

    def below(at: np.ndarray, node: np.ndarray) -> np.ndarray:
        """Return the probability that the mean lies below `at`, given the nodes of tau."""
        place = np.clip((at - modes[node]) / widths[node], -_WIDTHS, _WIDTHS)
        piece = np.minimum(((place + _WIDTHS) / gap).astype(int), _POINTS - 2)
        return widths[node] * np.polynomial.polynomial.polyval(
            place - offsets[piece], pieces[::-1, piece, node], tensor=False
        )

    def mean_below(at: float) -> np.ndarray:
        return below(np.full(len(taus), at), np.arange(len(taus)))

    deviations, weights = np.polynomial.hermite_e.hermegauss(_NEW_NODES)
    weights = weights / weights.sum()
    coarse = taus > 2 * steps_of_mean

    def new_below(at: float) -> np.ndarray:
        # exact sums: over the deviation where it is small against the grid of the mean, else over that grid
        result = np.empty(len(taus))
        shares = ndtr((at - grids[coarse]) / taus[coarse, None])
        result[coarse] = (densities[coarse] * shares).sum(1) * steps_of_mean[coarse]
        fine = np.flatnonzero(~coarse)[:, None]
        result[~coarse] = below(at - taus[fine] * deviations, fine) @ weights
        return result

    bounds = (float(grids.min() - 9 * taus[-1]), float(grids.max() + 9 * taus[-1]))
    laws = (mean_below, new_below)
    table = _posterior_table(_shares(scales, taus, steps, heights), taus, bounds, level, len(x), laws)
    table[_ON_SCALE] = expit(table[_ON_SCALE])
    return table


def _scales(values: Iterable[float]) -> list[float]:
    return [finite_number("tau_scales", value, above=0) for value in finite_numbers("tau_scales", values)]


def _tau_grid(scales: list[float], spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights for tau: from 0 to where every posterior has vanished."""
    least, most = min(scales), max(scales)
    # if the studies differ more than the prior expects, the mode of tau is at most √(spread × scale)
    top = 6.5 * most + 3 * sqrt(spread * most)
    ends = [0.0, _FIRST * least]
    while ends[-1] < top:
        ends.append(ends[-1] * _RATIO)
    z, w = np.polynomial.legendre.leggauss(_PER_PANEL)
    low, half = np.array(ends[:-1]), np.diff(ends) / 2
    return ((low + half)[:, None] + half[:, None] * z).ravel(), (half[:, None] * w).ravel()


def _shares(
    scales: list[float], taus: np.ndarray, steps: np.ndarray, heights: np.ndarray
) -> Iterable[tuple[float, np.ndarray, np.ndarray]]:
    """Yield for each scale the posterior probability of each node of tau, and the logarithm of the density there."""
    for scale in scales:
        logs = heights - (taus / scale) ** 2 / 2
        share = steps * np.exp(logs - logs.max())
        yield scale, share / share.sum(), logs - logs.max()


def _tau_quantiles(taus: np.ndarray, logs: np.ndarray, probabilities: tuple[float, ...]) -> np.ndarray:
    """Return quantiles of tau from the logarithm of its density at the nodes, which is smooth between them."""
    finer = np.linspace(0, len(taus), _BETWEEN * len(taus))
    at = np.interp(finer, range(len(taus) + 1), [0.0, *taus])
    below = scipy.integrate.cumulative_simpson(np.exp(scipy.interpolate.CubicSpline(taus, logs)(at)), x=at, initial=0)
    return np.interp(np.array(probabilities) * below[-1], below, at)


def _posterior_table(
    shares: Iterable[tuple[float, np.ndarray, np.ndarray]],
    taus: np.ndarray,
    bounds: tuple[float, float],
    level: float,
    k: int,
    laws: tuple[_Law, _Law],
) -> pd.DataFrame:
    """Return medians and limits of the mean, the next study and tau for each scale of the prior.

    `laws` give, for each node of tau, the probability that the mean or the next study's value lies below a number.
    """
    tails = ((1 - level) / 2, (1 + level) / 2)

    def solved(law: _Law, share: np.ndarray, p: float) -> float:
        return float(scipy.optimize.brentq(lambda at: float(share @ law(at)) - p, *bounds, xtol=1e-10))

    rows = []
    for scale, share, logs in shares:
        spread = _tau_quantiles(taus, logs, (0.5, *tails))
        limits = (solved(law, share, p) for law in laws for p in tails)
        rows.append((scale, solved(laws[0], share, 0.5), *limits, *spread, k))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _log_posterior(x: np.ndarray, n: np.ndarray, tau: float, means: np.ndarray) -> np.ndarray:
    """Return the logarithm of likelihood times prior of each mean logit, up to a constant."""
    each = len(means)
    data = Counts.one_row_a_study(np.tile(x, each), np.tile(n, each))
    _, terms = study_integrands(data, np.repeat(means, len(x)), tau, _NODES)
    top = terms.max(1)
    heights = (top + np.log(np.exp(terms - top[:, None]).sum(1))).reshape(each, len(x)).sum(1)
    return heights - (means / MEAN_LOGIT_SD) ** 2 / 2


def _mode_of_mean(x: np.ndarray, n: np.ndarray, tau: float, start: float) -> tuple[float, float]:
    """Return the mode of the mean logit given tau, and the standard deviation of the normal that fits there.

    The posterior is log-concave: Newton's method on differences, with steps of at most 1.
    """
    at, gap = start, 1e-3
    for _ in range(60):
        below, here, above = _log_posterior(x, n, tau, np.array([at - gap, at, at + gap]))
        slope, curvature = (above - below) / (2 * gap), -(above - 2 * here + below) / gap**2
        curvature = max(curvature, 1 / MEAN_LOGIT_SD**2)
        step = float(np.clip(slope / curvature, -1, 1))
        at += step
        if abs(step) < 0.05 / sqrt(curvature):
            break
    return at, 1 / sqrt(curvature)
