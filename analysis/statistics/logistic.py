"""Logistic regression by maximum likelihood, for rates adjusted for differences between patients."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

_MOST_STEPS = 30
_CONVERGED = 1e-9


def fitted_probabilities(design: np.ndarray, events: np.ndarray) -> np.ndarray | None:
    """Return the fitted probability of the event for each row; None where no maximum exists (complete separation).

    Parameters
    ----------
    design : ndarray, shape (n, p)
        Covariates without intercept; columns that do not vary are ignored.
    events : ndarray of bool, shape (n,)

    References
    ----------
    McCullagh, Nelder 1989, Generalized Linear Models, chapter 4.
    """
    y = np.asarray(events, dtype="float64")
    varies = design[:, np.ptp(design, axis=0) > 0] if len(design) else design
    spread = varies.std(axis=0) if varies.size else 1.0
    x = np.column_stack([np.ones(len(y)), (varies - varies.mean(axis=0)) / spread]) if len(y) else varies
    if not 0 < y.sum() < len(y):
        return None
    beta = np.zeros(x.shape[1])
    for _ in range(_MOST_STEPS):
        p = expit(x @ beta)
        step = np.linalg.lstsq((x * (p * (1 - p))[:, None]).T @ x, x.T @ (y - p), rcond=None)[0]
        beta += step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < _CONVERGED:
            return expit(x @ beta)
    return None
