"""Conversions of printed summaries against hand computation and published constants."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.summaries import (
    largest_sd,
    mean_interval,
    mean_sd_from_five_numbers,
    mean_sd_from_quartiles,
    mean_sd_from_range,
    sd_from_iqr_width,
    sd_from_se,
    welch_interval,
)

# estimates by R's metafor, written by tests/reference/summaries/reference.R
FIVE_NUMBERS = list(
    pd.read_csv(Path(__file__).parent / "reference" / "summaries" / "five_numbers.csv").itertuples(index=False)
)
# Wan et al. 2014, Table 1 (xi(n), the expected range of n standard normal values; the table has a page of its own,
# bmcmedresmethodol.biomedcentral.com/articles/10.1186/1471-2288-14-135/tables/1)
XI = {5: 2.326, 6: 2.534, 8: 2.847, 10: 3.078, 15: 3.472, 20: 3.735, 25: 3.931, 30: 4.086, 40: 4.322, 50: 4.498}


@pytest.mark.parametrize(("n", "xi"), XI.items())
def test_range_divisor_of_wan_2014(n, xi):
    # their formula 9 approximates the table: 1.4% too wide at n = 5, 0.3% too narrow at n = 50
    _, sd = mean_sd_from_range(0, xi / 2, xi, n)
    assert sd == pytest.approx(1, abs=0.004 + 0.06 / n)


@pytest.mark.parametrize("q", [2, 5, 12, 50])
def test_quartile_divisor_of_wan_2014(q):
    # eta(n) of their formula 15, 2 E(Z) of the (3Q + 1)th of n = 4Q + 1 standard normal values, by the integral
    n, r = 4 * q + 1, 3 * q + 1
    z = np.linspace(-9, 9, 20_001)
    law = stats.beta(r, n - r + 1)
    expected = float(np.trapezoid(z * law.pdf(stats.norm.cdf(z)) * stats.norm.pdf(z), z))
    assert sd_from_iqr_width(2 * expected, n) == pytest.approx(1, abs=0.03 / q)


def test_quartiles_of_a_large_normal_sample():
    q1, median, q3 = stats.norm(5, 2).ppf([0.25, 0.5, 0.75])
    mean, sd = mean_sd_from_quartiles(q1, median, q3, 100_000)
    assert mean == pytest.approx(5)
    assert sd == pytest.approx(2, rel=1e-3)


def test_mean_weights_of_luo_2018():
    # weights 0.7 + 0.39 / n on the quartiles, 4 / (4 + n^0.75) on the range, by hand
    assert mean_sd_from_quartiles(2, 3, 8, 39)[0] == pytest.approx(0.71 * 5 + 0.29 * 3)
    assert mean_sd_from_range(0, 2, 10, 16)[0] == pytest.approx(4 / 12 * 5 + 8 / 12 * 2)


@pytest.mark.parametrize("row", FIVE_NUMBERS, ids=lambda row: f"{row.n}-{row.shape}")
def test_all_estimates_agree_with_metafor(row):
    low, q1, median, q3, high, n = row.low, row.q1, row.median, row.q3, row.high, row.n
    for found, expected in (
        (mean_sd_from_range(low, median, high, n), (row.mean_range, row.sd_range)),
        (mean_sd_from_quartiles(q1, median, q3, n), (row.mean_quartiles, row.sd_quartiles)),
        (mean_sd_from_five_numbers(low, q1, median, q3, high, n), (row.mean_five, row.sd_five)),
    ):
        assert found == pytest.approx(expected, rel=1e-10)


def test_iqr_width_of_mangnus():
    # width 4 in 48 patients: 4 / (2 * z of (0.75 * 48 - 0.125) / 48.25)
    assert sd_from_iqr_width(4, 48) == pytest.approx(4 / (2 * stats.norm.ppf(35.875 / 48.25)))


def test_intervals_of_means_against_scipy():
    x, y = np.array([3.0, 4, 6, 9, 2]), np.array([8.0, 7, 7, 9, 5, 6])
    expected = stats.t.interval(0.95, 4, x.mean(), stats.sem(x))
    assert mean_interval(x.mean(), x.std(ddof=1), 5) == pytest.approx(expected)
    welch = stats.ttest_ind(x, y, equal_var=False).confidence_interval()
    ours = welch_interval(x.mean(), x.std(ddof=1), 5, y.mean(), y.std(ddof=1), 6)
    assert ours == pytest.approx((welch.low, welch.high))


def test_sd_from_se():
    assert sd_from_se(0.51, 18) == pytest.approx(2.1637, abs=5e-5)


def test_largest_sd_is_reached_by_the_two_ends():
    values = [0] * 3 + [10] * 7
    assert largest_sd(np.mean(values), 10, 0, 10) == pytest.approx(np.std(values, ddof=1))


@given(st.lists(st.integers(0, 10), min_size=2, max_size=60))
def test_no_sample_on_the_scale_has_a_larger_sd(values):
    assert np.std(values, ddof=1) <= largest_sd(np.mean(values), len(values), 0, 10) + 1e-9


@given(st.floats(0, 3), st.floats(0, 3), st.floats(0, 3), st.integers(5, 500), st.floats(0.1, 10))
def test_scaling_scales(a, b, c, n, factor):
    q1, median, q3 = sorted((a, b, c))
    mean, sd = mean_sd_from_quartiles(q1, median, q3, n)
    scaled = mean_sd_from_quartiles(factor * q1, factor * median, factor * q3, n)
    assert scaled == pytest.approx((factor * mean, factor * sd), abs=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mean_sd_from_quartiles(5, 4, 6, 20), "q1 = 5 is larger than median = 4"),
        (lambda: mean_sd_from_quartiles(3, 4, math.nan, 20), "q3 is nan"),
        (lambda: mean_sd_from_range(1, 4, 3, 20), "median = 4 is larger than high = 3"),
        (lambda: mean_sd_from_quartiles(3, 4, 5, 4), "n is 4"),
        (lambda: sd_from_iqr_width(-1, 20), "width is -1"),
        (lambda: sd_from_se(-0.1, 20), "se is -0.1"),
        (lambda: mean_interval(3, 1, 1), "n is 1"),
        (lambda: largest_sd(11, 5, 0, 10), "mean is 11"),
    ],
)
def test_refusals_name_the_element(call, words):
    with pytest.raises(ValueError, match=words):
        call()
