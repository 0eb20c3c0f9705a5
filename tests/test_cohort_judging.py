"""Three rules of response."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.outcomes.cohort import judging

NAN = np.nan


@pytest.mark.parametrize(
    ("baseline", "later", "two", "thirty", "fifty"),
    [
        (8, 6, True, False, False),
        (6, 4.2, False, True, False),  # exactly 30%
        (9, 6.3, True, True, False),
        (7.0, 4.9, True, True, False),  # exactly 30%, which binary fractions miss
        (8, 4, True, True, True),  # exactly 50%
        (3, 1.5, False, True, True),
        (1, 0, False, True, True),
        (5, 7, False, False, False),
        (5, NAN, False, False, False),
    ],
)
def test_the_rules_by_hand(baseline, later, two, thirty, fifty):
    scores = np.array([float(baseline)]), np.array([float(later)])
    assert [bool(judging.responds(*scores, rule)[0]) for rule in judging.RESPONDER_RULES] == [two, thirty, fifty]


def test_no_percentage_of_nothing():
    baseline = np.array([0.0, 5.0, NAN])
    assert judging.can_be_judged(baseline, "ge_30_percent").tolist() == [False, True, False]
    assert judging.can_be_judged(baseline, "ge_2_points").tolist() == [True, True, False]
    falls = judging.percent_fall(np.array([0.0, 5.0, 4.0, NAN]), np.array([0.0, 4.0, 5.0, 1.0]))
    assert falls.tolist()[1:3] == [20.0, -25.0]
    assert np.isnan(falls[[0, 3]]).all()


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="responder_rule is 'half'"):
        judging.responds(np.ones(1), np.ones(1), "half")


@pytest.mark.slow
@given(st.integers(1, 100), st.integers(0, 100))
def test_half_implies_a_third_and_agrees_with_whole_numbers(baseline, later):
    tenths = np.array([baseline / 10]), np.array([later / 10])
    found = {rule: bool(judging.responds(*tenths, rule)[0]) for rule in judging.RESPONDER_RULES}
    assert found["ge_2_points"] == (baseline - later >= 20)
    assert found["ge_30_percent"] == (10 * (baseline - later) >= 3 * baseline)
    assert found["ge_50_percent"] == (2 * (baseline - later) >= baseline)
