"""Blocks of the Word file in pandoc's representation: figures, tables, cards and the summary of findings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.reporting.page import pandoc
from analysis.reporting.page.docx_package import LANDSCAPE, PORTRAIT
from analysis.reporting.page.docx_pictures import Drawing, bar_drawing, icons_drawing, svg_drawing
from analysis.reporting.page.html_parts import svg_size
from analysis.reporting.page.model import (
    NO_ROWS,
    Blocks,
    CardsPart,
    Document,
    FigurePart,
    Grid,
    NumberedPart,
    OutcomesPart,
    Part,
    PlainText,
    TablePart,
    Text,
)
from analysis.reporting.page.paper import Paper
from analysis.reporting.page.table_layout import block_columns, grid_columns, lay_out, shares_of_width

_NONE = ["", [], []]
_OUTCOME_SHARES = (0.2, 0.1, 0.1, 0.15, 0.1, 0.14, 0.21)
_CIRCLES = ("", "●○○○", "●●○○", "●●●○", "●●●●")


def styled(style: str, blocks: Blocks, anchor: str = "") -> Blocks:
    """Return blocks in a paragraph style of the reference document; none for no blocks."""
    return [{"t": "Div", "c": [[anchor, [], [["custom-style", style]]], blocks]}] if blocks else []


def grid_table(grid: Grid, paper: Paper) -> dict[str, Any]:
    """Return a printed table, with the numbers on the right and links to the entries of data rows."""
    sides = ["AlignLeft" if align == "left" else "AlignRight" for align in grid.aligns]
    rows = [[_linked(grid, cell) for cell in row] for row in grid.cells] or [[pandoc.string(NO_ROWS)]]
    return _table(sides, shares_of_width(grid_columns(grid), paper), list(map(pandoc.string, grid.labels)), rows)


def _linked(grid: Grid, cell: str) -> Blocks:
    inlines: Blocks = []
    for words, name in grid.pieces(cell):
        inlines += [pandoc.link(words, f"#{name}")] if name else pandoc.string(words)
    return inlines


def _table(sides: list[str], shares: tuple[float, ...], head: list[Blocks], rows: list[list[Blocks]]) -> dict[str, Any]:
    """Return a table; a row with fewer cells than columns ends in a cell over the others."""

    def row(cells: list[Blocks]) -> list[Any]:
        spans = [1] * (len(cells) - 1) + [len(sides) - len(cells) + 1]
        return [
            _NONE,
            [
                [_NONE, {"t": "AlignDefault"}, 1, span, [{"t": "Plain", "c": cell}] if cell else []]
                for span, cell in zip(spans, cells, strict=True)
            ],
        ]

    columns = [[{"t": side}, {"t": "ColWidth", "c": share}] for side, share in zip(sides, shares, strict=True)]
    body = [_NONE, 0, [], list(map(row, rows))]
    return {"t": "Table", "c": [_NONE, [None, []], columns, [_NONE, [row(head)]], [body], [_NONE, []]]}


class WordParts:
    """Makes the blocks of parts; collects the pictures that they need and counts figures and tables."""

    def __init__(self, document: Document, paper: Paper) -> None:
        self.document, self.paper = document, paper
        self.drawings: dict[str, Drawing] = {}
        self.last: dict[str, int] = {}  # number of the last figure and table

    def changes(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        """Return the changes of the text: heading levels from one, pictures, tables on turned pages."""
        return {
            "Header": lambda node: {"t": "Header", "c": [max(node["c"][0] - 1, 1), *node["c"][1:]]},
            "Image": self._image,
        }

    def blocks(self, part: Part) -> Blocks:
        match part:
            case Text(blocks):
                return [shown for block in blocks for shown in self._turned(block)]
            case FigurePart():
                return self._figure(part)
            case TablePart():
                table = grid_table(part.grid, self.paper)
                shown = [*self._caption(part, "Table Caption"), table, *styled("Notes", part.notes)]
                return _landscape(shown) if lay_out(grid_columns(part.grid), self.paper)[1].turned else shown
            case CardsPart(cards, level):
                return [block for card in cards for block in self._card(card, level)]
            case OutcomesPart(table):
                return _outcomes(table)
            case PlainText(words):
                return [pandoc.code_block(words)]
        return []

    def _draw(self, drawing: Drawing, alt: str) -> Blocks:
        name = f"drawing-{len(self.drawings) + 1}.png"
        self.drawings[name] = drawing
        return [{"t": "Image", "c": [_NONE, pandoc.string(alt), [name, ""]]}]

    def _image(self, node: dict[str, Any]) -> Any:
        """Return a picture of the text or of an output, as PNG if it is a drawing."""
        if not (picture := self.document.files.get(node["c"][2][0])):
            return node
        if picture.suffix != "svg":
            self.drawings[node["c"][2][0]] = picture.data
            return node
        width = min(0.75 * picture.width, self.paper.width)
        return self._draw(svg_drawing(picture.data.decode(), width), pandoc.plain_words(node["c"][1]))

    def _turned(self, block: dict[str, Any]) -> Blocks:
        if block["t"] != "Table":
            return [block]
        columns = block_columns(block)
        for column, share in zip(block["c"][2], shares_of_width(columns, self.paper), strict=True):
            column[1] = {"t": "ColWidth", "c": share}
        return _landscape([block]) if lay_out(columns, self.paper)[1].turned else [block]

    def _caption(self, part: NumberedPart, style: str) -> Blocks:
        """Return the caption, whose number is a field that Word counts."""
        restart = "" if self.last.get(part.word, 0) + 1 == part.number else f" \\r {part.number}"
        self.last[part.word] = part.number
        field = (
            f'<w:fldSimple w:instr=" SEQ {part.word} \\* ARABIC{restart} "><w:r><w:rPr><w:b/></w:rPr>'
            f"<w:t>{part.number}</w:t></w:r></w:fldSimple>"
        )
        number = [*pandoc.string(f"{part.word}\u00a0"), pandoc.raw_inline("openxml", field), *pandoc.string(".")]
        label = {"t": "Span", "c": [[part.anchor, [], []], [{"t": "Strong", "c": number}]]}
        first, *others = part.caption or [pandoc.paragraph([])]
        return styled(style, [pandoc.paragraph([label, {"t": "Space"}, *first["c"]]), *others])

    def _figure(self, part: FigurePart) -> Blocks:
        shown = self.paper.width_of(*svg_size(part.svg))
        return [
            *styled("Figure Title", [pandoc.paragraph(pandoc.string(part.title))] if part.title else []),
            *styled("Captioned Figure", [pandoc.paragraph(self._draw(svg_drawing(part.svg, shown), part.alt))]),
            *self._caption(part, "Image Caption"),
            *styled("Notes", part.notes),
        ]

    def _card(self, card: dict[str, Any], level: int) -> Blocks:
        heading = {"t": "Header", "c": [level, _NONE, pandoc.string(card["heading"])]}
        return [*([heading] if card["heading"] else []), *(b for block in card["blocks"] for b in self._block(block))]

    def _block(self, block: dict[str, Any]) -> Blocks:
        match block["kind"]:
            case "paragraph":
                return block["text"]
            case "bullets":
                return [{"t": "BulletList", "c": block["items"]}]
            case "facts":
                return [
                    pandoc.paragraph([pandoc.strong(f"{name}:"), {"t": "Space"}, *pandoc.inlines_of(value)])
                    for name, value in block["pairs"]
                ]
            case "icons":
                return [shown for icons in block["icons"] for shown in self._icons(icons)]
            case "bar":
                words = [*pandoc.string(f"{block['label']}: "), pandoc.strong(block["value"])]
                alt = "Nobody counted" if block["share"] is None else f"A bar filled to {block['share']:.0%}"
                bar = pandoc.paragraph(self._draw(bar_drawing(block["share"], block["tone"]), alt))
                return [*(styled("Kept With Next", [pandoc.paragraph(words)]) if block["value"] else []), bar]
        raise TypeError(block["kind"])

    def _icons(self, icons: dict[str, Any]) -> Blocks:
        counted = "with question marks" if icons["filled"] is None else f"of which {icons['filled']} filled"
        drawing = self._draw(icons_drawing(icons), f"{icons['total']} icons, {counted}")
        words = [pandoc.strong(icons["lead"]), {"t": "Space"}, *pandoc.string(icons["words"])]
        return [*styled("Kept With Next", [pandoc.paragraph(drawing)]), pandoc.paragraph(words)]


def _landscape(blocks: Blocks) -> Blocks:
    return [pandoc.raw("openxml", PORTRAIT), *blocks, pandoc.raw("openxml", LANDSCAPE)]


def _outcomes(table: dict[str, Any]) -> Blocks:
    """Return the summary of findings as a table, then its notes."""
    control = table["control_name"]
    names = ["Outcome", f"With {control}", "With ketamine", "Difference (95% CI)", "Patients (trials)", "Certainty"]
    rows = [
        [
            [pandoc.strong(row["outcome"]), *_small(row["outcome_letter"]), *_detail(row["detail"])],
            pandoc.string(row["control"]),
            pandoc.string(row["ketamine"]),
            [
                *([pandoc.strong(row["difference"])] if row["interval"] else pandoc.string(row["difference"])),
                *_detail(row["interval"]),
                *_small(row["difference_letter"]),
            ],
            [*pandoc.string(row["patients"]), *_small(row["patients_letter"])],
            [
                *pandoc.string(f"{_CIRCLES[row['certainty']]} {row['certainty_word']}".strip()),
                *_detail(row["certainty_remark"]),
            ],
            pandoc.string(row["meaning"]),
        ]
        for row in table["outcomes"]
    ]
    head = [pandoc.string(name) for name in (*names, "What this means")]
    notes = [block for note in table["notes"] for block in note]
    for letter, note in table["footnotes"]:
        notes.append(pandoc.paragraph([*_small(letter), {"t": "Space"}, *pandoc.inlines_of(note)]))
    caption = styled("Table Caption", [pandoc.paragraph([pandoc.strong(table["caption"])])], "outcomes")
    return [*caption, _table(["AlignLeft"] * len(head), _OUTCOME_SHARES, head, rows), *styled("Notes", notes)]


def _small(letter: str) -> Blocks:
    return [{"t": "Superscript", "c": pandoc.string(letter)}] if letter else []


def _detail(words: str) -> Blocks:
    return [{"t": "LineBreak"}, *pandoc.string(words)] if words else []
