"""Helpers for computed Markdown text."""

from __future__ import annotations

import re

from analysis.exhibit.glyphs import visible

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~^$@\"'=:])")
_LINK = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]\([^()\s]*\)")
_EMPHASIS = re.compile(r"(?<!\\)(\*\*|__|\*|`)")


def cite(study_id: str, citation: str) -> str:
    """Return the link from a computed sentence to the reference of a study or review.

    `study_id` is the key in references.bib, `citation` the words to show (such as "Mangnus et al. 2021").
    """
    return f"[{escape(citation)}](#ref-{study_id})"


def escape(text: str) -> str:
    """Return text from the data with all Markdown markup escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(visible(str(text)).split()))


def paragraphs(*parts: str) -> str:
    """Return Markdown paragraphs; empty parts are left out."""
    return "\n\n".join(part for part in parts if part)


def plain(markdown: str) -> str:
    """Return Markdown as one line of plain text."""
    text = _LINK.sub(r"\1", markdown)
    text = _EMPHASIS.sub("", text)
    return " ".join(re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text).split())
