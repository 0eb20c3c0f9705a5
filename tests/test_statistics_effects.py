"""Effect sizes against metafor's escalc and hand computation, and refusals.

tests/reference/pooling/reference.R wrote the reference values; no R is needed here.
"""

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.effects import (
    Effect,
    hedges_g,
    mean_change,
    mean_difference,
    over_correlations,
    small_sample_factor,
    standardised_change,
)
from analysis.statistics.summaries import (
    correlation_from_sds,
    mean_interval,
    sd_from_interval,
    sd_of_change,
    se_from_interval,
)

REFERENCE = Path(__file__).parent / "reference" / "pooling"
# Relative agreement asked for; worst seen with metafor 3.8.1: 2.8e-12.
TOLERANCE = 1e-10


def test_the_nine_studies_of_normand_1999_agree_with_metafor():
    rows = pd.read_csv(REFERENCE / "groups.csv")
    assert len(rows) == 9
    for row in rows.itertuples():
        groups = (row.m1i, row.sd1i, row.n1i, row.m2i, row.sd2i, row.n2i)
        plain, g, unbiased = mean_difference(*groups), hedges_g(*groups), hedges_g(*groups, variance="unbiased")
        assert (plain.estimate, plain.variance) == pytest.approx(
            (row.difference, row.difference_variance), rel=TOLERANCE
        )
        assert (g.estimate, g.variance) == pytest.approx((row.g, row.g_variance), rel=TOLERANCE)
        assert (unbiased.estimate, unbiased.variance) == pytest.approx((row.g, row.g_variance_unbiased), rel=TOLERANCE)


def test_changes_under_six_correlations_agree_with_metafor():
    rows = pd.read_csv(REFERENCE / "changes.csv")
    assert sorted(set(rows["correlation"])) == [-0.2, 0, 0.3, 0.5, 0.7, 0.9]
    assert len(rows) == 18
    for row in rows.itertuples():
        change = (row.before, row.sd_before, row.after, row.sd_after, row.n, row.correlation)
        for effect, estimate, variance in (
            (mean_change(*change), row.change, row.change_variance),
            (standardised_change(*change), row.raw, row.raw_variance),
            (standardised_change(*change, standardiser="change"), row.own, row.own_variance),
        ):
            assert (effect.estimate, effect.variance) == pytest.approx((estimate, variance), rel=TOLERANCE)


@pytest.mark.parametrize(
    ("df", "factor"),
    # by hand: Γ(1) / (√1 Γ(1/2)) = 1/√π; Γ(2) / (√2 Γ(3/2)) = √(2/π); Γ(3/2) / (√(3/2) Γ(1)) = √π / (2 √(3/2))
    [(2, 1 / math.sqrt(math.pi)), (4, math.sqrt(2 / math.pi)), (3, math.sqrt(math.pi) / (2 * math.sqrt(1.5)))],
)
def test_small_sample_factor_by_hand(df, factor):
    assert small_sample_factor(df) == pytest.approx(factor, rel=1e-14)


@given(st.integers(10, 10_000))
def test_small_sample_factor_is_near_its_approximation(df):
    assert small_sample_factor(df) == pytest.approx(1 - 3 / (4 * df - 1), rel=4e-4)
    assert small_sample_factor(df) < 1


def test_g_by_hand():
    # means 10 and 8, both SD 4, 20 patients each: d = 0.5; the approximate factor 1 - 3 / 151 gives 0.49007
    effect = hedges_g(10, 4, 20, 8, 4, 20)
    assert effect.estimate == pytest.approx(0.49007, abs=2e-5)
    assert effect.variance == pytest.approx(0.1 + 0.49007**2 / 80, abs=1e-6)
    assert effect.se == pytest.approx(math.sqrt(effect.variance))


def test_interval_of_an_effect():
    assert Effect(1.0, 4.0).interval() == pytest.approx((1 - 3.919928, 1 + 3.919928), abs=1e-6)


def test_a_higher_correlation_makes_a_change_more_certain():
    table = over_correlations(7.2, 1.5, 4.1, 2.4, 20)
    assert table["correlation"].tolist() == [0.3, 0.5, 0.7, 0.9]
    assert table["estimate"].nunique() == 1  # in units of the SD at baseline
    assert table["se"].is_monotonic_decreasing
    plain = over_correlations(7.2, 1.5, 4.1, 2.4, 20, correlations=[0.0, 0.9], standardiser=None)
    assert plain["estimate"].tolist() == pytest.approx([-3.1, -3.1])
    assert plain["se"].tolist() == pytest.approx([math.sqrt((2.25 + 5.76) / 20), math.sqrt((8.01 - 6.48) / 20)])
    own = over_correlations(7.2, 1.5, 4.1, 2.4, 20, standardiser="change")
    assert own["estimate"].is_monotonic_decreasing  # further from 0


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(-0.99, 0.99))
def test_correlation_and_sd_of_the_change_are_each_others_inverse(before, after, correlation):
    sd = sd_of_change(before, after, correlation)
    assert correlation_from_sds(before, after, sd) == pytest.approx(correlation, abs=1e-9)


@given(st.floats(-50, 50), st.floats(0.1, 20), st.integers(2, 300), st.sampled_from([0.9, 0.95, 0.99]))
def test_interval_and_sd_are_each_others_inverse(mean, sd, n, level):
    assert sd_from_interval(*mean_interval(mean, sd, n, level), n, level) == pytest.approx(sd, rel=1e-9)


def test_se_from_interval():
    # Cochrane Handbook 6.3.1: a 95% interval by the normal law is 3.92 standard errors wide
    assert se_from_interval(-1.96, 1.96) == pytest.approx(1, abs=2e-5)
    assert sd_from_interval(30, 34.2, 25, t_law=False) == pytest.approx(5 * 4.2 / 3.92, rel=2e-5)
    # Cochrane Handbook 6.5.2.2: 25 patients, t of 24 degrees of freedom: 4.128 in place of 3.92
    assert sd_from_interval(30, 34.2, 25) == pytest.approx(5 * 4.2 / 4.128, rel=1e-4)


groups = st.tuples(st.floats(-10, 10), st.floats(0.5, 9), st.integers(2, 90))


@given(groups, groups, st.floats(0.1, 50), st.floats(-30, 30))
def test_units_carry_over(one, two, factor, shift):
    scaled = [(factor * mean + shift, factor * sd, n) for mean, sd, n in (one, two)]
    plain, g = mean_difference(*one, *two), hedges_g(*one, *two)
    assert mean_difference(*scaled[0], *scaled[1]).estimate == pytest.approx(factor * plain.estimate, abs=1e-9)
    assert mean_difference(*scaled[0], *scaled[1]).variance == pytest.approx(factor**2 * plain.variance)
    after = hedges_g(*scaled[0], *scaled[1])
    assert (after.estimate, after.variance) == pytest.approx((g.estimate, g.variance), rel=1e-9, abs=1e-9)
    turned = hedges_g(*two, *one)
    assert (turned.estimate, turned.variance) == pytest.approx((-g.estimate, g.variance))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: hedges_g(1, 0, 10, 2, 1, 10), "sd_1 is 0"),
        (lambda: hedges_g(1, 1, 10, 2, -1, 10), "sd_2 is -1"),
        (lambda: hedges_g(1, 1, 1, 2, 1, 10), "n_1 is 1"),
        (lambda: hedges_g(1, 1, 10, 2, 1, 9.5), "n_2 is 9.5"),
        (lambda: hedges_g(1, 1, 10, math.nan, 1, 10), "mean_2 is nan"),
        (lambda: hedges_g(1, 1, 10, 2, 1, 10, variance="LS"), "variance is 'LS'"),
        (lambda: hedges_g(1, 1, 2, 2, 1, 2, variance="unbiased"), r"n_1 \+ n_2 is 4"),
        (lambda: mean_difference(math.inf, 1, 10, 2, 1, 10), "mean_1 is inf"),
        (lambda: mean_change(7, 1, 4, 2, 20, 1), "correlation is 1"),
        (lambda: mean_change(7, 1, 4, 2, 20, math.nan), "correlation is nan"),
        (lambda: mean_change(7, 1, 4, math.nan, 20, 0.5), "sd_after is nan"),
        (lambda: standardised_change(7, 1, 4, 2, 2, 0.5), "n is 2"),
        (lambda: standardised_change(7, 1, 4, 2, 20, 0.5, "after"), "standardiser is 'after'"),
        (lambda: over_correlations(7, 1, 4, 2, 20, []), "correlations is empty"),
        (lambda: correlation_from_sds(1, 1, 3), "implies a correlation of -3.50"),
        (lambda: small_sample_factor(1), "df is 1"),
        (lambda: se_from_interval(3, 1), "low = 3 is larger than high = 1"),
        (lambda: se_from_interval(1, math.inf), "high is inf"),
        (lambda: se_from_interval(1, 2, 95), "level is 95"),
        (lambda: se_from_interval(1, 2, df=0), "df is 0"),
        (lambda: sd_from_interval(1, 2, 1), "n is 1"),
    ],
)
def test_refusals_name_the_element(call, words):
    with pytest.raises(ValueError, match=words):
        call()
