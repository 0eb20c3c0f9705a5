"""Replacement of characters that cannot be shown: controls, direction marks, characters that the fonts lack."""

from __future__ import annotations

import re

from analysis.exhibit.typeface import has_glyph

# control characters except line ends, tabs and ESC (terminal colours); direction marks and overrides; lone surrogates
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f"
_DIRECTION = r"\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_HIDDEN = re.compile(rf"[{_CONTROLS}{_DIRECTION}\ufeff\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    """Return the text with invisible control characters replaced by their code: `⟨U+202E⟩`."""
    return _HIDDEN.sub(lambda match: _code(match[0]), text)


def drawable(text: str) -> str:
    """Return the text as `visible` does, with characters that the fonts lack replaced by their code too."""
    text = visible(text)
    if text.isascii():
        return text
    return "".join(c if c in "\n\t" or has_glyph(c) else _code(c) for c in text)


def _code(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"
