"""Places of labels beside points."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.figures.labels import place_labels

BOUNDS = (-3.0, 0.0, 403.0, 240.0)
SIZE = st.tuples(st.sampled_from([20.0, 45.0, 70.0]), st.sampled_from([9.0, 18.0]))


def covers(one, other) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


# the widest label fits between a point and its neighbour on the right, and between the last point and the edge
@pytest.mark.slow
@given(st.lists(SIZE, min_size=12, max_size=12), st.integers(85, 92), st.integers(40, 60))
def test_labels_of_points_with_room_cover_nothing_and_stay_inside(sizes, across, up):
    points = [(across * (0.5 + column), up * (0.5 + row)) for column in range(4) for row in range(3)]
    boxes = [spot.box for spot in place_labels(points, sizes, BOUNDS)]
    assert not any(covers(one, other) for one, other in combinations(boxes, 2))
    assert not any(covers(box, (x - 5, y - 5, x + 5, y + 5)) for box in boxes for x, y in points)
    assert all(b[0] >= BOUNDS[0] and b[1] >= BOUNDS[1] and b[2] <= BOUNDS[2] and b[3] <= BOUNDS[3] for b in boxes)


def test_a_label_stays_away_from_other_points():
    near, far = place_labels([(100, 60), (130, 60)], [(40, 9), (40, 9)], BOUNDS)
    assert (near.x, far.x) == (73, 157)


def test_a_single_label_is_right_of_its_point_and_avoids_taken_boxes():
    (spot,) = place_labels([(50, 60)], [(40, 9)], BOUNDS)
    assert (spot.x, spot.y, spot.leader) == (77, 60, False)
    (spot,) = place_labels([(50, 60)], [(40, 9)], BOUNDS, [(58, 40, 100, 80)])
    assert (spot.x, spot.y) == (23, 60)
