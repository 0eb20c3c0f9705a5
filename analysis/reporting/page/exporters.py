"""Exporters for nbconvert: `jupyter nbconvert --to crps-html executed.ipynb` writes the same bytes as the batch.

The batch does not use nbconvert, which copies each notebook eight times.
"""

from __future__ import annotations

import json
from typing import Any

import nbformat
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from traitlets import default

from analysis.reporting.page import html, pdf
from analysis.reporting.page.document import read_document


class ReportHTMLExporter(Exporter):
    """Exports one self-contained HTML file, which loads nothing from other addresses."""

    export_from_notebook = "Report (HTML)"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page, and nbconvert's resources. Raises ReportError if it can't be made."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        return html.page(read_document(json.loads(nbformat.writes(nb)))), resources


class ReportPDFExporter(Exporter):
    """Exports a tagged PDF (PDF/UA-1) by Typst, without LaTeX, a browser or installed fonts."""

    export_from_notebook = "Report (PDF)"
    output_mimetype = "application/pdf"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".pdf"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[bytes, dict[str, Any]]:
        """Return the file's bytes, and nbconvert's resources. Raises ReportError if it can't be made."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        return pdf.compile_pdfs(read_document(json.loads(nbformat.writes(nb))))[pdf.MAIN], resources
