"""Parts of a report, independent of its format: headings and text, figures, tables, code, other outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from analysis.exhibit.places import anchor, cell_places
from analysis.reporting.page.pictures import Picture
from analysis.reporting.page.source_rows import Entry

NO_ROWS = "No rows."  # printed in an empty table
Blocks = list[dict[str, Any]]  # pandoc's representation of text: a list of blocks as JSON


@dataclass(frozen=True)
class Grid:
    """Printed cells of a table as plain text. rows: entries of data rows that its cells may link to."""

    labels: tuple[str, ...]
    aligns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    csv: str = ""
    rows: frozenset[str] = frozenset()

    @classmethod
    def of(cls, payload: dict[str, Any], rows: frozenset[str] = frozenset()) -> Grid:
        """Return the grid of an exhibit's JSON; units are part of the labels."""
        columns = payload["columns"]
        labels = tuple(f"{c['label']} ({c['unit']})" if c.get("unit") else c["label"] for c in columns)
        cells = tuple(tuple(row) for row in payload["cells"])
        return cls(labels, tuple(c["align"] for c in columns), cells, payload.get("csv", ""), rows)

    def pieces(self, cell: str) -> list[tuple[str, str]]:
        """Return a cell in pieces, each with the entry that it leads to (empty for none)."""
        if not self.rows:
            return [(cell, "")] if cell else []
        named = [(text, anchor(*place) if place else "") for text, place in cell_places(cell)]
        return [(text, name if name in self.rows else "") for text, name in named]


@dataclass(frozen=True)
class Text:
    """Text of a cell or of an output, as blocks."""

    blocks: Blocks
    cell: int = 0


@dataclass(frozen=True, kw_only=True)
class NumberedPart:
    """What figures and tables have in common. notes: what is left out, assumptions, source studies."""

    word: ClassVar[str]
    number: int
    name: str
    caption: Blocks
    notes: Blocks
    grid: Grid
    studies: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return its number as printed: `Figure 3`."""
        return f"{self.word} {self.number}"

    @property
    def anchor(self) -> str:
        """Return the target of links to it: `fig-NAME`, `tab-NAME`."""
        return f"{self.word[:3].lower()}-{self.name}"


@dataclass(frozen=True, kw_only=True)
class FigurePart(NumberedPart):
    """A numbered figure."""

    word = "Figure"
    svg: str
    alt: str
    title: str = ""  # the finding
    narrow_svg: str = ""  # the picture for a phone
    rows: dict[str, Any] | None = None  # the content as rows, JSON of a RowPicture
    choices: dict[str, Any] | None = None  # what the reader may choose, JSON of RateChoices
    half: bool = False  # half a page wide


@dataclass(frozen=True, kw_only=True)
class TablePart(NumberedPart):
    """A numbered table."""

    word = "Table"


@dataclass(frozen=True)
class CardsPart:
    """Cards side by side, as JSON whose Markdown is parsed; level of their headings; half a page wide or whole."""

    cards: list[dict[str, Any]]
    level: int = 3
    half: bool = False


@dataclass(frozen=True)
class OutcomesPart:
    """The summary of findings, as JSON whose notes are parsed; rows: entries that its numbers may link to."""

    table: dict[str, Any]
    rows: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AppendixStart:
    """The beginning of the appendix, which is folded on a page and a file of its own as PDF."""


@dataclass(frozen=True)
class Code:
    """Code of the notebook, shown on demand."""

    source: str


@dataclass(frozen=True)
class PlainText:
    """Printed lines. role: output, warning or error."""

    text: str
    role: str = "output"
    cell: int = 0


def is_half(part: Part) -> bool:
    """Return whether a part is half a page wide; such parts in sequence stand side by side."""
    return isinstance(part, (FigurePart, CardsPart)) and part.half


Part = Text | FigurePart | TablePart | CardsPart | OutcomesPart | AppendixStart | Code | PlainText


@dataclass(frozen=True)
class Heading:
    """One line of the table of contents."""

    level: int
    anchor: str
    text: str
    appendix: bool = False


@dataclass(frozen=True)
class Answer:
    """One finding: the question and the answer in a sentence."""

    question: str
    sentence: Blocks


@dataclass
class Document:
    """A complete report, to be written as HTML or PDF."""

    title: str
    subtitle: str = ""
    kicker: str = ""
    lead: Blocks = field(default_factory=list)
    findings: list[Answer] = field(default_factory=list)
    synthetic: bool = False
    parts: list[Part] = field(default_factory=list)
    contents: list[Heading] = field(default_factory=list)
    rows: list[Entry] = field(default_factory=list)  # the data rows behind its numbers
    files: dict[str, Picture] = field(default_factory=dict)  # pictures of text and outputs, by file name
    made: dict[str, Any] = field(default_factory=dict)  # provenance, as recorded in the notebook
    references: Blocks = field(default_factory=list)  # empty if nothing is cited
    warnings: list[str] = field(default_factory=list)  # what is not shown, with its cell

    @property
    def running(self) -> str:
        """The running head of printed pages."""
        return self.kicker.split(" · ")[0] or self.title

    @property
    def has_appendix(self) -> bool:
        """Whether the report has a main part and an appendix."""
        return any(isinstance(part, AppendixStart) for part in self.parts)

    def divided(self) -> tuple[list[Part], list[Part]]:
        """Return the parts before the appendix, and those of the appendix."""
        starts = [number for number, part in enumerate(self.parts) if isinstance(part, AppendixStart)]
        return (self.parts[: starts[0]], self.parts[starts[0] + 1 :]) if starts else (self.parts, [])
