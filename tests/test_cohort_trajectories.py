"""Pain from visit to visit."""

import numpy as np
import pytest
from cohort_samples import cohort
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from analysis.outcomes.cohort.trajectories import trajectories

FIVE = [(8, 4, {4: 5}), (6, 6, {4: 6}), (7, 3, {4: 2}), (5, 1, {4: 1}), (None, 2, {4: 4})]


def test_means_and_changes_by_hand():
    found = trajectories(cohort(*FIVE), min_cell=1).visits.set_index("label")
    end = found.loc["end of infusion"]
    # 4 6 3 1 2; changes of those with a baseline: -4 0 -4 -4
    assert end[["n", "mean", "median", "q1", "q3"]].tolist() == [5, 3.2, 3, 2, 4]
    sd = np.std([4, 6, 3, 1, 2], ddof=1)
    half = t.ppf(0.975, 4) * sd / np.sqrt(5)
    assert end[["ci_low", "ci_high"]].tolist() == pytest.approx([3.2 - half, 3.2 + half], abs=0.05)
    assert end[["change_n", "change_mean", "change_median", "change_q3"]].tolist() == [4, -3, -4, -3]
    assert end["change_low"] == pytest.approx(-3 - t.ppf(0.975, 3) * 2 / 2, abs=0.05)
    assert np.isnan(found.loc["baseline", "change_mean"])
    assert trajectories(cohort(*FIVE), min_cell=1).left_out[["why", "n"]].values.tolist() == [
        ["baseline score missing", 1]
    ]


def test_few_scores_are_hidden_separately_from_the_change():
    found = trajectories(cohort(*FIVE)).visits.set_index("label")
    assert not found.loc["end of infusion", "hidden"]
    assert found.loc["end of infusion", "change_hidden"]
    assert np.isnan(found.loc["end of infusion", "change_mean"])
    assert found.loc["baseline", "hidden"]


def test_first_courses_count():
    second = [{"patient": i, "course": 2, "baseline": 6, "end": 2} for i in range(5)]
    found = trajectories(cohort(*[(8, 4)] * 9, *second), min_cell=1).visits.set_index("label")
    assert found.loc["end of infusion", ["n", "mean"]].tolist() == [9, 4]


def test_no_interval_where_all_scores_are_alike():
    found = trajectories(cohort(*[(8, 4)] * 6), min_cell=1).visits
    assert found["sd"].tolist() == [0, 0]
    assert found[["ci_low", "ci_high"]].isna().all(axis=None)


SCORE = st.one_of(st.none(), st.integers(0, 10))


@pytest.mark.slow
@given(st.lists(st.tuples(SCORE, SCORE, st.dictionaries(st.sampled_from([4, 12]), SCORE)), min_size=1, max_size=25))
def test_no_result_of_few_patients_is_shown(rows):
    found = trajectories(cohort(*rows))
    shown = found.visits[~found.visits["hidden"]]
    assert ((shown["n"] == 0) | (shown["n"] >= 5)).all()
    assert found.visits.loc[found.visits["hidden"], ["n", "mean", "median"]].isna().all(axis=None)
    assert found.visits.loc[found.visits["n"] < 13, "median"].isna().all()
    assert found.visits.loc[found.visits["n"] < 20, ["q1", "q3"]].isna().all(axis=None)
