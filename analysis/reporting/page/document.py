"""Conversion of an executed notebook to a Document: its parts in order, numbered, with resolved links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.exhibit import EXHIBIT_MIME, escape, visible
from analysis.reporting import ReportError, provenance
from analysis.reporting.page import source_rows
from analysis.reporting.page.cell_outputs import WIDGET_STATE, Drawn, Source, joined, output_forms
from analysis.reporting.page.exhibit_blocks import BLOCK_KINDS, filled, with_pieces
from analysis.reporting.page.html_source import cleaned
from analysis.reporting.page.model import (
    Answer,
    AppendixStart,
    Blocks,
    CardsPart,
    Code,
    Document,
    FigurePart,
    Grid,
    OutcomesPart,
    Part,
    PlainText,
    TablePart,
    Text,
)
from analysis.reporting.page.references import known_works, with_letters, with_references
from analysis.reporting.page.resolver import Resolver
from analysis.reporting.page.text_pieces import Piece, read_pieces

_APPENDIX_TAG = "appendix"  # of the Markdown cell that begins the appendix
METADATA = "ketamine_crps"  # key of the provenance in the metadata of a notebook
_RAW = ("csv", "image/png", "image/jpeg", "attachments")
_Factory = Callable[[dict[str, Blocks]], Part]


class _Collector:
    """Collects the parts of a report from the cells; the text of all parts is read later, in one call."""

    def __init__(self, entries: frozenset[str], widgets: dict[str, Any], hide_code: bool) -> None:
        self.entries, self.widgets, self.hide_code = entries, widgets, hide_code
        self.pieces: dict[str, Piece] = {}
        self.attachments: dict[str, dict[str, Any]] = {}  # of the pieces that are text of the notebook
        self.drawn: dict[str, Drawn] = {}
        self.factories: list[_Factory] = []
        self.numbers: dict[str, str] = {}
        self.summary: dict[str, Any] | None = None
        self.pending: list[str] = []
        self.counts = {"figure": 0, "table": 0}
        self.number = 0  # of the cell
        self.appendix_cell = 0  # that begins the appendix
        self.headed = False  # whether a section has begun
        self.warnings: list[str] = []
        self.legends: set[str] = {""}  # printed so far

    def piece(self, text: str, kind: str = "exhibit") -> str:
        name = f"piece-{len(self.pieces)}"
        self.pieces[name] = Piece(text, kind, self.number)
        return name

    def text(self, text: str, kind: str = "exhibit", attachments: dict[str, Any] | None = None) -> None:
        name = self.piece(text, kind)
        self.attachments[name] = attachments or {}
        self.factories.append(lambda read, cell=self.number: Text(read[name], cell))

    def picture(self, drawn: Drawn) -> None:
        name = self.piece("")
        self.drawn[name] = drawn
        self.factories.append(lambda read, cell=self.number: Text(read[name], cell))

    def printed(self, text: PlainText) -> None:
        part = replace(text, cell=self.number)
        self.factories.append(lambda read: part)

    def note(self, notes: Iterable[str]) -> None:
        self.warnings += [f"Cell {self.number}: {note}." for note in notes]

    def flush_code(self) -> None:
        if self.pending:
            code = Code("\n\n".join(self.pending))
            self.factories.append(lambda read: code)
            self.pending = []

    def cell(self, cell: dict[str, Any]) -> None:
        """Add a cell; its tags hide it or parts of it, as in nbconvert and Jupyter Book."""
        self.number += 1
        metadata, source = cell.get("metadata", {}), joined(cell["source"])
        tags = {str(tag).replace("_", "-") for tag in metadata.get("tags") or []}
        if "remove-cell" in tags:
            return
        if hidden := sorted(tags & {"hide-cell", "hide-output"}):
            self.note([f"hidden by its tag {hidden[0]}"])
        if "hide-cell" in tags:
            return
        if cell["cell_type"] == "markdown":
            self.flush_code()
            if _APPENDIX_TAG in tags and not self.appendix_cell:
                self.factories.append(lambda read: AppendixStart())
                self.appendix_cell = self.number
            self.headed = self.headed or any(line.startswith("## ") for line in source.splitlines())
            self.text(source, "cell", cell.get("attachments"))
        elif cell["cell_type"] == "raw":
            self.raw(source, str(metadata.get("raw_mimetype") or metadata.get("format") or "").lower())
        elif cell["cell_type"] == "code":
            no_code = self.hide_code or metadata.get("hide_input") or cell.get("transient", {}).get("remove_source")
            if source.strip() and not no_code and not tags & {"remove-input", "hide-input"}:
                self.pending.append(source.strip("\n"))
            if not tags & {"remove-output", "remove-outputs", "hide-output"}:
                for output in _merged(cell["outputs"]):
                    self.output(output)

    def raw(self, source: str, kind: str) -> None:
        """Add a raw cell if it is for HTML or for every format."""
        notes: list[str] = []
        if kind in ("", "text/html"):
            if html := cleaned(source, notes):
                self.flush_code()
                self.text(html, "html")
        elif kind == "text/markdown":
            self.flush_code()
            self.text(source, "markdown")
        else:
            notes.append(f"a raw cell of type {kind} is not shown")
        self.note(notes)

    def output(self, output: dict[str, Any]) -> None:
        data = output.get("data", {})
        if EXHIBIT_MIME in data:
            payload = data[EXHIBIT_MIME]
            if payload["kind"] == "summary" and self.summary is None:
                self.summary = payload
                return
            self.flush_code()
            self.exhibit(payload, joined(data.get("image/svg+xml", "")), data)
            return
        notes: list[str] = []
        try:
            forms = output_forms(output, self.widgets, notes)
        except Exception as error:  # one output that is stored wrongly must not end the report
            notes.append(f"an output is stored wrongly and is not shown ({type(error).__name__})")
            forms = [PlainText("[output not shown]")]
        for form in forms:
            self.flush_code()
            if isinstance(form, Source):
                self.text(form.text, form.kind)
            elif isinstance(form, Drawn):
                self.picture(form)
            else:
                self.printed(form)
        self.note(notes)

    def exhibit(self, payload: dict[str, Any], svg: str, data: dict[str, Any]) -> None:
        kind = payload["kind"]
        if kind in BLOCK_KINDS:
            self.blocks(payload)
            return
        if kind not in self.counts:  # computed text, or a second summary
            self.text(payload.get("markdown") or joined(data.get("text/markdown", "")))
            return
        if kind == "figure" and not payload["columns"]:  # nothing to draw: the sentence that says why
            self.text(escape(payload["alt"]))
            return
        self.counts[kind] += 1
        number, name = self.counts[kind], payload["name"]
        anchor = f"{'fig' if kind == 'figure' else 'tab'}-{name}"
        if anchor in self.numbers:
            raise ReportError(f"two {kind}s are named {name!r}; each needs a name of its own")
        self.numbers[anchor] = f"{kind.capitalize()} {number}"
        legend = payload.get("legend", "")
        words = payload["caption"] if legend in self.legends else f"{payload['caption']} {legend}"
        self.legends.add(legend)
        caption, notes = self.piece(words), self.piece(payload["notes"])
        grid, studies = Grid.of(payload, self.entries), tuple(payload["studies"])

        def make(read: dict[str, Blocks]) -> Part:
            same = {"number": number, "name": name, "grid": grid, "studies": studies}
            same |= {"caption": read[caption], "notes": read[notes]}
            if kind == "table":
                return TablePart(**same)
            return FigurePart(
                **same,
                svg=svg,
                alt=payload["alt"],
                title=payload["title"],
                narrow_svg=payload["narrow_svg"],
                rows=payload["row_picture"],
                choices=payload["choices"],
                half=payload["half"],
            )

        self.factories.append(make)

    def blocks(self, payload: dict[str, Any]) -> None:
        named, level, entries = with_pieces(payload, self.piece), 3 if self.headed else 2, self.entries
        if payload["kind"] == "cards":
            half = payload["half"]
            self.factories.append(lambda read: CardsPart(filled(named["cards"], read), level, half))
        else:
            self.factories.append(lambda read: OutcomesPart(filled(named, read), entries))


def read_document(notebook: dict[str, Any], folder: Path | None = None, hide_code: bool = False) -> Document:
    """Return the report in an executed notebook (as a dictionary, format 4).

    folder: where its pictures are. hide_code: whether the report omits the code.
    Raises ReportError for two exhibits with the same name.
    """
    made = _shown(notebook["metadata"].get(METADATA, {}))
    entries = source_rows.entries(notebook, made)
    widgets = ((notebook["metadata"].get("widgets") or {}).get(WIDGET_STATE) or {}).get("state", {})
    collector = _Collector(frozenset(e.anchor for e in entries), widgets, hide_code)
    for cell in _shown(notebook["cells"]):
        collector.cell(cell)
    collector.flush_code()
    collector.number = 0
    summary = collector.summary or {}
    findings = [(f["question"], collector.piece(f["sentence"])) for f in summary.get("findings", [])]
    lead = collector.piece(summary.get("lead", ""))

    works = known_works()
    read_pieces(list(collector.pieces.values()), works)
    document = Document(title=summary.get("title", ""), made=made, synthetic=bool(summary.get("synthetic")))
    document.rows, document.warnings = entries, collector.warnings
    document.subtitle = summary.get("subtitle", "")
    resolver = Resolver(document, works, collector.numbers, collector.entries, folder, collector.appendix_cell)
    for name in collector.attachments:
        resolver.survey(collector.pieces[name])
    blocks = {
        name: resolver.drawn(piece.cell, collector.drawn[name])
        if name in collector.drawn
        else resolver.resolve(piece, collector.attachments.get(name, {}))
        for name, piece in collector.pieces.items()
    }
    document.findings = [Answer(question, blocks[sentence]) for question, sentence in findings]
    document.lead, document.kicker = blocks[lead], summary.get("kicker", "")
    document.parts = [resolver.finish(factory(blocks)) for factory in collector.factories]
    document.parts = [part for part in document.parts if not (isinstance(part, Text) and not part.blocks)]
    document.title = document.title or resolver.title or made.get("notebook", "") or "Report"
    resolver.cited |= dict.fromkeys(entry.study for entry in entries if entry.study in works)
    references = with_references(resolver.unworded, list(resolver.cited))
    document.references = with_letters(references, made.get("citations", {}))
    document.warnings = sorted(dict.fromkeys(document.warnings), key=_cell_of)
    return document


def made_lines(document: Document) -> list[dict[str, Any]]:
    """Return the lines of the last section (provenance), tables as grids."""
    lines = provenance.lines(document.made)
    for line in lines:
        if rows := line.get("rows"):
            line["grid"] = Grid(tuple(rows[0]), ("left",) * len(rows[0]), tuple(map(tuple, rows[1:])))
    return lines


def _merged(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the outputs with printed texts that follow each other joined."""
    merged: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream" and merged and merged[-1].get("name") == output["name"]:
            merged[-1] = {**output, "text": joined(merged[-1]["text"]) + joined(output["text"])}
        else:
            merged.append(output)
    return merged


def _cell_of(warning: str) -> int:
    match = re.match(r"Cell (\d+):", warning)
    return int(match[1]) if match else 0


def _shown(node: Any) -> Any:
    """Return a copy with invisible control characters shown by their code; raw values and pictures are unchanged."""
    if isinstance(node, dict):
        return {key: value if key in _RAW else _shown(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_shown(value) for value in node]
    return visible(node) if isinstance(node, str) and not node.isprintable() else node
