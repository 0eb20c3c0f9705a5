"""Resolution of links, citations, pictures, formulas and headings, after all possible targets are known."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.paths import ROOT
from analysis.reporting.page import pandoc, source_rows
from analysis.reporting.page.cell_outputs import Drawn, joined
from analysis.reporting.page.model import Blocks, Document, FigurePart, Heading, NumberedPart, Part
from analysis.reporting.page.pictures import NotShownError, Picture, checked, decoded, located
from analysis.reporting.page.text_pieces import Piece

_RESERVED = re.compile(r"main|row-note|(report|fig|tab|row|ref|fn|fnref|cb)[-\d].*|")
_SIZE = re.compile(r"\d{1,5}(\.\d+)?(px|%)?")
_NUMBER = re.compile(r"[-\u2212+]?[\d ,]*\.?\d+(?:e[-+]?\d+)?%?|NaN|nan|<NA>|None|NaT|\u2013|")
_BLANK = re.compile(r"\\(?:q?quad|hspace\*?\{[^{}]*\}|hfill|[,;:! >])(?![a-zA-Z])|[\s{}$~&\\]")
_LOOK = re.compile(r"\\(?:[bx]?cancel|color|colorbox|boxed|fbox|enclose)(?![a-zA-Z])")
_MACRO = re.compile(
    r"\\(?:(?:re)?newcommand|DeclareMathOperator)\*?\s*\{?(\\[a-zA-Z]+)\}?(?:\s*\[[^\]]*\])*"
    r"\s*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
)
_COMMAND = re.compile(r"\\[a-zA-Z]+")
_ALIGNED, _RIGHT = {"t": "AlignDefault"}, {"t": "AlignRight"}
_NO_ATTRIBUTES = ["", [], []]


class Resolver:
    """Completes the pieces of a document. It removes all attributes that have no effect in a report."""

    def __init__(
        self,
        document: Document,
        works: frozenset[str],
        numbers: dict[str, str],
        entries: frozenset[str],
        folder: Path | None,
        appendix_cell: int = 0,
    ) -> None:
        self.document, self.works, self.numbers, self.entries = document, works, numbers, entries
        self.labels: dict[str, str] = document.made.get("citations", {})
        self.macros: dict[str, str] = {}  # of LaTeX, by name, which hold from their formula on
        self.appendix_cell = appendix_cell  # 0: none
        self.folders = [folder, ROOT] if folder else [ROOT]
        self.anchors = {name: name for name in numbers}  # of headings and marked places, by the name that links use
        self.linked: set[str] = set()
        self.cited: dict[str, None] = {}
        self.unworded: list[dict[str, Any]] = []  # citations whose text depends on the list of references
        self.title = ""
        self.level, self.below = 1, 0  # of the last heading; added to levels after a second first-level heading
        self.cell = 0

    def warn(self, note: str) -> None:
        """Add what is not shown of the current cell."""
        self.document.warnings.append(f"Cell {self.cell}: {note}." if self.cell else f"{note}.")

    def survey(self, piece: Piece) -> None:
        """Set headings: the first one of first level is the title, other levels start at two; note targets of links."""
        self.cell = piece.cell

        def heading(node: dict[str, Any]) -> Any:
            level, (name, _, _), inside = node["c"]
            words = pandoc.plain_words(pandoc.walk(inside, {"Image": lambda image: []})).strip()
            if not words:  # pictures alone are no heading
                if not inside:
                    self.warn("an empty heading is left out")
                return [pandoc.paragraph(inside)] if inside else []
            if level == 1 and piece.kind == "cell" and not self.title:
                self.title = words
                return []
            if level == 1 and piece.kind == "cell":
                self.below = 1
            self.level = max(2, min(level + self.below, self.level + 1))
            anchor = self._anchor(name or re.sub(r"\s", "-", words))
            if self.level <= 3:
                self.document.contents.append(Heading(self.level, anchor, words, 0 < self.appendix_cell <= piece.cell))
            return {"t": "Header", "c": [self.level, [anchor, [], []], inside]}

        def marked(node: dict[str, Any]) -> dict[str, Any]:
            if name := node["c"][0][0]:
                node["c"][0] = [self._anchor(name), [], []]
            return node

        def link(node: dict[str, Any]) -> dict[str, Any]:
            self.linked.add(node["c"][2][0].casefold())
            return marked(node)

        piece.blocks = pandoc.walk(piece.blocks, {"Header": heading, "Span": marked, "Div": marked, "Link": link})

    def _anchor(self, name: str) -> str:
        used, number, anchor = set(self.anchors.values()), 0, name
        while anchor in used or _RESERVED.fullmatch(anchor):
            number += 1
            anchor = f"{name or 'section'}-{number}" if not _RESERVED.fullmatch(name) else f"section-{name}-{number}"
        self.anchors.setdefault(name, anchor)
        self.anchors.setdefault(name.casefold(), anchor)
        self.anchors.setdefault(anchor, anchor)
        return anchor

    def resolve(self, piece: Piece, files: dict[str, Any]) -> Blocks:
        """Return the blocks of a piece; files: attachments of its cell."""
        self.cell = piece.cell
        for key in dict.fromkeys(piece.unknown):
            self.warn(f"@{key} is in no bibliography and is shown as text")
        for note in dict.fromkeys(piece.notes):
            self.warn(note)
        changes = {
            "Link": self._link,
            "Cite": self._cite,
            "Image": lambda node: self._image(node, files),
            "Math": self._math,
            "Table": _table,
            "Div": lambda node: [*self._mark(node, block=True), *node["c"][1]],
            "Span": lambda node: [*self._mark(node), *node["c"][1]],
            "Code": lambda node: {"t": "Code", "c": [_NO_ATTRIBUTES, node["c"][1]]},
            "CodeBlock": lambda node: {"t": "CodeBlock", "c": [["", node["c"][0][1][:1], []], node["c"][1]]},
            "RawBlock": lambda node: [],
            "RawInline": lambda node: [],
        }
        return pandoc.walk(piece.blocks, changes)

    def _mark(self, node: dict[str, Any], block: bool = False) -> Blocks:
        """Return the target of a link to an element, if there is one."""
        name = node["c"][0][0]
        if not name or f"#{name}".casefold() not in self.linked:
            return []
        target = pandoc.target(name)
        return [{"t": "Plain", "c": target}] if block else target

    def _link(self, node: dict[str, Any]) -> Any:
        _, inside, (target, _) = node["c"]
        before = self._mark(node)
        if target.startswith("#ref-"):
            key = target.removeprefix("#ref-")
            if key not in self.works:
                self.warn(f"{key} is in no bibliography and its link is left out")
                return inside
            self.cited[key] = None
        elif named := source_rows.targets(target):
            return self._row_link(inside, [name for name in named if name in self.entries])
        elif target[1:] in self.numbers and not inside:
            return pandoc.link(self.numbers[target[1:]].replace(" ", "\u00a0"), target)
        elif target.startswith("#"):
            anchor = self.anchors.get(target[1:]) or self.anchors.get(target[1:].casefold())
            if not anchor:  # the target is not in this report: the text remains without a link
                return inside or pandoc.string("(not shown in this report)")
            target = f"#{anchor}"
        elif not re.match(r"(https?|mailto):.", target, re.IGNORECASE):
            if target:
                self.warn(f"the link to {_short(target)} leads out of the report and is left out")
            return [*before, *(inside or pandoc.string(target))]
        return [*before, {"t": "Link", "c": [_NO_ATTRIBUTES, inside or pandoc.string(target), [target, ""]]}]

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

    def _math(self, node: dict[str, Any]) -> Any:
        kind, source = node["c"]
        rest = _MACRO.sub("", source).strip()
        if found := {match[1]: match[0] for match in _MACRO.finditer(source)}:
            self.macros |= found
            if not rest:  # it only defines
                return []
        known = self.macros.keys() & set(_COMMAND.findall(rest))
        tex = "".join(self.macros.values()) + rest if known else source
        if _settable(tex):
            if _LOOK.search(tex):
                self.warn(f"colours, strokes and boxes of the formula {_short(source)} are not shown everywhere")
            return {"t": "Math", "c": [kind, tex]}
        self.warn(f"the formula {_short(source) or 'without content'} can't be set and is shown as source")
        return [{"t": "Code", "c": [_NO_ATTRIBUTES, source]}, {"t": "Space"}, *pandoc.string("[formula not shown]")]

    def _image(self, node: dict[str, Any], files: dict[str, Any]) -> Any:
        attributes, alt, (target, _) = node["c"]
        try:
            if target.startswith("attachment:"):
                bundle = files.get(target.removeprefix("attachment:"), {})
                mime, content = next(iter(bundle.items()), ("", None))
                if content is None:
                    raise NotShownError("the cell has no such attachment")
                content = joined(content)
                plain = mime == "image/svg+xml" and content.lstrip().startswith("<")
                picture = checked(content.encode() if plain else decoded(content))
            else:
                picture = checked(located(target, self.folders))
        except NotShownError as error:
            name = "" if target.startswith("data:") else f" {_short(target)}"
            self.warn(f"the picture{name} is not shown: {error}")
            words = alt or pandoc.string(name.strip())
            return [
                {"t": "Str", "c": "["},
                *words,
                *pandoc.string(": picture not shown]" if words else "picture not shown]"),
            ]
        return self._picture(picture, alt, dict(attributes[2]))

    def _picture(self, picture: Picture, alt: Blocks, size: dict[str, Any]) -> Blocks:
        """Return a picture, stored under a name of its own, with the size in CSS pixels that the notebook states."""
        name = f"picture-{len(self.document.files) + 1}.{picture.suffix}"
        self.document.files[name] = picture
        sides = [[side, str(size[side])] for side in ("width", "height") if _SIZE.fullmatch(str(size.get(side, "")))]
        shown: Blocks = [{"t": "Image", "c": [["", [], sides], alt, [name, ""]]}]
        if picture.note:
            self.warn(picture.note)
            shown += [{"t": "Space"}, *pandoc.string(f"[{picture.note}]")]
        return shown

    def drawn(self, cell: int, drawn: Drawn) -> Blocks:
        """Return the picture of an output."""
        self.cell = cell
        return [pandoc.paragraph(self._picture(drawn.picture, pandoc.string(drawn.alt), drawn.size))]

    def finish(self, part: Part) -> Part:
        """Return the part with a line of source studies below an exhibit."""
        if not (isinstance(part, NumberedPart) and part.studies):
            return part
        line = self._sources(part.studies)
        named_by_rows = isinstance(part, FigurePart) and part.rows
        return part if named_by_rows else replace(part, notes=[*part.notes, line])

    def _sources(self, studies: tuple[str, ...]) -> dict[str, Any]:
        inlines: list[dict[str, Any]] = [pandoc.strong("Source studies:"), {"t": "Space"}]
        for number, study in enumerate(studies):
            inlines += [{"t": "Str", "c": ";"}, {"t": "Space"}] if number else []
            link = self._link(pandoc.link(self.labels.get(study, study), f"#ref-{study}"))
            inlines += link
        return pandoc.paragraph([*inlines, {"t": "Str", "c": "."}])


def _short(text: str, longest: int = 60) -> str:
    words = " ".join(text.split())
    return words if len(words) <= longest else f"{words[:longest]}…"


@functools.lru_cache(maxsize=1024)
def _settable(tex: str) -> bool:
    """Return whether a formula has visible content that pandoc understands."""
    if not _BLANK.sub("", tex):
        return False
    node = pandoc.paragraph([{"t": "Math", "c": [{"t": "InlineMath"}, tex]}])
    return not pandoc.convert(pandoc.document_json([node]), "json", "typst").startswith("\\$")


def _table(node: dict[str, Any]) -> Any:
    """Return a table without attributes, with columns of numbers aligned on the right."""
    _, (_, caption), columns, (_, head), bodies, (_, foot) = node["c"]
    if not columns:
        return []
    groups = [head, *(body[2] for body in bodies), *(body[3] for body in bodies), foot]
    for rows in groups:
        for row in rows:
            row[0] = _NO_ATTRIBUTES
            for cell in row[1]:
                cell[0] = _NO_ATTRIBUTES
    texts: dict[int, list[str]] = {}
    for body in bodies:
        for row in body[3]:
            if len(row[1]) == len(columns):  # no cell of another row or column
                for n, cell in enumerate(row[1]):
                    texts.setdefault(n, []).append(pandoc.plain_words(cell[4]).strip())
    for n, cells in texts.items():
        if columns[n][0] == _ALIGNED and any(cells) and all(map(_NUMBER.fullmatch, cells)):
            columns[n][0] = _RIGHT
    parts = [[_NO_ATTRIBUTES, body[1], body[2], body[3]] for body in bodies]
    return {
        "t": "Table",
        "c": [_NO_ATTRIBUTES, [None, caption], columns, [_NO_ATTRIBUTES, head], parts, [_NO_ATTRIBUTES, foot]],
    }
