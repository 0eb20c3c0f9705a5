"""Logistic regression with a random intercept: logit(rate) = X beta + tau b, with b ~ Normal(0, 1) for each study.

Rows of one study share b. With one row per study and only an intercept it is the binomial-normal model of pooled
proportions. `study_quadrature` computes the integral over b of each study.

scipy 1.17 has no such model; statsmodels fits it by variational Bayes or Laplace's method only, which are biased for
studies this small. Results agree with lme4 1.1.31.

References
----------
Stijnen, Hamza and Ozdemir 2010, Stat Med 29:3046 (cells of 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from math import inf

import numpy as np
import scipy
from scipy.special import expit

from analysis.statistics.study_quadrature import NODES, Counts, study_integrands

# grid of tau before the maximum is solved exactly; extended by doubling while the likelihood still increases
_TAUS = np.concatenate([[0.0], 0.1 * 2.0 ** np.arange(8)])
# relative tolerance of the coefficients: on the grid, along the profile, at the end
_ROUGH, _FINE, _FULL = 1e-3, 1e-8, 1e-12
# upper limit of tau: two logits then typically differ by 70, so that rates are 0 or 1
_LARGEST = 50
# a fixed part beyond this is a rate of 0 or 1: the rows are separated and the likelihood has no maximum
_BEYOND = 30
_SEPARATED = "the likelihood has no maximum: the design separates rows with no event from rows with all"


@dataclass(frozen=True)
class RandomIntercept:
    """Maximum likelihood estimates.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Coefficients on the logit scale.
    covariance : ndarray, shape (p, p)
    tau : float
        Standard deviation between studies.
    log_likelihood : float
    """

    beta: np.ndarray
    covariance: np.ndarray
    tau: float
    log_likelihood: float


@dataclass(frozen=True)
class _Moments:
    """Log-likelihood at (beta, tau) with its gradient and Hessian; tau is last."""

    height: float
    slope: np.ndarray
    curvature: np.ndarray


def fit_random_intercept(data: Counts, nodes: int = NODES) -> RandomIntercept:
    """Return the maximum likelihood estimates.

    For each tau the likelihood is log-concave in beta, so Newton's method converges. The slope of the profile over tau
    is evaluated on a grid and each of its maxima solved by Brent's method, so that tau = 0 is found exactly and the
    highest of several maxima is taken. The covariance comes from the observed information of beta and tau together, as
    in lme4.

    Parameters
    ----------
    data : Counts
    nodes : int
        Number of quadrature nodes per study.

    Returns
    -------
    RandomIntercept

    Raises
    ------
    ValueError
        If the likelihood has no finite maximum: collinear columns of the design, or rows with no event and rows with
        all events that the design separates.
    """
    if np.linalg.matrix_rank(data.design) < data.design.shape[1]:
        raise ValueError("the columns of the design are collinear: their coefficients are not identified")
    taus, centres, tops, slopes = list(_TAUS), [], [], []
    beta = np.zeros(data.design.shape[1])
    for tau in taus:
        try:
            beta, moments = _best_beta(data, tau, beta, nodes, _ROUGH if centres else _FINE)
        except np.linalg.LinAlgError:  # the information vanishes where all fitted rates are 0 or 1
            raise ValueError(_SEPARATED) from None
        if np.max(np.abs(data.design @ beta)) > _BEYOND + 3 * tau:
            raise ValueError(_SEPARATED)
        centres.append(beta)
        tops.append(moments.height)
        slopes.append(float(moments.slope[-1]) if tau else _slope_at_zero(data, beta))
        if tops[-1] < max(tops) - 12:
            break  # the maximum is below this tau
        if tau == taus[-1] and tops[-1] >= max(tops) and 2 * tau < _LARGEST:
            taus.append(2 * tau)
    best = int(np.argmax(tops))

    def slope(tau: float, start: np.ndarray) -> float:
        return float(_best_beta(data, tau, start, nodes, _FINE)[1].slope[-1]) if tau else slopes[0]

    # the likelihood may fall at first and then rise to a second, higher maximum
    candidates = [(tops[best], taus[best], centres[best])]
    for i, start in enumerate(centres[1:], 1):
        if not slopes[i - 1] > 0 > slopes[i]:
            continue
        of_tau = cache(partial(slope, start=start))  # the root search evaluates both ends again
        low, high = taus[i - 1], taus[i]
        if of_tau(low) > 0 > of_tau(high):
            tau = float(scipy.optimize.brentq(of_tau, low, high, xtol=1e-13, rtol=1e-13))
            candidates.append((_best_beta(data, tau, start, nodes, _FINE)[1].height, tau, start))
    _, tau, start = max(candidates, key=lambda candidate: candidate[0])
    beta, moments = _best_beta(data, tau, start, nodes, _FULL)
    information = -moments.curvature
    covariance = np.linalg.inv(information[:-1, :-1] if tau == 0 else information)
    size = len(beta)
    return RandomIntercept(beta, covariance[:size, :size], tau, moments.height)


def _slope_at_zero(data: Counts, beta: np.ndarray) -> float:
    """Return the limit of slope / tau at tau = 0, times 2; -1 where it is 0 within rounding error."""
    p = expit(data.design @ beta)
    expected = float(np.sum(data.n * p * (1 - p)))
    excess = float(np.sum(data.total(data.x - data.n * p) ** 2)) - expected
    return excess if excess > 1e-9 * expected else -1.0


def tau_limits(data: Counts, fitted: RandomIntercept, drop: float, nodes: int = NODES) -> tuple[float, float]:
    """Return the profile-likelihood limits of tau, as (low, high).

    Parameters
    ----------
    data : Counts
    fitted : RandomIntercept
    drop : float
        Difference of the log-likelihood from its maximum at the limits.
    nodes : int

    Returns
    -------
    (float, float)
        0 and infinity where the profile does not fall by `drop`.
    """

    @cache
    def excess(tau: float) -> float:
        return _best_beta(data, tau, fitted.beta, nodes, _FINE)[1].height - fitted.log_likelihood + drop

    low = 0.0
    if fitted.tau > 0 and excess(0.0) < 0:
        low = float(scipy.optimize.brentq(excess, 0.0, fitted.tau, xtol=1e-8, rtol=1e-7))
    high = max(1.0, 2 * fitted.tau)
    while excess(high) > 0:
        high *= 2
        if high > _LARGEST:
            return low, inf
    return low, float(scipy.optimize.brentq(excess, fitted.tau, high, xtol=1e-8, rtol=1e-7))


def _best_beta(data: Counts, tau: float, beta: np.ndarray, nodes: int, tolerance: float) -> tuple[np.ndarray, _Moments]:
    """Return the coefficients with the highest likelihood at this tau, by Newton's method with step-halving.

    The gradient uses the same nodes as the likelihood but is not its exact derivative. So a step is also accepted if it
    reduces the gradient, and the search ends where a step improves neither.
    """
    now = _moments(data, beta, tau, nodes)
    for _ in range(50):
        step = np.linalg.solve(-now.curvature[:-1, :-1], now.slope[:-1])
        longest = float(np.max(np.abs(data.design @ step)))
        step = step * min(1.0, (2 + tau) / longest) if longest > 0 else step
        if _small(step, beta, tolerance):
            break
        new = _moments(data, beta + step, tau, nodes)
        halvings = 0
        while new.height < now.height and _steep(new) >= _steep(now) and halvings < 10:
            step, halvings = step / 2, halvings + 1
            new = _moments(data, beta + step, tau, nodes)
        if _steep(new) >= _steep(now) and abs(new.height - now.height) <= 1e-12 * abs(now.height):
            break
        beta, now = beta + step, new
        if _small(step, beta, tolerance) or np.max(np.abs(data.design @ beta)) > 2 * _BEYOND + 3 * tau:
            break
    return beta, now


def _small(step: np.ndarray, beta: np.ndarray, tolerance: float) -> bool:
    return bool(np.all(np.abs(step) <= tolerance * (1 + np.abs(beta))))


def _steep(moments: _Moments) -> float:
    return float(np.max(np.abs(moments.slope[:-1])))


def _moments(data: Counts, beta: np.ndarray, tau: float, nodes: int) -> _Moments:
    fixed = data.design @ beta
    b, terms = study_integrands(data, fixed, tau, nodes)
    top = terms.max(1)
    share = np.exp(terms - top[:, None])
    total = share.sum(1)
    share /= total[:, None]
    height = float(np.sum(top + np.log(total)) + data.constant)
    # Louis 1982: derivatives of the observed likelihood as moments over the studies' posteriors
    p, n = expit(fixed[:, None] + tau * data.expand(b)), data.n[:, None]
    residual, spread = data.x[:, None] - n * p, n * p * (1 - p)
    columns = np.empty((len(beta) + 1, *p.shape))
    columns[:-1], columns[-1] = data.design.T[:, :, None], data.expand(b)
    score = data.total(residual * columns, axis=1)
    means = np.einsum("ikq,kq->ik", score, share)
    within = data.total((spread * columns)[:, None] * columns, axis=2) * share
    size = len(columns)
    curvature = (score * share).reshape(size, -1) @ score.reshape(size, -1).T - means @ means.T
    curvature -= within.reshape(size, size, -1).sum(2)
    return _Moments(height, means.sum(1), curvature)
