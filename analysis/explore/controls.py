"""What both views are made of: lists to tick, exhibits as HTML, the box with the command."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import ipywidgets as widgets

from analysis.exhibit import Figure, Table, plain

SIDE = "250px"
NOTHING = "Nothing ticked in a list means all of it."
_ONE = widgets.Layout(width="auto", margin="0", min_height="24px")
_NARROW = {"description_width": "0px"}
CLOSE = "line-height:1.45"  # widgets are as high as a button otherwise
HINT = "color:var(--jp-ui-font-color2,#4d5963);font-size:12px;line-height:1.4"


class Ticks:
    """A named list of boxes to tick; nothing ticked means all.

    words: value -> what is printed. `chosen`: the ticked values in the order of the list. `box`: what is shown.
    """

    def __init__(self, heading: str, words: dict[str, str], ticked: Iterable[str] = (), tall: int = 0) -> None:
        ticked = set(ticked)
        self._boxes = {
            value: widgets.Checkbox(
                value in ticked, description=text, tooltip=text, indent=False, layout=_ONE, style=_NARROW
            )
            for value, text in words.items()
        }
        lines = widgets.VBox(tuple(self._boxes.values()), layout=widgets.Layout(width="100%"))
        if tall:
            lines.layout = widgets.Layout(width="100%", height=f"{tall}px", overflow="hidden auto", display="block")
        self.box = widgets.VBox((title(heading), lines), layout=widgets.Layout(margin="0 0 8px 0"))

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ticked values."""
        return tuple(value for value, box in self._boxes.items() if box.value)

    def tick(self, *values: str) -> None:
        """Tick these and no others, as by hand. KeyError for a value that the list doesn't hold."""
        for value in values:
            self._boxes[value].value = True
        for value, box in self._boxes.items():
            box.value = value in values

    def observe(self, changed: Callable[[Any], None]) -> None:
        """Call `changed` whenever a box is ticked or cleared."""
        for box in self._boxes.values():
            box.observe(changed, "value")


def title(words: str) -> widgets.HTML:
    """A small heading above a control."""
    return widgets.HTML(f'<b style="font-size:12.5px">{escape(words)}</b>')


def hint(words: str) -> widgets.HTML:
    """A line of small print."""
    return widgets.HTML(f'<div style="{HINT}">{escape(words)}</div>')


def page(controls: Iterable[widgets.Widget], results: Iterable[widgets.Widget]) -> widgets.HBox:
    """Controls at the left, results beside them, or below them where there is no room."""
    left = widgets.VBox(tuple(controls), layout=widgets.Layout(flex=f"0 0 {SIDE}", width=SIDE, margin="0 16px 0 0"))
    right = widgets.VBox(tuple(results), layout=widgets.Layout(flex="1 1 480px", min_width="0", max_width="760px"))
    return widgets.HBox((left, right), layout=widgets.Layout(flex_flow="row wrap", align_items="flex-start"))


def answer(words: str) -> str:
    """A computed sentence as HTML."""
    return f'<p style="font-size:14px;line-height:1.5;margin:8px 0">{escape(words)}</p>'


def figure_html(figure: Figure) -> str:
    """The picture with its alternative text, its caption and what it leaves out."""
    notes = f'<div style="{HINT}">{escape(plain(figure.notes))}</div>' if figure.notes else ""
    return f'<div style="{CLOSE}">{figure.html}{notes}</div>'


def table_html(table: Table) -> str:
    """The printed table with its caption and notes."""
    notes = f'<div style="{HINT}">{escape(plain(table.notes))}</div>' if table.notes else ""
    return (
        f'<div class="jp-RenderedHTMLCommon" style="overflow-x:auto;{CLOSE}">'
        f"{table._repr_mimebundle_()['text/html']}</div>{notes}"
    )


class CommandBox:
    """The button that writes the command which makes what is shown again; once written it follows every change.

    command: gives the command line and a note (may be empty). text: the command as shown; empty before the first click.
    """

    def __init__(self, command: Callable[[], tuple[str, str]]) -> None:
        self._command = command
        self.text = ""
        self.button = widgets.Button(
            description="Write the command for this report",
            tooltip="The command line that makes a report with these choices",
            layout=widgets.Layout(width="auto"),
        )
        self._place = widgets.HTML()
        self.box = widgets.VBox(
            (self.button, self._place), layout=widgets.Layout(margin="12px 0 0 0", align_items="flex-start")
        )
        self.button.on_click(lambda _: self._write())

    def refresh(self) -> None:
        """Write it anew if it was asked for."""
        if self.text:
            self._write()

    def _write(self) -> None:
        self.text, note = self._command()
        self._place.value = (
            f'<pre style="white-space:pre-wrap;user-select:all;padding:8px;border:1px solid #9aa5ae">'
            f'{escape(self.text)}</pre><div style="{HINT}">{escape(note)}</div>'
        )
