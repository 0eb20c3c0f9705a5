"""Follow-up visits grouped by the week for which they were probably planned."""

import numpy as np
import pytest
from cohort_samples import cohort
from hypothesis import given
from hypothesis import strategies as st

from analysis.outcomes.cohort.planned import planned_visits


def test_few_different_weeks_are_each_a_planned_week():
    found = planned_visits(cohort((8, 4, {4: 5, 12: 7}), (8, 4, {4.5: 5})))
    assert found.weeks == (4, 4.5, 12)
    assert found.place.tolist() == [0, 1, 2, 4, 0, 1, 3]
    assert found.axis["label"].tolist() == ["baseline", "end of infusion", "week 4", "week 4.5", "week 12"]
    assert (found.far, found.surplus) == (0, 0)
    assert "weeks 4, 4.5 and 12" in found.rule


def test_many_different_weeks_are_grouped_around_the_commonest():
    around_4 = [3.3, 3.7, 3.9, 4.0, 4.1, 4.4]
    around_12 = [11.1, 11.7, 12.0, 12.4, 12.3]
    patients = cohort(*[(8, 4, {week: 5}) for week in [*around_4, *around_12, 15.5]])
    found = planned_visits(patients)
    assert found.weeks == (4, 12)
    assert found.place[2::3].tolist() == [2] * 6 + [3] * 5 + [-1]
    # 15.5 weeks is more than a quarter away from 12
    assert found.far == 1
    assert "weeks 4 and 12" in found.rule


def test_one_visit_of_a_course_is_used_for_a_week():
    others = [(8, 4, {week: 5}) for week in (3.1, 3.2, 3.3, 3.4, 3.6, 3.7, 3.8, 4.1, 4.2)]
    found = planned_visits(cohort({"baseline": 8, "later": {3.9: None, 4.4: 3, 4.5: 2}}, *others))
    assert found.weeks == (4,)
    # the nearer 3.9 without a score and the farther 4.5 give way to 4.4
    assert found.place[:4].tolist() == [0, -1, 2, -1]
    assert found.surplus == 2


def test_a_week_needs_enough_visits_around_it():
    # four share week 1, two at most any other week; but around week 4 there are five
    weeks = [0.8, 0.9, 1.0, 1.1, 3.2, 3.7, 4.1, 4.6, 4.9]
    found = planned_visits(cohort(*[(8, 4, {week: 5}) for week in weeks]))
    assert (found.weeks, found.far) == ((4,), 4)


def test_no_follow_up_at_all():
    found = planned_visits(cohort((8, 4)))
    assert found.weeks == ()
    assert found.place.tolist() == [0, 1]
    assert "no follow-up visit" in found.rule


@pytest.mark.slow
@given(st.lists(st.lists(st.integers(1, 400), max_size=5, unique=True), min_size=1, max_size=30), st.integers(1, 6))
def test_every_visit_has_a_position_or_is_counted(days, min_cell):
    patients = cohort(*[(8, 4, {day / 7: 5 for day in course}) for course in days])
    found = planned_visits(patients, min_cell)
    assert (found.place < 0).sum() == found.far + found.surplus
    assert len(found.weeks) <= 10
    assert list(found.weeks) == sorted(set(found.weeks))
    keys = patients.visits["patient"].to_numpy() * 100 + found.place
    used = keys[found.place >= 0]
    assert len(np.unique(used)) == len(used)
