"""Conversion of an executed notebook to a Document: its parts in order, numbered, with resolved links."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from analysis.exhibit import EXHIBIT_MIME, escape, visible
from analysis.reporting import ReportError, provenance
from analysis.reporting.page import pandoc, source_rows
from analysis.reporting.page.cell_outputs import joined, plain_parts
from analysis.reporting.page.model import (
    Answer,
    AppendixStart,
    Blocks,
    CardsPart,
    Code,
    Document,
    FigurePart,
    Grid,
    Heading,
    OutcomesPart,
    Part,
    TablePart,
    Text,
)
from analysis.reporting.page.references import with_references

APPENDIX = "appendix"  # tag of the Markdown cell that begins the appendix
METADATA = "ketamine_crps"  # key of the provenance in the metadata of a notebook
_RAW = ("csv", "image/png", "image/jpeg", "attachments")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_Factory = Callable[[dict[str, Blocks]], Part]


class _Collector:
    """Collects the parts of a report from the cells; the Markdown of all parts is read later, in one call."""

    def __init__(self, entries: frozenset[str]) -> None:
        self.entries = entries
        self.pieces: dict[str, str] = {}
        self.attachments: dict[str, dict[str, Any]] = {}
        self.factories: list[_Factory] = []
        self.numbers: dict[str, str] = {}
        self.summary: dict[str, Any] | None = None
        self.pending: list[str] = []
        self.counts = {"figure": 0, "table": 0}
        self.appendix_from: int | None = None  # the first piece of the appendix
        self.headed = False  # whether a section has begun

    def piece(self, markdown: str) -> str:
        name = f"piece-{len(self.pieces)}"
        self.pieces[name] = markdown
        return name

    def text(self, markdown: str, attachments: dict[str, Any] | None = None) -> None:
        name = self.piece(markdown)
        self.attachments[name] = attachments or {}
        self.factories.append(lambda read: Text(read[name]))

    def flush_code(self) -> None:
        if self.pending:
            code = Code("\n\n".join(self.pending))
            self.factories.append(lambda read: code)
            self.pending = []

    def cell(self, cell: dict[str, Any]) -> None:
        source = joined(cell["source"])
        if cell["cell_type"] == "markdown":
            self.flush_code()
            if APPENDIX in cell["metadata"].get("tags", []):
                self.factories.append(lambda read: AppendixStart())
                self.appendix_from = len(self.pieces)
            self.headed = self.headed or any(line.startswith("## ") for line in source.splitlines())
            self.text(_COMMENT.sub("", source), cell.get("attachments"))
        elif cell["cell_type"] == "code":
            if source.strip():
                self.pending.append(source.strip("\n"))
            for output in cell["outputs"]:
                self.output(output)

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
        markdown = joined(data.get("text/markdown") or data.get("text/latex") or "")
        parts = [] if markdown else plain_parts(output)
        if markdown or parts:
            self.flush_code()
        if markdown:
            self.text(markdown)
        for part in parts:
            self.factories.append(lambda read, part=part: part)

    def exhibit(self, payload: dict[str, Any], svg: str, data: dict[str, Any]) -> None:
        kind = payload["kind"]
        if kind in ("cards", "outcomes"):
            parsed, level = self.parsed(payload), 3 if self.headed else 2
            entries = self.entries
            if kind == "cards":
                self.factories.append(lambda read: CardsPart(_filled(parsed["cards"], read), level))
            else:
                self.factories.append(lambda read: OutcomesPart(_filled(parsed, read), entries))
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
        caption, notes = self.piece(payload["caption"]), self.piece(payload["notes"])
        grid, alt, studies = Grid.of(payload, self.entries), payload["alt"], payload["studies"]

        def make(read: dict[str, Blocks]) -> Part:
            below = read[notes] + ([{"t": "Sources", "c": studies}] if studies else [])
            if kind == "figure":
                title, rows, choices = payload["title"], payload["row_picture"], payload["choices"]
                narrow, shown = payload["narrow_svg"], tuple(studies)
                return FigurePart(
                    number, name, svg, alt, read[caption], below, grid, shown, title, narrow, rows, choices
                )
            return TablePart(number, name, alt, read[caption], below, grid)

        self.factories.append(make)

    def parsed(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON of cards or outcomes with the names of pieces in the place of Markdown."""
        if payload["kind"] == "outcomes":
            notes = [_Piece(self.piece(note)) for note in payload["notes"]]
            footnotes = [[letter, _Piece(self.piece(note))] for letter, note in payload["footnotes"]]
            return {**payload, "notes": notes, "footnotes": footnotes}

        def block(content: dict[str, Any]) -> dict[str, Any]:
            match content["kind"]:
                case "paragraph":
                    return {**content, "text": _Piece(self.piece(content["markdown"]))}
                case "bullets":
                    return {**content, "items": [_Piece(self.piece(item)) for item in content["items"]]}
                case "facts":
                    pairs = [[name, _Piece(self.piece(value))] for name, value in content["pairs"]]
                    return {**content, "pairs": pairs}
            return content

        return {"cards": [{**card, "blocks": list(map(block, card["blocks"]))} for card in payload["cards"]]}


class _Piece(str):
    """The name of a piece of Markdown."""


def _filled(node: Any, read: dict[str, Blocks]) -> Any:
    """Return JSON with the parsed text in the place of the names of pieces."""
    if isinstance(node, _Piece):
        return read[node]
    if isinstance(node, dict):
        return {key: _filled(value, read) for key, value in node.items()}
    return [_filled(value, read) for value in node] if isinstance(node, list) else node


def read_document(notebook: dict[str, Any]) -> Document:
    """Return the report in an executed notebook (as a dictionary, format 4).

    Raises ReportError for a citation that is in no bibliography, and for two exhibits with the same name.
    """
    made = _shown(notebook["metadata"].get(METADATA, {}))
    entries = source_rows.entries(notebook, made)
    collector = _Collector(frozenset(entry.anchor for entry in entries))
    for cell in _shown(notebook["cells"]):
        collector.cell(cell)
    collector.flush_code()
    summary = collector.summary or {}
    findings = [(f["question"], collector.piece(f["sentence"])) for f in summary.get("findings", [])]
    limits = [collector.piece(limit) for limit in summary.get("limits", [])]
    question = collector.piece(escape(summary.get("question", "")))
    lead = collector.piece(summary.get("lead", ""))

    blocks, version = pandoc.read_markdown(collector.pieces)
    document = Document(title=summary.get("title", ""), made=made, synthetic=bool(summary.get("synthetic")))
    document.rows = entries
    document.subtitle, document.question = summary.get("subtitle", ""), pandoc.plain_words(blocks[question])
    resolver = _Resolver(document, made.get("citations", {}), collector)
    resolver.headings(blocks)
    blocks = {name: resolver.resolve(name, piece) for name, piece in blocks.items()}
    document.findings = [Answer(question, blocks[sentence]) for question, sentence in findings]
    document.limits = [blocks[name] for name in limits]
    document.lead, document.kicker = blocks[lead], summary.get("kicker", "")
    document.parts = [resolver.finish(factory(blocks)) for factory in collector.factories]
    document.parts = [part for part in document.parts if not (isinstance(part, Text) and not part.blocks)]
    document.title = document.title or resolver.title or made.get("notebook", "") or "Report"
    resolver.cited |= dict.fromkeys(entry.study for entry in entries if entry.study)
    document.references = with_references(resolver.unworded, list(resolver.cited), version)
    document.version = version
    return document


def made_lines(document: Document) -> list[dict[str, Any]]:
    """Return the lines of the last section (provenance), tables as grids."""
    lines = provenance.lines(document.made)
    for line in lines:
        if rows := line.get("rows"):
            line["grid"] = Grid(tuple(rows[0]), ("left",) * len(rows[0]), tuple(map(tuple, rows[1:])))
    return lines


def _shown(node: Any) -> Any:
    """Return a copy with invisible control characters shown by their code; raw values and pictures are unchanged."""
    if isinstance(node, dict):
        return {key: value if key in _RAW else _shown(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_shown(value) for value in node]
    return visible(node) if isinstance(node, str) and not node.isprintable() else node


def _without_negative_space(math: dict[str, Any]) -> dict[str, Any]:
    """Return a formula without negative space, which makes Typst print overlapping symbols."""
    return {"t": "Math", "c": [math["c"][0], re.sub(r"\\!", "", math["c"][1])]}


def _below_the_title(header: dict[str, Any]) -> dict[str, Any]:
    return {"t": "Header", "c": [max(header["c"][0], 2), *header["c"][1:]]}


class _Resolver:
    """Resolves links, citations, pictures and headings, after all possible targets are known."""

    def __init__(self, document: Document, labels: dict[str, str], collector: _Collector) -> None:
        self.document, self.labels, self.numbers = document, labels, collector.numbers
        self.attachments = collector.attachments
        self.anchors: set[str] = set(collector.numbers)
        self.entries = collector.entries
        self.appendix_from = collector.appendix_from
        self.cited: dict[str, None] = {}
        self.unworded: list[dict[str, Any]] = []  # citations whose text depends on the list of references
        self.title = ""
        self.title_at: str | None = None

    def headings(self, pieces: dict[str, Blocks]) -> None:
        """Set the table of contents: the first first-level heading is the title, other levels start at two."""
        level = 1
        for name, blocks in pieces.items():
            for block in blocks:
                if block["t"] != "Header":
                    continue
                anchor, text = block["c"][1][0], pandoc.plain_words(block["c"][2])
                if block["c"][0] == 1 and self.title_at is None:
                    self.title, self.title_at = text, anchor
                    continue
                level = max(2, min(block["c"][0], level + 1))
                block["c"][0] = level
                self.anchors.add(anchor)
                if name in self.attachments and level <= 3:
                    self.document.contents.append(Heading(level, anchor, text, self._in_appendix(name)))

    def _in_appendix(self, piece: str) -> bool:
        return self.appendix_from is not None and int(piece.removeprefix("piece-")) >= self.appendix_from

    def resolve(self, name: str, blocks: Blocks) -> Blocks:
        remaining = [b for b in blocks if not (b["t"] == "Header" and b["c"][1][0] == self.title_at)]
        files = self.attachments.get(name, {})
        changes = {
            "Link": self._link,
            "Cite": self._cite,
            "Image": lambda node: self._image(node, files),
            "Math": _without_negative_space,
            "Header": _below_the_title,
        }
        return pandoc.walk(remaining, changes)

    def _link(self, node: dict[str, Any]) -> Any:
        target, inside = node["c"][2][0], node["c"][1]
        if target.startswith("#ref-"):
            self.cited[target.removeprefix("#ref-")] = None
            return node
        if named := source_rows.targets(target):
            return self._row_link(inside, [name for name in named if name in self.entries])
        if target[1:] in self.numbers and not inside:
            return pandoc.link(self.numbers[target[1:]].replace(" ", "\u00a0"), target)
        if (target.startswith("#") and target[1:] in self.anchors) or re.match(r"(https?|mailto):", target):
            return node
        # the target is not in this report: the text remains without a link
        return inside or pandoc.string("(not shown in this report)")

    def _row_link(self, inside: Blocks, names: list[str]) -> Any:
        """Return a number as a link to the entry of its first row, with the names of all rows as data."""
        if not names:
            return inside
        all_of_them = [["data-rows", " ".join(names)]] if len(names) > 1 else []
        return {"t": "Link", "c": [["", ["row"], all_of_them], inside, [f"#{names[0]}", ""]]}

    def _cite(self, node: dict[str, Any]) -> Any:
        citations = node["c"][0]
        for citation in citations:
            self.cited[citation["citationId"]] = None
        if not all(citation["citationId"] in self.labels for citation in citations):
            self.unworded.append(node)
            return node
        # the same text as in the tables, so that the letter of 2008a is the same in every report
        inlines: list[dict[str, Any]] = []
        for number, citation in enumerate(citations):
            key = citation["citationId"]
            inlines += [{"t": "Str", "c": ";"}, {"t": "Space"}] if number else []
            prefix = citation["citationPrefix"]
            inlines += [*prefix, {"t": "Space"}] if prefix else []
            inlines += [pandoc.link(self.labels[key], f"#ref-{key}"), *citation["citationSuffix"]]
        if citations[0]["citationMode"]["t"] == "AuthorInText":
            return inlines
        return [{"t": "Str", "c": "("}, *inlines, {"t": "Str", "c": ")"}]

    def _image(self, node: dict[str, Any], files: dict[str, Any]) -> Any:
        attributes, alt, (target, _) = node["c"]
        bundle = files.get(target.removeprefix("attachment:"), {}) if target.startswith("attachment:") else {}
        for mime, suffix in (("image/png", "png"), ("image/jpeg", "jpg"), ("image/svg+xml", "svg")):
            if mime in bundle:
                name = f"picture-{len(self.document.files) + 1}.{suffix}"
                self.document.files[name] = base64.b64decode(bundle[mime])
                return {"t": "Image", "c": [attributes, alt, [name, ""]]}
        # a report is self-contained, so an image in another file or on the internet is replaced by its description
        return [{"t": "Str", "c": "["}, *alt, {"t": "Str", "c": "]"}]

    def finish(self, part: Part) -> Part:
        """Return the line of source studies below an exhibit."""
        if isinstance(part, (FigurePart, TablePart)) and part.notes and part.notes[-1]["t"] == "Sources":
            line = self._sources(part.notes[-1]["c"])
            # the rows of a row figure name their studies
            part.notes[-1:] = [] if isinstance(part, FigurePart) and part.rows else [line]
        return part

    def _sources(self, studies: list[str]) -> dict[str, Any]:
        inlines: list[dict[str, Any]] = [pandoc.strong("Source studies:"), {"t": "Space"}]
        for number, study in enumerate(studies):
            self.cited[study] = None
            inlines += [{"t": "Str", "c": ";"}, {"t": "Space"}] if number else []
            inlines.append(pandoc.link(self.labels.get(study, study), f"#ref-{study}"))
        return pandoc.paragraph([*inlines, {"t": "Str", "c": "."}])
