"""Typst source of the parts of a Document: figures, tables, cards, pictures and formulas."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from analysis.exhibit.places import anchor, places
from analysis.reporting.page import pandoc
from analysis.reporting.page.blocks_typst import cards_typst, outcomes_typst
from analysis.reporting.page.html_parts import captioned, svg_size
from analysis.reporting.page.missing_glyphs import legible
from analysis.reporting.page.model import (
    AppendixStart,
    Blocks,
    CardsPart,
    Code,
    Document,
    FigurePart,
    OutcomesPart,
    Part,
    PlainText,
    TablePart,
    Text,
)
from analysis.reporting.page.pandoc import typst_block
from analysis.reporting.page.paper import Paper
from analysis.reporting.page.pictures import Picture
from analysis.reporting.page.typst_tables import set_block_table, set_table

_SMALL = 180.0  # height of a table or figure that may leave so much of a page blank, a quarter


def text(words: str) -> str:
    """Return a Typst string, in which markup has no effect."""
    shown = legible(words)
    if not shown.isprintable():
        shown = "".join(character for character in shown if character >= " " or character in "\n\t")
    return json.dumps(shown, ensure_ascii=False)


def changes_for_typst(document: Document, paper: Paper) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Return the changes for Typst: heading levels from one, tables, and alternative text for formulas and pictures."""
    return {
        "Header": lambda node: {"t": "Header", "c": [max(node["c"][0] - 1, 1), *node["c"][1:]]},
        "Math": _math,
        "Image": lambda node: _image(node, document.files, paper),
        "Table": lambda node: set_block_table(node, text, paper)[0],
        "Str": lambda node: {"t": "Str", "c": legible(node["c"])},
        "Code": lambda node: {"t": "Code", "c": [node["c"][0], legible(node["c"][1])]},
        "CodeBlock": lambda node: {"t": "CodeBlock", "c": [node["c"][0], legible(node["c"][1])]},
        "HorizontalRule": lambda node: typst_block("#horizontalrule"),
    }


def _math(node: dict[str, Any]) -> Blocks:
    opening = pandoc.raw_inline("typst", f"#[#set math.equation(alt: {text(spoken(node['c'][1]) or node['c'][1])});")
    return [opening, node, pandoc.raw_inline("typst", "]")]


def _image(node: dict[str, Any], files: dict[str, Picture], paper: Paper) -> dict[str, Any]:
    """Return a picture in its size on a screen, at most that of the page."""
    name = node["c"][2][0]
    if not (picture := files.get(name)):
        return node
    size = {side: _points(value, picture, paper) for side, value in node["c"][0][2]}
    ratio = picture.height / picture.width if picture.width else 1.0
    width = size.get("width") or (size["height"] / ratio if size.get("height") and ratio else picture.width * 0.75)
    height = size.get("height") or width * ratio
    scale = min(1.0, paper.width / width, paper.figure / height) if width and height else 1.0
    alt = pandoc.plain_words(node["c"][1]).strip() or "Picture without a description"
    sides = f"width: {width * scale:.1f}pt, height: {height * scale:.1f}pt"
    return pandoc.raw_inline("typst", f"#box(image({text(name)}, alt: {text(alt)}, {sides}))")


def _points(length: str, picture: Picture, paper: Paper) -> float:
    number = float(length.removesuffix("px").removesuffix("%"))
    return paper.width * number / 100 if length.endswith("%") else number * 0.75


def spoken(tex: str) -> str:
    """Return the alternative text of a formula: its TeX without layout commands."""
    for mark in ("\\left", "\\right", "\\,", "\\;", "\\quad", "\\qquad", "\\mathrm", "\\text", "\\displaystyle"):
        tex = tex.replace(mark, " ")
    words = " ".join(tex.replace("\\", "").replace("{", "(").replace("}", ")").split())
    return words.replace("( ", "(").replace(" )", ")")


def part_blocks(part: Part, files: dict[str, bytes], paper: Paper) -> Blocks:
    """Return the blocks of a part; pictures of figures are added to `files`."""
    match part:
        case Text(blocks):
            return [shown for block in blocks for shown in _turned(block, paper)]
        case FigurePart():
            return _figure(part, files, paper)
        case TablePart():
            return _table(part, paper)
        case CardsPart(cards, level):
            return cards_typst(cards, level, text)
        case OutcomesPart(table):
            return outcomes_typst(table, "outcomes", text)
        case Code() | AppendixStart():
            return []
        case PlainText(words, role):
            return [typst_block(f"#printed({text(words)}, {text(role)})")]
    raise TypeError(part)


def _figure(part: FigurePart, files: dict[str, bytes], paper: Paper) -> Blocks:
    name = part.anchor
    notes = [typst_block("], ["), *part.notes, typst_block("])")] if part.notes else [typst_block("], none)")]
    if part.rows:
        files[f"{name}.json"] = json.dumps(_printable(part.rows, part.grid.rows)).encode()
        drawn, function, size = f"json({text(f'{name}.json')})", "row-figure", f"{paper.width}pt, row-link"
    else:
        files[f"{name}.svg"] = part.svg.encode()
        own = svg_size(part.svg)
        width = paper.width_of(*own)
        high = not part.half and width * own[1] > _SMALL * own[0]
        drawn, function, size = text(f"{name}.svg"), "floating-figure" if high else "exhibit-figure", f"{width:.1f}pt"
    words = f"{text(str(part.number))}, {text(name)}, {text(part.title)}, {drawn}, {text(part.alt)}, {size}"
    return [typst_block(f"#{function}({words}, ["), *captioned(f"{part.label}.", part.caption), *notes]


def _printable(picture: Any, rows: frozenset[str]) -> Any:
    """Return the JSON of a row figure with legible texts, and the entry of data rows that each value leads to."""
    match picture:
        case {"places": str(where)}:
            named = [name for name in (anchor(*place) for place in places(where)) if name in rows]
            link = named[0] if named and any(map(str.isdigit, picture["value"])) else ""
            return {**{key: _printable(value, rows) for key, value in picture.items() if key != "places"}, "link": link}
        case dict():
            return {key: _printable(value, rows) for key, value in picture.items()}
        case list() | tuple():
            return [_printable(value, rows) for value in picture]
        case str():
            return legible(picture)
    return picture


def _table(part: TablePart, paper: Paper) -> Blocks:
    """Return a table on the current page, or on a separate page turned by 90 degrees if it needs the width."""
    table, layout = set_table(part.grid, text, paper, part.label)
    long = str(layout.height > _SMALL).lower()
    opening = f"#exhibit-table({text(str(part.number))}, {text(part.anchor)}, {long}, ["
    notes = [typst_block("], ["), *part.notes, typst_block("], ")] if part.notes else [typst_block("], none, ")]
    shown = [typst_block(opening), *captioned(f"{part.label}.", part.caption), *notes, typst_block(f"{table})")]
    return [typst_block("#landscape["), *shown, typst_block("]")] if layout.turned else shown


def _turned(block: dict[str, Any], paper: Paper) -> Blocks:
    """Return a block, on a page turned by 90 degrees if it is a table that needs the width."""
    if block["t"] != "Table" or not set_block_table(block, text, paper)[1].turned:
        return [block]
    return [typst_block("#landscape["), block, typst_block("]")]
