"""Word file of a Document, written by pandoc with a reference document of this project."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from analysis.reporting import ReportError
from analysis.reporting.page import pandoc
from analysis.reporting.page.document import made_lines
from analysis.reporting.page.docx_package import finished
from analysis.reporting.page.docx_parts import WordParts, grid_table, styled
from analysis.reporting.page.docx_pictures import drawn_png
from analysis.reporting.page.docx_styles import reference_document
from analysis.reporting.page.main_and_appendix import (
    Extent,
    extents,
    figure_notes,
    file_name,
    links_across,
    parts_of,
    title_of,
    works_cited,
)
from analysis.reporting.page.model import Blocks, Document
from analysis.reporting.page.paper import DEFAULT_PAPER, PAPERS, Paper
from analysis.reporting.page.pdf import made_or_repaired

_SUBJECT = "Ketamine for complex regional pain syndrome (CRPS)"


def word_files(document: Document) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return report.docx, with an appendix also appendix.docx, and what they do not show.

    Raises ReportError if one can't be made.
    """
    return made_or_repaired(
        document, lambda shown: {file_name(extent, "docx"): _file(shown, extent) for extent in extents(shown)}
    )


def _file(document: Document, extent: Extent) -> bytes:
    paper = PAPERS[document.made.get("paper", DEFAULT_PAPER)]
    parts = WordParts(document, paper)
    body = [block for part in parts_of(document, extent) for block in parts.blocks(part)]
    blocks = [*_opening(document, extent), *body]
    if extent == "appendix" and (notes := figure_notes(document)):
        blocks = [_heading(1, "Notes to figures and tables"), *styled("Notes", notes), *blocks]
    works = works_cited(document, [blocks], extent)
    if extent != "main":
        blocks += _rows(document)
    if works:
        blocks.append(_heading(1, "References"))
        for name, _, entry in works:
            blocks += styled("Bibliography", entry, name)
    if document.warnings:
        blocks += [_heading(1, "Not shown"), {"t": "BulletList", "c": list(map(_plain, document.warnings))}]
    if extent != "main":
        blocks += _made(document, paper)
    other = file_name("main" if extent == "appendix" else "appendix", "docx")
    changes = links_across([blocks], document, extent, lambda anchor: f"{other}#{pandoc.bookmark(anchor)}")
    blocks = pandoc.walk(blocks, {**parts.changes(), **changes})
    kicker = " · ".join(filter(None, (_SUBJECT, document.kicker, "information, not clinical advice")))
    reference = reference_document(paper, document.running, document.synthetic)
    meta = {"title": pandoc.string(title_of(document, extent)), "subtitle": pandoc.string(kicker)}
    tree = pandoc.document_json(blocks, {name: {"t": "MetaInlines", "c": inlines} for name, inlines in meta.items()})
    return finished(_written(tree, reference, drawn_png(parts.drawings)), paper)


def _written(tree: str, reference: bytes, pictures: dict[str, bytes]) -> bytes:
    """Return pandoc's file. A process of its own, since pictures and reference document are files."""
    import pypandoc

    with tempfile.TemporaryDirectory(prefix="report-docx-") as folder:
        for name, content in {"reference.docx": reference, "text.json": tree.encode(), **pictures}.items():
            (Path(folder) / name).write_bytes(content)
        options = ["--from=json", "--to=docx", "--metadata=lang:en-GB", "--reference-doc=reference.docx"]
        ran = subprocess.run(
            [pypandoc.get_pandoc_path(), *options, "--output=report.docx", "text.json"],
            cwd=folder,
            env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"},  # 1980: a date of the file would be no information
            capture_output=True,
            check=False,
        )
        if ran.returncode:
            raise ReportError(f"pandoc: {' '.join(ran.stderr.decode(errors='replace').split())}")
        return (Path(folder) / "report.docx").read_bytes()


def _heading(level: int, words: str) -> dict[str, Any]:
    return {"t": "Header", "c": [level + 1, ["", [], []], pandoc.string(words)]}  # `changes` lowers all levels by one


def _plain(words: str) -> Blocks:
    return [pandoc.paragraph(pandoc.string(words))]


def _opening(document: Document, extent: Extent) -> Blocks:
    """Return subtitle, lead and findings."""
    if extent == "appendix":
        return []
    blocks = [*(_plain(document.subtitle) if document.subtitle else []), *styled("Lead", document.lead)]
    if document.findings:
        blocks.append(_heading(1, "What was found"))
    for answer in document.findings:
        blocks += [*styled("Question", _plain(answer.question)), *answer.sentence]
    return blocks


def _rows(document: Document) -> Blocks:
    """Return the entries of the data rows, table by table."""
    labels = document.made.get("citations", {})
    blocks: Blocks = [_heading(1, "Rows behind the numbers")] if document.rows else []
    table = ""
    for entry in document.rows:
        if entry.table != table:
            table = entry.table
            blocks.append(_heading(2, f"{table}.csv"))
        line = [pandoc.strong(f"{entry.row_id}."), {"t": "Space"}]
        if entry.study:
            line.append(pandoc.link(labels.get(entry.study, entry.study), f"#ref-{entry.study}"))
            line += pandoc.string(f", {entry.arm}. " if entry.arm else ". ")
        line += pandoc.string(f"{entry.says}. {entry.source_words}. ")
        line += [pandoc.link(entry.label, entry.url)] if entry.url else pandoc.string("No address is recorded.")
        blocks += styled("Notes", [pandoc.paragraph(line)], entry.anchor)
    return blocks


def _made(document: Document, paper: Paper) -> Blocks:
    blocks: Blocks = [_heading(1, "How this was made")]
    for line in made_lines(document):
        blocks += styled("Question", _plain(line["label"]))
        if "grid" in line:
            blocks.append(grid_table(line["grid"], paper))
        else:
            blocks += [pandoc.code_block(line["code"])] if "code" in line else _plain(line["text"])
    return blocks
