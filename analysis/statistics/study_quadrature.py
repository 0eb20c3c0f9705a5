"""Quadrature over the random deviations of studies in logistic models, and the counts that these models take.

The likelihood is a product of one-dimensional integrals, one per study, computed by adaptive Gauss-Hermite quadrature
with nodes centred and scaled at the study's mode, as lme4 with nAGQ > 1. Where tau is so large that the integrand of a
cell of 0 becomes a step and Gauss-Hermite loses digits, the trapezoidal rule is used, whose error decreases
exponentially here. Cells of 0 and of all patients need no correction.

References
----------
Pinheiro and Bates 1995, J Comput Graph Stat 4:12 (quadrature); Trefethen and Weideman 2014, SIAM Rev 56:385
(trapezoidal rule).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil, log, pi

import numpy as np
from scipy.special import expit, gammaln

# above tau = _STEEP the step is _PACE / tau (powers of the logistic curve are analytic up to pi / (2 tau) off the real
# axis, so the error is about exp(-pi² / _PACE)), out to _REACH, where the normal density is 1e-17
_STEEP, _PACE, _REACH = 1.5, 0.35, 8.7
# longest step of the search for a mode; so many steps reach a mode 200 logits away, farther than the limits allow
_LOGITS, _MOST_STEPS = 2.0, 100
# with 40 nodes estimates, limits and tau² are exact to 1e-6 or better; see the tests
NODES = 40


@dataclass(frozen=True)
class Counts:
    """Counts of events, ordered by study.

    Attributes
    ----------
    x, n : ndarray, shape (rows,)
        Number of events and number of patients.
    design : ndarray, shape (rows, coefficients)
    starts : ndarray, shape (studies,)
        Position of the first row of each study.
    """

    x: np.ndarray
    n: np.ndarray
    design: np.ndarray
    starts: np.ndarray

    @classmethod
    def one_row_a_study(cls, x: np.ndarray, n: np.ndarray) -> Counts:
        """Return counts with one row per study and only an intercept."""
        return cls(x, n, np.ones((len(x), 1)), np.arange(len(x)))

    @classmethod
    def of_studies(cls, x: np.ndarray, n: np.ndarray, design: np.ndarray, study: np.ndarray) -> Counts:
        """Return counts from rows in any order; `study` is the number of each row's study."""
        order = np.argsort(study, kind="stable")
        _, starts = np.unique(study[order], return_index=True)
        return cls(x[order], n[order], design[order], starts)

    @cached_property
    def constant(self) -> float:
        """Part of the log-likelihood without parameters: the sum of the log binomial coefficients."""
        return float(np.sum(gammaln(self.n + 1) - gammaln(self.x + 1) - gammaln(self.n - self.x + 1)))

    @cached_property
    def _study(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.starts)), np.diff([*self.starts, len(self.x)]))

    def expand(self, by_study: np.ndarray) -> np.ndarray:
        """Return one value per study as one value per row."""
        return by_study if len(self.starts) == len(self.x) else by_study[self._study]

    def total(self, by_row: np.ndarray, axis: int = 0) -> np.ndarray:
        """Return the sum over the rows of each study."""
        return by_row if len(self.starts) == len(self.x) else np.add.reduceat(by_row, self.starts, axis=axis)


def study_integrands(data: Counts, fixed: np.ndarray, tau: float, nodes: int = NODES) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes of each study and the logarithms of its weighted integrand there.

    Parameters
    ----------
    data : Counts
    fixed : ndarray, shape (rows,)
        Fixed part of each row's logit.
    tau : float
        Standard deviation between studies.
    nodes : int

    Returns
    -------
    (ndarray, ndarray), each of shape (studies, nodes)
        Standardised deviations, and log terms whose sum of exponentials is the study's likelihood up to binomial
        coefficients.
    """
    x, n = data.x[:, None], data.n[:, None]
    mode, width = _modes(data, fixed, tau)
    b, log_weights = _nodes(data, mode, width, tau, nodes)
    eta = fixed[:, None] + tau * data.expand(b)
    return b, data.total(x * eta - n * np.logaddexp(0, eta)) - b**2 / 2 - log(2 * pi) / 2 + log_weights


def _modes(data: Counts, fixed: np.ndarray, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """Return each study's most likely standardised deviation and the width of its peak.

    Newton's method with steps of at most two logits, which converges for every tau and number of patients, because the
    score is a logistic curve plus a line. Without the limit it diverges for large studies.
    """
    b = np.zeros(len(data.starts))
    if tau > 0:
        longest = _LOGITS / tau
        for _ in range(_MOST_STEPS):
            p = expit(fixed + tau * data.expand(b))
            score = tau * data.total(data.x - data.n * p) - b
            step = np.clip(score / (1 + tau**2 * data.total(data.n * p * (1 - p))), -longest, longest)
            b = b + step
            if np.abs(step).max() < 1e-6:  # enough precision for the centre of the nodes
                break
    p = expit(fixed + tau * data.expand(b))
    return b, 1 / np.sqrt(1 + tau**2 * data.total(data.n * p * (1 - p)))


def _nodes(data: Counts, mode: np.ndarray, width: np.ndarray, tau: float, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each study's quadrature nodes and the logarithms of their weights."""
    if tau <= _STEEP:
        z, log_weights = _hermite(nodes)
        return mode[:, None] + width[:, None] * z, log_weights + np.log(width)[:, None]
    # a study with events and non-events has a narrow integrand: nodes near its mode are enough
    fewer = np.maximum(np.minimum(data.total(data.x), data.total(data.n - data.x)), 1e-9)
    reach = np.minimum(_REACH, (2 + 90 / fewer) / tau)
    half = ceil(np.max(reach / np.minimum(_PACE / tau, 0.6 * width)))
    b = mode[:, None] + reach[:, None] * np.linspace(-1, 1, 2 * half + 1)
    return b, np.log(reach / half)[:, None]


@cache
def _hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return Gauss-Hermite nodes on the scale of a standard normal, and log weights without its kernel."""
    z, weights = np.polynomial.hermite_e.hermegauss(nodes)
    with np.errstate(divide="ignore"):
        return z, np.log(weights) + z**2 / 2
