"""Pandoc, as a reader of Markdown and a writer of HTML and Typst. Text goes through its JSON form in between."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from analysis.reporting import ReportError
from analysis.reporting.page.model import Blocks
from analysis.reporting.page.pandoc_process import Converter

# Markdown as JupyterLab reads it where the two differ; no raw HTML, Typst or TeX: text from the data stays text.
READER = (
    "markdown+lists_without_preceding_blankline-blank_before_header-blank_before_blockquote-raw_html-raw_tex-raw_attribute"
    "-markdown_in_html_blocks-native_divs-native_spans-subscript-superscript-implicit_figures-example_lists"
)
_FENCE = ":" * 24
_WORDS = frozenset({"Str", "Space", "SoftBreak"})
_TAB = 4
# two words in pandoc's JSON, the end of the first onwards (Space, SoftBreak and LineBreak end alike); the box of a task
# stays alone, or it would not be known as such
_TWO_WORDS = re.compile(
    r'(?<!"t":"Space)(?<!"t":"SoftBreak)(?<!"t":"LineBreak)(?<!"c":"[☐☒])"},'
    r'{"t":"(?:Space|SoftBreak)"},{"t":"Str","c":"([^"\\]*(?:\\.[^"\\]*)*)"}'
)
_PRIVATE = range(0xE000, 0xF900)  # letters of private use: stand in texts by mistake alone
_converter = Converter()
start, convert = _converter.start, _converter.convert


def read(pieces: dict[str, str]) -> tuple[dict[str, Blocks], list[int]]:
    """Pieces of Markdown, read together so that footnotes and numbering run through; and pandoc's JSON version."""
    joined = "\n\n".join(f"{_FENCE} {{#{name}}}\n\n{text}\n\n{_FENCE}" for name, text in pieces.items())
    document = _read(joined)
    found = {block["c"][0][0]: block["c"][1] for block in document["blocks"] if block["t"] == "Div"}
    if list(found) != list(pieces) or len(document["blocks"]) != len(pieces):
        # a piece with an open fence has swallowed its neighbours: read each alone
        found = {name: _read(text)["blocks"] for name, text in pieces.items()}
    return found, document["pandoc-api-version"]


def _read(markdown: str) -> dict[str, Any]:
    # line ends and tabs as the command `pandoc` prepares them
    return loads(convert(markdown.replace("\r", "").expandtabs(_TAB), READER, "json"))


def loads(document: str) -> dict[str, Any]:
    """A document that pandoc wrote, with up to four words in one Str: a third of the size, for all that follows. Not
    more: pandoc takes time by the square of their length to write them as Typst."""
    for _ in range(2):
        document = _TWO_WORDS.sub(r' \1"}', document)
    return json.loads(document)


def write(pieces: dict[str, Blocks], to: str, version: list[int]) -> dict[str, str]:
    """Pieces as HTML or Typst, written together so that footnotes run through; HTML has the notes in the last.

    Of raw blocks (figures and tables, most of a report) pandoc gets a mark alone: it would copy them letter by letter.
    Names of pieces begin with a letter.
    """
    beginning = "html" if to.startswith("html") else "typst"  # a format that is written here
    blocks: list[dict[str, Any]] = []
    raws: list[str] = []
    for name, piece in pieces.items():
        blocks.append(raw(beginning, name))
        for block in piece:
            blocks.append(block)
            if block["t"] == "RawBlock":
                blocks[-1] = raw(block["c"][0], str(len(raws)))
                raws.append(block["c"][1])
    mark, document = _marked(blocks, version)
    text = convert(document, "json", to)
    found = re.split(f"{mark}(.*?){mark}", text if text.endswith("\n") else text + "\n")
    written: dict[str, list[str]] = {}
    for key, behind in zip(found[1::2], found[2::2], strict=True):
        if key in pieces:
            inside = written[key] = [behind.removeprefix("\n")]
        else:
            inside += [raws[int(key)], behind]
    return {name: "".join(parts) for name, parts in written.items()}


def _marked(blocks: Blocks, version: list[int]) -> tuple[str, str]:
    """A letter that the document doesn't hold, and the document with it around the words of each raw block."""
    count = sum(block["t"] == "RawBlock" for block in blocks)
    for mark in map(chr, _PRIVATE):
        marked = [
            raw(block["c"][0], f"{mark}{block['c'][1]}{mark}") if block["t"] == "RawBlock" else block
            for block in blocks
        ]
        document = whole(marked, version, {"lang": {"t": "MetaString", "c": "en-GB"}})
        if document.count(mark) == 2 * count:
            return mark, document
    raise ReportError("the text holds every letter of private use")


def whole(blocks: Blocks, version: list[int], meta: dict[str, Any]) -> str:
    """Blocks as pandoc reads and writes a document."""
    return json.dumps({"pandoc-api-version": version, "meta": meta, "blocks": blocks}, ensure_ascii=False)


def walk(node: Any, changes: dict[str, Callable[[dict[str, Any]], Any]]) -> Any:
    """The tree with each element of a kind in `changes` replaced by what its function makes of it, from the leaves up.

    A list that a function returns is spliced in. The tree given stays as it is; the new one shares words and attributes
    with it.
    """
    if isinstance(node, list):
        if node and isinstance(node[0], str):  # attributes, an address: no elements
            return node
        result: list[Any] = []
        for child in node:
            if isinstance(child, dict):
                kind = child.get("t")
                if kind in _WORDS and kind not in changes:  # most of a text, and nothing in it
                    result.append(child)
                    continue
                new = walk(child, changes)
                result.extend(new) if isinstance(new, list) else result.append(new)
            else:
                result.append(walk(child, changes) if isinstance(child, list) else child)
        return result
    if isinstance(node, dict):
        node = {key: walk(value, changes) if isinstance(value, (list, dict)) else value for key, value in node.items()}
        change = changes.get(node.get("t", ""))
        return change(node) if change else node
    return node


def plain(node: Any) -> str:
    """The words of a piece of the tree."""
    if isinstance(node, list):
        return "".join(plain(child) for child in node)
    if not isinstance(node, dict):
        return ""
    kind, content = node.get("t"), node.get("c")
    if kind == "Str":
        return content
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind in ("Code", "Math"):
        return content[1]
    if kind == "Note":
        return ""
    return plain(content)


def string(text: str) -> list[dict[str, Any]]:
    """Plain text as inlines."""
    inlines: list[dict[str, Any]] = []
    for number, word in enumerate(text.split(" ")):
        inlines += [{"t": "Space"}] if number else []
        inlines += [{"t": "Str", "c": word}] if word else []
    return inlines


def link(text: str, target: str) -> dict[str, Any]:
    """A link."""
    return {"t": "Link", "c": [["", [], []], string(text), [target, ""]]}


def raw(to: str, text: str) -> dict[str, Any]:
    """A block that only one format sees, letter by letter."""
    return {"t": "RawBlock", "c": [to, text]}


def raw_inline(to: str, text: str) -> dict[str, Any]:
    """A raw piece inside a line."""
    return {"t": "RawInline", "c": [to, text]}


def paragraph(inlines: list[dict[str, Any]]) -> dict[str, Any]:
    """A paragraph."""
    return {"t": "Para", "c": inlines}


def strong(text: str) -> dict[str, Any]:
    """Bold words."""
    return {"t": "Strong", "c": string(text)}
