"""Intervals against published values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from analysis.statistics.intervals import clopper_pearson, newcombe_independent, newcombe_paired, wilson

# Newcombe 1998, Stat Med 17:857, Table I: exact and score limits of four examples
PUBLISHED = [
    (81, 263, 0.2527, 0.3676, 0.2553, 0.3662),
    (15, 148, 0.0578, 0.1617, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1684, 0.0, 0.1611),
    (1, 29, 0.0009, 0.1776, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("events", "n", "exact_low", "exact_high", "low", "high"), PUBLISHED)
def test_limits_of_newcombe_1998(events, n, exact_low, exact_high, low, high):
    assert clopper_pearson(events, n) == pytest.approx((exact_low, exact_high), abs=5e-5)
    assert wilson(events, n) == pytest.approx((low, high), abs=5e-5)


def test_paired_difference_by_hand():
    # 20 both, 12 first only, 2 second only, 16 neither: Newcombe 1998, Stat Med 17:2635, method 10
    assert newcombe_paired(20, 12, 2, 16) == pytest.approx((0.0562, 0.3292), abs=5e-5)


def test_paired_difference_turns_its_sign_with_the_order():
    low, high = newcombe_paired(20, 12, 2, 16)
    assert newcombe_paired(20, 2, 12, 16) == pytest.approx((-high, -low))


def test_paired_difference_without_any_response():
    low, high = newcombe_paired(0, 0, 0, 10)
    assert low == pytest.approx(-high)
    assert high > 0.2


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize(("events", "n"), [(0, 1), (1, 1), (0, 7), (3, 7), (7, 7), (481, 5000), (123_456, 1_000_000)])
def test_wilson_is_scipys(events, n, level):
    expected = binomtest(events, n).proportion_ci(level, method="wilson")
    assert wilson(events, n, level) == (expected.low, expected.high)


# Newcombe 1998, Stat Med 17:873, Table II: method 10 for 56/70 against 48/80, 9/10 against 3/10 and 10/10 against 0/10
@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 10), 0.6075, 1.0)],
)
def test_difference_of_independent_groups_of_newcombe_1998(counts, low, high):
    assert newcombe_independent(*counts) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 400), st.data(), st.floats(0.5, 0.999))
def test_limits_bracket_the_rate(n, data, level):
    events = data.draw(st.integers(0, n))
    for low, high in (wilson(events, n, level), clopper_pearson(events, n, level)):
        assert -1e-12 <= low <= events / n + 1e-12
        assert events / n - 1e-12 <= high <= 1 + 1e-12


@given(st.integers(1, 200), st.data())
def test_limits_mirror(n, data):
    events = data.draw(st.integers(0, n))
    low, high = wilson(events, n)
    assert wilson(n - events, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((5, 4), "events is 5"),
        ((-1, 4), "events is -1"),
        ((1.5, 4), "events is 1.5"),
        ((0, 0), "n is 0"),
        ((1, 4, 1.0), "level is 1.0"),
        ((1, 4, 95), "level is 95"),
    ],
)
def test_refusals_name_the_element(arguments, words):
    with pytest.raises(ValueError, match=words):
        wilson(*arguments)


def test_refusal_of_a_negative_cell():
    with pytest.raises(ValueError, match="second_only is -1"):
        newcombe_paired(1, 1, -1, 1)
