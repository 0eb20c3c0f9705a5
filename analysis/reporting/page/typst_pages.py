"""Typst source of a Document: text converted by pandoc, figures and tables written here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from analysis.reporting.page import pandoc
from analysis.reporting.page.document import made_lines
from analysis.reporting.page.html import captioned, description, svg_size
from analysis.reporting.page.letters import legible
from analysis.reporting.page.model import (
    Blocks,
    Code,
    Document,
    FigurePart,
    Grid,
    Part,
    PlainText,
    TablePart,
    Text,
)
from analysis.reporting.page.paper import DEFAULT_PAPER, PAPERS, Paper
from analysis.reporting.page.pictures import Picture
from analysis.reporting.page.references import TEMPLATE, with_letters
from analysis.reporting.page.source_rows import Entry
from analysis.reporting.page.typst_tables import set_block_table, set_table

_SMALL = 170.0  # height of a table or figure that is not worth a page break
_IMPORT = '#import "report.typ": *\n'
_LETTERS_A_LINE, _LINE, _MARGIN = 90, 13.0, 40.0  # characters and height of a caption's line; free points


def typst_source(document: Document) -> tuple[str, dict[str, bytes]]:
    """Return the Typst source and the files that it includes.

    All but the first page is in separate files: Typst reuses the layout of a part in the next report of this process if
    the part is at the same position of the same file.
    """
    files = {name: picture.data for name, picture in document.files.items()}
    files["report.typ"] = (Path(TEMPLATE) / "report.typ").read_bytes()
    paper = PAPERS[document.made.get("paper", DEFAULT_PAPER)]
    references = _references(document)
    pieces = {"first-page": _first_page(document, paper, references), **dict(_pieces(document, files, paper))}
    pieces["rows"] = _rows(document)
    if references:
        pieces["references"] = [_raw("= References")]
        for name, words, entry in references:
            pieces["references"] += [_raw(f"#reference({text(name)}, {text(words)}, ["), *entry, _raw("])")]
    if document.warnings:
        pieces["not-shown"] = [_raw(f"#not-shown({', '.join(map(text, document.warnings))},)")]
    pieces["made"] = _made(made_lines(document), paper)
    changes = _for_typst(document, paper)
    pieces = {name: pandoc.walk(blocks, changes) for name, blocks in pieces.items()}
    written = pandoc.write_blocks(pieces, "typst-citations")
    if references:
        written["references"] = with_letters(written["references"], document.made.get("citations", {}), "typst")
    first_page = written.pop("first-page")
    files |= {f"{name}.typ": (_IMPORT + piece).encode() for name, piece in written.items()}
    return "".join([_IMPORT, first_page, *(f'#include "{name}.typ"\n' for name in written)]), files


def _pieces(document: Document, files: dict[str, bytes], paper: Paper) -> Iterator[tuple[str, Blocks]]:
    """Return the parts up to each figure or table, and what follows the last."""
    blocks: Blocks = []
    for number, part in enumerate(document.parts):
        blocks += _part(part, files, paper)
        if isinstance(part, (FigurePart, TablePart)):
            yield f"part-{number}", blocks
            blocks = []
    yield "last-part", blocks


def _first_page(document: Document, paper: Paper, references: list[tuple[str, str, Blocks]]) -> Blocks:
    """Return the metadata of the report, the targets of links, and the first page."""
    targets = [f"row-target({', '.join(map(text, _place(entry)))})" for entry in document.rows]
    targets += [f"reference-target({text(name)}, {text(words)})" for name, words, _ in references]
    blocks: Blocks = [
        _raw(
            f"#show: report.with(title: {text(document.title)}, description: {text(description(document))}, "
            f"synthetic: {str(document.synthetic).lower()}, paper: {text(paper.name)}, "
            f"targets: {{{'; '.join(targets)}}})"
        ),
        _raw(
            f"#opening(title: {text(document.title)}, subtitle: {text(document.subtitle)}, "
            f"question: {text(document.question)})"
        ),
    ]
    if document.findings:
        blocks.append(_raw("#findings("))
        for answer in document.findings:
            blocks += [_raw(f"finding({text(answer.question)}, ["), *answer.sentence]
            blocks.append(_raw("]),"))
        blocks.append(_raw(")"))
    if document.limits:
        blocks += [_raw("#limits["), {"t": "BulletList", "c": document.limits}, _raw("]")]
    return [*blocks, _raw("#disclaimer()"), _raw(f"#contents({_contents(document)})")]


def text(words: str) -> str:
    """Return a Typst string, in which markup has no effect."""
    shown = legible(words)
    if not shown.isprintable():
        shown = "".join(character for character in shown if character >= " " or character in "\n\t")
    return json.dumps(shown, ensure_ascii=False)


def _raw(source: str) -> dict[str, Any]:
    return pandoc.raw("typst", source)


def _for_typst(document: Document, paper: Paper) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Return the changes for Typst: heading levels from one, tables, and alternative text for formulas and pictures."""
    return {
        "Header": lambda node: {"t": "Header", "c": [max(node["c"][0] - 1, 1), *node["c"][1:]]},
        "Math": _math,
        "Image": lambda node: _image(node, document.files, paper),
        "Table": lambda node: _block_table(node, paper),
        "Str": lambda node: {"t": "Str", "c": legible(node["c"])},
        "Code": lambda node: {"t": "Code", "c": [node["c"][0], legible(node["c"][1])]},
        "CodeBlock": lambda node: {"t": "CodeBlock", "c": [node["c"][0], legible(node["c"][1])]},
        "HorizontalRule": lambda node: _raw("#horizontalrule"),
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


def _part(part: Part, files: dict[str, bytes], paper: Paper) -> Blocks:
    match part:
        case Text(blocks):
            return [shown for block in blocks for shown in _turned(block, paper)]
        case FigurePart():
            return _figure(part, files, paper)
        case TablePart():
            return _table(part, paper)
        case Code():
            return []
        case PlainText(words, role):
            return [_raw(f"#printed({text(words)}, {text(role)})")]
    raise TypeError(part)


def _figure(part: FigurePart, files: dict[str, bytes], paper: Paper) -> Blocks:
    name = f"fig-{part.name}"
    files[f"{name}.svg"] = part.svg.encode()
    width, height = svg_size(part.svg)
    shown = min(width or paper.width, paper.width, paper.figure * width / height if height else paper.width)
    floats = str(_floats(part, shown * height / width if width else paper.figure, paper)).lower()
    names = ", ".join(text(word) for word in (str(part.number), name, f"{name}.svg", part.alt))
    opening = f"#exhibit-figure({names}, {shown:.1f}pt, {floats}, ["
    closing = [_raw("], ["), *part.notes, _raw("])")] if part.notes else [_raw("], none)")]
    return [_raw(opening), *captioned(f"Figure {part.number}.", part.caption), *closing]


def _floats(part: FigurePart, height: float, paper: Paper) -> bool:
    """Return whether a figure floats to the top or bottom of a page, so that the text before it leaves no gap.

    Small figures do not float, nor figures that may be too high for one page with their text, since floats can't break.
    """
    words = pandoc.plain_words(part.caption), *map(pandoc.plain_words, part.notes)
    lines = sum(1 + len(paragraph) // _LETTERS_A_LINE for paragraph in words)
    return height > _SMALL and height + lines * _LINE < paper.height - _MARGIN


def _table(part: TablePart, paper: Paper) -> Blocks:
    def blocks(table: str, long: bool) -> Blocks:
        return [
            _raw(f"#exhibit-table({text(str(part.number))}, {text('tab-' + part.name)}, {str(long).lower()}, ["),
            *captioned(f"Table {part.number}.", part.caption),
            *([_raw("], ["), *part.notes, _raw(f"], {table})")] if part.notes else [_raw(f"], none, {table})")]),
        ]

    return _oriented(part.grid, paper, blocks)


def _oriented(grid: Grid, paper: Paper, blocks: Any) -> Blocks:
    """Return a table on the current page, or on a separate page turned by 90 degrees if it needs the width."""
    table, layout = set_table(grid, text, paper)
    shown = blocks(table, layout.height > _SMALL)
    return [_raw("#landscape["), *shown, _raw("]")] if layout.turned else shown


def _turned(block: dict[str, Any], paper: Paper) -> Blocks:
    """Return a block, on a page turned by 90 degrees if it is a table that needs the width."""
    if block["t"] != "Table" or not set_block_table(block, text, paper)[1].turned:
        return [block]
    return [_raw("#landscape["), block, _raw("]")]


def _block_table(node: dict[str, Any], paper: Paper) -> Blocks:
    return set_block_table(node, text, paper)[0]


def _contents(document: Document) -> str:
    """Return level and text of the lines of the contents, as placeholders until Typst knows the headings."""
    lines = [(max(heading.level - 1, 1), heading.text) for heading in document.contents]
    lines += [(1, "Rows behind the numbers")] * bool(document.rows) + [(1, "References")] * bool(document.references)
    lines += [(1, "Not shown")] * bool(document.warnings)
    return ", ".join(f"({level}, {text(words)})" for level, words in [*lines, (1, "How this was made")])


def _references(document: Document) -> list[tuple[str, str, Blocks]]:
    """Return anchor, label and entry of each work cited."""
    labels = document.made.get("citations", {})
    works = []
    for listed in document.references:
        for entry in listed["c"][1]:
            name, blocks = entry["c"][0][0], entry["c"][1]
            authors = pandoc.plain_words(blocks).partition(". ")[0]
            works.append((name, labels.get(name.removeprefix("ref-")) or authors, blocks))
    return works


def _rows(document: Document) -> Blocks:
    """Return the entries of the data rows, table by table."""
    if not document.rows:
        return []
    labels = document.made.get("citations", {})
    blocks = [_raw("#rows-behind()")]
    table = ""
    for entry in document.rows:
        if entry.table != table:
            table = entry.table
            blocks.append(_raw(f"#rows-of({text(table + '.csv')})"))
        whose = (entry.study, labels.get(entry.study, entry.study), entry.arm)
        words = (entry.says, entry.source_words, entry.url, entry.label)
        arguments = ", ".join(text(part) for part in (*_place(entry), *whose, *words))
        blocks.append(_raw(f"#row-entry({arguments})"))
    return blocks


def _place(entry: Entry) -> tuple[str, str, str]:
    return entry.anchor, f"{entry.table}.csv", str(entry.row)


def _made(lines: list[dict[str, Any]], paper: Paper) -> Blocks:
    items = []
    for line in lines:
        if "grid" in line:
            body = set_table(line["grid"], text, paper)[0]
        elif "code" in line:
            body = f"raw({text(line['code'])}, block: true)"
        else:
            body = text(line["text"])
        items.append(f"({text(line['label'])}, {body})")
    return [_raw("= How this was made"), _raw(f"#made({', '.join(items)},)")]
