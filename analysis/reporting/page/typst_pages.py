"""Typst source of a Document, of its main part or of its appendix; text is converted by pandoc."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from analysis.reporting.page import pandoc
from analysis.reporting.page.document import made_lines
from analysis.reporting.page.html import description
from analysis.reporting.page.html_parts import captioned
from analysis.reporting.page.model import Blocks, Document, FigurePart, Part, TablePart
from analysis.reporting.page.paper import DEFAULT_PAPER, PAPERS, Paper
from analysis.reporting.page.references import TEMPLATE, with_letters
from analysis.reporting.page.source_rows import Entry
from analysis.reporting.page.typst_parts import changes_for_typst, part_blocks, text
from analysis.reporting.page.typst_parts import typst_block as _raw
from analysis.reporting.page.typst_tables import set_table

MAIN, APPENDIX = "report.pdf", "appendix.pdf"
Extent = Literal["whole", "main", "appendix"]
_IMPORT = '#import "report.typ": *\n'
_ROWS_ELSEWHERE = f'#let row-link(name, words) = link("{APPENDIX}#nameddest=" + name, words)\n'


def typst_source(document: Document, extent: Extent = "whole") -> tuple[str, dict[str, bytes]]:
    """Return the Typst source of the report, its main part or its appendix, and the files that it includes.

    All but the first page is in separate files: Typst reuses the layout of a part in the next report of this process if
    the part is at the same position of the same file.
    """
    files = {name: picture.data for name, picture in document.files.items()}
    files["report.typ"] = (Path(TEMPLATE) / "report.typ").read_bytes()
    paper = PAPERS[document.made.get("paper", DEFAULT_PAPER)]
    parts = {"whole": document.parts, "main": document.divided()[0], "appendix": document.divided()[1]}[extent]
    if extent == "main":
        parts = [replace(part, notes=[]) if isinstance(part, (FigurePart, TablePart)) else part for part in parts]
    pieces = dict(_pieces(parts, files, paper))
    if extent == "appendix":
        pieces = {"figure-notes": _figure_notes(document), **pieces}
    references = _references(document, None if extent == "whole" else _cited(document, parts, pieces, extent))
    pieces = {"first-page": _first_page(document, paper, references, extent), **pieces}
    if extent != "main":
        pieces["rows"] = _rows(document)
    if extent == "main" and len(references) == 1:  # a page of one study prints its reference below the title
        references = []
    if references:
        pieces["references"] = [_raw("= References"), _raw("#columns(2, gutter: 14pt)[")]
        for name, words, entry in references:
            pieces["references"] += [_raw(f"#reference({text(name)}, {text(words)}, ["), *entry, _raw("])")]
        pieces["references"].append(_raw("]"))
    if document.warnings:
        pieces["not-shown"] = [_raw(f"#not-shown({', '.join(map(text, document.warnings))},)")]
    if extent != "main":
        pieces["made"] = _made(made_lines(document), paper)
    changes = changes_for_typst(document, paper)
    if extent != "whole":
        changes["Link"] = _links_across(pieces, document, extent)
    pieces = {name: pandoc.walk(blocks, changes) for name, blocks in pieces.items()}
    written = pandoc.write_blocks(pieces, "typst-citations")
    if references:
        written["references"] = with_letters(written["references"], document.made.get("citations", {}), "typst")
    first_page = written.pop("first-page")
    beginning = _IMPORT + _ROWS_ELSEWHERE if extent == "main" else _IMPORT
    files |= {f"{name}.typ": (beginning + piece).encode() for name, piece in written.items()}
    return "".join([_IMPORT, first_page, *(f'#include "{name}.typ"\n' for name in written)]), files


def _figure_notes(document: Document) -> Blocks:
    """Return the notes of figures and tables of the main part: what is not shown and why, and their source studies."""
    shown = [part for part in document.divided()[0] if isinstance(part, (FigurePart, TablePart)) and part.notes]
    names = [f"{'Figure' if isinstance(part, FigurePart) else 'Table'} {part.number}." for part in shown]
    notes = [block for part, name in zip(shown, names, strict=True) for block in captioned(name, part.notes)]
    return [_raw("= Notes to figures and tables"), *notes] if notes else []


def _pieces(parts: list[Part], files: dict[str, bytes], paper: Paper) -> Iterator[tuple[str, Blocks]]:
    """Return the parts up to each figure or table, and what follows the last."""
    blocks: Blocks = []
    for number, part in enumerate(parts):
        blocks += part_blocks(part, files, paper)
        if isinstance(part, (FigurePart, TablePart)):
            yield f"part-{number}", blocks
            blocks = []
    yield "last-part", blocks


def _links_across(pieces: dict[str, Blocks], document: Document, extent: Extent) -> Callable[[dict[str, Any]], Any]:
    """Return the change that leads links to what is in the other file, main part or appendix, into that file."""
    here: set[str] = set()
    pandoc.walk(list(pieces.values()), {"Header": lambda node: here.add(node["c"][1][0]) or node})
    main, appendix = document.divided()
    for part in main if extent == "main" else appendix:
        if isinstance(part, (FigurePart, TablePart)):
            here.add(f"{'fig' if isinstance(part, FigurePart) else 'tab'}-{part.name}")
    if extent == "appendix":
        here |= {entry.anchor for entry in document.rows}
    other = APPENDIX if extent == "main" else MAIN

    def change(node: dict[str, Any]) -> dict[str, Any]:
        target = node["c"][2][0]
        if not target.startswith("#") or target.startswith("#ref-") or target[1:] in here:
            return node
        return {"t": "Link", "c": [*node["c"][:2], [f"{other}#nameddest={target[1:]}", ""]]}

    return change


def _first_page(document: Document, paper: Paper, references: list[tuple[str, str, Blocks]], extent: Extent) -> Blocks:
    """Return the metadata of the report, the targets of links, and the first page."""
    title = f"Appendix: {document.title}" if extent == "appendix" else document.title
    entries = [] if extent == "main" else document.rows
    targets = [f"row-target({', '.join(map(text, _place(entry)))})" for entry in entries]
    targets += [f"reference-target({text(name)}, {text(words)})" for name, words, _ in references]
    running = document.kicker.split(" · ")[0] or document.title
    blocks: Blocks = [
        _raw(
            f"#show: report.with(title: {text(title)}, running: {text(running)}, "
            f"description: {text(description(document))}, "
            f"synthetic: {str(document.synthetic).lower()}, paper: {text(paper.name)}, "
            f"targets: {{{'; '.join(targets)}}})"
        ),
        _raw(
            f"#opening(title: {text(title)}, kicker: {text(document.kicker)}, subtitle: {text(document.subtitle)}, "
            f"question: {text(document.question)})"
        ),
    ]
    contents = _raw(f"#contents({_contents(document, extent)})")
    if extent == "appendix":
        return [*blocks, contents]
    if document.lead:
        blocks += [_raw("#lead["), *document.lead, _raw("]")]
    if document.findings:
        blocks.append(_raw("#findings("))
        for answer in document.findings:
            blocks += [_raw(f"finding({text(answer.question)}, ["), *answer.sentence]
            blocks.append(_raw("]),"))
        blocks.append(_raw(")"))
    if document.limits:
        blocks += [_raw("#limits["), {"t": "BulletList", "c": document.limits}, _raw("]")]
    return blocks if extent == "main" else [*blocks, _raw("#disclaimer()"), contents]


def _contents(document: Document, extent: Extent) -> str:
    """Return level and text of the lines of the contents, as placeholders until Typst knows the headings."""
    shown = document.contents if extent == "whole" else []
    lines = [(max(heading.level - 1, 1), heading.text) for heading in shown]
    lines += [(1, "Rows behind the numbers")] * bool(document.rows) + [(1, "References")] * bool(document.references)
    lines += [(1, "Not shown")] * bool(document.warnings)
    return ", ".join(f"({level}, {text(words)})" for level, words in [*lines, (1, "How this was made")])


def _cited(document: Document, parts: list[Part], pieces: dict[str, Blocks], extent: Extent) -> set[str]:
    """Return the anchors of the works that the main part, or the appendix, cites."""
    cited = {f"ref-{study}" for part in parts if isinstance(part, FigurePart) for study in part.studies}
    if extent == "appendix":
        cited |= {f"ref-{entry.study}" for entry in document.rows}
    found: list[str] = []
    pandoc.walk(
        [document.lead, *pieces.values()],
        {
            "Link": lambda node: found.append(node["c"][2][0][1:]) or node,
            "Cite": lambda node: found.extend(f"ref-{one['citationId']}" for one in node["c"][0]) or node,
        },
    )
    return cited | set(found)


def _references(document: Document, cited: set[str] | None) -> list[tuple[str, str, Blocks]]:
    """Return anchor, label and entry of each work cited; all works if `cited` is None."""
    labels = document.made.get("citations", {})
    works = []
    for listed in document.references:
        for entry in listed["c"][1]:
            name, blocks = entry["c"][0][0], entry["c"][1]
            if cited is not None and name not in cited:
                continue
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
    return [_raw("= How this was made"), _raw(f"#made({', '.join(items)},)")]
