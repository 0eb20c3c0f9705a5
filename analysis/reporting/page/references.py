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
# an entry up to its year, which follows the journal
_HTML = r'(<div id="ref-{key}"(?:(?!</div>).)*?</em> {year})[a-z]?(?![\w–])'
_TYPST = r'(#reference\("ref-{key}"(?:(?!\n#reference\().)*?\] {year})[a-z]?(?![\w–])'


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


def with_letters(text: str, labels: dict[str, str], to: str) -> str:
    """Return the references in HTML or Typst with the letters of the labels (`Kiefer et al. 2008a`).

    Pandoc adds letters only if two works of one year are cited in the same report.
    """
    pattern = _HTML if to == "html" else _TYPST
    for key, label in labels.items():
        if match := _LETTERED.search(label):
            year, letter = match.groups()
            entry = re.compile(pattern.format(key=re.escape(key), year=year), re.DOTALL)
            text = entry.sub(rf"\g<1>{letter}", text, count=1)
    return text
