"""Lines of DejaVu Sans, the letters of all figures: how wide a line is, where each letter stands, its outline.

Matplotlib shapes a line anew each time it measures or draws it. Here each letter is looked up once in the font, and how
much closer each pair of neighbours stands, and a line is put together from them. That gives the same to the last digit,
since this font moves a letter for its neighbour alone and never for a space. Words with joined letters (fi, fl) and
with letters that this font lacks are shaped whole.
"""

from __future__ import annotations

import functools
import re
import string
from itertools import pairwise
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, Kerning, LoadFlags
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
_JOINED = re.compile("f[fil]")
# what figures are written with: printable ASCII, dashes, minus, the signs of comparisons, steps and markers
_COMMON = " " + string.digits + string.ascii_letters + string.punctuation + "\u2013\u2212\u00b7±×≥≤→†●■◆▲▼"
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


def prepare() -> None:
    """Looks up the letters that most figures have, so that processes forked from this one know them already."""
    if SHAPES:
        for letter in _COMMON:
            for weight in ("normal", "bold"):
                _letter(letter, weight)


@functools.cache
def height(weight: str) -> tuple[int, int, int, int]:
    """The font's own height above the base line, depth and gap between lines, and the size these are counted in."""
    font = _font(weight)
    told = font.get_sfnt_table("OS/2")
    above, below, gap = (told[name] for name in ("sTypoAscender", "sTypoDescender", "sTypoLineGap"))
    return above, -below, gap, font.get_sfnt_table("head")["unitsPerEm"]


def _words(line: str) -> list[str]:
    """The words and the spaces between them."""
    return [part for part in re.split("( )", line) if part]


@functools.cache
def _word(word: str, weight: str) -> tuple[Extent, tuple[Placed, ...]]:
    """The room of a plain word or a space, and its letters."""
    letters = [letter for letter in (_letter(letter, weight) for letter in word) if letter]
    if len(letters) < len(word) or _JOINED.search(word):
        return _measured(word, weight), _shaped(word, weight)
    found, at = [], 0.0
    for letter, pair in zip(letters, pairwise(word + " "), strict=True):
        found.append((letter.name, at))
        at += _step(*pair, weight)
    return Extent(at, max(letter.above for letter in letters), max(letter.below for letter in letters)), tuple(found)


class _Letter(NamedTuple):
    """What Matplotlib calls it, its number in the font, its width in 64ths, its height and depth as of an Extent."""

    name: str
    number: int
    width: int
    above: float
    below: float


@functools.cache
def _letter(letter: str, weight: str) -> _Letter | None:
    """None if the font lacks it: Matplotlib takes it from another."""
    font = _font(weight)
    number = font.get_char_index(ord(letter))
    if not number:
        return None
    ((name, _),) = _shaped(letter, weight)
    glyph = font.load_glyph(number, flags=LoadFlags.NO_HINTING)
    _, lowest, _, highest = glyph.bbox
    return _Letter(name, number, glyph.horiAdvance, highest / _GRID, -lowest / _GRID)


@functools.cache
def _step(first: str, second: str, weight: str) -> float:
    """From the beginning of a letter to that of its neighbour."""
    left, right, font = _letter(first, weight), _letter(second, weight), _font(weight)
    apart, em = font.get_kerning(left.number, right.number, Kerning.UNSCALED), font.units_per_EM
    # in whole 64ths, halves upwards: so HarfBuzz rounds it, which shapes lines for Matplotlib
    return (left.width + (2 * apart * int(EM) * _GRID + em) // (2 * em)) / _GRID


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
    font = get_font(_file(weight))
    font.set_size(EM, 72)
    return font


@functools.cache
def _file(weight: str) -> str:
    return findfont(FontProperties(family=FAMILY, weight=weight))
