"""HTML of a row figure: a grid of label, track and value, whose tracks are SVG without text that shrinks.

Positions on the track are percentages, so the grid lines of all rows meet and a phone shows the same points. Label and
value are text; the SVG is hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from analysis.exhibit.row_picture import percent_of_axis
from analysis.judgement_wording import BIAS_MARKS, BIAS_WORDS

_TALL, _LOW = 40, 30  # height of a track in pixels, with and without words above its marks
_MIDDLE = 27  # position of the marks below words, in pixels from the top
HATCHING = (
    '<svg class="hatching" width="0" height="0" aria-hidden="true"><pattern id="hatching" width="7" height="7" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="1.2" height="7" '
    'style="fill:var(--unknown)"/></pattern></svg>'
)


def rows_html(picture: dict[str, Any], linked: Callable[[str, str], str]) -> str:
    """Return the grid of a row figure, from the JSON of a `RowPicture`.

    linked: returns the HTML of a value as a link to the rows of data/ that the second argument names.
    """
    axis = picture["axis"]
    unit = {"low": 0.0, "high": 1.0}
    key = "".join(
        f'<li><svg width="30" height="14" aria-hidden="true">'
        f"{''.join(_mark(mark, '50%', unit) for mark in entry['marks'])}</svg>{escape(entry['words'])}</li>"
        for entry in picture["key"]
    )
    parts = [f'<ul class="key">{key}</ul>' if key else ""]
    for row in picture["rows"]:
        parts.append(f'<p class="grp">{escape(row["heading"])}</p>' if "heading" in row else _row(row, axis, linked))
    return f'<div class="rowfig">{"".join(parts)}{_axis(axis)}</div>'


def _row(row: dict[str, Any], axis: dict[str, Any], linked: Callable[[str, str], str]) -> str:
    label = f"<b>{_marked(row['label'])}</b>" if row["strong"] else _marked(row["label"])
    detail = f"<small>{_marked(row['detail'])}</small>" if row["detail"] else ""
    value = linked(row["value"], row["places"])
    value = f"<b>{value}</b>" if row["known"] else f'<span class="nk">{value}</span>'
    more = f"<small>{escape(row['value_detail'])}</small>" if row["value_detail"] else ""
    height = _TALL if row["tall"] else _LOW
    return (
        f'<div class="row"><div class="l">{label}{detail}</div><div class="t" style="--h:{height}px">'
        f'<svg width="100%" aria-hidden="true">{_grid(axis)}{_marks(row, axis)}</svg></div>'
        f'<div class="v">{value}{more}</div></div>'
    )


def _marked(words: str) -> str:
    """Return text as HTML, each mark of risk of bias with its meaning as tooltip and for screen readers."""
    html = escape(words)
    for judgement, mark in BIAS_MARKS.items():
        said = BIAS_WORDS[judgement]
        html = html.replace(
            f"\u00a0{mark}", f'\u00a0<span class="rb" role="img" aria-label="{said}" title="{said}">{mark}</span>'
        )
    return html


def _x(value: float, axis: dict[str, Any]) -> float:
    return percent_of_axis(value, axis["low"], axis["high"])


def _grid(axis: dict[str, Any]) -> str:
    places = (_x(value, axis) for value, _ in axis["ticks"])
    return "".join(f'<line x1="{x:g}%" x2="{x:g}%" y1="0" y2="100%" class="g"/>' for x in places)


def _marks(row: dict[str, Any], axis: dict[str, Any]) -> str:
    middle = f"{_MIDDLE}" if row["tall"] else "50%"
    return "".join(_mark(mark, middle, axis) for mark in row["marks"])


def _mark(mark: dict[str, Any], y: str, axis: dict[str, Any]) -> str:
    color = f"var(--{mark['tone']})"
    match mark["kind"]:
        case "span":
            ends = f'x1="{_x(mark["low"], axis):g}%" x2="{_x(mark["high"], axis):g}%"'
            return f'<line {ends} y1="{y}" y2="{y}" stroke-width="2.5" style="stroke:{color}"/>'
        case "point":
            face = "var(--ground)" if mark["fill"] == "hollow" else color
            return (
                f'<circle cx="{_x(mark["at"], axis):g}%" cy="{y}" r="5.5" stroke-width="2" '
                f'style="fill:{face};stroke:{color}"/>'
            )
        case "stroke":
            return _box(_x(mark["at"], axis), "4", 18, y, f"fill:{color}", "-2")
        case "bar":
            low, high = _x(mark["low"], axis), _x(mark["high"], axis)
            return _box(low, f"{high - low:g}%", 12, y, _bar_look(mark["fill"], color))
        case "diamond":
            return _diamond(*(_x(mark[name], axis) for name in ("low", "at", "high")), y, color)
    place = f'y="{_MIDDLE - 14}"' if not mark["inside"] else f'y="{y}" dy=".35em"'
    x = _x(mark["at"], axis)
    return f'<text x="{x:g}%" {place} text-anchor="{mark["anchor"]}" style="fill:{color}">{escape(mark["text"])}</text>'


def _diamond(low: float, at: float, high: float, y: str, color: str) -> str:
    """Return a diamond; its corners can't be percentages, so a drawing of its own is stretched from end to end."""
    top = round(100 * (at - low) / (high - low), 2) if high > low else 50
    points = f"0,7 {top:g},0 100,7 {top:g},14"
    return (
        f'<g transform="translate(0 -7)"><svg x="{low:g}%" y="{y}" width="{high - low:g}%" height="14" '
        f'viewBox="0 0 100 14" preserveAspectRatio="none"><polygon points="{points}" style="fill:{color}"/></svg></g>'
    )


def _box(x: float, width: str, height: int, y: str, look: str, shift: str = "0") -> str:
    """Return a rectangle with its middle at `y`; percentages and pixels can't be added, so it is moved."""
    move = f"translate({shift} {-height / 2:g})"
    return f'<rect x="{x:g}%" width="{width}" y="{y}" height="{height}" transform="{move}" style="{look}"/>'


def _bar_look(fill: str, color: str) -> str:
    looks = {
        "band": "fill:var(--band)",
        "hatched": "fill:url(#hatching)",
        "hollow": f"fill:var(--ground);stroke:{color};stroke-width:1.6",
        "dashed": f"fill:var(--ground);stroke:{color};stroke-width:1.5;stroke-dasharray:3 3",
    }
    return looks.get(fill, f"fill:{color}")


def _axis(axis: dict[str, Any]) -> str:
    ticks = []
    for value, words in axis["ticks"]:
        x = _x(value, axis)
        ticks.append(f'<text x="{x:g}%" y="14" text-anchor="middle">{escape(words)}</text>')
    label = f"<small>{escape(axis['label'])}</small>" if axis["label"] else ""
    svg = f'<svg width="100%" height="20" aria-hidden="true">{"".join(ticks)}</svg>'
    return f'<div class="row ax"><div class="l"></div><div class="t">{svg}{label}</div><div class="v"></div></div>'
