"""Lines of DejaVu Sans, the letters of all figures: how wide a line is, where each letter stands, its outline.

Matplotlib shapes a line anew each time it measures or draws it. Here each pair of neighbours is shaped once, and a line
is put together from them. That gives the same to the last digit, since this font moves a letter for its neighbour alone
and never for a space. Words with joined letters (fi, fl) are shaped whole.
"""

from __future__ import annotations

import functools
import re
from itertools import pairwise
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from analysis.exhibit.pictures import told

FAMILY = "DejaVu Sans"
EM = 100.0  # the type size at which Matplotlib shapes letters for outlines; places below are points at this size
SHAPES = mpl.__version_info__ >= (3, 11)  # before, Matplotlib rounded otherwise and joined no letters: lines stay whole
_GRID = 64  # FreeType counts in 64ths
# Latin letters and signs, from left to right; not the quotation marks, which are shaped by what stands before the other
_PLAIN = re.compile(
    r"[ -~\u00a0-\u00aa\u00ac\u00ae-\u00ba\u00bc-\u024f\u2000-\u200a\u2010-\u2017\u2020-\u2027\u2030-\u2038"
    r"\u203c-\u205e\u2070-\u20cf\u2100-\u23ff\u25a0-\u27bf]+"
)
_COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CLOSEPOLY: "z"}
_OUTLINES: dict[str, str] = {}  # of each letter met so far: they are the same in every figure

Placed = tuple[str, float]  # what Matplotlib calls a letter, and where it begins


class Extent(NamedTuple):
    """The width of a line, its height above the base line and its depth below."""

    width: float
    above: float
    below: float

    def at_size(self, size: float) -> tuple[float, float, float]:
        """Width, whole height and depth at a type size."""
        scale = size / EM
        return self.width * scale, (self.above + self.below) * scale, self.below * scale


def plain(line: str) -> bool:
    """Does the line have letters, put one after the other from left to right?"""
    return SHAPES and _PLAIN.fullmatch(line) is not None


def extent(line: str, weight: str = "normal") -> Extent:
    """How much room a line takes; `weight`: normal or bold."""
    if not plain(line):
        return _measured(line, weight)
    words = [_word(word, weight)[0] for word in _words(line)]
    width, above, below = zip(*words, strict=True)
    return Extent(sum(width), max(above), max(below))


def placed(line: str, weight: str = "normal") -> list[Placed]:
    """The letters of a plain line from left to right."""
    found, at = [], 0.0
    for word in _words(line):
        size, letters = _word(word, weight)
        found += [(letter, at + x) for letter, x in letters]
        at += size.width
    return found


def outline(letter: str) -> str:
    """The outline of a letter that `placed` gave, as the data of a path; see `pictures.told`."""
    return _OUTLINES[letter]


def _words(line: str) -> list[str]:
    """The words and the spaces between them."""
    return [part for part in re.split("( )", line) if part]


@functools.cache
def _word(word: str, weight: str) -> tuple[Extent, tuple[Placed, ...]]:
    """The room of a plain word or a space, and its letters."""
    letters, at = [], 0.0
    for pair in pairwise(word + " "):
        first, *others = _shaped("".join(pair), weight)
        if len(others) != 1:  # joined
            return _measured(word, weight), _shaped(word, weight)
        letters.append((first[0], at))
        at += others[0][1]
    _, above, below = zip(*(_measured(letter, weight) for letter in word), strict=True)
    return Extent(at, max(above), max(below)), tuple(letters)


@functools.cache
def _measured(text: str, weight: str) -> Extent:
    font = _font(weight)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    width, height = font.get_width_height()
    below = font.get_descent()
    return Extent(width / _GRID, (height - below) / _GRID, below / _GRID)


@functools.cache
def _shaped(text: str, weight: str) -> tuple[Placed, ...]:
    found, new, _ = text_to_path.get_glyphs_with_font(_font(weight), text, _OUTLINES, return_new_glyphs_only=True)
    for letter, (vertices, codes) in new.items():
        strokes = Path(vertices * _GRID, codes).iter_segments(simplify=False)
        _OUTLINES[letter] = told((_COMMANDS[code], numbers.tolist()) for numbers, code in strokes)
    return tuple((letter, x) for letter, x, _, _ in found)


def _font(weight: str) -> FT2Font:
    font = get_font(findfont(FontProperties(family=FAMILY, weight=weight)))
    font.set_size(EM, 72)
    return font
