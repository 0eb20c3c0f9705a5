"""HTML of the summary of findings: a table whose differences are drawn, which becomes blocks on a narrow screen."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from analysis.exhibit.row_picture import percent_of_axis
from analysis.reporting.page.model import Blocks
from analysis.reporting.page.pandoc import html_block

_Y = 18  # height of a drawn difference in pixels from the top of its cell


def outcomes_html(part: dict[str, Any], anchor: str, linked: Callable[[str, str], str]) -> Blocks:
    """Return the table, then its notes; `linked` returns a result as a link to its rows of data/."""
    heads = {
        "o": "Outcome",
        "p": f"With {part['control_name']}",
        "k": "With ketamine",
        "d": "Difference (95% CI)",
        "w": "",
        "n": "Patients (trials)",
        "c": "Certainty",
        "m": "What this means",
    }
    head = "".join(
        f'<th scope="col" role="columnheader" class="{name}">{escape(words) if words else _axis(part)}</th>'
        for name, words in heads.items()
    )
    rows = "".join(_row(row, part, linked) for row in part["outcomes"])
    table = (
        f'<table class="outcomes" role="table" id="{anchor}"><caption>{escape(part["caption"])}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{rows}</tbody></table>'
    )
    blocks: Blocks = [html_block(table), html_block('<div class="foot">')]
    for note in part["notes"]:
        blocks += note
    for letter, note in part["footnotes"]:
        blocks += [html_block(f'<div class="fn"><sup>{letter}</sup>'), *note, html_block("</div>")]
    return [*blocks, html_block("</div>")]


def _letter(letter: str) -> str:
    return f"<sup>{letter}</sup>" if letter else ""


def _cell(name: str, words: str, label: str = "", span: int = 1) -> str:
    attributes = (f' colspan="{span}"' if span > 1 else "") + (f' data-l="{escape(label)}"' if label else "")
    return f'<td role="cell" class="{name}"{attributes}>{words}</td>'


def _row(row: dict[str, Any], part: dict[str, Any], linked: Callable[[str, str], str]) -> str:
    control, ketamine, places = row["control"], row["ketamine"], row["places"]
    if control == ketamine:
        groups = _cell("pk", escape(control), f"{part['control_name'].capitalize()}, ketamine", span=2)
    else:
        groups = _cell("p", linked(control, places), f"With {part['control_name']}")
        groups += _cell("k", linked(ketamine, places), "With ketamine")
    found = f"<b>{linked(row['difference'], places)}</b>" if row["interval"] else escape(row["difference"])
    interval = f"<small>{escape(row['interval'])}</small>" if row["interval"] else ""
    difference = f"{found}{'' if interval else _letter(row['difference_letter'])}"
    if interval:
        difference += interval.replace("</small>", f"{_letter(row['difference_letter'])}</small>")
    detail = f"<small>{escape(row['detail'])}</small>" if row["detail"] else ""
    head = f"{escape(row['outcome'])}{_letter(row['outcome_letter'])}{detail}"
    drawn = _cell("w" if row["drawn"] else "w e", _drawn(row, part) if row["in_points"] else "")
    return (
        f'<tr role="row"><th scope="row" role="rowheader" class="o">{head}</th>{groups}'
        f"{_cell('d', difference, 'Difference (95% CI)')}{drawn}"
        f"{_cell('n', escape(row['patients']) + _letter(row['patients_letter']), 'Patients (trials)')}"
        f"{_cell('c', _certainty(row))}{_cell('m', escape(row['meaning']))}</tr>"
    )


def _certainty(row: dict[str, Any]) -> str:
    if not row["certainty"]:
        return f'<span class="prov">{escape(row["certainty_remark"])}</span>'
    circles = "".join(
        f'<circle cx="{6 + 12 * n}" cy="6" r="4.6" fill="{"currentColor" if n < row["certainty"] else "none"}"/>'
        for n in range(4)
    )
    svg = f'<svg viewBox="0 0 48 12" width="48" height="12" stroke="currentColor" aria-hidden="true">{circles}</svg>'
    remark = f'<span class="prov">{escape(row["certainty_remark"])}</span>'
    return f'<span class="cert">{svg}{row["certainty_word"]}</span>{remark}'


def _x(value: float, part: dict[str, Any]) -> str:
    return f"{percent_of_axis(value, *part['axis']):g}%"


def _lines(part: dict[str, Any]) -> str:
    zero, yard = _x(0, part), _x(part["yardstick"]["at"], part)
    return (
        f'<line x1="{zero}" x2="{zero}" y1="0" y2="100%" style="stroke:var(--ink)"/>'
        f'<line x1="{yard}" x2="{yard}" y1="0" y2="100%" stroke-width="1.6" stroke-dasharray="4 3" '
        'style="stroke:var(--threshold)"/>'
    )


def _ticks(part: dict[str, Any], y: int) -> str:
    yard = part["yardstick"]["at"]
    return "".join(
        f'<text x="{_x(value, part)}" y="{y}" text-anchor="middle"{_tone(value == yard)}>{tick_words(value)}</text>'
        for value in part["ticks"]
    )


def tick_words(value: float) -> str:
    """Return a tick with a true minus sign."""
    return f"{value:g}".replace("-", "\u2212")


def _tone(yardstick: bool) -> str:
    return ' style="fill:var(--threshold)"' if yardstick else ""


def _axis(part: dict[str, Any]) -> str:
    x = _x(part["yardstick"]["at"], part)
    first = part["yardstick"]["words"].partition(", ")[0]
    words = f'<text x="{x}" y="11" text-anchor="middle"{_tone(True)}>{escape(first)}</text>{_of_whom(part, 26)}'
    svg = f'<svg width="100%" height="48" aria-hidden="true">{words}{_ticks(part, 44)}</svg>'
    return f'{svg}<span class="hidden">Difference, drawn</span>'


def _of_whom(part: dict[str, Any], y: int) -> str:
    """Return the second half of the words at the yardstick, with the letter of its note."""
    yardstick = part["yardstick"]
    letter = f'<tspan dy="-4" font-size=".8em">{yardstick["letter"]}</tspan>' if yardstick["letter"] else ""
    words = escape(yardstick["words"].partition(", ")[2])
    return f'<text x="{_x(yardstick["at"], part)}" y="{y}" text-anchor="middle"{_tone(True)}>{words}{letter}</text>'


def _drawn(row: dict[str, Any], part: dict[str, Any]) -> str:
    if not row["drawn"]:
        return f'<svg class="wh" width="100%" aria-hidden="true">{_lines(part)}</svg>'
    low, at, high = (_x(value, part) for value in row["drawn"])
    whisker = (
        f'<line x1="{low}" x2="{high}" y1="{_Y}" y2="{_Y}" stroke-width="2.5" style="stroke:var(--ketamine)"/>'
        f'<circle cx="{at}" cy="{_Y}" r="5" style="fill:var(--ketamine)"/>'
    )
    narrow = f'<g class="sax">{_ticks(part, 48)}{_of_whom(part, 63)}</g>'
    label = escape(f"{row['difference']} {row['interval']}")
    return f'<svg class="wh" width="100%" role="img" aria-label="{label}">{_lines(part)}{whisker}{narrow}</svg>'
