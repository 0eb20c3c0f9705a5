"""Tipping point of missing scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.outcomes.cohort.tipping import CONCLUSIONS, PairedCounts, tipping_point
from analysis.statistics.intervals import newcombe_paired, wilson

# Newcombe 1998, Stat Med 17:2635: 20, 12, 2, 16 gives 0.0562 to 0.3292 for first minus second
PUBLISHED = PairedCounts(kept=20, lost=12, gained=2, neither=16)


def test_difference_is_second_minus_first():
    assert PUBLISHED.difference(0.95) == pytest.approx((-0.2, -0.3292, -0.0562), abs=5e-5)
    assert PUBLISHED.conclusion(0.95) == "fell"
    assert PairedCounts(20, 2, 12, 16).conclusion(0.95) == "rose"
    assert PairedCounts(20, 3, 2, 16).conclusion(0.95) == "no clear change"


def test_without_missing_scores_nothing_can_change():
    table, point = tipping_point(PUBLISHED, 0, 0)
    assert table[["missing_responders", "responders", "n", "same"]].values.tolist() == [[0, 22, 50, True]]
    assert (point.low, point.high, point.never_changes) == (0, 0, True)


def test_hand_computed_tipping_point():
    table, point = tipping_point(PUBLISHED, 6, 2)
    assert table["missing_responders"].tolist() == list(range(9))
    # four of eight missing: four of the six first responders kept it, two lost it, both others remain without
    row = table.iloc[4]
    assert row[["responders", "n", "rate"]].tolist() == [26, 58, 26 / 58]
    low, high = newcombe_paired(24, 14, 2, 18)
    assert row["difference"] == pytest.approx((2 - 14) / 58)
    assert [row["difference_low"], row["difference_high"]] == pytest.approx([-high, -low])
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(list(wilson(26, 58)))
    # all eight: six kept, two gained
    last = table.iloc[8]
    low, high = newcombe_paired(26, 12, 4, 16)
    assert [last["difference_low"], last["difference_high"]] == pytest.approx([-high, -low])
    assert (point.n, point.missing) == (58, 8)
    assert point.conclusion == "fell"
    same = table.loc[table["same"], "missing_responders"]
    assert (point.low, point.high) == (same.min(), same.max())


def test_many_missing_shorten_the_table_but_keep_the_tipping_point():
    complete = PairedCounts(400, 300, 100, 200)
    table, point = tipping_point(complete, 700, 300)
    assert len(table) <= 205
    assert {0, 1000, point.high, point.high + 1} <= set(table["missing_responders"])
    edge = table.set_index("missing_responders")["conclusion"]
    assert edge[point.high] == "fell" != edge[point.high + 1]


@given(st.tuples(*[st.integers(0, 12)] * 4).filter(lambda flow: sum(flow) > 0), st.integers(0, 10), st.integers(0, 10))
def test_the_conclusion_is_unchanged_exactly_from_low_to_high(flow, missing_first, missing_not):
    table, point = tipping_point(PairedCounts(*flow), missing_first, missing_not)
    assert table["missing_responders"].tolist() == list(range(missing_first + missing_not + 1))
    ranks = table["conclusion"].map(CONCLUSIONS.index).tolist()
    assert ranks == sorted(ranks)
    same = table.loc[table["same"], "missing_responders"].tolist()
    expected = list(range(point.low, point.high + 1)) if point.low is not None else []
    assert same == expected
    assert point.never_changes == (len(same) == len(table))
    assert (table["n"] == sum(flow) + missing_first + missing_not).all()
    assert table["responders"].diff().dropna().eq(1).all()
