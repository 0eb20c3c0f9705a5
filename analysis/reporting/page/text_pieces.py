"""Reading of text pieces as JupyterLab shows them: Markdown (CommonMark), LaTeX and HTML, as pandoc's blocks.

All HTML passes through pandoc's elements, so that pages contain none of it: what has no element has no effect.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.reporting import ReportError
from analysis.reporting.page import html_source, pandoc
from analysis.reporting.page.model import Blocks

READER = "commonmark+pipe_tables+task_lists+strikeout+footnotes+autolink_bare_uris"
_HTML = "html-auto_identifiers+task_lists"
_HTML_OUTPUT = _HTML + "+tex_math_dollars+tex_math_single_backslash"
_READERS = {"cell": READER, "markdown": READER, "exhibit": f"{READER}+smart", "html": _HTML_OUTPUT}
_KEY = r"@[\w](?:[\w.:/-]*\w)?"
_ON = r"(?!\n[ \t]*\n)"  # the paragraph goes on
# skip: code, links' addresses, tags and escapes, in which nothing is a formula or a citation
_SPECIAL = re.compile(
    rf"""
    (?P<skip> ^[ ]{{0,3}}(?P<fence>`{{3,}}|~{{3,}}).*?(?:^[ ]{{0,3}}(?P=fence)[`~]*[ \t]*$|\Z)
      | (?<!`)(?P<ticks>`+)(?!`)(?:{_ON}.)+?(?<!`)(?P=ticks)(?!`)
      | \]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*  |  </?[a-zA-Z][^<>]*>  |  <[a-z]+:[^<>\s]*> )
    | (?P<display> \$\$(?:\\.|{_ON}[^$\\])+\$\$  |  \\\\\[(?:{_ON}.)+?\\\\\] )
    | (?P<inline> \\\\\((?:{_ON}.)+?\\\\\)
      | \$(?![\s$])(?:\\.|\{{[^{{}}]*\}}|{_ON}[^$\\])*?(?<!\s)\$(?!\d)
      | \$[ ](?:\\.|{_ON}[^$\\])+?[ ]\$(?!\s*\d) )
    | (?P<environment> \\begin\{{(?P<name>[a-zA-Z]+\*?)\}}(?:{_ON}.)*?\\end\{{(?P=name)\}} )
    | (?P<single> (?<!\\)\\\((?:{_ON}.)+?(?<!\\)\\\)
      | ^[ ]*\\\[(?:{_ON}.)+?(?<!\\)\\\][ \t]*$ )
    | (?P<escape> \\. )
    | (?P<cite> \[(?:[^\[\]\n]|\n(?![ \t]*\n))*?(?<![\w@]){_KEY}(?:[^\[\]\n]|\n(?![ \t]*\n))*\](?![(\[])
      | (?<![\w@/.])-?{_KEY} )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_DEEPEST = 200  # lists and elements inside each other; pages are written recursively
_HINT = re.compile(r"[$@]|\\begin\{|\\\\[(\[]")
_PLACE = re.compile("\ufdd0(\\d+)\ufdd1")
_WORDS = re.compile(r"[^\W\d_]{2,}\s+[^\W\d_]{2,}")
_MARKS = re.compile(r"\\(?:label|require)\{[^{}]*\}|\\(?:notag|nonumber)\b")
_TAG = re.compile(r"\\tag\*?\{([^{}]*)\}")


@dataclass
class Piece:
    """A piece of text and what its reading found.

    kind: cell (Markdown of a cell), markdown, exhibit (Markdown of the project, with typographic quotation marks),
    latex or html. blocks: its content. unknown: citations of works in no bibliography, which stay text. notes: what is
    not shown, and why. places: formulas and citations, each with its source.
    """

    text: str
    kind: str = "markdown"
    cell: int = 0
    blocks: Blocks = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    places: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def read_pieces(pieces: Sequence[Piece], keys: frozenset[str]) -> None:
    """Set the blocks of all pieces, which are read separately so that footnotes belong to their piece."""
    sources = [_prepared(piece, keys) for piece in pieces]
    trees: dict[int, str] = {}
    for reader in set(_READERS.values()):
        alike = [n for n, piece in enumerate(pieces) if _READERS.get(piece.kind) == reader]
        trees |= zip(alike, _read([sources[n] for n in alike], reader), strict=True)
    for n, piece in enumerate(pieces):
        try:
            if piece.kind == "latex":
                lines = [" ".join(line.split()) for line in sources[n].split("\n\n")]
                piece.blocks = [pandoc.paragraph(_restored_text(line, piece)) for line in lines]
                continue
            tree = trees[n]
            blocks = json.loads(tree)["blocks"]
            if piece.kind != "exhibit":
                _check_depth(blocks)
            if piece.kind != "html" and '"Raw' in tree:
                blocks = _with_html(blocks, piece.notes)
            piece.blocks = [_paragraph(block) for block in _restored(blocks, piece)]
        except (ReportError, RecursionError, ValueError) as error:
            piece.notes.append(f"its text can't be read and is shown as it is stored ({type(error).__name__})")
            piece.blocks = [pandoc.code_block(piece.text)]


def _paragraph(block: dict[str, Any]) -> dict[str, Any]:
    return pandoc.paragraph(block["c"]) if block["t"] == "Plain" else block


def _check_depth(node: Any, left: int = _DEEPEST) -> None:
    if not left:
        raise ValueError("too many elements inside each other")
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, (dict, list)):
            _check_depth(child, left - 1)


def _read(texts: list[str], reader: str) -> list[str]:
    """Return the trees as JSON; a text that pandoc refuses is invalid JSON with its message."""
    try:
        return pandoc.convert_all(texts, reader, "json")
    except ReportError:
        if len(texts) == 1:
            return ["pandoc can't read it"]
        return [tree for text in texts for tree in _read([text], reader)]


def _prepared(piece: Piece, keys: frozenset[str]) -> str:
    """Return the text with placeholders for formulas and citations, which CommonMark does not have."""
    text = piece.text.replace("\r\n", "\n").replace("\r", "\n")
    if piece.kind == "html" or (piece.kind == "exhibit" and not _HINT.search(text)):
        return text + "\n"

    def replaced(match: re.Match[str]) -> str:
        node = None
        source = match[0]
        if match["display"] or match["environment"]:
            node = formula(source if match["environment"] else _inside(source), display=True)
        elif match["inline"]:
            node = formula(_inside(source), display=False)
        elif match["single"] and (piece.kind == "latex" or (piece.kind == "cell" and not _WORDS.search(source))):
            node = formula(_inside(source), display=source.lstrip().startswith("\\["))
        elif match["cite"] and piece.kind != "latex":
            named = [key[1:] for key in re.findall(rf"(?<![\w@/.]){_KEY}", source)]
            piece.unknown += [key for key in named if key not in keys]
            node = _citation(source) if set(named) <= keys else None
        if node is None:
            return source
        piece.places.append((source, node))
        return f"\ufdd0{len(piece.places) - 1}\ufdd1"

    return _SPECIAL.sub(replaced, text) + "\n"  # pandoc needs it to see a rule in the last line


def _inside(source: str) -> str:
    text = source.strip()
    for mark in ("$$", "$", "\\\\", "\\"):
        if text.startswith(mark):
            size = len(mark) + (mark[0] == "\\")
            return text[size:-size]
    return text


def formula(tex: str, display: bool) -> dict[str, Any]:
    """Return a formula without labels, and without negative space, which makes Typst print overlapping symbols."""
    tex = _TAG.sub(r"\\qquad (\1)", _MARKS.sub("", tex.replace(r"\!", "")))
    return {"t": "Math", "c": [{"t": "DisplayMath" if display else "InlineMath"}, tex.strip()]}


def _citation(source: str) -> dict[str, Any] | None:
    """Return a citation, whose form only pandoc's own Markdown has."""
    blocks = json.loads(pandoc.convert(source, "markdown-smart-raw_html-raw_tex-tex_math_dollars", "json"))["blocks"]
    inlines = blocks[0]["c"] if len(blocks) == 1 and blocks[0]["t"] == "Para" else []
    return {"t": "Span", "c": [["", [], []], inlines]} if any(node["t"] == "Cite" for node in inlines) else None


def _restored_text(text: str, piece: Piece) -> list[dict[str, Any]]:
    """Return text as inline elements, with the formulas and citations that placeholders stand for."""
    parts = _PLACE.split(text)
    inlines: list[dict[str, Any]] = []
    for n, part in enumerate(parts):
        if n % 2 == 0:
            inlines += pandoc.string(part)
        elif int(part) < len(piece.places):
            node = piece.places[int(part)][1]
            inlines += node["c"][1] if node["t"] == "Span" else [node]
    return inlines


def _restored(blocks: Blocks, piece: Piece) -> Blocks:
    if not piece.places:
        return blocks

    def source(text: str) -> str:
        return _PLACE.sub(
            lambda match: piece.places[int(match[1])][0] if int(match[1]) < len(piece.places) else "", text
        )

    def string(node: dict[str, Any]) -> Any:
        return _restored_text(node["c"], piece) if "\ufdd0" in node["c"] else node

    def target(node: dict[str, Any]) -> dict[str, Any]:
        attributes, inlines, (address, title) = node["c"]
        return {"t": node["t"], "c": [attributes, inlines, [source(address), source(title)]]}

    def code(node: dict[str, Any]) -> dict[str, Any]:
        return {"t": node["t"], "c": [node["c"][0], source(node["c"][1])]}

    return pandoc.walk(blocks, {"Str": string, "Link": target, "Image": target, "Code": code, "CodeBlock": code})


def _with_html(blocks: Blocks, notes: list[str]) -> Blocks:
    """Return blocks whose raw HTML is read: they are written as HTML and read again, but for code and footnotes."""
    kept: list[dict[str, Any]] = []

    def keep(tag: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def replaced(node: dict[str, Any]) -> dict[str, Any]:
            kept.append({"t": "Note", "c": _with_html(node["c"], notes)} if node["t"] == "Note" else node)
            mark = f'<{tag} data-kept="{len(kept) - 1}"></{tag}>'
            return pandoc.raw("html", mark) if tag == "div" else pandoc.raw_inline("html", mark)

        return replaced

    def restored(node: dict[str, Any]) -> Any:
        number = dict(node["c"][0][2]).get("kept", "")
        return kept[int(number)] if number.isdecimal() and int(number) < len(kept) else node

    blocks = pandoc.walk(blocks, {"Note": keep("span")})
    blocks = pandoc.walk(blocks, {"Code": keep("span"), "CodeBlock": keep("div")})
    written = pandoc.convert(pandoc.document_json(blocks), "json", "html5")
    read = json.loads(pandoc.convert(html_source.cleaned(written, notes), _HTML, "json"))["blocks"]
    return pandoc.walk(read, {"Span": restored, "Div": restored})
