"""SVG as Matplotlib writes it, made leaner: the same picture to a hundredth of a point."""

from __future__ import annotations

import re

_DRAWING = re.compile(r'(?<=\s)(d|x|y|points)="([^"]*)"')
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_PLACE = re.compile(r"translate\([^)]*\)")
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)  # Matplotlib repeats each text in one
_BETWEEN = re.compile(r">\s+<")
_COMMAND = re.compile(r"\s*([A-Za-z])\s*")
# what Matplotlib calls each letter of its fonts, thousands of times in a picture
_LETTERS = (("DejaVuSans-Bold-", "b"), ("DejaVuSans-Oblique-", "i"), ("DejaVuSans-", "d"))


def lean_svg(svg: str) -> str:
    """Coordinates rounded, white space and the names of letters made short. Scales stay exact."""
    svg = _DRAWING.sub(lambda m: f'{m[1]}="{_compact(m[1], _LONG_NUMBER.sub(_rounded, m[2]))}"', svg)
    for long, short in _LETTERS:
        svg = svg.replace(f'"#{long}', f'"#{short}').replace(f'id="{long}', f'id="{short}')
    svg = _PLACE.sub(lambda m: _LONG_NUMBER.sub(_rounded, m[0]), svg)
    return _BETWEEN.sub(">\n<", _COMMENT.sub("", svg))


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _compact(attribute: str, text: str) -> str:
    text = " ".join(text.split())
    return _COMMAND.sub(r"\1", text) if attribute == "d" else text
