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
# pandoc reads them as parts of a line, or reads nothing else
_BLOCKS = ("fieldset", "legend", "dialog", "hgroup", "optgroup", "main")
_GROUPS = ("thead", "tbody", "tfoot")
_PARTS = {"table": ("caption", *_GROUPS, "tr"), **dict.fromkeys(_GROUPS, ("tr",)), "tr": ("td", "th")}
_STYLED = re.compile(r"(?<![\w-])(background|color|line-through|opacity|visibility)", re.IGNORECASE)
_VISIBLE = ("img", "svg", "math", "hr")
_TAGS = re.compile(r"<[^<>]*>?")
_NO_STYLES = "colours and other styles of its HTML are not shown"
_CAPITALS = re.compile(r"\b[a-z]+[A-Z]\w*")  # viewBox, linearGradient
_NUMBER = re.compile(r"\s*\+?(\d+)")


def cleaned(html: str, notes: list[str]) -> str:
    """Return HTML that pandoc reads as a browser does; empty if nothing of it is visible.

    notes: receives what is not shown.
    """
    if not html.strip():
        return ""
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True, encoding="utf-8")
    root = lxml.html.document_fromstring(f"<body>{html}</body>".encode(errors="replace"), parser=parser)
    capitals = {name.lower(): name for name in _CAPITALS.findall(html)} if "<svg" in html.lower() else {}
    for element in list(root.iter()):
        tag = element.tag
        if tag in _SILENT and not _inside(element, "svg"):
            if tag == "style" and _STYLED.search(element.text or ""):
                notes.append(_NO_STYLES)
            _drop(element)
        elif tag in _NOT_SHOWN:
            notes.append(f"{'a script is not run' if tag == 'script' else f'<{tag}> is not shown'}")
            _drop(element, "" if tag == "script" else f"[not shown: {tag}]")
        elif "hidden" in element.attrib or _HIDDEN.search(element.get("style", "")):
            _drop(element)
        elif tag in _BLOCKS:
            element.tag = "div"
        elif tag == "textarea":
            element.tag = "span"
        elif tag == "img":
            element.set("src", element.get("src", ""))  # pandoc reads no picture without
        elif tag == "dl":
            _only_parts(element, "dd")
        elif tag == "option":
            element.tail = f" {element.tail or ''}"
        elif tag == "input":
            _drop(element, _entered(element))
        elif tag == "svg" and not _inside(element, "svg"):
            _as_picture(element, capitals)
        coloured = tag == "mark" or element.get("color", element.get("bgcolor"))
        if (coloured or _STYLED.search(element.get("style", ""))) and tag != "svg" and not _inside(element, "svg"):
            notes.append(_NO_STYLES)
        if (tag == "li" and "value" in element.attrib) or (tag == "ol" and "reversed" in element.attrib):
            notes.append("a list is numbered in another way than in its HTML")
    for table in list(root.iter("table")):
        _with_rows_alone(table)
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


def _entered(field: Any) -> str:
    """Return what a field of a form shows."""
    kind = field.get("type", "").lower()
    if kind in ("checkbox", "radio"):
        return "☒ " if "checked" in field.attrib else "☐ "
    value = field.get("value") or field.get("alt", "")
    return "" if kind == "hidden" else "•" * len(value) if kind == "password" else value


def _as_picture(svg: Any, capitals: dict[str, str]) -> None:
    """Replace a drawing by a picture whose description is its text. capitals: names with capitals, by small letters."""
    import base64

    for element in svg.iter():
        element.tag = capitals.get(element.tag, element.tag)
        for name in [name for name in element.attrib if name in capitals]:
            element.set(capitals[name], element.attrib.pop(name))
    words = svg.get("aria-label") or " ".join(" ".join(svg.itertext()).split())
    tail, svg.tail = svg.tail, None
    if "xmlns" not in svg.attrib:
        svg.set("xmlns", "http://www.w3.org/2000/svg")
    data = base64.b64encode(lxml.html.tostring(svg, encoding="utf-8", method="xml")).decode()
    picture = lxml.html.Element("img", src=f"data:image/svg+xml;base64,{data}", alt=words)
    picture.tail = tail
    svg.getparent().replace(svg, picture)


def _only_parts(node: Any, other: str, parts: tuple[str, ...] = ("dt", "dd")) -> None:
    """Put what is no part of an element, text too, into new parts."""
    for group in list(node.iterchildren("div")):
        group.drop_tag()
    if (node.text or "").strip():
        node.insert(0, lxml.html.Element(other))
        node[0].text, node.text = node.text, None
    for child in list(node):
        if child.tag not in parts:
            child.addprevious(new := lxml.html.Element(other))
            new.append(child)
        elif (child.tail or "").strip():
            child.addnext(new := lxml.html.Element(other))
            new.text, child.tail = child.tail, None


def _with_rows_alone(table: Any) -> None:
    """Leave in a table one caption, one head, one foot, and rows of cells.

    As in browsers, anything else stands before the table, and a cell outside rows gets a row.
    """
    for element in list(table.iter("form", "colgroup", "col")):
        element.drop_tag()
    nodes = [table]
    for node in nodes:
        if (node.text or "").strip():
            table.addprevious(text := lxml.html.Element("span"))
            text.text, node.text = node.text, None
        row = None
        for child in list(node):
            if (child.tail or "").strip():
                table.addprevious(text := lxml.html.Element("span"))
                text.text = child.tail
            child.tail = None
            if child.tag in ("td", "th") and node.tag != "tr":
                if row is None:
                    child.addprevious(row := lxml.html.Element("tr"))
                    nodes.append(row)
                row.append(child)
                continue
            row = None
            if child.tag not in _PARTS[node.tag]:
                table.addprevious(child)
            elif child.tag in _PARTS:
                nodes.append(child)
    for tag, place, other in (("thead", 0, "tbody"), ("tfoot", len(table), "tbody"), ("caption", 0, "div")):
        first, *others = list(table.iterchildren(tag)) or [None]
        for second in others:
            second.tag = other
        if first is not None:
            table.insert(place, first)
    for caption in list(table.iterchildren("div")):
        table.addprevious(caption)


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
