"""Lines of DejaVu Sans, the letters of all figures: how wide a line is, where each letter stands, its outline.

Matplotlib shapes a line anew each time it measures or draws it. Here each word is shaped once: in this font nothing is
kerned, joined or replaced across a space, so that a line is its words, one after the other.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from analysis.exhibit.pictures import told

FAMILY = "DejaVu Sans"
EM = 100.0  # the type size at which everything here is measured, as Matplotlib does for outlines
_GRID = 64  # FreeType counts in 64ths
# Latin letters and signs: they run from left to right, and a word of signs is shaped alike in any company
_PLAIN = re.compile(r"[ -~\u00a0-\u024f\u2000-\u200a\u2010-\u2027\u2030-\u205e\u2070-\u23ff\u25a0-\u27bf]*")
_COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CLOSEPOLY: "z"}
_OUTLINES: dict[str, str] = {}  # of each letter met so far: they are the same in every figure


class Extent(NamedTuple):
    """Width, height above and depth below the base line at a type size of `EM`, in 64ths of a point."""

    width: int
    above: int
    below: int

    def at_size(self, size: float) -> tuple[float, float, float]:
        """Width, whole height and depth in points."""
        scale = size / EM
        whole = self.above + self.below
        return self.width / _GRID * scale, whole / _GRID * scale, self.below / _GRID * scale


def plain(line: str) -> bool:
    """Is the line made of its words, one after the other?"""
    return _PLAIN.fullmatch(line) is not None


def extent(line: str, weight: str = "normal") -> Extent:
    """How much room a line takes; `weight`: normal or bold."""
    if " " not in line or not plain(line):
        return _extent(line, weight)
    words = [_extent(word, weight) for word in line.split(" ") if word]
    space = _extent(" ", weight)
    return Extent(
        sum(word.width for word in words) + line.count(" ") * space.width,
        max(word.above for word in (*words, space)),
        max(word.below for word in (*words, space)),
    )


def placed(line: str, weight: str = "normal") -> list[tuple[str, float]]:
    """The letters of a plain line from left to right: what Matplotlib calls each, its place at a type size of `EM`."""
    space, wide = _letters(" ", weight)[0][0], _extent(" ", weight).width / _GRID
    found, at = [], 0.0
    for number, word in enumerate(line.split(" ")):
        if number:
            found.append((space, at))
            at += wide
        if word:
            found += [(letter, at + x) for letter, x in _letters(word, weight)]
            at += _extent(word, weight).width / _GRID
    return found


def outline(letter: str) -> str:
    """The outline of a letter that `placed` gave, as the data of a path; see `pictures.told`."""
    return _OUTLINES[letter]


def _font(weight: str) -> FT2Font:
    font = get_font(findfont(FontProperties(family=FAMILY, weight=weight)))
    font.set_size(EM, 72)
    return font


@functools.cache
def _extent(word: str, weight: str) -> Extent:
    font = _font(weight)
    font.set_text(word, 0.0, flags=LoadFlags.NO_HINTING)
    width, height = font.get_width_height()
    below = font.get_descent()
    return Extent(width, height - below, below)


@functools.cache
def _letters(word: str, weight: str) -> tuple[tuple[str, float], ...]:
    placed, new, _ = text_to_path.get_glyphs_with_font(_font(weight), word, _OUTLINES, return_new_glyphs_only=True)
    for letter, (vertices, codes) in new.items():
        strokes = Path(vertices * _GRID, codes).iter_segments(simplify=False)
        _OUTLINES[letter] = told((_COMMANDS[code], numbers.tolist()) for numbers, code in strokes)
    return tuple((letter, x) for letter, x, _, _ in placed)
