"""Texts of a drawn figure: their positions, and texts that overlap or leave the canvas."""

from __future__ import annotations

from itertools import combinations
from weakref import WeakKeyDictionary

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Picture
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from analysis.exhibit import Figure

_BOXES: WeakKeyDictionary[Picture, list[tuple[str, Bbox]]] = WeakKeyDictionary()
_INK: dict[tuple[str, FontProperties, float], tuple[float, float]] = {}


def text_boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    """Every visible text of a picture with the box of its letters in pixels; measured once, drawn texts stay."""
    picture = figure.figure
    if picture not in _BOXES:
        renderer = FigureCanvasAgg(picture).get_renderer()
        picture.draw_without_rendering()
        _BOXES[picture] = [(text.get_text(), _letters(text, renderer)) for text in picture.findobj(Text) if _seen(text)]
    return _BOXES[picture]


def _seen(text: Text) -> bool:
    """Whether a text is part of the picture: an axis that is switched off keeps its ticks in reserve."""
    if text.axes is not None and not text.axes.axison and text not in text.axes.texts:
        return False
    return text.get_visible() and bool(text.get_text().strip())


def _letters(text: Text, renderer: object) -> Bbox:
    """The box from the ascenders of the first line to the descenders of the last.

    Matplotlib's own box has half of the distance between lines above and below the ink of the letters that occur, so
    that boxes of lines on an even grid cover each other or not by the letters that they hold.
    """
    box = text.get_window_extent(renderer)
    upright = text.get_rotation() % 180 != 0
    if upright:
        box = Bbox([[box.y0, -box.x1], [box.y1, -box.x0]])
    lines = text.get_text().split("\n")
    first, last, usual = (_above_and_below(text, line, renderer) for line in (lines[0], lines[-1], "lp"))
    line_height = box.height / len(lines)
    top = box.y1 - (line_height - sum(first)) / 2 + max(usual[0] - first[0], 0)
    bottom = box.y0 + (line_height - sum(last)) / 2 - max(usual[1] - last[1], 0)
    return Bbox([[-top, box.x0], [-bottom, box.x1]]) if upright else Bbox([[box.x0, bottom], [box.x1, top]])


def _above_and_below(text: Text, line: str, renderer: object) -> tuple[float, float]:
    """Pixels of a line's ink above and below its base line; measured once for each font."""
    key = (line, text.get_fontproperties().copy(), renderer.dpi)
    if key not in _INK:
        _, height, descent = renderer.get_text_width_height_descent(line, text.get_fontproperties(), False)
        _INK[key] = height - descent, descent
    return _INK[key]


def problems_of(figure: Figure, slack: float = 1.5) -> list[str]:
    """Texts that leave the canvas or cover each other by more than `slack` pixels both ways."""
    found = []
    boxes = text_boxes(figure)
    width, height = figure.figure.get_size_inches() * figure.figure.dpi
    for words_, box in boxes:
        if box.x0 < -slack or box.y0 < -slack or box.x1 > width + slack or box.y1 > height + slack:
            found.append(f"{words_!r} leaves the canvas")
    for (one, a), (other, b) in combinations(boxes, 2):
        if min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack:
            found.append(f"{one!r} covers {other!r}")
    return found
