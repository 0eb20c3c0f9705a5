"""Letters that the fonts of PDFs lack: from an installed font, or else written out in Latin letters."""

from __future__ import annotations

import functools
import re
import unicodedata
from itertools import groupby
from pathlib import Path

from analysis.exhibit import visible
from analysis.exhibit.typeface import code_points, has_glyph

_MARKS = frozenset("\u200b\u200c\u200d\ufe0e\ufe0f\n\t")  # no picture of their own


def legible(text: str) -> str:
    """Return the text as `visible` does, with letters that no font has written out: `[BaoGao]`, `[crescent moon]`."""
    text = visible(text)
    if text.isascii():
        return text
    return "".join(
        "".join(letters) if known else f"[{_latin(''.join(letters))}]" for known, letters in groupby(text, _has_font)
    )


@functools.lru_cache(maxsize=4096)
def _has_font(letter: str) -> bool:
    return letter.isascii() or letter in _MARKS or has_glyph(letter) or installed_font(letter) is not None


def _latin(letters: str) -> str:
    from anyascii import anyascii

    words = " ".join(re.sub(r"[:_]+", " ", anyascii(letters)).split())
    return words or ", ".join(unicodedata.name(letter, f"U+{ord(letter):04X}").lower() for letter in letters)


@functools.lru_cache(maxsize=4096)
def installed_font(letter: str) -> Path | None:
    """Return the first installed font, by name, that has a letter."""
    for path in _installed():
        try:
            if ord(letter) in code_points(path):
                return path
        except (OSError, RuntimeError):  # an unreadable font
            continue
    return None


@functools.cache
def _installed() -> list[Path]:
    from matplotlib.font_manager import findSystemFonts

    return sorted(map(Path, findSystemFonts()), key=lambda path: (path.name, str(path)))


def installed_fonts(text: str) -> frozenset[Path]:
    """Return the installed fonts that a text needs."""
    lacking = {letter for letter in set(text) if not letter.isascii() and not has_glyph(letter)} - _MARKS
    return frozenset(path for letter in lacking if (path := installed_font(letter)))
