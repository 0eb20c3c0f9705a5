"""Logistic regression: hand-computed cases and the score equations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from analysis.statistics.logistic import fitted_probabilities


def test_of_two_groups_the_fit_is_their_rates():
    group = np.array([0] * 10 + [1] * 20)[:, None]
    events = np.array([1] * 3 + [0] * 7 + [1] * 15 + [0] * 5)
    found = fitted_probabilities(np.hstack([group, np.ones((30, 1))]), events)
    assert found[[0, -1]] == pytest.approx([0.3, 0.75])


def test_the_fit_is_that_of_a_general_optimiser():
    draw = np.random.default_rng(1)
    design = draw.normal(size=(200, 3)) * [1, 10, 0.1] + [0, 50, 0]
    events = draw.random(200) < expit(design @ [0.5, 0.1, -3] - 5)
    x = np.column_stack([np.ones(200), (design - design.mean(0)) / design.std(0)])
    best = minimize(lambda b: np.logaddexp(0, x @ b).sum() - (x @ b)[events].sum(), np.zeros(4), tol=1e-10)
    assert fitted_probabilities(design, events * 1) == pytest.approx(expit(x @ best.x), abs=1e-5)


def test_separated_groups_and_one_outcome_have_no_fit():
    assert fitted_probabilities(np.arange(10.0)[:, None], (np.arange(10) > 4) * 1) is None
    assert fitted_probabilities(np.arange(10.0)[:, None], np.ones(10)) is None


def test_missing_covariates_and_other_events_are_refused():
    with pytest.raises(ValueError, match="design"):
        fitted_probabilities(np.array([[1.0], [np.nan]]), [0, 1])
    with pytest.raises(ValueError, match="events"):
        fitted_probabilities(np.array([[1.0], [2.0]]), [0, 2])
