"""Between-study variance: its estimators, Cochran's Q, I² and the Q-profile interval.

All functions take estimates `y` (k,), sampling variances `v` (k,) and a design matrix `x` (k, p), a column of ones when
studies are averaged, so that pooling and meta-regression share one implementation. Arrays must have been checked.
scipy 1.17 has no meta-analysis; results agree with metafor 3.8.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import scipy
from scipy.special import chdtrc, chdtri

from analysis.result_view import ResultView
from analysis.statistics.intervals import critical_value

METHODS = ("REML", "PM", "DL", "ML")
# grid for local maxima of the likelihood, as shares of the largest possible tau²
_GRID = np.concatenate([[0.0], np.logspace(-8, 0, 65)])
_STEP = 4 * np.finfo(float).eps


@dataclass(frozen=True)
class WeightedFit:
    """Weighted least squares at one tau².

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Coefficients.
    covariance : ndarray, shape (p, p)
        (X'WX)⁻¹.
    weights : ndarray, shape (k,)
        1 / (v + tau²).
    residuals : ndarray, shape (k,)
    """

    beta: np.ndarray
    covariance: np.ndarray
    weights: np.ndarray
    residuals: np.ndarray

    @property
    def q(self) -> float:
        """The generalised Q: the weighted sum of squared residuals."""
        return float(self.weights @ self.residuals**2)

    def trace(self, x: np.ndarray) -> float:
        """Return tr(P) of P = W - WX(X'WX)⁻¹X'W."""
        return float(self.weights.sum() - np.sum(self.covariance * ((x.T * self.weights**2) @ x)))


@dataclass(frozen=True)
class Heterogeneity(ResultView):
    """tau² and I² (a share, 0 to 1) with their Q-profile limits; Cochran's Q and its p-value."""

    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    q: float
    q_p: float


def weighted_least_squares(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float = 0.0) -> WeightedFit:
    """Return the weighted least squares fit with weights 1 / (v + tau2)."""
    weights = 1 / (v + tau2)
    weighted = x.T * weights
    information = weighted @ x
    covariance = 1 / information if x.shape[1] == 1 else np.linalg.inv(information)
    beta = covariance @ (weighted @ y)
    return WeightedFit(beta, covariance, weights, y - x @ beta)


def heterogeneity(y: np.ndarray, v: np.ndarray, x: np.ndarray, method: str, level: float) -> Heterogeneity:
    """Return tau² by `method`, Q, I² and their Q-profile limits.

    I² = tau² / (tau² + typical sampling variance); the typical variance is df / tr(P), in the form that metafor uses
    for any estimator of tau². The Q-profile method holds for every estimator. If Q is so small that it rejects even
    tau² = 0, both limits are 0, as in metafor.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Estimates and sampling variances.
    x : ndarray, shape (k, p)
        Design matrix, p < k.
    method : {"REML", "PM", "DL", "ML"}
    level : float
        Confidence level of the limits.

    Returns
    -------
    Heterogeneity

    References
    ----------
    Higgins and Thompson 2002, Stat Med 21:1539 (I²); Viechtbauer 2007, Stat Med 26:37 (Q-profile limits).
    """
    df = len(y) - x.shape[1]
    at_zero = weighted_least_squares(y, v, x)
    tau2 = estimate_tau2(y, v, x, method)
    low, high = (_solve_q(y, v, x, chdtri(df, tail)) for tail in ((1 - level) / 2, (1 + level) / 2))
    typical = df / at_zero.trace(x)
    i2, i2_low, i2_high = (value / (typical + value) for value in (tau2, low, high))
    return Heterogeneity(tau2, low, high, i2, i2_low, i2_high, at_zero.q, float(chdtrc(df, at_zero.q)))


def estimate_tau2(y: np.ndarray, v: np.ndarray, x: np.ndarray, method: str) -> float:
    """Return an estimate of the between-study variance, 0 or more.

    REML and ML: the global maximum of the (restricted) likelihood, searched on a grid over all possible values and then
    solved to full precision. PM: the root of Q(tau²) = df. DL: the first step of PM with fixed-effect weights.

    Parameters
    ----------
    y, v, x, method
        As in `heterogeneity`.

    References
    ----------
    Paule and Mandel 1982 (PM); DerSimonian and Laird 1986 (DL).
    """
    df = len(y) - x.shape[1]
    if method == "PM":
        return _solve_q(y, v, x, df)
    if method == "DL":
        at_zero = weighted_least_squares(y, v, x)
        return max(0.0, (at_zero.q - df) / at_zero.trace(x))
    return _maximise(y, v, x, restricted=method == "REML")


def hartung_knapp_factor(current: WeightedFit, df: int, size: float) -> float:
    """Return Q(tau²) / df, the Hartung-Knapp-Sidik-Jonkman factor of the variance.

    Residuals within rounding error of estimates as large as `size` count as 0, so that studies with equal estimates
    give exactly 0.
    """
    rounding = float(current.weights.sum()) * (16 * np.finfo(float).eps * size) ** 2
    return 0.0 if current.q <= max(rounding, np.finfo(float).eps) else current.q / df


def interval_laws(current: WeightedFit, df: int, size: float, level: float) -> dict[str, tuple[float, float]]:
    """Return the laws `hksj` and `wald` of an interval: its quantile, and its variance as a multiple of Wald's.

    Parameters
    ----------
    current, df, size
        As in `hartung_knapp_factor`.
    level : float
        Confidence level.
    """
    factor = hartung_knapp_factor(current, df, size)
    return {"hksj": (critical_value(level, df), factor), "wald": (critical_value(level), 1.0)}


def _solve_q(y: np.ndarray, v: np.ndarray, x: np.ndarray, target: float) -> float:
    """Return the tau² at which the generalised Q equals `target`; 0 if Q is below it at tau² = 0."""

    def excess(tau2: float) -> float:
        return weighted_least_squares(y, v, x, tau2).q - target

    if excess(0.0) <= 0:
        return 0.0
    # Q(tau²) is at most (unweighted residual sum of squares) / tau²
    largest = _residual_squares(y, x) / target * (1 + 1e-9)
    return _root(excess, 0.0, largest)


def _maximise(y: np.ndarray, v: np.ndarray, x: np.ndarray, restricted: bool) -> float:
    df, squares = len(y) - x.shape[1], _residual_squares(y, x)
    # above this tau² the score is negative: Q ≤ squares / (tau² + min v) and tr(P) ≥ df / (tau² + max v)
    largest = (squares + sqrt(squares**2 + 4 * df * squares * v.max())) / (2 * df)
    grid = largest * _GRID
    heights = _log_likelihoods(y, v, x, grid, restricted)

    def slope(tau2: float) -> float:
        current = weighted_least_squares(y, v, x, tau2)
        shrinkage = current.trace(x) if restricted else current.weights.sum()
        return float(np.sum((current.weights * current.residuals) ** 2) - shrinkage)

    candidates = [0.0]
    for i in range(len(grid)):
        left, right = heights[i - 1] if i else -inf, heights[i + 1] if i + 1 < len(grid) else -inf
        if heights[i] < left or heights[i] < right:
            continue
        low, high = grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)]
        if slope(low) > 0 > slope(high):
            candidates.append(_root(slope, low, high))
        elif i:  # a maximum that is flat within rounding error
            result = scipy.optimize.minimize_scalar(
                lambda t: -_log_likelihoods(y, v, x, np.array([t]), restricted)[0], bounds=(low, high), method="bounded"
            )
            candidates.append(float(result.x))
    tops = _log_likelihoods(y, v, x, np.array(candidates), restricted)
    best = int(np.argmax(tops))
    return candidates[best] if tops[best] > tops[0] or slope(0.0) > 0 else 0.0


def _log_likelihoods(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: np.ndarray, restricted: bool) -> np.ndarray:
    """Return the (restricted) log-likelihood at several tau², up to a constant, maximised over the coefficients."""
    weights = 1 / (v + tau2[:, None])
    weighted = weights[:, :, None] * x
    information = np.swapaxes(weighted, 1, 2) @ x
    beta = np.linalg.solve(information, np.swapaxes(weighted, 1, 2) @ y[:, None])[:, :, 0]
    residuals = y - beta @ x.T
    height = np.log(weights).sum(1) - (weights * residuals**2).sum(1)
    if restricted:
        height = height - np.linalg.slogdet(information)[1]
    return height / 2


def _residual_squares(y: np.ndarray, x: np.ndarray) -> float:
    return weighted_least_squares(y, np.ones(len(y)), x).q


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return Brent's root; the absolute tolerance is near 0 so that the result does not depend on the unit of y."""
    return float(scipy.optimize.brentq(function, low, high, xtol=1e-300, rtol=_STEP, maxiter=500))
