"""Typst of cards and of the summary of findings; `report.typ` has the functions that draw them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.exhibit.row_picture import percent_of_axis
from analysis.reporting.page.model import Blocks
from analysis.reporting.page.outcomes_html import tick_words
from analysis.reporting.page.pandoc import typst_block

_Text = Callable[[str], str]  # returns a Typst string
_SHORT = 14  # items; lists side by side with no more stay on one page


def cards_typst(cards: list[dict[str, Any]], level: int, text: _Text) -> Blocks:
    """Return cards side by side; their text is in pandoc's representation."""
    items = sum(len(block.get("items", ())) for card in cards for block in card["blocks"])
    # long lists, and a card alone, may continue on the next page
    breakable = len(cards) == 1 or (items > _SHORT and all(card["look"] == "plain" for card in cards))
    blocks: Blocks = [typst_block(f"#cards({str(breakable).lower()}, ")]
    for card in cards:
        blocks.append(typst_block(f"card({text(card['heading'])}, {level - 1}, {text(card['look'])}, ["))
        for block in card["blocks"]:
            blocks += _block(block, text)
        blocks.append(typst_block("]),"))
    return [*blocks, typst_block(")")]


def _block(block: dict[str, Any], text: _Text) -> Blocks:
    match block["kind"]:
        case "paragraph":
            return block["text"]
        case "bullets":
            return [{"t": "BulletList", "c": block["items"]}]
        case "facts":
            facts: Blocks = [typst_block("#facts(")]
            for name, value in block["pairs"]:
                facts += [typst_block(f"({text(name)}, ["), *value, typst_block("]),")]
            return [*facts, typst_block(")")]
        case "icons":
            arrays = "".join(f"{_icons(icons, text)}, " for icons in block["icons"])
            return [typst_block(f"#icon-row({arrays})")]
        case "bar":
            share = "none" if block["share"] is None else f"{block['share']:.4f}"
            words = f"{text(block['label'])}, {text(block['value'])}"
            return [typst_block(f"#share-bar({words}, {share}, {text(block['tone'])})")]
    raise TypeError(block["kind"])


def _icons(icons: dict[str, Any], text: _Text) -> str:
    filled = "none" if icons["filled"] is None else icons["filled"]
    words = f"{text(icons['lead'])}, {text(icons['words'])}"
    return f"icon-array({filled}, {icons['total']}, {text(icons['tone'])}, {text(icons['shape'])}, {words})"


def outcomes_typst(part: dict[str, Any], anchor: str, text: _Text) -> Blocks:
    """Return the summary of findings as a table, then its notes."""

    def place(value: float) -> str:
        return f"{percent_of_axis(value, *part['axis']):g}%"

    def row(cells: dict[str, Any]) -> str:
        drawn = "none"
        if cells["drawn"]:
            drawn = f"({', '.join(place(value) for value in cells['drawn'])})"
        names = ("outcome", "detail", "control", "ketamine", "difference", "interval", "patients", "meaning")
        words = [f"{name}: {text(cells[name])}" for name in (*names, "certainty_word", "certainty_remark")]
        letters = [f"{name}: {text(cells[f'{name}_letter'])}" for name in ("outcome", "difference", "patients")]
        return (
            f"({', '.join(words)}, letters: ({', '.join(letters)}), certainty: {cells['certainty']}, "
            f"in-points: {str(cells['in_points']).lower()}, drawn: {drawn})"
        )

    yardstick = part["yardstick"]
    ticks = "".join(f"({place(value)}, {text(tick_words(value))})," for value in part["ticks"])
    opening = (
        f"#outcomes({text(anchor)}, {text(part['caption'])}, {text(part['control_name'])}, ({ticks}), {place(0)}, "
        f"({place(yardstick['at'])}, {text(yardstick['words'])}, {text(yardstick['letter'])}), "
        f"({''.join(f'{row(cells)},' for cells in part['outcomes'])}))"
    )
    blocks: Blocks = [typst_block(opening), typst_block("#foot[")]
    for note in part["notes"]:
        blocks += note
    for letter, note in part["footnotes"]:
        blocks += [typst_block(f"#footnote-line({text(letter)})["), *note, typst_block("]")]
    return [*blocks, typst_block("]")]
