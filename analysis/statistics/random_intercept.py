"""Logistic regression with a random intercept: logit of a rate = X beta + tau * b, b ~ Normal(0, 1) for each study.

Rows of one study share their b. With one row a study and nothing but an intercept it is the binomial-normal model of
pooled proportions. The likelihood is a product of one-dimensional integrals, one a study, done by adaptive
Gauss-Hermite quadrature: nodes centred and scaled at each study's own mode (Pinheiro and Bates 1995, J Comput Graph
Stat 4:12), as in lme4 with nAGQ > 1. Where tau is so large that the integrand of a cell of 0 becomes a step and
Gauss-Hermite loses digits, equal steps (the trapezoidal rule, whose error falls exponentially here; Trefethen and
Weideman 2014, SIAM Rev 56:385) take its place. Cells of 0 and of all patients need no correction (Stijnen, Hamza and
Ozdemir 2010, Stat Med 29:3046).

statsmodels offers this model by variational Bayes or Laplace's method only, which are biased for studies this small.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil, inf, log, pi

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, gammaln

# where tau is looked for before the maximum is solved exactly; doubled further while the likelihood still climbs
_TAUS = np.concatenate([[0.0], 0.1 * 2.0 ** np.arange(8)])
# how near to the top the coefficients are brought: on the grid, along the profile, at the end
_ROUGH, _FINE, _FULL = 1e-3, 1e-8, 1e-12
# above the tau of _STEEP: steps of _PACE / tau (powers of the logistic curve are tame up to pi / (2 tau) off the real
# axis, so the error is about exp(-pi² / _PACE)), as far out as a normal density of 1e-17 reaches
_STEEP, _PACE, _REACH = 1.5, 0.35, 8.7
# no tau above this is looked at: two logits then differ by 70 as a rule, and rates are 0 or 1
_LARGEST = 50
# a fixed part beyond this is a rate of 0 or 1: the rows are separated and the likelihood has no top
_BEYOND = 30
# With 40 nodes estimates, limits and tau² are exact to 1e-6 and better; see the tests.
NODES = 40


@dataclass(frozen=True)
class Counts:
    """Events `x` of `n` in rows ordered by study, the design matrix, and where each study's rows begin."""

    x: np.ndarray
    n: np.ndarray
    design: np.ndarray
    starts: np.ndarray

    @classmethod
    def one_row_a_study(cls, x: np.ndarray, n: np.ndarray) -> Counts:
        """Rates of studies with nothing but an intercept."""
        return cls(x, n, np.ones((len(x), 1)), np.arange(len(x)))

    @classmethod
    def of_studies(cls, x: np.ndarray, n: np.ndarray, design: np.ndarray, study: np.ndarray) -> Counts:
        """Rows in any order; `study` tells whose each row is."""
        order = np.argsort(study, kind="stable")
        _, starts = np.unique(study[order], return_index=True)
        return cls(x[order], n[order], design[order], starts)

    @cached_property
    def constant(self) -> float:
        """What the likelihood holds beside the parameters: the sum of the logarithms of n over x."""
        return float(np.sum(gammaln(self.n + 1) - gammaln(self.x + 1) - gammaln(self.n - self.x + 1)))

    @cached_property
    def _study(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.starts)), np.diff([*self.starts, len(self.x)]))

    def spread(self, by_study: np.ndarray) -> np.ndarray:
        """One value a study as one value a row."""
        return by_study if len(self.starts) == len(self.x) else by_study[self._study]

    def total(self, by_row: np.ndarray, axis: int = 0) -> np.ndarray:
        """The sum over the rows of each study."""
        return by_row if len(self.starts) == len(self.x) else np.add.reduceat(by_row, self.starts, axis=axis)


@dataclass(frozen=True)
class RandomIntercept:
    """Maximum likelihood: coefficients with their covariance, tau, and the log-likelihood at the maximum."""

    beta: np.ndarray
    covariance: np.ndarray
    tau: float
    log_likelihood: float


@dataclass(frozen=True)
class _Moments:
    """The log-likelihood at (beta, tau) and its first and second derivatives, tau last."""

    height: float
    slope: np.ndarray
    curvature: np.ndarray


def fit(data: Counts, nodes: int = NODES) -> RandomIntercept:
    """Maximum likelihood with so many quadrature `nodes` a study.

    For each tau the likelihood is log-concave in beta and Newton's method can't fail; the profile over tau is searched
    on a grid for its highest part and solved by Brent's method, so that tau = 0 comes out as exactly 0. The covariance
    is that of the observed information of beta and tau together, as lme4's.

    ValueError when the likelihood has no finite maximum: columns of the design that repeat each other, or rows with
    none and all that the design tells apart.
    """
    if np.linalg.matrix_rank(data.design) < data.design.shape[1]:
        raise ValueError("the columns of the design repeat each other: their coefficients can't be told apart")
    taus, centres, tops = list(_TAUS), [], []
    beta = np.zeros(data.design.shape[1])
    for tau in taus:
        beta, moments = _best_beta(data, tau, centres[-1] if centres else beta, nodes, _ROUGH if centres else _FINE)
        if np.max(np.abs(data.design @ beta)) > _BEYOND + 3 * tau:
            raise ValueError("the likelihood has no maximum: the design parts rows with no event from rows with all")
        centres.append(beta)
        tops.append(moments.height)
        if tops[-1] < max(tops) - 12:
            break  # beyond hope
        if tau == taus[-1] and tops[-1] >= max(tops) and 2 * tau < _LARGEST:
            taus.append(2 * tau)
    best = int(np.argmax(tops))
    low, high = taus[max(best - 1, 0)], taus[min(best + 1, len(taus) - 1)]
    start = centres[best]

    @cache  # the search for the root looks at its ends again
    def slope(tau: float) -> float:
        if tau == 0:  # the limit of slope / tau
            p = expit(data.design @ centres[0])
            expected = float(np.sum(data.n * p * (1 - p)))
            excess = float(np.sum(data.total(data.x - data.n * p) ** 2)) - expected
            return excess if excess > 1e-9 * expected else -1.0
        return float(_best_beta(data, tau, start, nodes, _FINE)[1].slope[-1])

    if best > 0 and slope(low) <= 0:  # the likelihood is flat or falls at first, and then climbs
        low = next((share * taus[best] for share in (1, 0.5, 0.2, 0.1) if slope(share * taus[best]) > 0), low)
    tau = 0.0
    if slope(low) > 0 > slope(high):
        tau = float(brentq(slope, low, high, xtol=1e-13, rtol=1e-13))
    elif best > 0:
        tau = taus[best]
    beta, moments = _best_beta(data, tau, start, nodes, _FULL)
    information = -moments.curvature
    covariance = np.linalg.inv(information[:-1, :-1] if tau == 0 else information)
    size = len(beta)
    return RandomIntercept(beta, covariance[:size, :size], tau, moments.height)


def tau_limits(data: Counts, fitted: RandomIntercept, drop: float, nodes: int = NODES) -> tuple[float, float]:
    """tau at which the profile log-likelihood has fallen by `drop`, below and above its top; else 0 and infinity."""

    @cache
    def excess(tau: float) -> float:
        return _best_beta(data, tau, fitted.beta, nodes, _FINE)[1].height - fitted.log_likelihood + drop

    low = 0.0
    if fitted.tau > 0 and excess(0.0) < 0:
        low = float(brentq(excess, 0.0, fitted.tau, xtol=1e-8, rtol=1e-7))
    high = max(1.0, 2 * fitted.tau)
    while excess(high) > 0:
        high *= 2
        if high > _LARGEST:
            return low, inf
    return low, float(brentq(excess, fitted.tau, high, xtol=1e-8, rtol=1e-7))


def _best_beta(data: Counts, tau: float, beta: np.ndarray, nodes: int, tolerance: float) -> tuple[np.ndarray, _Moments]:
    """The coefficients with the highest likelihood at this tau, by Newton's method with step-halving.

    Slopes come from the same nodes as the height but aren't its exact derivative, so a step also counts as progress
    when it brings the slope nearer to 0, and the search ends where neither is to be had.
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
    x, n = data.x[:, None], data.n[:, None]
    fixed = data.design @ beta
    mode, width = _modes(data, fixed, tau)
    b, log_weights = _nodes(data, mode, width, tau, nodes)
    eta = fixed[:, None] + tau * data.spread(b)
    terms = data.total(x * eta - n * np.logaddexp(0, eta)) - b**2 / 2 - log(2 * pi) / 2 + log_weights
    top = terms.max(1)
    share = np.exp(terms - top[:, None])
    total = share.sum(1)
    share /= total[:, None]
    height = float(np.sum(top + np.log(total)) + data.constant)
    # Louis 1982: derivatives of the observed likelihood as moments over the studies' posteriors
    p = expit(eta)
    residual, spread = x - n * p, n * p * (1 - p)
    columns = np.empty((len(beta) + 1, *eta.shape))
    columns[:-1], columns[-1] = data.design.T[:, :, None], data.spread(b)
    score = data.total(residual * columns, axis=1)
    means = np.einsum("ikq,kq->ik", score, share)
    within = data.total((spread * columns)[:, None] * columns, axis=2) * share
    size = len(columns)
    curvature = (score * share).reshape(size, -1) @ score.reshape(size, -1).T - means @ means.T
    curvature -= within.reshape(size, size, -1).sum(2)
    return _Moments(height, means.sum(1), curvature)


def _modes(data: Counts, fixed: np.ndarray, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """Each study's most likely standardised deviation and the width of the peak there, by Newton's method."""
    b = np.zeros(len(data.starts))
    if tau > 0:
        for _ in range(60):
            p = expit(fixed + tau * data.spread(b))
            expected = data.n * p
            slope = data.total(data.x - expected)
            step = (tau * slope - b) / (1 + tau**2 * data.total(expected * (1 - p)))
            # the slope lies between two lines, so a step of the size of the scale can't jump over the mode for good
            step = np.minimum(np.maximum(step, -2 / tau), 2 / tau) if tau > 1 else step
            b = b + step
            if np.abs(step).max() < 1e-6:  # the centre of the nodes needs no more
                break
    p = expit(fixed + tau * data.spread(b))
    return b, 1 / np.sqrt(1 + tau**2 * data.total(data.n * p * (1 - p)))


def _nodes(data: Counts, mode: np.ndarray, width: np.ndarray, tau: float, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each study's integrand is looked at, and the logarithms of the weights."""
    if tau <= _STEEP:
        z, log_weights = _hermite(nodes)
        return mode[:, None] + width[:, None] * z, log_weights + np.log(width)[:, None]
    # a study with events and non-events tells its rate: it needs to be looked at near its mode only
    fewer = np.maximum(np.minimum(data.total(data.x), data.total(data.n - data.x)), 1e-9)
    reach = np.minimum(_REACH, (2 + 90 / fewer) / tau)
    half = ceil(np.max(reach / np.minimum(_PACE / tau, 0.6 * width)))
    b = mode[:, None] + reach[:, None] * np.linspace(-1, 1, 2 * half + 1)
    return b, np.log(reach / half)[:, None]


@cache
def _hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Hermite nodes on the scale of a standard normal, and log weights that undo its kernel."""
    z, weights = np.polynomial.hermite_e.hermegauss(nodes)
    with np.errstate(divide="ignore"):
        return z, np.log(weights) + z**2 / 2
