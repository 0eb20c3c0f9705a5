"""Responders by any percentage: hand-counted patients, and agreement with the reports' rules."""

import numpy as np
import pytest
from cohort_samples import cohort
from hypothesis import given
from hypothesis import strategies as st

from analysis.figures.cohort import responder_flow
from analysis.outcomes.cohort.due_visits import expected_scores
from analysis.outcomes.cohort.response import response
from analysis.outcomes.cohort.threshold import at_threshold
from analysis.statistics.intervals import newcombe_paired, wilson

# fall at the end of infusion, at four weeks: 50% 38%, 0% 0%, 57% 71%, none none, 80% missing, 30% 40%, 63% 13%
SEVEN = [(8, 4, {4: 5}), (6, 6, {4: 6}), (7, 3, {4: 2}), (9, 9, {4: 9}), (5, 1), (10, 7, {4: 6}), (8, 3, {4: 7})]
NOT_JUDGED = [(0, 0, {4: 0}), (None, 1, {4: 1})]
SAME = ["visit", "handling", "responders", "n", "rate", "ci_low", "ci_high", "hidden"]


def numbers(percent, *rows, min_cell=1):
    return at_threshold(expected_scores(cohort(*rows)), percent, min_cell=min_cell)


def counts(found):
    return found.flow.iloc[0][["n", "first", "second", "kept", "lost", "gained", "neither"]].tolist()


def test_hand_counted_responders_at_other_percentages():
    found = numbers(37, *SEVEN, *NOT_JUDGED)
    rates = found.rates.set_index(["visit", "handling"])
    assert rates.loc[("end_of_infusion", "complete_cases"), ["responders", "n"]].tolist() == [4, 7]
    assert rates.loc[("follow_up", "complete_cases"), ["responders", "n"]].tolist() == [3, 6]
    end = rates.loc[("follow_up", "non_responder_imputation")]
    assert end[["responders", "n"]].tolist() == [3, 7]
    assert [end["ci_low"], end["ci_high"]] == pytest.approx(list(wilson(3, 7)), abs=0.005)
    # kept: 1st, 3rd; lost: 7th; gained: 6th; the 5th has no second score
    assert counts(found) == [6, 3, 3, 2, 1, 1, 2]
    low, high = newcombe_paired(2, 1, 1, 2)
    assert found.flow[["difference", "difference_low", "difference_high"]].values[0] == pytest.approx(
        [0, -high, -low], abs=0.005
    )
    assert counts(numbers(38, *SEVEN)) == [6, 3, 2, 1, 2, 1, 2]  # 3 of 8 points are 37.5%
    told = dict(zip(found.left_out["why"], found.left_out["n"], strict=True))
    assert told == {
        "baseline score missing": 1,
        "baseline pain is 0, of which no percentage can be taken": 1,
        "no follow-up score in the window": 1,
        "not both scores": 1,
    }


def test_a_fall_of_exactly_the_percentage_counts():
    assert counts(numbers(30, (10, 7, {4: 7.1})))[:3] == [1, 1, 0]
    assert counts(numbers(7, (10, 9.3, {4: 9.3})))[:3] == [1, 1, 1]  # 10 - 9.3 is a little below 0.7


SCORE = st.one_of(st.none(), st.integers(0, 20).map(lambda half: half / 2))


@pytest.mark.slow
@given(st.lists(st.tuples(SCORE, SCORE, st.fixed_dictionaries({4: SCORE})), min_size=1, max_size=12))
def test_results_agree_with_the_reports(rows):
    patients = cohort(*rows)
    courses, expected = expected_scores(patients), response(patients, min_cell=3)
    for percent in (30, 50):
        found = at_threshold(courses, percent, min_cell=3)
        rule = f"ge_{percent}_percent"
        rates = expected.rates[expected.rates["rule"] == rule]
        rates = rates[rates["handling"] != "responder_imputation"]
        assert found.rates[SAME].reset_index(drop=True).equals(rates[SAME].reset_index(drop=True))
        flow = expected.flow[(expected.flow["rule"] == rule) & (expected.flow["handling"] == "complete_cases")]
        assert found.flow[flow.columns].astype(object).equals(flow.reset_index(drop=True).astype(object))
    curve = expected.curve[expected.curve["cutoff"] == 70].set_index("visit")
    found = at_threshold(courses, 70, min_cell=3).rates
    complete = found[found["handling"] == "complete_cases"].set_index("visit")
    assert len(curve) == 2
    for visit in curve.index[curve["responders"].notna()]:  # a small step of the curve is hidden
        assert complete.loc[visit, "responders"] == curve.loc[visit, "responders"]
        assert complete.loc[visit, "n"] == curve.loc[visit, "n_complete"]


def test_few_patients_are_hidden():
    found = numbers(40, *SEVEN[:4], min_cell=5)
    assert found.rates["hidden"].all() and found.rates["rate"].isna().all()
    assert found.flow["hidden"].all() and found.flow["kept"].isna().all()
    nobody = numbers(40, (None, 3, {4: 3}))
    assert counts(nobody) == [0] * 7 and np.isnan(nobody.flow["difference"][0])


def test_the_figure_of_the_reports_draws_it():
    figure = responder_flow(numbers(37, *SEVEN))
    assert "2 stayed responders, 1 no longer were, 1 became responders" in figure.alt
    assert figure.data["rule"].tolist() == ["ge_37_percent"]


@pytest.mark.parametrize("percent", [0, -5, 101, float("nan")])
def test_an_impossible_percentage_is_refused(percent):
    with pytest.raises(ValueError, match="above 0 and at most 100"):
        numbers(percent, *SEVEN)
