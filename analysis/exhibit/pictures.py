"""SVG as Matplotlib writes it, made leaner: the same picture to a hundredth of a point, letters to a twentieth."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence

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
PLACEHOLDER = "words"  # the element that stands where a line of text belongs
_PLACEHOLDER = re.compile(rf'<{PLACEHOLDER} n="(\d+)"/>')


def lean_svg(svg: str, lines: Sequence[str] = ()) -> str:
    """Coordinates rounded; white space, names of letters, groups and ids that nothing refers to made short or left
    out. Scales stay exact.

    lines: what belongs in the places of the placeholders, from `lean_line`.
    """
    svg = _METADATA.sub("", _COMMENT.sub("", svg))
    svg = _DRAWING.sub(lambda m: f'{m[1]}="{_compact(m[1], _LONG_NUMBER.sub(_rounded, m[2]))}"', svg)
    for long, short in _LETTERS:
        svg = svg.replace(f'"#{long}', f'"#{short}').replace(f'id="{long}', f'id="{short}')
    svg = _OUTLINE.sub(_outline, _LETTER.sub(_letter, svg))
    svg = _PLACE.sub(lambda m: _LONG_NUMBER.sub(_rounded, m[0]), svg)
    svg = _STYLE.sub(lambda m: f'style="{m[1].replace(": ", ":").replace("; ", ";")}"', svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    svg = _ID.sub(lambda m: m[0] if m[1] in used else "", svg)
    svg = _BETWEEN.sub(">\n<", _without_bare_groups(svg))
    return _PLACEHOLDER.sub(lambda m: lines[int(m[1])], svg)


def lean_line(
    placed: Sequence[tuple[str, float]],
    outlines: Sequence[tuple[str, str]],
    x: float,
    y: float,
    scale: float,
    color: str,
) -> str:
    """A line of text as `lean_svg` would leave it.

    placed: its letters with their places. outlines: of letters that were not in the picture before. x, y: where the
    line begins. scale: from the units of letters to points.
    """
    fill = "" if color == "#000000" else f' style="fill:{color}"'
    size = _decimals(scale)
    told = [f'<g{fill} transform="translate({_place(x)} {_place(y)}) scale({size} -{size})">']
    if outlines:
        told += ["<defs>", *(_definition(_short(letter), data) for letter, data in outlines), "</defs>"]
    told += [f'<use href="#{_short(letter)}"{_aside(at)}/>' for letter, at in placed]
    return "\n".join([*told, "</g>"])


def _aside(at: float) -> str:
    return f' x="{round(at)}"' if at else ""


def _definition(letter: str, data: str) -> str:
    if not data:  # a space
        return f'<path id="{letter}" transform="scale(0.015625)"/>'
    return f'<path id="{letter}" d="{data}" transform="scale(0.125)"/>'


@functools.cache
def _short(letter: str) -> str:
    """The short name of a letter."""
    for long, short in _LETTERS:
        if letter.startswith(long):
            return short + letter.removeprefix(long)
    return letter


def _decimals(value: float) -> str:
    """A number as Matplotlib writes it."""
    return f"{value:f}".rstrip("0").rstrip(".")


def _place(value: float) -> str:
    return _LONG_NUMBER.sub(_rounded, _decimals(value))


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _letter(match: re.Match[str]) -> str:
    return f'<use href="{match[1]}"{_aside(float(match[2] or 0))}/>'


def _outline(match: re.Match[str]) -> str:
    strokes = ((command, list(map(float, numbers.split()))) for command, numbers in _STROKE.findall(match[2]))
    return _definition(match[1], told(strokes))


def told(strokes: Iterable[tuple[str, Sequence[float]]]) -> str:
    """A letter's outline on a grid of an eighth of its own, each point told from the one before: half as long.

    strokes: M, L, Q or z with the numbers of its points.
    """
    at_x = at_y = start_x = start_y = 0
    data = []
    for command, numbers in strokes:
        if command == "z":
            at_x, at_y = start_x, start_y
            data.append("z")
            continue
        points = [round(number / 8) for number in numbers]
        steps = [value - (at_x, at_y)[place % 2] for place, value in enumerate(points)]
        at_x, at_y = points[-2:]
        if command == "M":
            start_x, start_y = at_x, at_y
        data.append(command.lower() + " ".join(map(str, steps)).replace(" -", "-"))
    return "".join(data)


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
