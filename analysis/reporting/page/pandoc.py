"""Pandoc, as a reader of Markdown and a writer of HTML and Typst. Text goes through its JSON form in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

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
_BORDER = "\x1e"  # record separator: in no text, since `visible` shows control characters by their code
_converter = Converter()
start_pandoc, convert = _converter.start, _converter.convert


def read_markdown(pieces: dict[str, str]) -> tuple[dict[str, Blocks], list[int]]:
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
    return json.loads(convert(markdown.replace("\r", "").expandtabs(_TAB), READER, "json"))


def write_blocks(pieces: dict[str, Blocks], to: str, version: list[int]) -> dict[str, str]:
    """Pieces as HTML or Typst, written together so that footnotes run through; HTML has the notes in the last."""
    beginning = "html" if to.startswith("html") else "typst"  # what pandoc calls the format in raw blocks
    blocks = [
        block for name, piece in pieces.items() for block in (raw(beginning, f"{_BORDER}{name}{_BORDER}"), *piece)
    ]
    text = convert(whole(blocks, version, {"lang": {"t": "MetaString", "c": "en-GB"}}), "json", to)
    _, *found = (text if text.endswith("\n") else f"{text}\n").split(_BORDER)
    return {name: written.removeprefix("\n") for name, written in zip(found[::2], found[1::2], strict=True)}


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


def plain_words(node: Any) -> str:
    """The words of a piece of the tree."""
    if isinstance(node, list):
        return "".join(plain_words(child) for child in node)
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
    return plain_words(content)


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
