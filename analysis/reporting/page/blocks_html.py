"""HTML of cards: paragraphs, lists, facts, icon arrays and bars side by side."""

from __future__ import annotations

from html import escape
from typing import Any

from analysis.reporting.page.model import Blocks
from analysis.reporting.page.pandoc import html_block

_PER_ROW = 20
_PERSON = '<circle cx="8" cy="5" r="3"/><path d="M4.2 22.5v-8.2a3 3 0 0 1 3-3h1.6a3 3 0 0 1 3 3v8.2z"/>'


def cards_html(cards: list[dict[str, Any]], level: int) -> Blocks:
    """Return cards with headings of a level; their text is in pandoc's representation."""
    columns = {1: " one", 2: " two"}.get(len(cards), "")
    blocks: Blocks = [html_block(f'<div class="cards{columns}">')]
    for card in cards:
        blocks.append(html_block(f'<section class="sheet {card["look"]}">'))
        if card["heading"]:
            blocks.append(html_block(f'<h{level} class="s">{escape(card["heading"])}</h{level}>'))
        for block in card["blocks"]:
            blocks += _block(block)
        blocks.append(html_block("</section>"))
    return [*blocks, html_block("</div>")]


def _block(block: dict[str, Any]) -> Blocks:
    match block["kind"]:
        case "paragraph":
            return block["text"]
        case "bullets":
            return [{"t": "BulletList", "c": block["items"]}]
        case "facts":
            facts: Blocks = [html_block('<dl class="facts">')]
            for name, value in block["pairs"]:
                facts += [html_block(f"<div><dt>{escape(name)}</dt><dd>"), *value, html_block("</dd></div>")]
            return [*facts, html_block("</dl>")]
        case "icons":
            return [html_block(f'<div class="icons">{"".join(map(_icons, block["icons"]))}</div>')]
        case "bar":
            return [html_block(_bar(block))]
    raise TypeError(block["kind"])


def _bar(bar: dict[str, Any]) -> str:
    words = f"<p>{escape(bar['label'])}<span><b>{escape(bar['value'])}</b></span></p>" if bar["value"] else ""
    frame = "fill:none;stroke:var(--placebo)"
    inside = ""
    if bar["share"] is None:
        frame = "fill:url(#hatching);stroke:var(--placebo)"
    else:
        inside = f'<rect width="{100 * bar["share"]:.2f}%" height="12" y="2" style="fill:var(--{bar["tone"]})"/>'
    return (
        f'<div class="bar">{words}<svg width="100%" height="16" aria-hidden="true">'
        f'<rect width="100%" height="12" y="2" stroke-width="1.2" style="{frame}"/>{inside}</svg></div>'
    )


def _icons(icons: dict[str, Any]) -> str:
    words = f"{icons['lead']} {icons['words']}"
    drawn = _people(icons) if icons["shape"] == "person" else _dots(icons)
    rows = -(-icons["total"] // _PER_ROW)
    width, height = (320, 25 * rows) if icons["shape"] == "person" else (184, 9 * rows + 2)
    width = width if rows > 1 else round(width * icons["total"] / _PER_ROW)
    svg = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(words)}">{drawn}</svg>'
    look = f'class="{icons["shape"]}{"" if rows > 1 else " few"}"'
    return f"<div {look}>{svg}<p><b>{escape(icons['lead'])}</b> {escape(icons['words'])}</p></div>"


def _dots(icons: dict[str, Any]) -> str:
    """Return circles, filled from the top left, with a gap after ten."""
    color, filled = f"var(--{icons['tone']})", icons["filled"]
    circles = []
    for number in range(icons["total"]):
        row, column = divmod(number, _PER_ROW)
        x, y = 4.5 + 9 * column + (4 if column >= 10 else 0), 5.5 + 9 * row
        face = color if filled is not None and number < filled else "none"
        circles.append(f'<circle cx="{x:g}" cy="{y:g}" r="2.7" style="fill:{face}"/>')
    return f'<g stroke-width="1.1" style="stroke:{color}">{"".join(circles)}</g>'


def _people(icons: dict[str, Any]) -> str:
    """Return people, filled from the top left; grey with question marks where nobody knows."""
    people = []
    for number in range(icons["total"]):
        row, column = divmod(number, _PER_ROW)
        place = f'transform="translate({16 * column} {25 * row})"'
        if icons["filled"] is None:
            look, mark = "fill:var(--grid);stroke:var(--unknown)", '<text x="8" y="20.5">?</text>'
        else:
            tone = icons["tone"] if number < icons["filled"] else "unknown"
            face = f"var(--{tone})" if number < icons["filled"] else "var(--ground)"
            look, mark = f"fill:{face};stroke:var(--{tone})", ""
        people.append(f'<g {place} stroke-width="1.1"><g style="{look}">{_PERSON}</g>{mark}</g>')
    return "".join(people)
