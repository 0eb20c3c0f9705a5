"""HTML of a Document; template/index.html.j2 combines its parts."""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, Template
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from analysis.exhibit.webfont import font_faces
from analysis.reporting.page import pandoc
from analysis.reporting.page.document import made_lines
from analysis.reporting.page.model import (
    NO_ROWS,
    Blocks,
    Code,
    Document,
    FigurePart,
    Grid,
    Heading,
    Part,
    PlainText,
    TablePart,
    Text,
)
from analysis.reporting.page.padding import paddings
from analysis.reporting.page.pictures import Picture
from analysis.reporting.page.references import TEMPLATE, with_letters

_TALL = 18  # number of rows from which a table scrolls below fixed headings
_QUOTED = re.compile(r"[^\w =:/'(),;.\-@!*+$?\[\]|~<>]", re.ASCII)
_FONTS_GO_HERE = "/* fonts */"


def page(document: Document) -> str:
    """Return the complete page. Raises ReportError if it can't be made."""
    return with_fonts(_template(TEMPLATE).render(page=pieces(document)))


def with_fonts(page: str) -> str:
    """Return a page with the used subset of its font embedded at the marked place of its style sheet."""
    return page.replace(_FONTS_GO_HERE, font_faces(page), 1)


@functools.cache
def _template(folder: Path) -> Template:
    return Environment(loader=FileSystemLoader(folder)).get_template("index.html.j2")


def pieces(document: Document) -> dict[str, Any]:
    """Return all values of the template, as HTML or plain values."""
    texts: dict[str, Blocks] = {}
    for number, answer in enumerate(document.findings):
        opening = f'<dt>{escape(answer.question)}</dt><dd><div class="answer">'
        texts[f"finding-{number}"] = [_raw(opening), *answer.sentence, _raw("</div>"), _raw("</dd>")]
    for number, limit in enumerate(document.limits):
        texts[f"limit-{number}"] = [_raw("<li>"), *limit, _raw("</li>")]
    texts["body"] = [block for part in document.parts for block in _part(part)]
    texts["references"] = document.references
    changes = {"Image": lambda node: _image(node, document.files), "Table": _scrolling}
    texts = {name: pandoc.walk(blocks, changes) for name, blocks in texts.items()}
    split = pandoc.write_blocks(texts, "html5")
    split["references"] = with_letters(split["references"], document.made.get("citations", {}), "html")
    references, opening, notes = split["references"].strip().partition('<section id="footnotes"')
    notes = opening + notes
    script = _file("page.js")
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "question": document.question,
        "description": description(document),
        "synthetic": document.synthetic,
        "findings": [split[f"finding-{number}"] for number in range(len(document.findings))],
        "limits": [split[f"limit-{number}"] for number in range(len(document.limits))],
        "body": (split["body"] + notes).strip(),
        "references": references,
        "rows": _rows(document),
        "warnings": document.warnings,
        "made": [
            {**line, "table": table_html(line["grid"])} if "grid" in line else line for line in made_lines(document)
        ],
        "contents": _contents(document.contents),
        "style": _file("style.css"),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }


@functools.cache
def _file(name: str) -> str:
    return (Path(TEMPLATE) / name).read_text(encoding="utf-8")


def _raw(text: str) -> dict[str, Any]:
    return pandoc.raw("html", text)


def description(document: Document) -> str:
    """Return one sentence for search engines and file managers."""
    words = " ".join(pandoc.plain_words(answer.sentence) for answer in document.findings[:1])
    text = words or document.question or document.title
    return text if len(text) <= 300 else text[:297].rsplit(" ", 1)[0] + " …"


def _contents(headings: Iterable[Heading]) -> list[dict[str, Any]]:
    tree: list[dict[str, Any]] = []
    for heading in headings:
        entry = {"anchor": heading.anchor, "text": heading.text, "inside": []}
        if heading.level == 2 or not tree:
            tree.append(entry)
        else:
            tree[-1]["inside"].append(entry)
    return tree


def _image(node: dict[str, Any], files: dict[str, Picture]) -> dict[str, Any]:
    if not (picture := files.get(node["c"][2][0])):
        return node
    kind = {"png": "png", "jpg": "jpeg", "svg": "svg+xml"}[picture.suffix]
    return {"t": "Image", "c": [*node["c"][:2], [_uri(picture.data, f"image/{kind}"), ""]]}


def _scrolling(node: dict[str, Any]) -> Blocks:
    return [_raw('<div class="scroll" role="region" aria-label="Table" tabindex="0">'), node, _raw("</div>")]


def _uri(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _text_uri(text: str, kind: str) -> str:
    """Return a text as a data address with minimal quoting, which is much shorter than base64."""
    return f"data:{kind}," + _QUOTED.sub(lambda match: _quoted(match[0]), text)


@functools.cache
def _quoted(mark: str) -> str:
    return quote(mark, safe="")


def _part(part: Part) -> Blocks:
    match part:
        case Text(blocks):
            return blocks
        case FigurePart():
            return _figure(part)
        case TablePart():
            return _table(part)
        case Code(source):
            shown = _highlighted(source)
            return [
                _raw(
                    '<details class="code"><summary>Code</summary>'
                    f'<pre tabindex="0" role="region" aria-label="Code"><code>{shown}</code></pre></details>'
                )
            ]
        case PlainText(text, role):
            return [
                _raw(
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
    anchor = f"fig-{part.name}"
    width, _ = svg_size(part.svg)
    # on a phone the figure scrolls rather than shrink below a readable size
    size = f' style="min-width:min({round(width * 4 / 3)}px, var(--least))"' if width else ""
    image = part.svg.strip().replace("<svg ", f'<svg role="img" aria-label="{escape(part.alt)}"{size} ', 1)
    card = f'<div class="card" role="region" aria-label="Figure {part.number}" tabindex="0">{image}</div>'
    data = _scroll(part.grid, f'aria-label="Data of figure {part.number}"', table_html(part.grid))
    return [
        _raw(f'<figure class="exhibit" id="{anchor}">{card}<figcaption>'),
        *captioned(f"Figure {part.number}.", part.caption),
        _raw('<div class="notes">'),
        *part.notes,
        _raw(
            f'</div></figcaption><details class="data"><summary>Data behind this figure</summary>'
            f"<p>{_download(anchor, part.grid)}</p>{data}</details></figure>"
        ),
    ]


def _table(part: TablePart) -> Blocks:
    anchor = f"tab-{part.name}"
    label = f'aria-labelledby="{anchor}-caption"'
    return [
        _raw(f'<figure class="exhibit" id="{anchor}"><figcaption id="{anchor}-caption">'),
        *captioned(f"Table {part.number}.", part.caption),
        _raw("</figcaption>" + _scroll(part.grid, label, table_html(part.grid, label))),
        _raw('<div class="notes">'),
        *([pandoc.paragraph(pandoc.string(part.alt))] if part.alt else []),
        *part.notes,
        _raw(f'<p class="download">{_download(anchor, part.grid)}</p></div></figure>'),
    ]


def _download(anchor: str, grid: Grid) -> str:
    return f'<a download="{anchor}.csv" href="{_text_uri(grid.csv, "text/csv;charset=utf-8")}">Download as CSV</a>'


def _scroll(grid: Grid, label: str, table: str) -> str:
    tall = " tall" if len(grid.cells) > _TALL else ""
    return f'<div class="scroll{tall}" role="region" {label} tabindex="0">{table}</div>'


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
            shown = "".join(_row_link(piece, name) for piece, name in grid.pieces(column, text))
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


def _rows(document: Document) -> list[dict[str, Any]]:
    """Return the entries of the data rows, table by table."""
    labels = document.made.get("citations", {})
    return [
        {
            "table": table,
            "entries": [{"entry": entry, "study": labels.get(entry.study, entry.study)} for entry in group],
        }
        for table, group in itertools.groupby(document.rows, key=lambda entry: entry.table)
    ]


def _width(pad: str) -> float:
    """Return a width in digits: a point is about half as wide as a digit, a per cent sign 1.5 times."""
    return sum({".": 0.5, "%": 1.5}.get(character, 1.0) for character in pad)


def svg_size(svg: str) -> tuple[float, float]:
    """Return width and height of a Matplotlib SVG in points; zeros if it does not state them."""
    opening = re.search(r"<svg\b[^>]*>", svg)
    sizes = [re.search(rf'\b{side}="([\d.]+)pt"', opening[0]) for side in ("width", "height")] if opening else []
    return (float(sizes[0][1]), float(sizes[1][1])) if len(sizes) == 2 and all(sizes) else (0.0, 0.0)
