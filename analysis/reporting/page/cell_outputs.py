"""Outputs of cells other than exhibits: printed lines, displayed tables, pictures, errors."""

from __future__ import annotations

import base64
import re
from typing import Any

from analysis.reporting.page.model import Grid, Part, Picture, PlainTable, PlainText

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NO_WORDS = "Picture made by the notebook; it came without a description."
_NUMBER = re.compile(r"[-\u2212+]?[\d ,]*\.?\d+%?")


def joined(value: str | list[str]) -> str:
    """Return a text of a notebook file, which may be stored as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def plain_parts(output: dict[str, Any]) -> list[Part]:
    """Return the parts of one output. Only the cells of HTML tables are parsed; all other markup is plain text."""
    kind = output["output_type"]
    if kind == "stream":
        text = _COLOURS.sub("", joined(output["text"])).rstrip()
        return [PlainText(text, "warning" if output["name"] == "stderr" else "output")] if text else []
    if kind == "error":
        return [PlainText(f"{output['ename']}: {_COLOURS.sub('', output['evalue'])}", "error")]
    data, metadata = output["data"], output.get("metadata", {})
    for mime, short in (("image/svg+xml", "svg"), ("image/png", "png"), ("image/jpeg", "jpeg")):
        if mime in data:
            content = joined(data[mime])
            alt = metadata.get(mime, {}).get("alt") or metadata.get("alt") or _NO_WORDS
            return [Picture(content.encode() if short == "svg" else base64.b64decode(content), short, alt)]
    if "text/html" in data and (tables := html_tables(joined(data["text/html"]))):
        return [PlainTable(table) for table in tables]
    text = joined(data.get("text/plain", "")).rstrip()
    return [PlainText(text)] if text else []


def html_tables(html: str) -> list[Grid]:
    """Return the tables in HTML, such as that of pandas, as plain text cells; spanning cells are repeated."""
    if "<table" not in html:
        return []
    from bs4 import BeautifulSoup

    grids = []
    for table in BeautifulSoup(html, "html.parser").find_all("table"):
        head = table.find("thead")
        top = head.find_all("tr") if head else []
        rows = [row for row in table.find_all("tr") if row not in top]
        heads, cells = [_row(row) for row in top], [_row(row) for row in rows]
        if not cells and not heads:
            continue
        width = max(len(row) for row in [*heads, *cells])
        heads, cells = [_fill(row, width) for row in heads], [_fill(row, width) for row in cells]
        labels = [" ".join(dict.fromkeys(row[n] for row in heads if row[n])) for n in range(width)]
        aligns = ["decimal" if _numeric([row[n] for row in cells]) else "left" for n in range(width)]
        grids.append(Grid(tuple(labels), tuple(aligns), tuple(tuple(row) for row in cells)))
    return grids


def _row(row: Any) -> list[str]:
    cells: list[str] = []
    for cell in row.find_all(["th", "td"]):
        cells += [" ".join(cell.get_text(" ").split())] * int(cell.get("colspan") or 1)
    return cells


def _fill(row: list[str], width: int) -> list[str]:
    return row + [""] * (width - len(row))


def _numeric(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell not in ("", "NaN", "\u2013", "<NA>")]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)
