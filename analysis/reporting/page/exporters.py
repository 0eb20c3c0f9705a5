"""Exporters for nbconvert: `jupyter nbconvert --to crps-html executed.ipynb` writes the same bytes as the batch.

The batch does not use nbconvert, which copies each notebook eight times.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter
from nbformat import NotebookNode

from analysis.reporting.page import html, pdf
from analysis.reporting.page.document import read_document
from analysis.reporting.page.model import Document


class _ReportExporter(Exporter):
    def read(self, nb: NotebookNode, resources: dict[str, Any] | None, **kw: Any) -> tuple[Document, dict[str, Any]]:
        """Return the report, and nbconvert's resources; `--no-input` omits the code."""
        nb = copy.deepcopy(nb)
        if not nb.metadata.get("kernelspec", {}).get("name"):
            nb.metadata.pop("kernelspec", None)  # invalid without a name; it has no effect on pages
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        folder = Path(resources.get("metadata", {}).get("path") or ".")
        hide_code = bool(self.config.TemplateExporter.get("exclude_input", False))
        document = read_document(json.loads(nbformat.writes(nb)), folder, hide_code)
        return document, resources

    def _file_extension_default(self) -> str:
        return self.suffix


class ReportHTMLExporter(_ReportExporter):
    """Exports one self-contained HTML file, which loads nothing from other addresses."""

    export_from_notebook = "Report (HTML)"
    output_mimetype = "text/html"
    suffix = ".html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page, and nbconvert's resources. Raises ReportError if it can't be made."""
        document, resources = self.read(nb, resources, **kw)
        return html.page(document), resources


class ReportPDFExporter(_ReportExporter):
    """Exports a tagged PDF (PDF/UA-1) by Typst, without LaTeX or a browser."""

    export_from_notebook = "Report (PDF)"
    output_mimetype = "application/pdf"
    suffix = ".pdf"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[bytes, dict[str, Any]]:
        """Return the file's bytes, and nbconvert's resources. Raises ReportError if it can't be made."""
        document, resources = self.read(nb, resources, **kw)
        return pdf.compile_pdfs(document)[0]["report.pdf"], resources
