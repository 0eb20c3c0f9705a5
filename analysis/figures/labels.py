"""Positions of labels beside points so that they do not overlap. All positions are in points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import dist, inf

from matplotlib.axes import Axes

from analysis.figures.style import LINE, SMALL, Look, text_height, text_width

_Point = tuple[float, float]
_Line = tuple[_Point, _Point]
_Box = tuple[float, float, float, float]  # left, bottom, right, top

_DISTANCES = (7.0, 13.0, 20.0, 28.0, 38.0, 50.0, 64.0, 80.0)
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


@dataclass(frozen=True)
class Spot:
    """Position of a label: its middle, its box, and whether it is so far away that it needs a line to its point."""

    x: float
    y: float
    box: _Box
    leader: bool


def stack_labels(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Return the middles of labels in a column, each as near to its wanted position as the others allow.

    Positions increase upwards from `low` to `high`; if the column is too short, labels continue below `low`.
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], -i))
    middles = [0.0] * len(wanted)
    edge = low
    for i in order:  # from below, push up
        middles[i] = max(wanted[i], edge + heights[i] / 2)
        edge = middles[i] + heights[i] / 2
    edge = high
    for i in reversed(order):  # from above, push down
        middles[i] = min(middles[i], edge - heights[i] / 2)
        edge = middles[i] - heights[i] / 2
    return middles


def place_labels(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    bounds: _Box,
    taken: Sequence[_Box] = (),
) -> list[Spot]:
    """Return a position for the label of each point: inside `bounds`, clear of points, labels and `taken`.

    Labels of crowded points are placed first. A label without a free position gets the one that covers least.
    """
    marks = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    crowd = [sum(abs(x - a) < 90 and abs(y - b) < 40 for a, b in points) for x, y in points]
    placed: list[_Box] = list(taken)
    lines: list[_Line] = []
    spots: dict[int, Spot] = {}
    for i in sorted(range(len(points)), key=lambda i: (-crowd[i], i)):
        elsewhere = [mark for j, mark in enumerate(marks) if j != i]
        best = _cheapest(_candidates(points[i], sizes[i], bounds), points[i], elsewhere, [*elsewhere, *placed], lines)
        spots[i] = best
        placed.append(best.box)
        if best.leader:
            lines.append((points[i], nearest_place(best.box, points[i])))
    return [spots[i] for i in range(len(points))]


def _candidates(point: tuple[float, float], size: tuple[float, float], bounds: _Box) -> list[Spot]:
    width, height = size
    spots = []
    for distance in _DISTANCES:
        for dx, dy in _DIRECTIONS:
            reach = distance if not (dx and dy) else 0.75 * distance
            # beside a point a label may slide up and down, above and below it sideways
            slides = ((0, 0.25, -0.25, 0.5, -0.5) if not dy else (0,)) if dx else (0, 0.25, -0.25, 0.45, -0.45)
            for slide in slides:
                x = point[0] + dx * (reach + width / 2) + (slide * width if not dx else 0)
                y = point[1] + dy * (reach + height / 2) + (slide * height if not dy else 0)
                box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
                if box[0] >= bounds[0] and box[1] >= bounds[1] and box[2] <= bounds[2] and box[3] <= bounds[3]:
                    spots.append(Spot(x, y, box, distance > 7))
    if not spots:
        x = min(max(point[0], bounds[0] + width / 2), bounds[2] - width / 2)
        box = (x - width / 2, point[1] + 6, x + width / 2, point[1] + 6 + height)
        spots.append(Spot(x, point[1] + 6 + height / 2, box, False))
    return spots


def _cheapest(
    candidates: Sequence[Spot], point: _Point, marks: Sequence[_Box], others: Sequence[_Box], lines: Sequence[_Line]
) -> Spot:
    """Return the first of the spots with the lowest cost.

    Distance from the point is part of the cost, so near spots are tried first, and spots whose distance alone costs
    more are skipped. This saves 0.2 to 0.5 s of the 6 s of evidence-report (5% or more); the test compares it with the
    cost of every spot.
    """
    far = [dist(nearest_place(spot.box, point), point) for spot in candidates]
    aside = [0.15 * abs(spot.y - point[1]) for spot in candidates]
    best, least = 0, inf
    for i in sorted(range(len(candidates)), key=lambda i: far[i] + aside[i]):
        if far[i] + aside[i] > least:
            break
        cost = 1000 * _covered(candidates[i], point, marks, others, lines, least) + far[i] + aside[i]
        if cost < least or (cost == least and i < best):
            best, least = i, cost
    return candidates[best]


def _covered(
    spot: Spot, point: _Point, marks: Sequence[_Box], others: Sequence[_Box], lines: Sequence[_Line], least: float
) -> float:
    """Return the cost of what a label covers or crosses at a spot; infinite once it exceeds `least`."""
    left, bottom, right, top = spot.box
    near = [o for o in others if o[0] < right + 3 and o[2] > left - 3 and o[1] < top + 2 and o[3] > bottom - 2]
    covered = sum(_overlap(spot.box, other) for other in near)
    if 1000 * covered > least:
        return inf
    end = nearest_place(spot.box, point)
    own = dist(end, point)
    path = [tuple(point[k] + (end[k] - point[k]) * step / 12 for k in (0, 1)) for step in range(12)]
    path = [place for place in path if dist(place, point) > 6]  # without the mark of the point itself
    covered += 40 * sum(o[0] < x < o[2] and o[1] < y < o[3] for x, y in path for o in others)
    for start, stop in lines:
        covered += 40 * _crosses((point, end), (start, stop))
        trail = [tuple(start[k] + (stop[k] - start[k]) * step / 8 for k in (0, 1)) for step in range(9)]
        covered += 40 * sum(left < x < right and bottom < y < top for x, y in trail)
    # a label must not look as if it belonged to another point
    for mark in marks:
        middle = ((mark[0] + mark[2]) / 2, (mark[1] + mark[3]) / 2)
        covered += max(0.0, own + 3 - dist(nearest_place(spot.box, middle), middle))
    return covered


def _crosses(one, other) -> bool:
    def side(a, b, c) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    (a, b), (c, d) = one, other
    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def _overlap(a: _Box, b: _Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0]) + 2
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    return width * height if width > 0 and height > 0 else 0.0


def nearest_place(box: _Box, point: tuple[float, float]) -> tuple[float, float]:
    """Return the position in a box that is nearest to a point, where a leader line ends."""
    return min(max(point[0], box[0]), box[2]), min(max(point[1], box[1]), box[3])


@dataclass
class PanelLabels:
    """Collects the labels of one small panel, then draws them. `up` converts a vertical value to points."""

    width: float
    height: float
    up: Callable[[float], float]
    _labels: list[tuple[float, float, str, Look]] = field(default_factory=list)
    _taken: list[_Box] = field(default_factory=list)

    def add(self, x: float, value: float, words: str, look: Look) -> None:
        """Add a label for the point at x points and a value."""
        self._labels.append((x, value, words, look))

    def avoid_bar(self, x: float, low: float, high: float) -> None:
        """Add a vertical bar that labels must not cover."""
        self._taken.append((x - 2, self.up(low), x + 2, self.up(high)))

    def avoid_line(self, xs: Sequence[float], values: Sequence[float]) -> None:
        """Add a line that labels must not cover."""
        for step in range(1, 12):
            x, value = (ends[0] + (ends[1] - ends[0]) * step / 12 for ends in (xs, values))
            self._taken.append((x - 1.5, self.up(value) - 1.5, x + 1.5, self.up(value) + 1.5))

    def draw(self, ax: Axes) -> None:
        """Draw all labels; a label far from its point gets a thin line to it."""
        points = [(x, self.up(value)) for x, value, _, _ in self._labels]
        sizes = [(text_width(words, SMALL) + 1, text_height(words, SMALL)) for _, _, words, _ in self._labels]
        spots = place_labels(points, sizes, (-3, 0, self.width + 3, self.height), self._taken)
        down = ax.transData.inverted().transform
        shift = ax.transData.transform((0, ax.get_ylim()[0]))
        scale = ax.figure.dpi / 72

        def data(x: float, y: float) -> tuple[float, float]:
            return tuple(down((shift[0] + x * scale, shift[1] + y * scale)))

        for (_, _, words, look), point, spot in zip(self._labels, points, spots, strict=True):
            end = nearest_place(spot.box, point)
            if dist(end, point) > 15:
                (x0, y0), (x1, y1) = data(*point), data(*end)
                ax.plot([x0, x1], [y0, y1], color=LINE, linewidth=0.5, zorder=1)
            x, y = data(spot.x, spot.y)
            ax.text(
                x, y, words, fontsize=SMALL, color=look.letters, ha="center", va="center", linespacing=1.1, zorder=5
            )
