"""Texts of a drawn figure: where they lie, and which of them cover each other or leave the canvas."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from analysis.exhibit import Figure


def text_boxes(figure: Figure) -> Iterator[tuple[str, object]]:
    """Every visible text of a picture with its box in pixels, as a printer would place it."""
    picture = figure.figure
    canvas = FigureCanvasAgg(picture)
    canvas.draw()
    renderer = canvas.get_renderer()
    for text in picture.findobj(Text):
        if not text.get_visible() or not text.get_text().strip():
            continue
        # an axis that is switched off keeps its ticks in reserve: they are not part of the picture
        if text.axes is not None and not text.axes.axison and text not in text.axes.texts:
            continue
        yield text.get_text(), text.get_window_extent(renderer)


def problems_of(figure: Figure, slack: float = 1.5) -> list[str]:
    """Texts that leave the canvas or cover each other by more than `slack` pixels both ways."""
    found = []
    boxes = list(text_boxes(figure))
    width, height = figure.figure.get_size_inches() * figure.figure.dpi
    for words_, box in boxes:
        if box.x0 < -slack or box.y0 < -slack or box.x1 > width + slack or box.y1 > height + slack:
            found.append(f"{words_!r} leaves the canvas")
    for (one, a), (other, b) in combinations(boxes, 2):
        if min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack:
            found.append(f"{one!r} covers {other!r}")
    return found
