"""HTML of the parts of a Document: figures, tables, cards, printed text and pictures."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import quote

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from analysis.exhibit.palette import themed
from analysis.exhibit.places import anchor as row_anchor
from analysis.exhibit.places import places
from analysis.reporting.page import pandoc
from analysis.reporting.page.blocks_html import cards_html
from analysis.reporting.page.model import (
    NO_ROWS,
    AppendixStart,
    Blocks,
    CardsPart,
    Code,
    FigurePart,
    Grid,
    OutcomesPart,
    Part,
    PlainText,
    TablePart,
    Text,
)
from analysis.reporting.page.outcomes_html import outcomes_html
from analysis.reporting.page.padding import paddings
from analysis.reporting.page.pandoc import html_block
from analysis.reporting.page.pictures import Picture
from analysis.reporting.page.row_html import rows_html

_LONG = 8  # number of rows above which a table can be filtered and sorted
_TALL = 18  # number of rows from which a table scrolls below fixed headings
_QUOTED = re.compile(r"[^\w =:/'(),;.\-@!*+$?\[\]|~<>]", re.ASCII)


def part_html(part: Part) -> Blocks:
    match part:
        case Text(blocks):
            return blocks
        case FigurePart():
            return _figure(part)
        case TablePart():
            return _table(part)
        case CardsPart(cards, level):
            return cards_html(cards, level)
        case OutcomesPart(table, rows):
            return outcomes_html(table, "outcomes", _linker(rows))
        case AppendixStart():
            return []
        case Code(source):
            shown = _highlighted(source)
            return [
                html_block(
                    '<details class="code"><summary>Code</summary>'
                    f'<pre tabindex="0" role="region" aria-label="Code"><code>{shown}</code></pre></details>'
                )
            ]
        case PlainText(text, role):
            return [
                html_block(
                    f'<pre class="{role}" tabindex="0" role="region" aria-label="Printed {role}">'
                    f"<code>{escape(text)}</code></pre>"
                )
            ]
    raise TypeError(part)


@functools.lru_cache(maxsize=256)
def _highlighted(source: str) -> str:
    """Return code as highlighted HTML; cached, because reports of one notebook have the same cells."""
    return highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))


def captioned(label: str, caption: Blocks) -> Blocks:
    """Return the caption preceded by its number."""
    lead = [{"t": "Strong", "c": pandoc.string(label)}, {"t": "Space"}]
    if caption and caption[0]["t"] in ("Para", "Plain"):
        return [pandoc.paragraph([*lead, *caption[0]["c"]]), *caption[1:]]
    return [pandoc.paragraph(lead), *caption]


def _figure(part: FigurePart) -> Blocks:
    anchor = part.anchor
    heading = "h2" if part.half else "p"
    title = f'<{heading} class="finding" id="{anchor}-title">{escape(part.title)}</{heading}>' if part.title else ""
    if part.rows:
        card = rows_html(part.rows, _linker(part.grid.rows))
    elif part.narrow_svg:
        card = _inline(part.svg, part.alt, "broad-only") + _inline(part.narrow_svg, part.alt, "narrow-only")
    else:
        width, _ = svg_size(part.svg)
        # on a phone the figure scrolls rather than shrink below a readable size
        size = f"min-width:min({round(width * 4 / 3)}px, var(--least))" if width else ""
        image = _inline(part.svg, part.alt, "scaled", size)
        card = f'<div class="card" role="region" aria-label="{part.label}" tabindex="0">{image}</div>'
    data = _scroll(part.grid, f'aria-label="Data of {part.label.lower()}"', table_html(part.grid))
    notes = [html_block('<div class="notes">'), *part.notes, html_block("</div>")] if part.notes else []
    folded = bool(part.title)  # a titled figure has its finding, caption and data; what it leaves out is on demand
    return [
        html_block(f'<figure class="exhibit" id="{anchor}">{title}{card}<figcaption>'),
        *captioned(f"{part.label}.", part.caption),
        *([] if folded else notes),
        html_block(
            f'</figcaption>{_choices(part.choices)}<details class="data"><summary>Data behind this figure</summary>'
        ),
        *(notes if folded else []),
        html_block(f"<p>{_download(anchor, part.grid)}</p>{data}</details></figure>"),
    ]


def _choices(choices: dict[str, Any] | None) -> str:
    """Return what a reader may choose, as JSON that no browser runs; template/choose_rates.js builds the controls."""
    if not choices:
        return ""
    text = json.dumps(choices, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<div class="choices"><script type="application/json">{text}</script></div>'


def _inline(svg: str, alt: str, look: str, style: str = "") -> str:
    """Return an SVG as part of the page, in the colours of the page."""
    attributes = f'class="{look}" role="img" aria-label="{escape(alt)}"' + (f' style="{style}"' if style else "")
    return themed(svg.strip()).replace("<svg ", f"<svg {attributes} ", 1)


def _linker(rows: frozenset[str]) -> Callable[[str, str], str]:
    """Return the function that shows a value as a link to the rows of data/ that a text names, if the page has them."""

    def linked(words: str, where: str) -> str:
        names = [name for name in (row_anchor(*place) for place in places(where)) if name in rows]
        if not names or not any(character.isdigit() for character in words):
            return escape(words)
        more = f' data-rows="{" ".join(names)}"' if len(names) > 1 else ""
        return f'<a class="row" href="#{names[0]}"{more}>{escape(words)}</a>'

    return linked


def _table(part: TablePart) -> Blocks:
    anchor = part.anchor
    label = f'aria-labelledby="{anchor}-caption"'
    return [
        html_block(f'<figure class="exhibit" id="{anchor}"><figcaption id="{anchor}-caption">'),
        *captioned(f"{part.label}.", part.caption),
        html_block("</figcaption>" + _scroll(part.grid, label, table_html(part.grid, label))),
        html_block('<div class="notes">'),
        *part.notes,
        html_block(f'<p class="download">{_download(anchor, part.grid)}</p></div></figure>'),
    ]


def _download(anchor: str, grid: Grid) -> str:
    return f'<a download="{anchor}.csv" href="{_csv_uri(grid.csv)}">Download as CSV</a>'


def _csv_uri(text: str) -> str:
    """Return a table as a data address with minimal quoting, which is much shorter than base64."""
    return "data:text/csv;charset=utf-8," + _QUOTED.sub(lambda match: _quoted(match[0]), text)


@functools.cache
def _quoted(mark: str) -> str:
    return quote(mark, safe="")


def _scroll(grid: Grid, label: str, table: str) -> str:
    tall = " tall" if len(grid.cells) > _TALL else ""
    controls = '<p class="filter"></p>' if len(grid.cells) > _LONG else ""  # template/tables.js fills it
    return f'{controls}<div class="scroll{tall}" role="region" {label} tabindex="0">{table}</div>'


def table_html(grid: Grid, attributes: str = "") -> str:
    """Return a table with headings and scopes, the first column as row headings, and all cells as escaped text."""
    sides = ["" if align == "left" else "number" for align in grid.aligns]
    columns = list(zip(*grid.cells, strict=True)) if grid.cells else [()] * len(grid.labels)
    pads = [paddings(list(c)) if a == "decimal" else [""] * len(c) for c, a in zip(columns, grid.aligns, strict=True)]
    longest = [max((len(cell) for cell in column), default=0) for column in columns]
    heads = [
        " ".join(filter(None, (side, "wide" if long > 60 else "broad" if long > 25 else "")))
        for side, long in zip(sides, longest, strict=True)
    ]
    head = "".join(
        f'<th scope="col"{_class(side)}>{escape(label)}</th>' if label else f"<td{_class(side)}></td>"
        for label, side in zip(grid.labels, heads, strict=True)
    )
    rows = []
    for number, row in enumerate(grid.cells):
        cells = []
        for column, text in enumerate(row):
            pad = pads[column][number]
            style = f' style="--pad:{_width(pad):g}ch"' if pad else ""
            shown = "".join(_row_link(piece, name) for piece, name in grid.pieces(text))
            if column == 0 and grid.aligns[0] == "left" and text:
                cells.append(f'<th scope="row"{_class("" if heads[0] else "short")}>{shown}</th>')
            else:
                cells.append(f"<td{_class(sides[column])}{style}>{shown}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    if not rows:
        rows.append(f'<tr><td colspan="{len(grid.labels)}">{NO_ROWS}</td></tr>')
    opening = f"<table {attributes}>" if attributes else "<table>"
    return f"{opening}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _row_link(text: str, name: str) -> str:
    return f'<a class="row" href="#{name}">{escape(text)}</a>' if name else escape(text)


def _width(pad: str) -> float:
    """Return a width in digits: a point is about half as wide as a digit, a per cent sign 1.5 times."""
    return sum({".": 0.5, "%": 1.5}.get(character, 1.0) for character in pad)


def svg_size(svg: str) -> tuple[float, float]:
    """Return width and height of a Matplotlib SVG in points; zeros if it does not state them."""
    opening = re.search(r"<svg\b[^>]*>", svg)
    sizes = [re.search(rf'\b{side}="([\d.]+)pt"', opening[0]) for side in ("width", "height")] if opening else []
    return (float(sizes[0][1]), float(sizes[1][1])) if len(sizes) == 2 and all(sizes) else (0.0, 0.0)


def image_html(node: dict[str, Any], files: dict[str, Picture]) -> dict[str, Any]:
    if not (picture := files.get(node["c"][2][0])):
        return node
    kind = {"png": "png", "jpg": "jpeg", "svg": "svg+xml"}[picture.suffix]
    address = f"data:image/{kind};base64,{base64.b64encode(picture.data).decode()}"
    return {"t": "Image", "c": [*node["c"][:2], [address, ""]]}


def scrolling_table(node: dict[str, Any]) -> Blocks:
    return [
        html_block('<div class="scroll" role="region" aria-label="Table" tabindex="0">'),
        node,
        html_block("</div>"),
    ]
