"""The two nbconvert exporters. `jupyter nbconvert --to crps-html executed.ipynb` makes the same bytes as the batch."""

from __future__ import annotations

import functools
import json
from typing import Any

import nbformat
from nbconvert.exporters import Exporter, TemplateExporter
from nbformat import NotebookNode
from traitlets import default

from analysis.reporting import html, pdf, provenance
from analysis.reporting.document import TEMPLATE, read
from analysis.reporting.parts import Document, Grid


@functools.lru_cache(maxsize=2)
def _read(notebook: str) -> Document:
    return read(json.loads(notebook))


def document_of(notebook: NotebookNode) -> Document:
    """The report in a notebook; read once for all the formats it is exported to."""
    return _read(nbformat.writes(notebook))


def made_lines(document: Document) -> list[dict[str, Any]]:
    """How it was made, tables as grids."""
    lines = provenance.lines(document.made)
    for line in lines:
        if rows := line.get("rows"):
            line["grid"] = Grid(tuple(rows[0]), ("left",) * len(rows[0]), tuple(map(tuple, rows[1:])))
    return lines


class ReportHTMLExporter(TemplateExporter):
    """One self-contained HTML file: no address of it is ever fetched."""

    export_from_notebook = "Report (HTML)"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_name")
    def _template_name_default(self) -> str:
        return TEMPLATE.name

    @default("extra_template_basedirs")
    def _default_extra_template_basedirs(self) -> list[str]:
        return [str(TEMPLATE.parent)]

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page, and nbconvert's resources. Raises ReportError if it can't be made."""
        nb, resources = Exporter.from_notebook_node(self, nb, resources, **kw)
        document = document_of(nb)
        page = html.pieces(document)
        page["made"] = [
            {**line, "table": html.table_html(line["grid"])} if "grid" in line else line
            for line in made_lines(document)
        ]
        return self.template.render(page=page), resources


class ReportPDFExporter(Exporter):
    """A tagged PDF (PDF/UA-1), set by Typst: no LaTeX, no browser, no fonts of the machine."""

    export_from_notebook = "Report (PDF)"
    output_mimetype = "application/pdf"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".pdf"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[bytes, dict[str, Any]]:
        """The file's bytes, and nbconvert's resources. Raises ReportError if it can't be made."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        document = document_of(nb)
        return pdf.compile_pdf(document, made_lines(document)), resources
