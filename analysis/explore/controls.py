"""Controls and HTML elements shared by both views."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import ipywidgets as widgets

from analysis.exhibit import Figure, Table, plain

SMALL_PRINT = "color:var(--jp-ui-font-color2,#4d5963);font-size:12px;line-height:1.4"
_COMPACT = "line-height:1.45"  # widgets are as high as a button otherwise
_SIDE = "250px"
# ipywidgets gives handles and groups no names, and replaces a sentence together with its live region
_ACCESSIBLE = """
const start = () => {
  const view = element.closest('.explore-view')
  if (!view) return setTimeout(start, 50)  // not attached yet
  const live = document.createElement('p')
  live.setAttribute('role', 'status')
  live.style.cssText = 'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)'
  view.append(live)
  const set = (part, name, words) => part.getAttribute(name) === words || part.setAttribute(name, words)
  const update = () => {
    for (const box of view.querySelectorAll('.explore-named')) {
      const words = box.firstElementChild.textContent.trim(), handle = box.querySelector('.noUi-handle')
      set(handle ?? box, 'aria-label', words)
      if (handle) set(handle, 'aria-valuetext', box.querySelector('.widget-readout').textContent)
      else set(box, 'role', 'group')
    }
    const words = [...view.querySelectorAll('.explore-answer')].find(part => part.offsetParent)?.textContent ?? ''
    if (words !== live.textContent) live.textContent = words
  }
  new MutationObserver(update).observe(view, {subtree: true, childList: true, characterData: true, attributes: true})
  update()
}
start()
"""
# the labels of closed tabs are too pale
_STYLE = """<style>
.explore-view .lm-TabBar-tabLabel {color: var(--jp-ui-font-color1, #18202a)}
.explore-view .widget-html-content {min-width: 0; overflow-x: auto} /* on a phone a wide table scrolls by itself */
</style>"""


class Ticks:
    """A list of check boxes; without a tick, all values count.

    Parameters
    ----------
    heading
        Printed above the list.
    words
        The label of each value.
    ticked
        Values that are ticked initially.
    height
        Height in pixels of a scrolling list; 0 for a list of full length.

    Attributes
    ----------
    chosen
        The ticked values in the order of the list.
    box
        The widget.
    """

    def __init__(self, heading: str, words: dict[str, str], ticked: Iterable[str] = (), height: int = 0) -> None:
        ticked = set(ticked)
        layout = widgets.Layout(width="auto", margin="0", min_height="24px")
        self._boxes = {
            value: widgets.Checkbox(
                value in ticked,
                description=text,
                tooltip=text,
                indent=False,
                layout=layout,
                style={"description_width": "0px"},
            )
            for value, text in words.items()
        }
        lines = widgets.VBox(tuple(self._boxes.values()), layout=widgets.Layout(width="100%"))
        if height:
            lines.layout = widgets.Layout(width="100%", height=f"{height}px", overflow="hidden auto", display="block")
        self.box = titled(heading, lines)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ticked values in the order of the list."""
        return tuple(value for value, box in self._boxes.items() if box.value)

    def tick(self, *values: str) -> None:
        """Tick these values and no others; KeyError for an unknown value."""
        for value in values:
            self._boxes[value].value = True
        for value, box in self._boxes.items():
            box.value = value in values

    def observe(self, changed: Callable[[Any], None]) -> None:
        """Call `changed` at every change of a tick."""
        for box in self._boxes.values():
            box.observe(changed, "value")


class CommandBox:
    """A button that shows the command of the report with these choices and updates it at every change.

    Parameters
    ----------
    command
        Returns the command line and a note on it.

    Attributes
    ----------
    text
        The command as shown; empty before the first click.
    button, box
        The button and the widget that contains it.
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
        layout = widgets.Layout(margin="12px 0 0 0", align_items="flex-start")
        self.box = widgets.VBox((self.button, self._place), layout=layout)
        self.button.on_click(lambda _: self._write())

    def refresh(self) -> None:
        """Update the command if it is shown."""
        if self.text:
            self._write()

    def _write(self) -> None:
        self.text, note = self._command()
        self._place.value = (
            f'<pre style="white-space:pre-wrap;user-select:all;padding:8px;border:1px solid #9aa5ae">'
            f'{escape(self.text)}</pre><div style="{SMALL_PRINT}">{escape(note)}</div>'
        )


class View:
    """Base of both views: `box` contains the controls and results, `_command` returns the command line and a note."""

    box: widgets.Box
    _command: Callable[[], tuple[str, str]]

    @property
    def command(self) -> str:
        """The command line that builds a report with these choices."""
        return self._command()[0]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.box._repr_mimebundle_(include=include, exclude=exclude)


def titled(words: str, control: widgets.Widget) -> widgets.VBox:
    """Return a control below its title, which is its accessible name."""
    title = widgets.HTML(f'<b style="font-size:12.5px">{escape(words)}</b>')
    box = widgets.VBox((title, control), layout=widgets.Layout(margin="0 0 8px 0"))
    return box.add_class("explore-named")


def ticks_hint() -> widgets.HTML:
    """Return the line that explains a list without a tick."""
    return widgets.HTML(f'<div style="{SMALL_PRINT}">Nothing ticked in a list means all of it.</div>')


def side_by_side(controls: Iterable[widgets.Widget], results: Iterable[widgets.Widget]) -> widgets.HBox:
    """Return controls at the left and results at the right, or below on a narrow screen."""
    outputs = ({"text/html": _STYLE}, {"application/javascript": _ACCESSIBLE})
    script = widgets.Output(
        outputs=tuple({"output_type": "display_data", "data": data, "metadata": {}} for data in outputs)
    )
    left = widgets.VBox(tuple(controls), layout=widgets.Layout(flex=f"0 0 {_SIDE}", width=_SIDE, margin="0 16px 0 0"))
    right = widgets.VBox((*results, script), layout=widgets.Layout(flex="1 1 480px", min_width="0", max_width="760px"))
    box = widgets.HBox((left, right), layout=widgets.Layout(flex_flow="row wrap", align_items="flex-start"))
    return box.add_class("explore-view")


def sentence_block(words: str) -> str:
    """Return a computed sentence as HTML, which the script of `side_by_side` announces when it changes."""
    return f'<p class="explore-answer" style="font-size:14px;line-height:1.5;margin:8px 0">{escape(words)}</p>'


def exhibit_block(exhibit: Figure | Table) -> str:
    """Return a figure or table with its caption and notes as HTML; of an empty figure the sentence that says why."""
    notes = f'<div style="{SMALL_PRINT}">{escape(plain(exhibit.notes))}</div>' if exhibit.notes else ""
    if isinstance(exhibit, Figure):
        if exhibit.data.empty:
            return f"<p>{escape(exhibit.alt)}</p>{notes}"
        return f'<div style="{_COMPACT}">{exhibit.html}{notes}</div>'
    table = exhibit._repr_mimebundle_()["text/html"]
    return f'<div class="jp-RenderedHTMLCommon" style="overflow-x:auto;{_COMPACT}">{table}</div>{notes}'
