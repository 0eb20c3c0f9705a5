"""Positions of labels beside points so that they do not overlap. All positions are in points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import dist, inf

from matplotlib.axes import Axes

from analysis.exhibit.palette import LIGHT
from analysis.figures.style import SMALL, Look, text_height, text_width

_Point = tuple[float, float]
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
    points: Sequence[_Point], sizes: Sequence[tuple[float, float]], bounds: _Box, taken: Sequence[_Box] = ()
) -> list[Spot]:
    """Return a position for the label of each point: inside `bounds`, clear of points, labels and `taken`.

    Labels of crowded points are placed first, each at the nearest free position, or else where it covers least.
    """
    marks = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    crowd = [sum(abs(x - a) < 90 and abs(y - b) < 40 for a, b in points) for x, y in points]
    occupied: list[_Box] = list(taken)
    spots: dict[int, Spot] = {}
    for i in sorted(range(len(points)), key=lambda i: (-crowd[i], i)):
        point, others = points[i], [mark for j, mark in enumerate(marks) if j != i]
        least = inf
        for far, spot in sorted(
            ((_far(spot, point), spot) for spot in _candidates(point, sizes[i], bounds)), key=lambda pair: pair[0]
        ):
            if far >= least:  # what it covers can only add to this
                break
            end = nearest_place(spot.box, point)
            covered = sum(_overlap(spot.box, box) for box in (*others, *occupied))
            # a label must not seem to belong to another point
            nearer = sum(max(0.0, dist(end, point) + 3 - _distance(spot.box, mark)) for mark in others)
            if far + 1000 * (covered + nearer) < least:
                least, spots[i] = far + 1000 * (covered + nearer), spot
        occupied.append(spots[i].box)
    return [spots[i] for i in range(len(points))]


def _far(spot: Spot, point: _Point) -> float:
    return dist(nearest_place(spot.box, point), point) + 0.15 * abs(spot.y - point[1])


def _candidates(point: _Point, size: tuple[float, float], bounds: _Box) -> list[Spot]:
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


def _overlap(a: _Box, b: _Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0]) + 2
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    return width * height if width > 0 and height > 0 else 0.0


def nearest_place(box: _Box, point: _Point) -> _Point:
    """Return the position in a box that is nearest to a point, where a leader line ends."""
    return min(max(point[0], box[0]), box[2]), min(max(point[1], box[1]), box[3])


def _distance(box: _Box, mark: _Box) -> float:
    middle = (mark[0] + mark[2]) / 2, (mark[1] + mark[3]) / 2
    return dist(nearest_place(box, middle), middle)


@dataclass
class PanelLabels:
    """Collects the labels of one small panel, then draws them.

    up: converts a vertical value to points. ground: Matplotlib's `bbox` of a label.
    """

    width: float
    height: float
    up: Callable[[float], float]
    ground: dict[str, object] | None = None
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
                ax.plot([x0, x1], [y0, y1], color=LIGHT["unknown"], linewidth=0.5, zorder=1)
            x, y = data(spot.x, spot.y)
            look = {"color": look.color, "linespacing": 1.1, "bbox": self.ground, "zorder": 5}
            ax.text(x, y, words, fontsize=SMALL, ha="center", va="center", **look)
