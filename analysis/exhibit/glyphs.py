"""Characters that can't be shown as they are: what would turn the reading direction, what no letter stands for."""

from __future__ import annotations

import re

from analysis.exhibit.typeface import has_glyph

# controls (but line ends, tabs and what begins a terminal's colour), marks and overrides of direction, half a pair
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f"
_DIRECTION = r"\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_HIDDEN = re.compile(rf"[{_CONTROLS}{_DIRECTION}\ufeff\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    """Return the text with characters that nobody sees but that act on others shown by their code: `⟨U+202E⟩`."""
    return _HIDDEN.sub(lambda found: _code(found[0]), text)


def drawable(text: str) -> str:
    """As `visible`, and characters that the fonts of figures and of the PDF lack are shown by their code too."""
    text = visible(text)
    if text.isascii():
        return text
    return "".join(c if c in "\n\t" or has_glyph(c) else _code(c) for c in text)


def _code(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"
