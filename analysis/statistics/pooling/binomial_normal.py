"""The binomial-normal model: logit of each study's rate ~ Normal(mu, tau²), events ~ Binomial.

Its likelihood is a product of one-dimensional integrals, done by adaptive Gauss-Hermite quadrature: nodes centred and
scaled at each study's own mode (Pinheiro and Bates 1995, J Comput Graph Stat 4:12), as in lme4 with nAGQ > 1. Where
tau is so large that the integrand of a cell of 0 becomes a step and Gauss-Hermite loses digits, equal steps (the
trapezoidal rule, whose error falls exponentially here; Trefethen and Weideman 2014, SIAM Rev 56:385) take its place.
Cells of 0 and of all patients need no correction (Stijnen, Hamza and Ozdemir 2010, Stat Med 29:3046).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, inf, log, pi, sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, gammaln

# where tau is looked for before the maximum is solved exactly; doubled further while the likelihood still climbs
_TAUS = np.concatenate([[0.0], 0.1 * 2.0 ** np.arange(8)])
# how near to the top mu is brought: on the grid, along the profile, at the end
_ROUGH, _FINE, _FULL = 1e-3, 1e-8, 1e-12
# above the tau of _STEEP: steps of _PACE / tau (powers of the logistic curve are tame up to pi / (2 tau) off the real
# axis, so the error is about exp(-pi² / _PACE)), as far out as a normal density of 1e-17 reaches
_STEEP, _PACE, _REACH = 1.5, 0.35, 8.7
# no tau above this is looked at: two logits then differ by 70 as a rule, and rates are 0 or 1
_LARGEST = 50


@dataclass(frozen=True)
class BinomialNormal:
    """Maximum likelihood: mu and its standard error, tau, and the log-likelihood at the maximum."""

    mu: float
    se: float
    tau: float
    log_likelihood: float


@dataclass(frozen=True)
class _Moments:
    """The log-likelihood at (mu, tau) and its first and second derivatives by mu and tau."""

    height: float
    slope: np.ndarray
    curvature: np.ndarray


def fit_binomial_normal(x: np.ndarray, n: np.ndarray, nodes: int) -> BinomialNormal:
    """Maximum likelihood for events `x` of `n`, with so many quadrature `nodes` a study.

    The data must have a finite maximum: two studies or more, not all of their cells 0 or full. For each tau the
    likelihood is log-concave in mu and Newton's method can't fail; the profile over tau is searched on a grid for its
    highest part and solved by Brent's method, so that tau = 0 comes out as exactly 0.
    """
    common = float(np.log(x.sum() / (n.sum() - x.sum())))
    taus, centres, tops = list(_TAUS), [], []
    for tau in taus:
        mu, moments = _best_mu(x, n, tau, centres[-1] if centres else common, nodes, _ROUGH)
        centres.append(mu)
        tops.append(moments.height)
        if tops[-1] < max(tops) - 12:
            break  # beyond hope
        if tau == taus[-1] and tops[-1] >= max(tops) and 2 * tau < _LARGEST:
            taus.append(2 * tau)
    best = int(np.argmax(tops))
    low, high = taus[max(best - 1, 0)], taus[min(best + 1, len(taus) - 1)]
    start = centres[best]

    def slope(tau: float) -> float:
        if tau == 0:  # the limit of slope / tau
            p = expit(common)
            expected = float(np.sum(n * p * (1 - p)))
            excess = float(np.sum((x - n * p) ** 2)) - expected
            return excess if excess > 1e-9 * expected else -1.0
        return float(_best_mu(x, n, tau, start, nodes, _FINE)[1].slope[1])

    if best > 0 and slope(low) <= 0:  # the likelihood is flat or falls at first, and then climbs
        low = next((share * taus[best] for share in (1, 0.5, 0.2, 0.1) if slope(share * taus[best]) > 0), low)
    tau = 0.0
    if slope(low) > 0 > slope(high):
        tau = float(brentq(slope, low, high, xtol=1e-13, rtol=1e-13))
    elif best > 0:
        tau = taus[best]
    mu, moments = _best_mu(x, n, tau, start, nodes, _FULL)
    information = -moments.curvature
    variance = 1 / information[0, 0] if tau == 0 else np.linalg.inv(information)[0, 0]
    return BinomialNormal(mu, sqrt(variance), tau, moments.height)


def profile_limits(
    x: np.ndarray, n: np.ndarray, fitted: BinomialNormal, nodes: int, drop: float
) -> tuple[float, float]:
    """tau at which the profile log-likelihood has fallen by `drop`, below and above its top; else 0 and infinity."""

    def excess(tau: float) -> float:
        return _best_mu(x, n, tau, fitted.mu, nodes, _FINE)[1].height - fitted.log_likelihood + drop

    low = 0.0
    if fitted.tau > 0 and excess(0.0) < 0:
        low = float(brentq(excess, 0.0, fitted.tau, xtol=1e-8, rtol=1e-7))
    high = max(1.0, 2 * fitted.tau)
    while excess(high) > 0:
        high *= 2
        if high > _LARGEST:
            return low, inf
    return low, float(brentq(excess, fitted.tau, high, xtol=1e-8, rtol=1e-7))


def common_rate_deviance(x: np.ndarray, n: np.ndarray) -> float:
    """Twice the log-likelihood ratio of separate rates against one common rate: the likelihood-ratio form of Q."""
    p = x.sum() / n.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(x > 0, x * np.log(x / (n * p)), 0) + np.where(
            x < n, (n - x) * np.log((n - x) / n / (1 - p)), 0
        )
    return max(0.0, 2 * float(terms.sum()))


def _best_mu(
    x: np.ndarray, n: np.ndarray, tau: float, mu: float, nodes: int, tolerance: float
) -> tuple[float, _Moments]:
    """The mu with the highest likelihood at this tau, by Newton's method with step-halving.

    Slopes come from the same nodes as the height but aren't its exact derivative, so a step also counts as progress
    when it brings the slope nearer to 0, and the search ends where neither is to be had.
    """
    now = _moments(x, n, mu, tau, nodes)
    for _ in range(50):
        step = float(np.clip(now.slope[0] / -now.curvature[0, 0], -2 - tau, 2 + tau))
        if abs(step) <= tolerance * (1 + abs(mu)):
            break
        new = _moments(x, n, mu + step, tau, nodes)
        halvings = 0
        while new.height < now.height and abs(new.slope[0]) >= abs(now.slope[0]) and halvings < 10:
            step, halvings = step / 2, halvings + 1
            new = _moments(x, n, mu + step, tau, nodes)
        if abs(new.slope[0]) >= abs(now.slope[0]) and abs(new.height - now.height) <= 1e-12 * abs(now.height):
            break
        mu, now = mu + step, new
        if abs(step) <= tolerance * (1 + abs(mu)):
            break
    return mu, now


def _moments(x: np.ndarray, n: np.ndarray, mu: float, tau: float, nodes: int) -> _Moments:
    mode, width = _modes(x, n, mu, tau)
    b, log_weights = _nodes(x, n, mode, width, tau, nodes)
    eta = mu + tau * b
    log_density = x[:, None] * eta - n[:, None] * np.logaddexp(0, eta) - b**2 / 2 - log(2 * pi) / 2
    terms = log_density + log_weights
    top = terms.max(1)
    share = np.exp(terms - top[:, None])
    total = share.sum(1)
    share /= total[:, None]
    constant = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
    height = float(np.sum(top + np.log(total) + constant))
    # Louis 1982: derivatives of the observed likelihood as moments over the studies' posteriors
    p = expit(eta)
    residual, spread = x[:, None] - n[:, None] * p, n[:, None] * p * (1 - p)

    def mean(values: np.ndarray) -> np.ndarray:
        return (share * values).sum(1)

    by_mu, by_tau = mean(residual), mean(residual * b)
    cross = float(np.sum(mean((residual**2 - spread) * b) - by_mu * by_tau))
    curvature = np.array(
        [
            [float(np.sum(mean(residual**2 - spread) - by_mu**2)), cross],
            [cross, float(np.sum(mean((residual**2 - spread) * b**2) - by_tau**2))],
        ]
    )
    return _Moments(height, np.array([by_mu.sum(), by_tau.sum()]), curvature)


def _modes(x: np.ndarray, n: np.ndarray, mu: float, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """Each study's most likely standardised deviation and the width of the peak there, by Newton's method."""
    b = np.zeros(len(x))
    if tau > 0:
        for _ in range(60):
            p = expit(mu + tau * b)
            step = (tau * (x - n * p) - b) / (1 + tau**2 * n * p * (1 - p))
            # the slope lies between two lines, so a step of the size of the scale can't jump over the mode for good
            step = np.clip(step, -2 / tau, 2 / tau) if tau > 1 else step
            b = b + step
            if np.max(np.abs(step)) < 1e-6:  # the centre of the nodes needs no more
                break
    p = expit(mu + tau * b)
    return b, 1 / np.sqrt(1 + tau**2 * n * p * (1 - p))


def _nodes(
    x: np.ndarray, n: np.ndarray, mode: np.ndarray, width: np.ndarray, tau: float, nodes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where each study's integrand is looked at, and the logarithms of the weights."""
    if tau <= _STEEP:
        z, log_weights = _hermite(nodes)
        return mode[:, None] + width[:, None] * z, log_weights + np.log(width)[:, None]
    # a study with events and non-events tells its rate: it needs to be looked at near its mode only
    fewer = np.maximum(np.minimum(x, n - x), 1e-9)
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
