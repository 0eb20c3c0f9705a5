"""The words of a PDF and the blank end of its pages, read once: seconds of one core for the evidence report."""

from __future__ import annotations

import functools
import io

import pypdf

_FOOT, _HEAD = 45.0, 40.0  # points of a page below and above its text


@functools.cache
def _pages(content: bytes) -> tuple[tuple[str, float], ...]:
    """Return words and blank share of each page."""
    found = []
    for page in pypdf.PdfReader(io.BytesIO(content)).pages:
        heights: list[float] = []

        def seen(text: str, within: list[float], own: list[float], *_: object, heights: list[float] = heights) -> None:
            if text.strip():
                heights.append(own[4] * within[1] + own[5] * within[3] + within[5])

        words = " ".join(page.extract_text(visitor_text=seen).split())
        top = float(page.mediabox.height) - _HEAD
        lowest = min([height for height in heights if height > _FOOT], default=top)
        found.append((words, (lowest - _FOOT) / (top - _FOOT)))
    return tuple(found)


def page_words(content: bytes) -> tuple[str, ...]:
    """Words of each page of a PDF, separated by single spaces."""
    return tuple(words for words, _ in _pages(content))


def blank_ends(content: bytes) -> tuple[float, ...]:
    """Return the share of each page that is blank below its last text."""
    return tuple(blank for _, blank in _pages(content))


def all_words(content: bytes) -> str:
    """Words of a PDF, separated by single spaces."""
    return " ".join(page_words(content))
