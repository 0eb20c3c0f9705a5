"""The rows of `data/` behind a report's numbers: which of them it uses, and what it prints of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from analysis.exhibit import payloads
from analysis.exhibit.places import Place, anchor, cell_places, places

_TARGET = re.compile(r"\]\(#(row-[a-z0-9,-]+)\)")
_ANCHOR = re.compile(r"row-([a-z-]+)-(\d+)")


@dataclass(frozen=True)
class Entry:
    """A row as the report prints it: whose it is, what it says, its source (id and words), the place in the source,
    and the address where the source can be read (both empty where none is recorded)."""

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
        """Source and place in it: `From mangnus2022_abs (abstract): abstract, results`."""
        if not self.source:
            return "The study itself"
        return f"From {self.source} ({self.words})" + (f": {self.locator}" if self.locator else "")

    @property
    def anchor(self) -> str:
        """Its name within the report."""
        return anchor(self.table, self.row)


def targets(link: str) -> tuple[str, ...]:
    """Return the entries that a link of `sourced` names, without the sign in front."""
    return tuple(name for name in link.removeprefix("#").split(",") if _ANCHOR.fullmatch(name))


def used(notebook: dict[str, Any]) -> tuple[Place, ...]:
    """The rows that the exhibits, findings and computed sentences of an executed notebook name, in order of table
    and row."""
    found: dict[Place, None] = {}
    for payload in payloads(notebook):
        for text in _texts(payload):
            found |= dict.fromkeys(_linked(text))
        for rows in [payload.get("rows", []), *(f.get("rows", []) for f in payload.get("findings", []))]:
            found |= dict.fromkeys(places(*rows))
        for column, label in enumerate(column["label"] for column in payload.get("columns", [])):
            for cells in payload["cells"]:
                found |= {place: None for _, place in cell_places(label, cells[column]) if place}
    return tuple(sorted(found))


def kept(made: dict[str, Any], notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a report with those rows and sources alone that it uses."""
    if "rows" not in made:
        return made
    rows: dict[str, dict[str, Any]] = {}
    for table, row in used(notebook):
        if entry := made["rows"].get(table, {}).get(str(row)):
            rows.setdefault(table, {})[str(row)] = entry
    wanted = {entry["source"] or entry["study"] for lines in rows.values() for entry in lines.values()}
    sources = {name: value for name, value in made["sources"].items() if name in wanted}
    return {**made, "rows": rows, "sources": sources}


def entries(notebook: dict[str, Any], made: dict[str, Any]) -> list[Entry]:
    """Return the rows that a notebook uses, as far as its record holds them."""
    known, sources = made.get("rows", {}), made.get("sources", {})
    found = []
    for table, row in used(notebook):
        if cells := known.get(table, {}).get(str(row)):
            source = sources.get(cells["source"] or cells["study"], {"words": "", "label": "", "url": ""})
            found.append(Entry(table, row, **cells, **source))
    return found


def _texts(payload: dict[str, Any]) -> Iterator[str]:
    yield from (payload.get(name, "") for name in ("caption", "notes", "markdown"))
    yield from payload.get("limits", [])
    yield from (finding["sentence"] for finding in payload.get("findings", []))


def _linked(text: str) -> Iterable[Place]:
    for link in _TARGET.findall(text):
        for name in targets(link):
            table, row = _ANCHOR.fullmatch(name).groups()
            yield table.replace("-", "_"), int(row)
