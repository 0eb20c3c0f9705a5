"""The rows of `data/` behind a report's numbers, and their printed entries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from analysis.exhibit import payloads
from analysis.exhibit.places import Place, anchor, places, source_row

_TARGET = re.compile(r"\]\(#(row-[a-z0-9,-]+)\)")
_ANCHOR = re.compile(r"row-([a-z-]+)-(\d+)")


@dataclass(frozen=True)
class Entry:
    """The printed entry of a row: study and arm, content, source (id and words), location in the source, address."""

    table: str
    row: int
    study: str
    arm: str
    says: str
    source: str
    words: str
    locator: str
    label: str
    url: str

    @property
    def source_words(self) -> str:
        """Return the source and the location in it: `From mangnus2022_abs (abstract): abstract, results`."""
        if not self.source:
            return "The study itself"
        return f"From {self.source} ({self.words})" + (f": {self.locator}" if self.locator else "")

    @property
    def row_id(self) -> str:
        """Return the id of the row: `responders-27`."""
        return source_row(self.table, self.row)

    @property
    def anchor(self) -> str:
        """Return its anchor in the report."""
        return anchor(self.table, self.row)


def targets(link: str) -> tuple[str, ...]:
    """Return the names of the entries in a link of `sourced`."""
    return tuple(name for name in link.removeprefix("#").split(",") if _ANCHOR.fullmatch(name))


def used(notebook: dict[str, Any]) -> tuple[Place, ...]:
    """Return the rows named by exhibits, findings and computed sentences of an executed notebook, sorted."""
    named: dict[Place, None] = {}
    for payload in payloads(notebook):
        for text in _texts(payload):
            named |= dict.fromkeys(_linked(text))
        for row in [*(payload.get("row_picture") or {"rows": []})["rows"], *payload.get("outcomes", [])]:
            named |= dict.fromkeys(places(row.get("places", "")))
        for rows in [payload.get("rows", []), *(f.get("rows", []) for f in payload.get("findings", []))]:
            named |= dict.fromkeys(places(*rows))
        named |= dict.fromkeys(places(*(cell for cells in payload.get("cells", []) for cell in cells)))
    return tuple(sorted(named))


def used_record(made: dict[str, Any], notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the provenance record of a report, reduced to the rows, sources and studies that it uses."""
    if "rows" not in made:
        return made
    rows: dict[str, dict[str, Any]] = {}
    for table, row in used(notebook):
        if entry := made["rows"].get(table, {}).get(str(row)):
            rows.setdefault(table, {})[str(row)] = entry
    named = (entry[name] for lines in rows.values() for entry in lines.values() for name in ("source", "study"))
    wanted = set(named)
    sources = {name: value for name, value in made["sources"].items() if name in wanted}
    return {**made, "rows": rows, "sources": sources}


def entries(notebook: dict[str, Any], made: dict[str, Any]) -> list[Entry]:
    """Return the entries of the rows that a notebook uses and its record contains."""
    known, sources = made.get("rows", {}), made.get("sources", {})
    result = []
    for table, row in used(notebook):
        if cells := known.get(table, {}).get(str(row)):
            source = sources.get(cells["source"] or cells["study"], {"words": "", "label": "", "url": ""})
            result.append(Entry(table, row, **cells, **source))
    return result


def _texts(payload: dict[str, Any]) -> Iterator[str]:
    yield from (payload.get(name, "") for name in ("caption", "lead", "markdown"))
    yield from [payload["notes"]] if isinstance(payload.get("notes"), str) else payload.get("notes", [])
    yield from (note for _, note in payload.get("footnotes", []))
    for card in payload.get("cards", []):
        for block in card["blocks"]:
            yield from [block.get("markdown", ""), *block.get("items", [])]
            yield from (value for _, value in block.get("pairs", []))
    yield from (finding["sentence"] for finding in payload.get("findings", []))


def _linked(text: str) -> Iterable[Place]:
    for link in _TARGET.findall(text):
        for name in targets(link):
            table, row = _ANCHOR.fullmatch(name).groups()
            yield table.replace("-", "_"), int(row)
