"""The scores of a course and its group."""

import numpy as np
import pytest
from cohort_samples import cohort

from analysis.outcomes.cohort import scores


def test_scores_of_each_course():
    patients = cohort(
        (8, 4, {4: 5, 12: 7}),
        {"baseline": 7, "end": None, "later": {3: 2}},
        {"patient": 1, "course": 3, "baseline": 6, "end": 1},
        {"patient": 2, "course": 2, "end": 3},
    )
    found = scores.course_scores(patients)
    assert found["end_of_infusion"].fillna(-1).tolist() == [4, -1, 1, 3]
    assert found["follow_up"].fillna(-1).tolist() == [5, 2, -1, -1]
    assert found["follow_up_at"].fillna(-1).tolist() == [4, 3, -1, -1]
    assert found["baseline"].fillna(-1).tolist() == [8, 7, 6, -1]
    # the first course of the third patient in this table is number 2
    assert found["first"].tolist() == [True, True, False, True]
    assert found["course_group"].tolist() == ["first course", "first course", "third or later", "second course"]


@pytest.mark.parametrize(
    ("later", "score", "week"),
    [
        ({3: 1, 5: 2}, 1, 3),  # equally near: the earlier
        ({3: None, 5: 2}, 2, 5),  # a visit without a score tells nothing
        ({3.5: 1, 4.25: 2}, 2, 4.25),
        ({2: 1}, 1, 2),  # the edge of the window is inside
        ({6: 1}, 1, 6),
        ({1.9: 1, 6.1: 2}, None, None),
    ],
)
def test_the_follow_up_score_is_the_nearest_in_the_window(later, score, week):
    found = scores.course_scores(cohort((8, 4, later))).iloc[0]
    expected = [np.nan, np.nan] if score is None else [score, week]
    np.testing.assert_array_equal(found[["follow_up", "follow_up_at"]].to_numpy(dtype=float), expected)


def test_another_time_and_window():
    patients = cohort((8, 4, {4: 5, 12: 7}))
    assert scores.course_scores(patients, 12, 0)["follow_up"].tolist() == [7]
    assert scores.course_scores(patients, 8, 4)["follow_up"].tolist() == [5]


def test_groups_are_sorted_by_name():
    patients = cohort(
        {"site": "b", "year": 2021, "baseline": 5},
        {"site": None, "year": 2019, "baseline": 5},
        {"site": "a", "year": None, "baseline": 5},
    )
    site = scores.grouping(patients.courses, "site")
    assert list(site.categories) == ["a", "b", "not stated"]
    assert list(site) == ["b", "not stated", "a"]
    assert list(scores.grouping(patients.courses, "year").categories) == ["2019", "2021", "not stated"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: scores.course_scores(c, -1), "follow_up_weeks is -1"),
        (lambda c: scores.course_scores(c, 4, float("nan")), "window_weeks is nan"),
        (lambda c: scores.grouping(c.courses, "age"), "by is 'age'"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call(cohort((8, 4)))
