"""Completion of pandoc's Word file: turned pages, rows that stay together, the same bytes for the same input."""

from __future__ import annotations

import copy
import io
import zipfile
from typing import Any

from lxml import etree

from analysis.reporting.page.docx_styles import page_layout
from analysis.reporting.page.paper import Paper

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/picture}"
_DOCUMENT = "word/document.xml"
_PLAIN = ("Compact", "BodyText", "FirstParagraph")
# the end of a section, to which `finished` adds the page
PORTRAIT = '<w:p><w:pPr><w:sectPr><w:pgSz w:orient="portrait"/></w:sectPr></w:pPr></w:p>'
LANDSCAPE = PORTRAIT.replace("portrait", "landscape")


def finished(content: bytes, paper: Paper) -> bytes:
    """Return the file with its sections and rows completed, and without times."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as read, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name in read.namelist():
            part = read.read(name)
            part = _completed(part, paper) if name == _DOCUMENT else part
            written.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _completed(xml: bytes, paper: Paper) -> bytes:
    root = etree.fromstring(xml)
    _complete_sections(root, paper)
    for row in root.iter(f"{_W}tr"):
        _complete_row(row)
    for picture in root.iter(f"{_DRAWN}inline"):  # pandoc describes the inner element by the name of its file
        for inner in picture.iter(f"{_PICTURE}cNvPr"):
            inner.set("descr", picture.find(f"{_DRAWN}docPr").get("descr", ""))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _complete_sections(root: Any, paper: Paper) -> None:
    """Set the page of each section, with header and footer; remove sections without content between turned pages."""
    body = root.find(f"{_W}body")
    last = body[-1]
    shared = [child for child in last if child.tag in (f"{_W}headerReference", f"{_W}footerReference")]
    empty = False
    for paragraph in body.findall(f"{_W}p"):
        section = paragraph.find(f"{_W}pPr/{_W}sectPr")
        if section is None or len(section) > 1:
            continue
        turned = section[0].get(f"{_W}orient") == "landscape"
        before = paragraph.getprevious()
        empty = not turned and before is not None and before.find(f"{_W}pPr/{_W}sectPr") is not None
        if empty:
            body.remove(before)
            body.remove(paragraph)
            continue
        section[:] = [*map(copy.deepcopy, shared), *_page(paper, turned)]


def _page(paper: Paper, turned: bool) -> list[Any]:
    return list(etree.fromstring(f'<w:sectPr xmlns:w="{_W[1:-1]}">{page_layout(paper, turned)}</w:sectPr>'))


def _complete_row(row: Any) -> None:
    """Keep a row on one page and set its text in the style of tables."""
    properties = row.find(f"{_W}trPr")
    if properties is None:
        properties = etree.Element(f"{_W}trPr")
        row.insert(0, properties)
    etree.SubElement(properties, f"{_W}cantSplit")
    for paragraph in row.iter(f"{_W}p"):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        if style is not None and style.get(f"{_W}val") in _PLAIN:
            style.set(f"{_W}val", "TableText")
