"""SVG as Matplotlib writes it, made leaner: the same picture to a hundredth of a point, letters to a twentieth."""

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
# a letter's outline as Matplotlib writes it: straight lines and quadratic curves on a grid of 64 to a unit
_OUTLINE = re.compile(r'<path id="([^"]+)" d="((?:[MLQ][-\d. ]+|z)+)" transform="scale\(0\.015625\)"\s*/>')
_STROKE = re.compile(r"([MLQz])([-\d. ]*)")
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
    svg = _OUTLINE.sub(_outline, _LETTER.sub(_letter, svg))
    svg = _PLACE.sub(lambda m: _LONG_NUMBER.sub(_rounded, m[0]), svg)
    svg = _STYLE.sub(lambda m: f'style="{m[1].replace(": ", ":").replace("; ", ";")}"', svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    svg = _ID.sub(lambda m: m[0] if m[1] in used else "", svg)
    return _BETWEEN.sub(">\n<", _without_bare_groups(svg))


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _letter(match: re.Match[str]) -> str:
    place = f' x="{round(float(match[2]))}"' if match[2] else ""
    return f'<use href="{match[1]}"{place}/>'


def _outline(match: re.Match[str]) -> str:
    """A letter's outline on a grid of an eighth of its own, each point told from the one before: half as long."""
    at_x = at_y = start_x = start_y = 0
    told = []
    for command, numbers in _STROKE.findall(match[2]):
        if command == "z":
            at_x, at_y = start_x, start_y
            told.append("z")
            continue
        points = [round(float(number) / 8) for number in numbers.split()]
        steps = [value - (at_x, at_y)[place % 2] for place, value in enumerate(points)]
        at_x, at_y = points[-2:]
        if command == "M":
            start_x, start_y = at_x, at_y
        told.append(command.lower() + " ".join(map(str, steps)).replace(" -", "-"))
    return f'<path id="{match[1]}" d="{"".join(told)}" transform="scale(0.125)"/>'


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
