"""Bayesian pooling of few studies against an independent quadrature in R and against brms.

The scripts of tests/reference/bayes, quadrature.R and brms.R, wrote the reference values. No R is needed here.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import halfnorm

from analysis.statistics.pooling import bayes_pool, bayes_pool_proportions

REFERENCE = Path(__file__).parent / "reference" / "bayes"
# the priors' effect on the limits is 100 times as large; worst seen against quadrature in R: 1.1e-5 on the logit scale
TOLERANCE = 1e-4


@cache
def cases() -> dict[str, dict[str, tuple[list[float], list[float]]]]:
    """The cases of cases.R: model, then name, then two lists of numbers."""
    result: dict[str, dict[str, tuple[list[float], list[float]]]] = {}
    for line in (REFERENCE / "cases.R").read_text(encoding="utf-8").splitlines():
        if start := re.match(r"(counts|estimates) <- list", line):
            model = result.setdefault(start[1], {})
        elif case := re.match(r"  (\w+) = list\(c\(([^)]*)\), c\(([^)]*)\)\)", line):
            model[case[1]] = tuple([float(number) for number in part.split(",")] for part in case.groups()[1:])
    return result


@cache
def posterior(model: str, case: str) -> pd.DataFrame:
    first, second = cases()[model][case]
    if model == "counts":
        return bayes_pool_proportions(first, second).set_index("tau_scale")
    return bayes_pool(first, np.square(second)).set_index("tau_scale")


def test_the_reference_has_every_case_scale_and_quantile():
    rows = pd.read_csv(REFERENCE / "quadrature.csv")
    wanted = {(model, case, scale) for model, named in cases().items() for case in named for scale in (0.5, 1.0)}
    assert {tuple(row) for row in rows[["model", "case", "scale"]].itertuples(index=False)} == wanted
    assert len(wanted) == 16
    assert len(rows) == 3 * len(wanted)


@pytest.mark.slow
def test_quantiles_agree_with_r():
    for row in pd.read_csv(REFERENCE / "quadrature.csv").itertuples():
        column = {0.025: "ci_low", 0.5: "estimate", 0.975: "ci_high"}[row.probability]
        ours = posterior(row.model, row.case).loc[row.scale, column]
        ours = logit(ours) if row.model == "counts" else ours
        assert ours == pytest.approx(row.value, abs=TOLERANCE), row


def test_quantiles_agree_with_brms():
    rows = pd.read_csv(REFERENCE / "brms.csv")
    assert {tuple(row) for row in rows[["model", "case", "scale", "term"]].itertuples(index=False)} == {
        (model, case, scale, term)
        for model, named in cases().items()
        for case in named
        for scale in (0.5, 1.0)
        for term in ("mean", "tau")
        if case != "large"
    }
    assert (rows["rhat"] < 1.01).all()
    assert (rows["mcse"] < 0.07).all()
    columns = {"mean": ("ci_low", "estimate", "ci_high"), "tau": ("tau_low", "tau", "tau_high")}
    errors = []
    for row in rows.itertuples():
        ours = posterior(row.model, row.case).loc[
            row.scale, columns[row.term][[0.025, 0.5, 0.975].index(row.probability)]
        ]
        ours = logit(ours) if (row.model, row.term) == ("counts", "mean") else ours
        errors.append((ours - row.value) / row.mcse)
    # in Monte Carlo standard errors: at most 2.5 and a mean square of 0.8 where this was written
    errors = np.array(errors)
    assert np.abs(errors).max() < 4
    assert np.mean(errors**2) < 1.5


def test_any_relief_of_the_evidence():
    # Student's t gives 2.3 to 99.7%; half-normal priors of tau 43 to 89% and 28 to 91%
    table = posterior("counts", "any_relief")
    assert table[["ci_low", "ci_high"]].round(2).to_numpy().tolist() == [[0.43, 0.89], [0.28, 0.91]]


def test_without_information_tau_has_its_prior():
    table = bayes_pool([0, 0], [1e6, 1e6])
    for row in table.itertuples():
        expected = row.tau_scale * halfnorm.ppf([0.5, 0.025, 0.975])
        assert [row.tau, row.tau_low, row.tau_high] == pytest.approx(expected, rel=1e-4)


def test_limits_by_hand():
    # tau nearly 0: a common mean with precision weights 4 and 1, se 1 / √5
    row = bayes_pool([1, 2], [0.25, 1], [1e-6]).iloc[0]
    assert (row["estimate"], row["ci_low"]) == (pytest.approx(1.2), pytest.approx(1.2 - 1.959964 / 5**0.5, abs=1e-6))
    assert row["pi_low"] == pytest.approx(row["ci_low"], abs=1e-5)
    # 5 of 10 in each of two studies: symmetric, so the median is one half
    half = bayes_pool_proportions([5, 5], [10, 10])
    assert half["estimate"].tolist() == pytest.approx([0.5, 0.5], abs=1e-6)
    assert (half["ci_low"] + half["ci_high"]).tolist() == pytest.approx([1, 1], abs=1e-6)
    assert (half["pi_low"] < half["ci_low"]).all()


def test_one_study_of_known_tau_is_the_prior_times_its_likelihood():
    # tau nearly 0 and one study: quantiles of normal(0, 1.5) times the binomial likelihood, by a fine sum
    grid = np.linspace(-10, 10, 400_001)
    weight = np.exp(7 * grid - 9 * np.logaddexp(0, grid) - grid**2 / 4.5)
    total = np.cumsum(weight) / weight.sum()
    expected = expit(np.interp([0.5, 0.025, 0.975], total, grid))
    row = bayes_pool_proportions([7], [9], [1e-4]).iloc[0]
    assert row[["estimate", "ci_low", "ci_high"]].tolist() == pytest.approx(expected, abs=2e-5)


def test_shift_unit_and_order():
    y, v = np.array([-2.77, -0.6, -1.4]), np.array([0.25, 0.16, 0.3])
    one = bayes_pool(y, v).iloc[0]
    two = bayes_pool(10 * y[::-1] + 500, 100 * v[::-1], [5]).iloc[0]
    for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high"):
        assert two[name] == pytest.approx(10 * one[name] + 500, rel=1e-6)
    far = bayes_pool([0, 100], [1, 1], [0.5]).iloc[0]  # the prior and the studies contradict each other
    assert (far["estimate"], np.isfinite(far[["ci_low", "ci_high"]]).all()) == (pytest.approx(50), True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bayes_pool([1, 2], [1, 1], [0]), "tau_scales is 0"),
        (lambda: bayes_pool([1, 2], [1, 1], []), "tau_scales is empty"),
        (lambda: bayes_pool([1, 2], [1, -1]), "variances, element 2, is -1"),
        (lambda: bayes_pool([1, 2], [1, 1], level=2), "level is 2"),
        (lambda: bayes_pool_proportions([3, 9], [9, 8]), "events, element 2, is 9"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
