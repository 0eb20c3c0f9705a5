"""A progress bar in the notebook that disappears at the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from html import escape
from typing import TypeVar

_Part = TypeVar("_Part")


def progress(words: str) -> Callable[[Collection[_Part]], Iterator[_Part]]:
    """Return an iterator over parts that shows a progress bar labelled `words`, for functions that take `progress`.

    Outside a notebook it shows nothing. The bar is removed at the end, so that reports are the same with and without
    it; after an interruption it remains.
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
        # no `finally`: after an interruption it would run later and clear the output of another cell
        clear_output()

    return watched


def _bar(words: str, done: int, parts: int) -> str:
    return (
        f'<label>{escape(words)} <progress value="{done}" max="{max(parts, 1)}"></progress> {done} of {parts}</label>'
    )


def _shell() -> object | None:
    """Return the kernel of a notebook; None in scripts and on a terminal."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    return shell if hasattr(shell, "kernel") else None
