"""The words of a PDF, read once, and the blank end of its pages."""

from __future__ import annotations

import functools
import io
import re

import pypdf

_FOOT, _HEAD = 45.0, 40.0  # points of a page below and above its text
_DRAWN = re.compile(rb"q 1 0 0 -1 \S+ (\S+) cm")  # Typst places each line of text and each rule so


@functools.cache
def page_words(content: bytes) -> tuple[str, ...]:
    """Words of each page of a PDF, separated by single spaces."""
    return tuple(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def blank_ends(content: bytes) -> tuple[float, ...]:
    """Return the share of each page of a PDF of Typst that is blank below its last line or rule."""
    ends = []
    for page in pypdf.PdfReader(io.BytesIO(content)).pages:
        top = float(page.mediabox.height) - _HEAD
        heights = map(float, _DRAWN.findall(page.get_contents().get_data()))
        ends.append((min([height for height in heights if height > _FOOT], default=top) - _FOOT) / (top - _FOOT))
    return tuple(ends)


def all_words(content: bytes) -> str:
    """Words of a PDF, separated by single spaces."""
    return " ".join(page_words(content))
