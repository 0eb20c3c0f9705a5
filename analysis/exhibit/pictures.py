"""SVG as Matplotlib writes it, made leaner: the same picture to a hundredth of a point."""

from __future__ import annotations

import re

_DRAWING = re.compile(r'(?<=\s)(d|x|y|points)="([^"]*)"')
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_PLACE = re.compile(r"translate\([^)]*\)")
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)  # Matplotlib repeats each text in one
_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)  # says that it is a picture
_BETWEEN = re.compile(r">\s+<")
_COMMAND = re.compile(r"\s*([A-Za-z])\s*")
# a letter within its line of text, placed in hundredths of the type size
_LETTER = re.compile(r'<use xlink:href="(#[^"]+)"(?: transform="translate\((-?[\d.]+) 0\)")?\s*/>')
_ID = re.compile(r'\sid="([^"]*)"')
_STYLE = re.compile(r'style="([^"]*)"')
_TAG = re.compile(r"<(/?)g\b([^>]*)>")
# what Matplotlib calls each letter of its fonts, thousands of times in a picture
_LETTERS = (("DejaVuSans-Bold-", "b"), ("DejaVuSans-Oblique-", "i"), ("DejaVuSans-", "d"))


def lean_svg(svg: str) -> str:
    """Coordinates rounded; white space, names of letters, groups and ids that nothing refers to made short or left
    out. Scales stay exact."""
    svg = _METADATA.sub("", _COMMENT.sub("", svg))
    svg = _DRAWING.sub(lambda m: f'{m[1]}="{_compact(m[1], _LONG_NUMBER.sub(_rounded, m[2]))}"', svg)
    for long, short in _LETTERS:
        svg = svg.replace(f'"#{long}', f'"#{short}').replace(f'id="{long}', f'id="{short}')
    svg = _LETTER.sub(_letter, svg)
    svg = _PLACE.sub(lambda m: _LONG_NUMBER.sub(_rounded, m[0]), svg)
    svg = _STYLE.sub(lambda m: f'style="{m[1].replace(": ", ":").replace("; ", ";")}"', svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    svg = _ID.sub(lambda m: m[0] if m[1] in used else "", svg)
    return _BETWEEN.sub(">\n<", _without_bare_groups(svg))


def _rounded(match: re.Match[str]) -> str:
    return _short(float(match[0]), 2)


def _short(number: float, decimals: int) -> str:
    return f"{number:.{decimals}f}".rstrip("0").rstrip(".")


def _letter(match: re.Match[str]) -> str:
    place = f' x="{_short(float(match[2]), 1)}"' if match[2] else ""
    return f'<use xlink:href="{match[1]}"{place}/>'


def _without_bare_groups(svg: str) -> str:
    """The picture without the groups that say nothing: no style, no place, no id that is used."""
    bare: list[bool] = []

    def keep(tag: re.Match[str]) -> str:
        if tag[1]:
            return "" if bare.pop() else tag[0]
        if tag[2].endswith("/"):
            return tag[0]
        bare.append(not tag[2].strip())
        return "" if bare[-1] else tag[0]

    return _TAG.sub(keep, svg)


def _compact(attribute: str, text: str) -> str:
    text = " ".join(text.split())
    return _COMMAND.sub(r"\1", text) if attribute == "d" else text
