"""A bar in the notebook while something takes long, gone when it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from html import escape
from typing import TypeVar

_Part = TypeVar("_Part")


def progress(words: str) -> Callable[[Collection[_Part]], Iterator[_Part]]:
    """For functions that take `progress`: they go through their parts with it, and a bar tells how far they are.

    words: what is being done. Outside of a notebook it shows nothing. At the end it goes without a trace, so that a
    report is the same with and without it; after an interruption it stays where it stood.
    """

    def watched(parts: Collection[_Part]) -> Iterator[_Part]:
        shell = _shell()
        if shell is None:
            yield from parts
            return
        from IPython.display import HTML, clear_output, display

        shown = display(HTML(_bar(words, 0, len(parts))), display_id=True)
        for done, part in enumerate(parts, start=1):
            yield part
            shown.update(HTML(_bar(words, done, len(parts))))
        # not in a `finally`: after an interruption that would run later and clear the output of another cell
        clear_output()

    return watched


def _bar(words: str, done: int, parts: int) -> str:
    return (
        f'<label>{escape(words)} <progress value="{done}" max="{max(parts, 1)}"></progress> {done} of {parts}</label>'
    )


def _shell() -> object | None:
    """The kernel of a notebook; None in scripts and on a terminal."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    return shell if hasattr(shell, "kernel") else None
