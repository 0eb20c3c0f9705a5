"""Typst source of a Document, of its main part or of its appendix; text is converted by pandoc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.reporting.page import pandoc
from analysis.reporting.page.document import made_lines
from analysis.reporting.page.html import description
from analysis.reporting.page.main_and_appendix import (
    Extent,
    figure_notes,
    file_name,
    links_across,
    parts_of,
    title_of,
    works_cited,
)
from analysis.reporting.page.model import Blocks, Code, Document, NumberedPart, Part, is_half
from analysis.reporting.page.pandoc import typst_block
from analysis.reporting.page.paper import DEFAULT_PAPER, PAPERS, Paper
from analysis.reporting.page.references import TEMPLATE
from analysis.reporting.page.source_rows import Entry
from analysis.reporting.page.typst_parts import changes_for_typst, part_blocks, text
from analysis.reporting.page.typst_tables import set_table

_IMPORT = '#import "report.typ": *\n'
_MAIN_PART = (  # figures stay where they stand, and rows are elsewhere
    "#let floating-figure = exhibit-figure\n"
    '#let row-link(name, words) = link("appendix.pdf#nameddest=" + name, words)\n'
)


def typst_source(document: Document, extent: Extent = "whole") -> tuple[str, dict[str, bytes]]:
    """Return the Typst source of the report, its main part or its appendix, and the files that it includes.

    All but the first page is in separate files: Typst reuses the layout of a part in the next report of this process if
    the part is at the same position of the same file.
    """
    files = {name: picture.data for name, picture in document.files.items()}
    files["report.typ"] = (Path(TEMPLATE) / "report.typ").read_bytes()
    paper = PAPERS[document.made.get("paper", DEFAULT_PAPER)]
    # code is not printed, and would separate parts that stand side by side
    parts = [part for part in parts_of(document, extent) if not isinstance(part, Code)]
    pieces = dict(_pieces(parts, files, paper))
    if extent == "appendix" and (notes := figure_notes(document)):
        pieces = {"figure-notes": [typst_block("= Notes to figures and tables"), *notes], **pieces}
    references = works_cited(document, pieces.values(), extent)
    pieces = {"first-page": _first_page(document, paper, references, extent), **pieces}
    if extent != "main":
        pieces["rows"] = _rows(document)
    if extent == "main" and len(references) == 1:  # a page of one study prints its reference below the title
        references = []
    if references:
        pieces["references"] = [typst_block("= References"), typst_block("#columns(2, gutter: 14pt)[")]
        for name, words, entry in references:
            pieces["references"] += [
                typst_block(f"#reference({text(name)}, {text(words)}, ["),
                *entry,
                typst_block("])"),
            ]
        pieces["references"].append(typst_block("]"))
    if document.warnings:
        pieces["not-shown"] = [typst_block(f"#not-shown({', '.join(map(text, document.warnings))},)")]
    if extent != "main":
        pieces["made"] = _made(made_lines(document), paper)
    changes = changes_for_typst(document, paper)
    other = file_name("main" if extent == "appendix" else "appendix", "pdf")
    changes |= links_across(pieces.values(), document, extent, lambda anchor: f"{other}#nameddest={anchor}")
    pieces = {name: pandoc.walk(blocks, changes) for name, blocks in pieces.items()}
    written = pandoc.write_blocks(pieces, "typst-citations")
    first_page = written.pop("first-page")
    beginning = _IMPORT + _MAIN_PART if extent == "main" else _IMPORT
    files |= {f"{name}.typ": (beginning + piece).encode() for name, piece in written.items()}
    return "".join([_IMPORT, first_page, *(f'#include "{name}.typ"\n' for name in written)]), files


def _pieces(parts: list[Part], files: dict[str, bytes], paper: Paper) -> Iterator[tuple[str, Blocks]]:
    """Return the parts up to each figure or table, and what follows the last."""
    blocks: Blocks = []
    for number, part in enumerate(parts):
        if is_half(part):
            begins = number == 0 or not is_half(parts[number - 1])
            ends = number + 1 == len(parts) or not is_half(parts[number + 1])
            opening, closing = "#halves([" if begins else "", "])" if ends else "], ["
            blocks += [typst_block(opening), *part_blocks(part, files, paper), typst_block(closing)]
            continue
        blocks += part_blocks(part, files, paper)
        if isinstance(part, NumberedPart):
            yield f"part-{number}", blocks
            blocks = []
    yield "last-part", blocks


def _first_page(document: Document, paper: Paper, references: list[tuple[str, str, Blocks]], extent: Extent) -> Blocks:
    """Return the metadata of the report, the targets of links, and the first page."""
    title = title_of(document, extent)
    entries = [] if extent == "main" else document.rows
    targets = [f"row-target({', '.join(map(text, _place(entry)))})" for entry in entries]
    targets += [f"reference-target({text(name)}, {text(words)})" for name, words, _ in references]
    blocks: Blocks = [
        typst_block(
            f"#show: report.with(title: {text(title)}, running: {text(document.running)}, "
            f"description: {text(description(document))}, "
            f"synthetic: {str(document.synthetic).lower()}, paper: {text(paper.name)}, "
            f"targets: {{{'; '.join(targets)}}})"
        ),
        typst_block(
            f"#opening(title: {text(title)}, kicker: {text(document.kicker)}, subtitle: {text(document.subtitle)})"
        ),
    ]
    contents = typst_block(f"#contents({_contents(document, extent)})")
    if extent == "appendix":
        return [*blocks, contents]
    if document.lead:
        blocks += [typst_block("#lead["), *document.lead, typst_block("]")]
    if document.findings:
        blocks.append(typst_block("#findings("))
        for answer in document.findings:
            blocks += [typst_block(f"finding({text(answer.question)}, ["), *answer.sentence]
            blocks.append(typst_block("]),"))
        blocks.append(typst_block(")"))
    return blocks if extent == "main" else [*blocks, typst_block("#disclaimer()"), contents]


def _contents(document: Document, extent: Extent) -> str:
    """Return level and text of the lines of the contents, as placeholders until Typst knows the headings."""
    shown = document.contents if extent == "whole" else []
    lines = [(max(heading.level - 1, 1), heading.text) for heading in shown]
    lines += [(1, "Rows behind the numbers")] * bool(document.rows) + [(1, "References")] * bool(document.references)
    lines += [(1, "Not shown")] * bool(document.warnings)
    return ", ".join(f"({level}, {text(words)})" for level, words in [*lines, (1, "How this was made")])


def _rows(document: Document) -> Blocks:
    """Return the entries of the data rows, table by table."""
    if not document.rows:
        return []
    labels = document.made.get("citations", {})
    blocks = [typst_block("#rows-behind()")]
    table = ""
    for entry in document.rows:
        if entry.table != table:
            table = entry.table
            blocks.append(typst_block(f"#rows-of({text(table + '.csv')})"))
        whose = (entry.study, labels.get(entry.study, entry.study), entry.arm)
        words = (entry.says, entry.source_words, entry.url, entry.label)
        arguments = ", ".join(text(part) for part in (*_place(entry), *whose, *words))
        blocks.append(typst_block(f"#row-entry({arguments})"))
    return blocks


def _place(entry: Entry) -> tuple[str, str]:
    return entry.anchor, entry.row_id


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
    return [typst_block("= How this was made"), typst_block(f"#made({', '.join(items)},)")]
