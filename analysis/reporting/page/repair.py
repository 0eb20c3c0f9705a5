"""The last resort for a PDF that Typst refuses: the blocks at fault are replaced by their source."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from analysis.reporting.page import pandoc
from analysis.reporting.page.model import Document, Part, PlainText, Text

_Place = tuple[int, int]  # part, block in it
_MOST_PIECES = 30  # of a block, that are left out one by one


def repaired(document: Document, compiles: Callable[[Document], bool]) -> Document | None:
    """Return a document that compiles, with warnings; None if the fault is in no block of text.

    compiles: whether Typst accepts a document.
    """
    places = [(n, k) for n, part in enumerate(document.parts) for k in range(_size(part))]
    bare = {place: _bare(_block(document, place)) for place in places}

    def with_only(chosen: list[_Place]) -> Document:
        return _replaced(document, {place: block for place, block in bare.items() if place not in chosen})

    if not compiles(with_only([])):
        return None
    replacements, warnings = {}, []
    for place in _failing(places, lambda chosen: compiles(with_only(chosen))):
        for what, block in _variants(_block(document, place)):
            if compiles(_replaced(document, {**bare, place: block})):
                replacements[place] = block
                warnings.append(f"Cell {document.parts[place[0]].cell}: {what} can't be set in PDF and Word files.")
                break
    result = replace(_replaced(document, replacements), warnings=[*document.warnings, *dict.fromkeys(warnings)])
    return result if compiles(result) else None


def _failing(places: list[_Place], compile_only: Callable[[list[_Place]], bool]) -> list[_Place]:
    if not places or compile_only(places):
        return []
    if len(places) == 1:
        return places
    half = len(places) // 2
    return [*_failing(places[:half], compile_only), *_failing(places[half:], compile_only)]


def _size(part: Part) -> int:
    return len(part.blocks) if isinstance(part, Text) else isinstance(part, PlainText)


def _block(document: Document, place: _Place) -> dict[str, Any]:
    part = document.parts[place[0]]
    return part.blocks[place[1]] if isinstance(part, Text) else pandoc.code_block(part.text)


def _bare(block: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a heading, to which links and levels refer, without markup; nothing for any other block."""
    if block["t"] != "Header":
        return []
    return [{"t": "Header", "c": [*block["c"][:2], pandoc.string(pandoc.plain_words(block["c"][2]))]}]


def _variants(block: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield replacements of a block that lose more and more of it, each with what it loses."""

    seen: list[str] = []  # formulas and pictures of the block, in order

    def formula(node: dict[str, Any], only: int = -1) -> dict[str, Any]:
        seen.append("a formula")
        return node if only not in (-1, len(seen) - 1) else {"t": "Code", "c": [["", [], []], node["c"][1]]}

    def picture(node: dict[str, Any], only: int = -1) -> Any:
        seen.append("a picture")
        note = [{"t": "Str", "c": "["}, *node["c"][1], *pandoc.string(": picture not shown]")]
        return node if only not in (-1, len(seen) - 1) else note

    pandoc.walk([block], {"Math": formula, "Image": picture})
    for number, what in enumerate(seen[:_MOST_PIECES]):
        seen.clear()
        changes = {"Math": functools.partial(formula, only=number), "Image": functools.partial(picture, only=number)}
        yield what, pandoc.walk([block], changes)
    yield "its formulas and pictures", pandoc.walk([block], {"Math": formula, "Image": picture})
    words = pandoc.plain_words(block) or str(block["c"][-1])
    yield "a block of its text", _bare(block) or [pandoc.code_block(words)]


def _replaced(document: Document, blocks: Mapping[_Place, list[dict[str, Any]]]) -> Document:
    parts: list[Part] = []
    for n, part in enumerate(document.parts):
        if isinstance(part, Text):
            shown = [new for k, block in enumerate(part.blocks) for new in blocks.get((n, k), [block])]
            parts.append(replace(part, blocks=shown))
        elif (n, 0) in blocks:
            parts.append(Text(blocks[n, 0], part.cell))
        else:
            parts.append(part)
    return replace(document, parts=parts)
