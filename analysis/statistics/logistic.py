"""Logistic regression by maximum likelihood, for rates adjusted for differences between patients."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.statistics.checks import finite_numbers

_MOST_STEPS = 30
_CONVERGED = 1e-9


def fitted_probabilities(design: np.ndarray | pd.DataFrame, events: Iterable[float]) -> np.ndarray | None:
    """Return the fitted probability of the event for each row; None where no maximum exists (complete separation).

    Parameters
    ----------
    design : ndarray or DataFrame, shape (n, p)
        Covariates without intercept; columns that do not vary are ignored.
    events : iterable of float, shape (n,)
        1 where the event happened, else 0.

    Raises
    ------
    ValueError
        For events other than 0 and 1, and a covariate that is missing or infinite.

    References
    ----------
    McCullagh, Nelder 1989, Generalized Linear Models, chapter 4.
    """
    y, design = finite_numbers("events", events), np.asarray(design, dtype="float64")
    if (other := y[~np.isin(y, (0, 1))]).size:
        raise ValueError(f"events: an element is {other[0]:g}, but each must be 0 or 1")
    if design.ndim != 2 or len(design) != len(y) or not np.isfinite(design).all():
        raise ValueError(f"design: {len(y)} rows of finite numbers are needed, one for each event")
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
