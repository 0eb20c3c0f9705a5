"""Blocks of a page beside figures and tables: icon arrays, bars, facts, lists, arranged in cards."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from analysis.exhibit.kinds import EXHIBIT_MIME
from analysis.exhibit.row_picture import Tone


@dataclass(frozen=True)
class Paragraph:
    """A paragraph in Markdown."""

    markdown: str

    def markdown_text(self) -> str:
        """Return the block in Markdown, for notebooks."""
        return self.markdown


@dataclass(frozen=True)
class Bullets:
    """A list of items in Markdown."""

    items: tuple[str, ...]

    def markdown_text(self) -> str:
        """Return the block in Markdown, for notebooks."""
        return "\n".join(f"- {item}" for item in self.items)


@dataclass(frozen=True)
class Icons:
    """An icon array: `filled` of `total` icons, or question marks where nobody knows (`filled` is None)."""

    filled: int | None
    words: str
    tone: Tone = "ketamine"
    total: int = 100
    shape: Literal["dot", "person"] = "dot"

    def __post_init__(self) -> None:
        if self.filled is not None and not 0 <= self.filled <= self.total:
            raise ValueError(f"filled is {self.filled}, but there are {self.total} icons")

    @property
    def lead(self) -> str:
        """The number, or `Nobody knows`, as printed before the words."""
        if self.filled is None:
            return "Nobody knows"
        return str(self.filled) if self.total == 100 else f"{self.filled} of {self.total}"

    def markdown_text(self) -> str:
        """Return the block in Markdown, for notebooks."""
        return f"**{self.lead}** {self.words}"


@dataclass(frozen=True)
class IconRow:
    """Icon arrays side by side."""

    icons: tuple[Icons, ...]

    def markdown_text(self) -> str:
        """Return the block in Markdown, for notebooks."""
        return "; ".join(icons.markdown_text() for icons in self.icons)


@dataclass(frozen=True)
class ShareBar:
    """A bar filled to a share between 0 and 1, hatched where nobody counted (`share` is None)."""

    label: str
    value: str
    share: float | None
    tone: Tone = "ketamine"

    def markdown_text(self) -> str:
        """Return the block in Markdown, for notebooks."""
        return f"{self.label}: {self.value}" if self.label else self.value


@dataclass(frozen=True)
class Facts:
    """Names and values in columns; values are Markdown."""

    pairs: tuple[tuple[str, str], ...]

    def markdown_text(self) -> str:
        """Return the block in Markdown, for notebooks."""
        return "\n".join(f"- *{name}*: {value}" for name, value in self.pairs)


Block = Paragraph | Bullets | IconRow | ShareBar | Facts


@dataclass(frozen=True)
class Card:
    """Blocks under a heading. look: a rule in the colour of ketamine or harm, dashed for what is not known, or none."""

    heading: str
    blocks: tuple[Block, ...]
    look: Literal["ketamine", "harm", "unknown", "plain"] = "plain"

    def markdown_text(self) -> str:
        """Return the card in Markdown, for notebooks."""
        lead = [f"**{self.heading}**"] if self.heading else []
        return "\n\n".join([*lead, *(block.markdown_text() for block in self.blocks)])


@dataclass(frozen=True)
class Cards:
    """Cards side by side, with the studies and data rows of their numbers; half: in half of the page's width."""

    cards: tuple[Card, ...]
    studies: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    half: bool = False

    def payload(self) -> dict[str, Any]:
        """Return what the report needs, as JSON."""
        cards = [
            {"heading": card.heading, "look": card.look, "blocks": [_block(block) for block in card.blocks]}
            for card in self.cards
        ]
        named = {"studies": list(self.studies), "rows": list(self.rows)}
        return {"kind": "cards", "cards": cards, "half": self.half, **named}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        markdown = "\n\n".join(card.markdown_text() for card in self.cards)
        return {EXHIBIT_MIME: self.payload(), "text/markdown": markdown, "text/plain": markdown}


_KINDS = {Paragraph: "paragraph", Bullets: "bullets", IconRow: "icons", ShareBar: "bar", Facts: "facts"}


def _block(block: Block) -> dict[str, Any]:
    parts = (
        {"icons": [{**asdict(icons), "lead": icons.lead} for icons in block.icons]}
        if isinstance(block, IconRow)
        else {}
    )
    return {"kind": _KINDS[type(block)], **asdict(block), **parts}
