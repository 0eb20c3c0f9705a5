"""Comparison of a report with the page that nbconvert makes of the same notebook."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter

from analysis.reporting.page import html
from analysis.reporting.page.document import read_document
from analysis.reporting.page.model import Document

_HIDDEN = "script, style, annotation, math, mjx-container, .made, .not-shown, title, template"


def document_of(*cells: Any, folder: Path | None = None, **metadata: Any) -> Document:
    """Return the report of these cells."""
    notebook = nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)
    return read_document(json.loads(nbformat.writes(notebook)), folder)


def markdown(text: str, **more: Any) -> Any:
    """Return a Markdown cell."""
    return nbformat.v4.new_markdown_cell(text, **more)


def output(data: dict[str, Any], **metadata: Any) -> Any:
    """Return a code cell with this output."""
    shown = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    return nbformat.v4.new_code_cell("show()", outputs=[shown])


def printed(*texts: str, name: str = "stdout") -> Any:
    """Return a code cell that printed these texts."""
    streams = [nbformat.v4.new_output("stream", name=name, text=text) for text in texts]
    return nbformat.v4.new_code_cell("print()", outputs=streams)


def body(document: Document) -> BeautifulSoup:
    """Return the page of a report, without the sections that every report has."""
    soup = BeautifulSoup(html.page(document), "lxml").body
    for element in soup.select(
        "nav, .disclaimer, .series, .made, .not-shown, footer, script, annotation, details.code"
    ):
        element.decompose()
    return soup


def words(soup: BeautifulSoup) -> list[str]:
    """Return the visible words, with pictures' descriptions, but without formulas."""
    return re.findall(r"\w+|[^\w\s]", soup.get_text(" "))


def expected_words(*cells: Any) -> list[str]:
    """Return the visible words of nbconvert's page, without code and formulas."""
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    exporter = HTMLExporter(template_name="basic", exclude_input=True, exclude_output_prompt=True)
    exporter.exclude_anchor_links = True
    soup = BeautifulSoup(exporter.from_notebook_node(notebook)[0], "lxml")
    for element in soup.select(_HIDDEN):
        element.decompose()
    return words(soup)


def first_lost(expected: list[str], shown: list[str]) -> list[str]:
    """Return the first expected words that the shown words lack in this order; none if they have all.

    Spaces do not count, because elements within a line have none between them.
    """
    text, position = "".join(shown), 0
    for number, word in enumerate(expected):
        begin = text.find(word, position)
        if begin < 0:
            return expected[number : number + 5]
        position = begin + len(word)
    return []
