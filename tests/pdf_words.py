"""The words of a PDF, extracted once: 9 s of one core for the evidence report, because figures are paths there."""

from __future__ import annotations

import functools
import io

import pypdf


@functools.cache
def page_words(content: bytes) -> tuple[str, ...]:
    """Words of each page of a PDF, separated by single spaces."""
    return tuple(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def all_words(content: bytes) -> str:
    """Words of a PDF, separated by single spaces."""
    return " ".join(page_words(content))
