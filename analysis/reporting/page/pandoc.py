"""Reading of Markdown and writing of HTML and Typst by pandoc, with text as pandoc's JSON in between."""

from __future__ import annotations

import functools
import hashlib
import html
import json
import zlib
from collections.abc import Callable
from typing import Any

from analysis.reporting.page.model import Blocks
from analysis.reporting.page.pandoc_process import Converter

_WORDS = frozenset({"Str", "Space", "SoftBreak"})
_BORDER = "\x1e"  # record separator; cannot occur in text, since `visible` replaces control characters
_LONGEST_BOOKMARK = 40
_converter = Converter()
start_pandoc, convert, convert_all = _converter.start, _converter.convert, _converter.convert_all


@functools.cache
def _api_version() -> list[int]:
    return json.loads(convert("", "commonmark", "json"))["pandoc-api-version"]


def write_blocks(pieces: dict[str, Blocks], to: str) -> dict[str, str]:
    """Return pieces as HTML or Typst, written together for continuous footnotes, which HTML has in the last piece."""
    beginning = "html" if to.startswith("html") else "typst"  # name of the format in raw blocks
    blocks = [
        block for name, piece in pieces.items() for block in (raw(beginning, f"{_BORDER}{name}{_BORDER}"), *piece)
    ]
    text = convert(document_json(blocks, {"lang": {"t": "MetaString", "c": "en-GB"}}), "json", to)
    _, *parts = (text if text.endswith("\n") else f"{text}\n").split(_BORDER)
    return {name: written.removeprefix("\n") for name, written in zip(parts[::2], parts[1::2], strict=True)}


def document_json(blocks: Blocks, meta: dict[str, Any] | None = None) -> str:
    """Return blocks as the JSON of a pandoc document."""
    document = {"pandoc-api-version": _api_version(), "meta": meta or {}, "blocks": blocks}
    return json.dumps(document, ensure_ascii=False)


def walk(node: Any, changes: dict[str, Callable[[dict[str, Any]], Any]]) -> Any:
    """Return a tree in which elements of the types in `changes` are replaced by the result of the function.

    Leaves are replaced first; a list returned by a function is spliced in. The original tree is not changed.
    """
    if isinstance(node, list):
        if node and isinstance(node[0], str):  # attributes or an address, without elements
            return node
        result: list[Any] = []
        for child in node:
            if isinstance(child, dict):
                kind = child.get("t")
                if kind in _WORDS and kind not in changes:  # most nodes of a text, without children
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
    """Return the plain text of a part of the tree."""
    if isinstance(node, list):
        return "".join(plain_words(child) for child in node)
    if not isinstance(node, dict):
        return ""
    kind, content = node.get("t"), node.get("c")
    if kind == "Str":
        return content
    if kind == "Quoted":
        opening, closing = "“”" if content[0]["t"] == "DoubleQuote" else "‘’"
        return f"{opening}{plain_words(content[1])}{closing}"
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind in ("Code", "Math"):
        return content[1]
    if kind == "Note":
        return ""
    return plain_words(content)


def string(text: str) -> list[dict[str, Any]]:
    """Return plain text as inline elements."""
    inlines: list[dict[str, Any]] = []
    for number, word in enumerate(text.split(" ")):
        inlines += [{"t": "Space"}] if number else []
        inlines += [{"t": "Str", "c": word}] if word else []
    return inlines


def link(text: str, target: str) -> dict[str, Any]:
    """Return a link."""
    return {"t": "Link", "c": [["", [], []], string(text), [target, ""]]}


def target(name: str) -> list[dict[str, Any]]:
    """Return an invisible target of links."""
    typst = f"#[#metadata(none)#label({json.dumps(name, ensure_ascii=False)})]"
    word = f'w:id="{zlib.crc32(name.encode()) >> 2 | 1 << 30}"'  # pandoc counts its own from 1
    word = f'<w:bookmarkStart {word} w:name="{bookmark(name)}"/><w:bookmarkEnd {word}/>'
    targets = {"html": f'<span id="{html.escape(name)}"></span>', "typst": typst, "openxml": word}
    return [raw_inline(to, text) for to, text in targets.items()]


def bookmark(anchor: str) -> str:
    """Return the name that pandoc gives in Word files to the bookmark of an anchor."""
    if anchor[:1].isalpha() and len(anchor) <= _LONGEST_BOOKMARK:
        return anchor
    return f"X{hashlib.sha1(anchor.encode(), usedforsecurity=False).hexdigest()[1:]}"


def raw(to: str, text: str) -> dict[str, Any]:
    """Return a raw block of one format; other formats ignore it."""
    return {"t": "RawBlock", "c": [to, text]}


def html_block(text: str) -> dict[str, Any]:
    """Return HTML as a block."""
    return raw("html", text)


def typst_block(source: str) -> dict[str, Any]:
    """Return Typst source as a block."""
    return raw("typst", source)


def raw_inline(to: str, text: str) -> dict[str, Any]:
    """Return a raw inline element."""
    return {"t": "RawInline", "c": [to, text]}


def inlines_of(blocks: Blocks) -> list[dict[str, Any]]:
    """Return the words of paragraphs as one line."""
    lines = [block["c"] for block in blocks if block["t"] in ("Para", "Plain")]
    return [node for n, line in enumerate(lines) for node in ([{"t": "Space"}] if n else []) + line]


def paragraph(inlines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a paragraph."""
    return {"t": "Para", "c": inlines}


def code_block(text: str) -> dict[str, Any]:
    """Return text as it is stored, line by line."""
    return {"t": "CodeBlock", "c": [["", [], []], text]}


def strong(text: str) -> dict[str, Any]:
    """Return bold text."""
    return {"t": "Strong", "c": string(text)}
