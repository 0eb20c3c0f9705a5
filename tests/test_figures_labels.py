"""Positions of labels: the same as with the full cost of every position."""

from __future__ import annotations

from math import dist, inf

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.figures import labels
from analysis.figures.labels import place_labels

BOUNDS = (-3.0, 0.0, 203.0, 120.0)
# whole tens, so that many places cost the same
POINT = st.tuples(st.integers(0, 20).map(lambda n: 10.0 * n), st.integers(0, 12).map(lambda n: 10.0 * n))
SIZE = st.tuples(st.sampled_from([20.0, 45.0, 90.0]), st.sampled_from([9.0, 18.0]))
BAR = POINT.map(lambda point: (point[0] - 2, point[1], point[0] + 2, point[1] + 30))


def cheapest_of_all(candidates, point, marks, others, lines):
    def cost(spot):
        covered = labels._covered(spot, point, marks, others, lines, inf)
        return 1000 * covered + dist(labels.nearest_place(spot.box, point), point) + 0.15 * abs(spot.y - point[1])

    return min(candidates, key=cost)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(POINT, SIZE), min_size=1, max_size=6), st.lists(BAR, max_size=12))
def test_leaving_out_what_cannot_be_best_changes_no_place(found, taken):
    points, sizes = zip(*found, strict=True)
    quick = place_labels(points, sizes, BOUNDS, taken)
    own, labels._cheapest = labels._cheapest, cheapest_of_all
    try:
        assert place_labels(points, sizes, BOUNDS, taken) == quick
    finally:
        labels._cheapest = own


def test_a_single_label_is_right_of_its_point_and_avoids_taken_boxes():
    (spot,) = place_labels([(50, 60)], [(40, 9)], BOUNDS)
    assert (spot.x, spot.y, spot.leader) == (77, 60, False)
    (spot,) = place_labels([(50, 60)], [(40, 9)], BOUNDS, [(58, 40, 100, 80)])
    assert (spot.x, spot.y) == (23, 60)
