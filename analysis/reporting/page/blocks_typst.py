"""Typst of cards and of the summary of findings; `report.typ` has the functions that draw them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.exhibit.row_picture import percent_of_axis
from analysis.reporting.page import pandoc
from analysis.reporting.page.model import Blocks
from analysis.reporting.page.outcomes_html import tick_words

_Text = Callable[[str], str]  # returns a Typst string


def cards_typst(cards: list[dict[str, Any]], level: int, text: _Text) -> Blocks:
    """Return cards side by side; their text is in pandoc's representation."""
    blocks: Blocks = [_raw("#cards(")]
    for card in cards:
        blocks.append(_raw(f"card({text(card['heading'])}, {level - 1}, {text(card['look'])}, ["))
        for block in card["blocks"]:
            blocks += _block(block, text)
        blocks.append(_raw("]),"))
    return [*blocks, _raw(")")]


def _raw(source: str) -> dict[str, Any]:
    return pandoc.raw("typst", source)


def _block(block: dict[str, Any], text: _Text) -> Blocks:
    match block["kind"]:
        case "paragraph":
            return block["text"]
        case "bullets":
            return [{"t": "BulletList", "c": block["items"]}]
        case "facts":
            facts: Blocks = [_raw("#facts(")]
            for name, value in block["pairs"]:
                facts += [_raw(f"({text(name)}, ["), *value, _raw("]),")]
            return [*facts, _raw(")")]
        case "icons":
            arrays = "".join(f"{_icons(icons, text)}, " for icons in block["icons"])
            return [_raw(f"#icon-row({arrays})")]
        case "bar":
            share = "none" if block["share"] is None else f"{block['share']:.4f}"
            words = f"{text(block['label'])}, {text(block['value'])}"
            return [_raw(f"#share-bar({words}, {share}, {text(block['tone'])})")]
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
    blocks: Blocks = [_raw(opening), _raw("#foot[")]
    for note in part["notes"]:
        blocks += note
    for letter, note in part["footnotes"]:
        blocks += [_raw(f"#footnote-line({text(letter)})["), *note, _raw("]")]
    return [*blocks, _raw("]")]
