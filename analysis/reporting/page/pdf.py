"""PDF of a Document, compiled by Typst."""

from __future__ import annotations

import contextlib
import functools
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typst

from analysis.exhibit.typeface import FOLDER, fallback_folder
from analysis.reporting import ReportError
from analysis.reporting.page.main_and_appendix import Extent, extents, file_name
from analysis.reporting.page.missing_glyphs import installed_fonts
from analysis.reporting.page.model import Document
from analysis.reporting.page.repair import repaired
from analysis.reporting.page.typst_pages import typst_source

_ONE_AT_A_TIME = threading.Lock()  # a compiler serves one thread, and PDF and Word files are made at the same time


@functools.lru_cache(maxsize=4)
def _compiler(installed: frozenset[Path] = frozenset()) -> typst.Compiler:
    """Return the compiler, created once per process, without other installed fonts than those in these folders."""
    folders = [FOLDER, fallback_folder(), *sorted({path.parent for path in installed})]
    return typst.Compiler(ignore_system_fonts=True, font_paths=list(map(str, folders)))


def start_typst() -> None:
    """Load the fonts before the first PDF."""
    _compiler()


def compile_pdfs(document: Document) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return report.pdf, with an appendix also appendix.pdf, and what they do not show.

    Raises ReportError with Typst's message if one can't be compiled.
    """
    return made_or_repaired(
        document, lambda shown: {file_name(extent, "pdf"): _compiled(shown, extent) for extent in extents(shown)}
    )


def made_or_repaired(
    document: Document, make: Callable[[Document], dict[str, bytes]]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the files that `make` makes of the document, without what Typst refuses, and what they do not show."""
    try:
        return make(document), tuple(document.warnings)
    except ReportError:
        if not (other := repaired(document, _compiles)):
            raise
        return make(other), tuple(other.warnings)


def _compiles(document: Document) -> bool:
    with contextlib.suppress(ReportError):
        return bool(_compiled(document, "whole"))
    return False


def _compiled(document: Document, extent: Extent) -> bytes:
    return typeset(*typst_source(document, extent), format="pdf", pdf_standards=["ua-1"])


def typeset(source: str, files: dict[str, bytes], **form: Any) -> Any:
    """Return what Typst makes of a source and the files that it includes. Raises ReportError with Typst's message."""
    texts = [source, *(content.decode() for name, content in files.items() if name.endswith(".typ"))]
    # a folder, because the binding's dictionary of files accepts text only, and pictures may be PNG
    with tempfile.TemporaryDirectory(prefix="report-pdf-") as folder:
        for name, content in {"main.typ": source.encode(), **files}.items():
            (Path(folder) / name).write_bytes(content)
        try:
            with _ONE_AT_A_TIME:
                made, warnings = _compiler(installed_fonts("".join(texts))).compile_with_warnings(
                    input=str(Path(folder) / "main.typ"), root=folder, **form
                )
        except typst.TypstError as error:
            raise ReportError(f"Typst: {error.message} {' '.join(error.hints)}".strip()) from error
    for warning in warnings:
        if warning.message.startswith("unknown font"):  # Typst would use another font
            raise ReportError(f"Typst: {warning.message}")
    return made
