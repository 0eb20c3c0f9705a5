"""HTML of cells and outputs, prepared for pandoc: what runs or loads is removed, and tables have regular cells."""

from __future__ import annotations

import re
from typing import Any

import lxml.html

_SILENT = ("style", "template", "title", "meta", "link", "base", "head", "noscript", "param", "source", "track")
_NOT_SHOWN = ("script", "iframe", "frame", "object", "embed", "video", "audio", "canvas", "applet")
_DEEPEST = 150  # elements inside each other; pandoc and the writers are recursive
_WIDEST = 1000  # columns of a cell, the limit of HTML
_HIDDEN = re.compile(r"display\s*:\s*none")
_BLOCKS = ("fieldset", "legend", "dialog", "hgroup", "optgroup")  # pandoc reads them as parts of a line
_VISIBLE = ("img", "svg", "math", "hr")
_TAGS = re.compile(r"<[^<>]*>?")
_NUMBER = re.compile(r"\s*\+?(\d+)")


def cleaned(html: str, notes: list[str]) -> str:
    """Return HTML that pandoc reads as a browser does; empty if nothing of it is visible.

    notes: receives what is not shown.
    """
    if not html.strip():
        return ""
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True, encoding="utf-8")
    root = lxml.html.document_fromstring(f"<body>{html}</body>".encode(errors="replace"), parser=parser)
    for element in list(root.iter()):
        tag = element.tag
        if tag in _SILENT and not _inside(element, "svg"):
            if tag == "style" and "background" in (element.text or ""):
                notes.append("colours of table cells are not shown")
            _drop(element)
        elif tag in _NOT_SHOWN:
            notes.append(f"{'a script is not run' if tag == 'script' else f'<{tag}> is not shown'}")
            _drop(element, "" if tag == "script" else f"[not shown: {tag}]")
        elif "hidden" in element.attrib or _HIDDEN.search(element.get("style", "")):
            _drop(element)
        elif tag in _BLOCKS:
            element.tag = "div"
        elif tag == "option":
            element.tail = f" {element.tail or ''}"
        elif tag == "input":
            box = element.get("type", "").lower() in ("checkbox", "radio")
            _drop(element, ("☒ " if "checked" in element.attrib else "☐ ") if box else element.get("value", ""))
        elif tag == "svg" and not _inside(element, "svg"):
            _as_picture(element)
    for table in root.iter("table"):
        _regular(table)
    if max((sum(1 for _ in element.iterancestors()) for element in root.iter()), default=0) > _DEEPEST:
        notes.append("its HTML has too many elements inside each other; its text alone is shown")
        return f"<pre>{_TAGS.sub(' ', html).strip()}</pre>"
    body = root.find("body")
    if body is None or not (body.text_content().strip() or any(True for _ in body.iter(*_VISIBLE))):
        return ""
    return lxml.html.tostring(body, encoding="unicode", method="html")


def _inside(element: Any, tag: str) -> bool:
    return next(element.iterancestors(tag), None) is not None


def _drop(element: Any, text: str = "") -> None:
    """Remove an element with its content, but not what follows it."""
    element.tail = text + (element.tail or "")
    if element.getparent() is not None:
        element.drop_tree()


def _as_picture(svg: Any) -> None:
    """Replace a drawing by a picture whose description is its text."""
    import base64

    words = svg.get("aria-label") or " ".join(" ".join(svg.itertext()).split())
    tail, svg.tail = svg.tail, None
    if "xmlns" not in svg.attrib:
        svg.set("xmlns", "http://www.w3.org/2000/svg")
    data = base64.b64encode(lxml.html.tostring(svg, encoding="utf-8", method="xml")).decode()
    picture = lxml.html.Element("img", src=f"data:image/svg+xml;base64,{data}", alt=words)
    picture.tail = tail
    svg.getparent().replace(svg, picture)


def _regular(table: Any) -> None:
    """Set the spans of a table's cells as browsers do, without columns in which no cell begins."""
    cells: list[tuple[Any, int, int]] = []  # cell, its first column, its columns
    for group in _groups(table):
        taken: dict[int, set[int]] = {}  # columns by row
        for number, row in enumerate(group):
            column = 0
            for cell in row.iterchildren("td", "th"):
                here = taken.setdefault(number, set())
                while column in here:
                    column += 1
                high = min(_span(cell, "rowspan", 0) or len(group), len(group) - number)
                wide = min(_span(cell, "colspan", 1) or 1, _WIDEST)
                wide = next((n for n in range(1, wide) if column + n in here), wide)
                for below in range(number, number + high):
                    taken.setdefault(below, set()).update(range(column, column + wide))
                cell.set("rowspan", str(high))
                cells.append((cell, column, wide))
                column += wide
    starts = sorted({column for _, column, _ in cells})
    for cell, column, wide in cells:
        cell.set("colspan", str(sum(column <= start < column + wide for start in starts)))


def _groups(table: Any) -> list[list[Any]]:
    """Return the rows of a table by group; rows outside all groups are a group."""
    groups = [list(group.iterchildren("tr")) for group in table.iterchildren("thead", "tbody", "tfoot")]
    return [*groups, list(table.iterchildren("tr"))]


def _span(cell: Any, name: str, default: int) -> int:
    value = cell.get(name)
    match = _NUMBER.match(value or "")
    return int(match[1][:6]) if match else 1 if name == "rowspan" or value is not None else default
