"""Cards and the summary of findings as parts of a page: their Markdown is read with all other text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.reporting.page.model import Blocks

BLOCK_KINDS = ("cards", "outcomes")


class PieceName(str):
    """The name of a piece of Markdown, in the place of its text."""


def with_pieces(payload: dict[str, Any], piece: Callable[[str], str]) -> dict[str, Any]:
    """Return the JSON of cards or outcomes with the names of pieces in the place of Markdown.

    `piece` registers a Markdown text and returns the name of its piece.
    """

    def named(markdown: str) -> PieceName:
        return PieceName(piece(markdown))

    if payload["kind"] == "outcomes":
        footnotes = [[letter, named(note)] for letter, note in payload["footnotes"]]
        return {**payload, "notes": [named(note) for note in payload["notes"]], "footnotes": footnotes}

    def block(content: dict[str, Any]) -> dict[str, Any]:
        match content["kind"]:
            case "paragraph":
                return {**content, "text": named(content["markdown"])}
            case "bullets":
                return {**content, "items": [named(item) for item in content["items"]]}
            case "facts":
                return {**content, "pairs": [[name, named(value)] for name, value in content["pairs"]]}
        return content

    return {"cards": [{**card, "blocks": list(map(block, card["blocks"]))} for card in payload["cards"]]}


def filled(node: Any, read: dict[str, Blocks]) -> Any:
    """Return JSON with the blocks of pieces in the place of their names."""
    if isinstance(node, PieceName):
        return read[node]
    if isinstance(node, dict):
        return {key: filled(value, read) for key, value in node.items()}
    return [filled(value, read) for value in node] if isinstance(node, list) else node
