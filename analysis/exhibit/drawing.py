"""The backend that writes figures as lean SVG: Matplotlib's own, but lines of DejaVu Sans are put in ready made.

Most of a figure is text, and most of its time went into shaping it, writing it letter by letter and shortening that.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties

from analysis.exhibit import letters
from analysis.exhibit.pictures import PLACEHOLDER, lean_line, lean_svg

_INCH = 72  # an SVG counts in points
_WEIGHTS = {"normal": "normal", 400: "normal", "bold": "bold", 700: "bold"}


class FigureCanvas(FigureCanvasSVG):
    """For `savefig(..., backend="module://analysis.exhibit.drawing")`, into a text buffer."""

    def print_svg(
        self, filename: io.StringIO, *, bbox_inches_restore: Any = None, metadata: Any = None, **_unused: Any
    ) -> None:
        """Draw the figure and write it as lean SVG."""
        raw, dpi = io.StringIO(), self.figure.dpi
        self.figure.dpi = _INCH
        width, height = self.figure.get_size_inches()
        writer = _Writer(width * _INCH, height * _INCH, raw, image_dpi=dpi, metadata=metadata)
        renderer = MixedModeRenderer(self.figure, width, height, dpi, writer, bbox_inches_restore=bbox_inches_restore)
        self.figure.draw(renderer)
        renderer.finalize()
        filename.write(lean_svg(raw.getvalue(), writer.lines))


class _Writer(RendererSVG):
    """Writes a placeholder for each plain line of DejaVu Sans and keeps in `lines` what belongs there."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.lines: list[str] = []

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        weight = None if ismath else _weight(prop)
        if weight is None:
            return super().get_text_width_height_descent(s, prop, ismath)
        return letters.extent(s, weight).at_size(prop.get_size_in_points())

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple[float, ...] | tuple[None, ...]:
        """Height, depth and gap of a font's lines: Matplotlib asks its own writer of PDF, else it reads the font anew
        for each text. One that doesn't ask gives the same picture, later.
        """
        weight = _weight(prop)
        if weight is None:
            return None, None, None
        *told, em = letters.height(weight)
        scale = 1 / em * prop.get_size_in_points() * _INCH / 72  # to the last digit as in Text._get_layout
        return tuple(value * scale for value in told)

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: FontProperties, angle: float, ismath: Any = False,
        mtext: Any = None,
    ) -> None:  # fmt: skip
        weight = _weight(prop)
        if ismath or angle or weight is None or not letters.plain(s) or _special(gc, mtext):
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        placed = letters.placed(s, weight)
        new = [letter for letter in dict.fromkeys(letter for letter, _ in placed) if letter not in self._glyph_map]
        self._glyph_map.update(dict.fromkeys(new))  # so that letters which Matplotlib writes itself are told once too
        self.writer.element(PLACEHOLDER, n=str(len(self.lines)))
        outlines = [(letter, letters.outline(letter)) for letter in new]
        self.lines.append(
            lean_line(placed, outlines, x, y, prop.get_size_in_points() / letters.EM, to_hex(gc.get_rgb()))
        )


def _weight(prop: FontProperties) -> str | None:
    """The weight of DejaVu Sans that is asked for; None if it is another font."""
    same = {prop.get_style(), prop.get_variant(), prop.get_stretch()} == {"normal"}
    return _WEIGHTS.get(prop.get_weight()) if same and prop.get_family() == [letters.FAMILY] else None


def _special(gc: Any, mtext: Any) -> bool:
    """Is the text clipped, a link, transparent, or shaped in a way of its own?"""
    clipped = gc.get_clip_rectangle() is not None or gc.get_clip_path()[0] is not None
    alpha = gc.get_alpha() if gc.get_forced_alpha() else gc.get_rgb()[3]
    shaped = any(getattr(mtext, ask, bool)() for ask in ("get_fontfeatures", "get_language"))
    return clipped or shaped or gc.get_url() is not None or alpha != 1
