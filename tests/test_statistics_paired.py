"""Counts behind percentages, McNemar's four tests and the tables behind two rates."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.paired import mcnemar, p_agrees, paired_tables, possible_paired_tables
from analysis.statistics.rounding import ROUNDINGS, counts_behind_percent


def test_62_percent_of_48_is_30_patients_only_by_truncation_or_half_to_even():
    found = counts_behind_percent(62, 48)
    assert found.to_dict("records") == [{"count": 30, "half_up": False, "half_even": True, "truncated": True}]


def test_48_percent_of_48_is_23_patients():
    found = counts_behind_percent(48, 48)
    assert found["count"].tolist() == [23]
    assert found[["half_up", "half_even"]].all(axis=None)


def test_no_whole_number_of_16_gives_60_percent():
    assert counts_behind_percent(60, 16).empty


def test_no_whole_number_of_30_gives_18_percent_but_five_of_28_does():
    assert counts_behind_percent(18, 30).empty
    assert counts_behind_percent(18, 28)["count"].tolist() == [5]


def test_decimals_narrow_the_counts():
    assert counts_behind_percent(26.7, 30, decimals=1)["count"].tolist() == [8]
    found = counts_behind_percent(27, 300)  # 26.5 to 27.5% are 80 to 82 patients, 27 to 27.99% are 81 to 83
    assert found.loc[found["half_up"], "count"].tolist() == [80, 81, 82]
    assert found.loc[found["truncated"], "count"].tolist() == [81, 82, 83]


@given(st.integers(1, 300), st.data(), st.integers(0, 2), st.sampled_from(ROUNDINGS))
def test_a_count_always_fits_its_own_percentage(n, data, decimals, rounding):
    from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext

    count = data.draw(st.integers(0, n))
    mode = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "truncated": ROUND_DOWN}[rounding]
    with localcontext() as context:
        context.prec = 60
        printed = (Decimal(100 * count) / n).quantize(Decimal(1).scaleb(-decimals), mode)
    found = counts_behind_percent(float(printed), n, decimals).set_index("count")
    assert found.loc[count, rounding]


@pytest.mark.parametrize(
    ("test", "p"),
    # Agresti, Categorical Data Analysis, approval ratings: 150 against 86 discordant pairs, chi-square 17.36
    [("uncorrected", 3.099e-05), ("corrected", 4.115e-05)],
)
def test_mcnemar_of_agresti(test, p):
    assert float(mcnemar(150, 86, test)) == pytest.approx(p, rel=1e-3)


@pytest.mark.parametrize(
    ("lost", "gained", "test", "p"),
    [
        (9, 2, "uncorrected", 0.034808),  # (9 - 2)^2 / 11 = 4.4545
        (9, 2, "corrected", 0.070440),  # (7 - 1)^2 / 11 = 3.2727
        (9, 2, "exact", 134 / 2048),  # 2 (1 + 11 + 55) / 2^11
        (9, 2, "mid_p", (134 - 55) / 2048),
        (3, 3, "exact", 1.0),
        (3, 3, "mid_p", 1 - 20 / 64 / 2),
        (0, 0, "uncorrected", 1.0),
        (0, 0, "mid_p", 1.0),
    ],
)
def test_mcnemar_by_hand(lost, gained, test, p):
    assert float(mcnemar(lost, gained, test)) == pytest.approx(p, abs=5e-7)


def test_the_one_table_behind_62_falling_to_48_percent():
    found = possible_paired_tables(62, 48, 48, 0.03)
    columns = ["n", "first", "second", "kept", "lost", "gained", "neither", "test"]
    assert found[columns].values.tolist() == [[48, 30, 23, 21, 9, 2, 16, "uncorrected"]]


def test_without_a_p_every_table_is_possible():
    found = possible_paired_tables(62, 48, 48, tests=("exact",))
    assert found["kept"].tolist() == list(range(5, 24))
    assert (found[["kept", "lost", "gained", "neither"]].sum(axis=1) == 48).all()


def test_missing_patients_are_other_group_sizes():
    # counted by hand: in 41, 44 and 46 patients no whole number gives 62% (or 48%)
    found = possible_paired_tables(62, 48, range(39, 49))
    assert sorted(set(found["n"])) == [39, 40, 42, 43, 45, 47, 48]
    assert possible_paired_tables(60, 40, 16).empty


@given(st.integers(2, 80), st.data(), st.sampled_from(["uncorrected", "corrected", "exact", "mid_p"]))
def test_a_random_table_is_among_those_of_its_own_percentages_and_p(n, data, test):
    kept = data.draw(st.integers(0, n))
    lost = data.draw(st.integers(0, n - kept))
    gained = data.draw(st.integers(0, n - kept - lost))
    p = round(float(mcnemar(lost, gained, test)), 2)
    first, second = (round(100 * share / n) for share in (kept + lost, kept + gained))
    found = possible_paired_tables(first, second, n, p)
    mine = (found["kept"] == kept) & (found["lost"] == lost) & (found["gained"] == gained) & (found["test"] == test)
    assert mine.any()


def test_a_p_on_the_edge_rounds_either_way():
    assert p_agrees(pd.Series([0.025, 0.035, 0.0249]), 0.03).tolist() == [True, True, False]


def test_refusals():
    with pytest.raises(ValueError, match="percent is 120: must be a finite number from 0 to 100"):
        counts_behind_percent(120, 10)
    with pytest.raises(ValueError, match="second is 11"):
        paired_tables(1, 11, 10)
    with pytest.raises(ValueError, match="'exakt'"):
        mcnemar(1, 2, "exakt")
