"""The font of figures and pages: files, characters and the width of text.

The files are those in `fonts/` and those that ship with Matplotlib, so results are the same on every machine.
"""

from __future__ import annotations

import functools
from pathlib import Path

FAMILY = "Source Sans 3"
FALLBACK = "DejaVu Sans"  # ships with Matplotlib; for characters that FAMILY lacks
FOLDER = Path(__file__).with_name("fonts")
REGULAR, BOLD, ITALIC = (FOLDER / f"SourceSans3-{style}.ttf" for style in ("Regular", "Bold", "It"))
FONT_HEIGHT = 1.326  # of FAMILY from ascender to descender, in type sizes
_MEASURED = 100.0  # points


@functools.cache
def fallback_folder() -> Path:
    """Return the folder of the fonts that ship with Matplotlib."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@functools.cache
def register() -> None:
    """Register the font with Matplotlib; installed fonts of the same name are ignored."""
    from matplotlib.font_manager import fontManager

    shipped = str(fallback_folder())
    fontManager.ttflist = [
        entry
        for entry in fontManager.ttflist
        if entry.name not in (FAMILY, FALLBACK) or entry.fname.startswith(shipped)
    ]
    for path in (REGULAR, BOLD, ITALIC):
        fontManager.addfont(path)


@functools.cache
def code_points(path: Path) -> frozenset[int]:
    """Return the characters that a font file has."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(path)).get_charmap())


def fallback_file() -> Path:
    """Return the regular style of FALLBACK."""
    return fallback_folder() / "DejaVuSans.ttf"


def has_glyph(character: str) -> bool:
    """Return whether FAMILY or FALLBACK can show a character."""
    return any(ord(character) in code_points(path) for path in (REGULAR, fallback_file()))


def line_width(line: str, weight: str = "normal") -> float:
    """Return the width of one line in type sizes, without kerning (with kerning it is up to 3% narrower).

    It is the sum of the widths of the characters, because shaping each line takes 10% of the evidence report. `weight`
    is normal or bold.
    """
    return sum(_advance(character, weight) for character in line)


@functools.cache
def _advance(character: str, weight: str) -> float:
    return shaped_width(character, weight)


def shaped_width(line: str, weight: str = "normal") -> float:
    """Return the width of one line in type sizes as Matplotlib draws it, with kerning."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    register()
    font = FontProperties(family=[FAMILY, FALLBACK], weight=weight, size=_MEASURED)
    return text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] / _MEASURED
