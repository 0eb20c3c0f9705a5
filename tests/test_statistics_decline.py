"""The decline of a rate with time: agreement with lme4::glmer (files only, R isn't needed), half time, refusals."""

from math import inf, log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from analysis.paths import ROOT
from analysis.statistics.decline import decline
from analysis.statistics.intervals import critical_value
from analysis.statistics.pooling import pool_proportions
from analysis.statistics.random_intercept import fit_random_intercept
from analysis.statistics.study_quadrature import Counts

REFERENCE = ROOT / "tests" / "reference" / "decline"
CASES = pd.read_csv(REFERENCE / "cases.csv")
FITS = pd.read_csv(REFERENCE / "fits.csv")
COEFFICIENTS = pd.read_csv(REFERENCE / "coefficients.csv")
NAMES = (
    "published",
    "many_studies",
    "no_heterogeneity",
    "much_heterogeneity",
    "empty_and_full_cells",
    "small_studies",
    "rising",
)


def fitted(case: str, moderated: bool = False, level: float = 0.95):
    data = CASES[CASES["case"] == case]
    groups = list(data["group"]) if moderated else None
    return decline(data["events"], data["n"], data["weeks"], list(data["study"]), groups, level)


def test_the_reference_covers_the_cases_it_should():
    assert tuple(dict.fromkeys(FITS["case"])) == NAMES
    assert set(zip(FITS["case"], FITS["moderated"], strict=True)) == {(n, m) for n in NAMES for m in (False, True)}
    assert (FITS.loc[FITS["case"] == "no_heterogeneity", "tau"] == 0).all()
    cells = CASES[CASES["case"] == "empty_and_full_cells"]
    assert (cells["events"] == 0).any() and (cells["events"] == cells["n"]).any()


@pytest.mark.parametrize("moderated", [False, True])
@pytest.mark.parametrize("case", NAMES)
def test_it_agrees_with_glmer(case, moderated):
    found = fitted(case, moderated)
    expected = COEFFICIENTS[(COEFFICIENTS["case"] == case) & (COEFFICIENTS["moderated"] == moderated)]
    row = FITS[(FITS["case"] == case) & (FITS["moderated"] == moderated)].iloc[0]
    np.testing.assert_allclose(found.coefficients["estimate"], expected["estimate"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.coefficients["se"], expected["se"], rtol=1e-5)
    assert found.tau == pytest.approx(row["tau"], rel=1e-5, abs=1e-6)
    assert (found.k, found.rows) == (row["k"], row["rows"])
    named = ["(Intercept)", "log1p(weeks)", *(f"group{g}" for g in found.groups[1:])]
    assert named == list(expected["name"])


@pytest.mark.parametrize("case", NAMES)
def test_the_gain_in_likelihood_by_the_groups_agrees_with_glmer(case):
    # glmer leaves a constant of the data out of its log-likelihood; in a difference it is gone
    tops = FITS[FITS["case"] == case].set_index("moderated")["log_likelihood"]
    gain = fitted(case, True).log_likelihood - fitted(case).log_likelihood
    assert gain == pytest.approx(tops[True] - tops[False], abs=1e-7)


def test_limits_are_those_of_students_t():
    found = fitted("published")
    row = found.coefficients.iloc[1]
    assert found.df == 5
    assert row["ci_high"] - row["estimate"] == pytest.approx(2.570581836 * row["se"])
    # twice the tail of t with 5 degrees of freedom beyond 1.2022
    assert row["p"] == pytest.approx(0.2831, abs=5e-5)


def test_an_intercept_alone_gives_the_pooled_rate():
    """An intercept alone, one row per study: the binomial-normal model of pool_proportions."""
    events, totals = [31, 10, 5, 0], [33, 16, 6, 4]
    pooled = pool_proportions(events, totals)
    x, n = np.array(events, float), np.array(totals, float)
    alone = fit_random_intercept(Counts.of_studies(x, n, np.ones((4, 1)), np.array([3, 1, 2, 0])))
    assert alone.beta[0] == pytest.approx(pooled.estimate_logit, rel=1e-8)
    assert alone.tau**2 == pytest.approx(pooled.tau2, rel=1e-6)


def test_two_studies_that_share_rows_are_not_two_rows_each():
    """Rows that share a study count as one cluster: renaming the second row's study changes tau."""
    together = decline([20, 10, 9, 3, 14], [30, 30, 20, 20, 40], [0, 12, 0, 12, 4], ["a", "a", "b", "b", "c"])
    apart = decline([20, 10, 9, 3, 14], [30, 30, 20, 20, 40], [0, 12, 0, 12, 4], ["a", "d", "b", "e", "c"])
    assert (together.k, apart.k) == (3, 5)
    assert together.log_likelihood != pytest.approx(apart.log_likelihood, abs=1e-3)


@pytest.mark.parametrize("case", ["many_studies", "much_heterogeneity", "small_studies", "no_heterogeneity"])
def test_at_half_time_the_rate_is_half_of_the_initial_rate(case):
    found = fitted(case)
    half = found.half_time()
    initial, then = found.curve([0, half.weeks])["rate"]
    assert then == pytest.approx(initial / 2, rel=1e-10)
    assert 0 <= half.low < half.weeks < half.high


@pytest.mark.parametrize("case", ["many_studies", "much_heterogeneity", "no_heterogeneity", "small_studies"])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_at_the_limits_of_half_time_the_statistic_equals_the_quantile(case, level):
    """The limits solved again from their definition: |b L + log(2 + exp(a))| = t * its standard error."""
    found = fitted(case, level=level)
    a, b = found.coefficients["estimate"]
    half = found.half_time()
    for weeks in (half.low, half.high):
        length = log(1 + weeks)
        gradient = np.array([np.exp(a) / (2 + np.exp(a)), length])
        se = np.sqrt(gradient @ found.covariance @ gradient)
        assert abs(b * length + log(2 + np.exp(a))) / se == pytest.approx(critical_value(level, found.df), rel=1e-8)


def test_a_rate_that_may_stay_up_has_no_upper_limit_and_one_that_rises_no_half_time():
    published = fitted("published").half_time()
    assert published.high == inf
    assert published.low == pytest.approx(10.09, abs=0.01)
    rising = fitted("rising").half_time()
    assert (rising.weeks, rising.low, rising.high) == (inf, inf, inf)


def test_the_curve_is_computed_by_hand():
    found = fitted("many_studies")
    (a, b), covariance = found.coefficients["estimate"], found.covariance
    row = found.curve([12.0]).iloc[0]
    length = log(13)
    variance = covariance[0, 0] + 2 * length * covariance[0, 1] + length**2 * covariance[1, 1]
    t = critical_value(0.95, 23)
    assert row["rate"] == pytest.approx(expit(a + b * length))
    assert row["ci_low"] == pytest.approx(expit(a + b * length - t * np.sqrt(variance)))
    assert row["pi_high"] == pytest.approx(expit(a + b * length + t * np.sqrt(variance + found.tau**2)))


def test_a_group_moves_the_curve_by_its_coefficient():
    found = fitted("many_studies", True)
    base, moved = (found.curve([4.0], group)["rate"].iloc[0] for group in found.groups)
    shift = found.coefficients["estimate"].iloc[2]
    assert log(moved / (1 - moved)) - log(base / (1 - base)) == pytest.approx(shift)
    assert found.curve([4.0])["rate"].iloc[0] == base


@pytest.mark.slow
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random):
    data = CASES[CASES["case"] == "empty_and_full_cells"]
    order = list(range(len(data)))
    random.shuffle(order)
    mixed = data.iloc[order]
    one = fitted("empty_and_full_cells")
    two = decline(mixed["events"], mixed["n"], mixed["weeks"], list(mixed["study"]))
    np.testing.assert_allclose(one.coefficients["estimate"], two.coefficients["estimate"], rtol=1e-7)
    assert one.tau == pytest.approx(two.tau, rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([5, 6, 7], [9, 9, 9], [0, 4, -1], list("abc")), "weeks, element 3"),
        (([5, 6, 10], [9, 9, 9], [0, 4, 8], list("abc")), "events, element 3"),
        (([5, 6, 7], [9, 9, 9], [0, 4], list("abc")), "same length"),
        (([5, 6, 7], [9, 9, 9], [4, 4, 4], list("abc")), "all the same"),
        (([5, 6], [9, 9], [0, 4], list("ab")), "more studies than coefficients"),
        (([0, 0, 0], [9, 9, 9], [0, 4, 8], list("abc")), "no patient or every patient"),
        (([9, 9, 0, 0], [9, 9, 9, 9], [0, 0, 8, 8], list("abcd")), "no maximum"),
        (([5, 6, 7, float("nan")], [9, 9, 9, 9], [0, 4, 8, 8], list("abcd")), "events, element 4"),
    ],
)
def test_unidentified_models_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        decline(*arguments)


def test_a_study_belongs_to_one_group():
    with pytest.raises(ValueError, match="'a' is in two groups"):
        decline([5, 4, 6, 7, 3], [9] * 5, [0, 4, 8, 0, 4], list("aabcd"), ["x", "y", "x", "x", "y"])


def test_curve_and_half_time_refuse_unknown_groups_and_times():
    found = fitted("many_studies", True)
    with pytest.raises(ValueError, match="element 2, is below 0"):
        found.curve([0, -1])
    with pytest.raises(ValueError, match="must be one of a, b"):
        found.half_time("c")
