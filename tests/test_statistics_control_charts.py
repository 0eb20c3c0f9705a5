"""Rules of run charts, limits of chance, and the expected observed rate."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from analysis.statistics.control_charts import binomial_limits, individuals_limits, run_signals
from analysis.statistics.intervals import newcombe_independent, wilson
from analysis.statistics.observed_rate import mover_difference, observed_rate_interval

FALSE_ALARMS = Path(__file__).parent / "reference" / "control_charts" / "false_alarms.csv"


# number of values: longest run and fewest crossings, Anhøj and Wentzel-Larsen 2018, table 1
@pytest.mark.parametrize(("n", "longest", "crossings"), [(10, 6, 2), (12, 7, 3), (20, 7, 6), (24, 8, 8), (30, 8, 10)])
def test_limits_of_runs_are_those_of_anhoej(n, longest, crossings):
    found = run_signals(np.arange(n) % 2, 0.5)
    assert (found.longest_expected, found.crossings_expected) == (longest, crossings)
    assert (found.points, found.longest, found.crossings) == (n, 1, n - 1) and not found.is_signal


def test_runs_and_crossings_by_hand():
    # sides + + + - - + (0 does not count) + - - - : runs of 3, 2, 2 and 3
    found = run_signals(np.array([1, 2, 1, -1, -2, 3, 0, 1, -1, -1, -1]), 0)
    assert (found.points, found.longest, found.crossings) == (10, 3, 3)
    shifted = run_signals(np.repeat([-1, 1], 10), 0)
    assert shifted.longest == 10 and shifted.crossings == 1 and shifted.is_signal
    with pytest.raises(ValueError, match="values has 9 elements: runs need 10 or more"):
        run_signals(np.arange(9), 4)


def test_limits_of_single_values_by_hand():
    # moving ranges 2, 4, 3: mean 3
    assert individuals_limits([5, 7, 3, 6]) == pytest.approx((5.25, 5.25 - 7.98, 5.25 + 7.98))


def test_binomial_limits_have_their_probability():
    n = np.array([15, 300])
    low, high = binomial_limits(n, 164 / 285, 0.001)
    assert [round(low[0], 2), round(high[0], 2)] == [0.14, 0.98]
    assert binom.cdf(np.ceil(low * n) - 1, n, 164 / 285) == pytest.approx([0.0005] * 2, abs=0.0005)


@pytest.mark.slow
def test_false_alarms_of_the_run_chart_are_as_committed():
    """reference/control_charts/simulate.py made the table: no true change, 15 patients a quarter."""
    from reference.control_charts.simulate import false_alarms

    with FALSE_ALARMS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["quarters"]) for row in rows] == [10, 12, 20, 40]
    for row in rows:
        assert float(row["any_signal"]) <= 0.12, "about one chart of ten signals by chance"
    again = false_alarms(quarters=10, patients=15, rate=0.5, charts=2000)
    for name, share in again.items():
        assert share == pytest.approx(float(rows[0][name]), abs=0.02)


def test_few_patients_are_expected_in_a_wider_interval_than_a_true_rate():
    # the pool of seven studies of the specification: 12 patients 17% to 92%, 285 patients 25% to 86%
    pool = (0.5915, 0.2578, 0.8579)
    assert observed_rate_interval(*pool, 12) == (2 / 12, 11 / 12)
    assert [round(limit, 2) for limit in observed_rate_interval(*pool, 285)] == [0.25, 0.86]
    assert observed_rate_interval(*pool, 1_000_000) == pytest.approx(pool[1:], abs=0.002)


def test_without_spread_the_observed_rate_is_binomial():
    low, high = observed_rate_interval(0.5, 0.4999999, 0.5000001, 20)
    assert (20 * low, 20 * high) == (binom.ppf(0.025, 20, 0.5), 20 - binom.ppf(0.025, 20, 0.5))
    with pytest.raises(ValueError, match="0 < low"):
        observed_rate_interval(0.5, 0.6, 0.8, 20)


def test_mover_of_two_wilson_intervals_is_newcombes():
    # Newcombe 1998, example (a): 56 of 70 and 48 of 80, 0.0524 to 0.3339
    found = mover_difference((56 / 70, *wilson(56, 70)), (48 / 80, *wilson(48, 80)))
    assert found == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert found[1:] == pytest.approx(newcombe_independent(56, 70, 48, 80))
