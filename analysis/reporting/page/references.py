"""Citations and the list of references in the project's style, shared by all formats."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

from analysis.paths import DATA
from analysis.reporting.page import pandoc
from analysis.reporting.page.model import Blocks

TEMPLATE = Path(__file__).parent / "template"
BIBLIOGRAPHIES = (DATA / "references.bib", TEMPLATE / "methods.bib")
_LETTERED = re.compile(r"(\d{4})([a-z])")


def known_works() -> frozenset[str]:
    """Return the keys of the bibliographies."""
    return frozenset().union(*(_keys(path, path.stat().st_mtime_ns) for path in BIBLIOGRAPHIES))


def with_references(citations: list[dict[str, Any]], cited: list[str]) -> Blocks:
    """Return the list of all works cited, and set the text of the citations (pandoc's nodes)."""
    if not cited:
        return []
    meta = {
        "bibliography": {"t": "MetaList", "c": [_text(path) for path in BIBLIOGRAPHIES]},
        "csl": _text(TEMPLATE / "references.csl"),
        "link-citations": {"t": "MetaBool", "c": True},
        "lang": _text("en-GB"),
        "nocite": {"t": "MetaInlines", "c": [_mention(key) for key in sorted(cited)]},
    }
    blocks = [*(pandoc.paragraph([node]) for node in citations), {"t": "Div", "c": [["refs", [], []], []]}]
    changed = tuple(path.stat().st_mtime_ns for path in (*BIBLIOGRAPHIES, TEMPLATE / "references.csl"))
    *worded, references = json.loads(_cited(pandoc.document_json(blocks, meta), changed))["blocks"]
    for node, paragraph in zip(citations, worded, strict=True):
        node["c"] = paragraph["c"][0]["c"]
    return [references]


@functools.cache
def _keys(path: Path, changed: int) -> frozenset[str]:
    return frozenset(re.findall(r"^@\w+\s*\{\s*([^,\s]+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def _text(value: Any) -> dict[str, Any]:
    return {"t": "MetaString", "c": str(value)}


@functools.lru_cache(maxsize=8)
def _cited(document: str, changed: tuple[int, ...]) -> str:
    """Return the document with the text of its citations and the list of references.

    Cached, since reports of one notebook often cite the same works. changed: modification times of bibliographies and
    style.
    """
    return pandoc.convert(document, "json", "json", cite=True)


def _mention(key: str) -> dict[str, Any]:
    citation = {
        "citationId": key,
        "citationPrefix": [],
        "citationSuffix": [],
        "citationMode": {"t": "NormalCitation"},
        "citationNoteNum": 0,
        "citationHash": 0,
    }
    return {"t": "Cite", "c": [[citation], pandoc.string(f"@{key}")]}


def with_letters(references: Blocks, labels: dict[str, str]) -> Blocks:
    """Return the references with the letters of the labels (`Kiefer et al. 2008a`) behind their year.

    Pandoc adds letters only if two works of one year are cited in the same report.
    """
    for listed in references:
        for entry in listed["c"][1]:
            name = entry["c"][0][0].removeprefix("ref-")
            if match := _LETTERED.search(labels.get(name, "")):
                _add_letter(pandoc.inlines_of(entry["c"][1]), *match.groups())
    return references


def _add_letter(inlines: list[dict[str, Any]], year: str, letter: str) -> None:
    journal = next((n for n, node in enumerate(inlines) if node["t"] == "Emph"), len(inlines))
    for node in inlines[journal:]:
        if node["t"] == "Str" and (match := re.fullmatch(rf"{year}[a-z]?((?![\w–]).*)?", node["c"])):
            node["c"] = f"{year}{letter}{match[1] or ''}"
            return
