"""Division of a report into files for printing: the whole, or its main part and its appendix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

from analysis.reporting.page import pandoc
from analysis.reporting.page.html_parts import captioned
from analysis.reporting.page.model import Blocks, Document, FigurePart, NumberedPart, Part

Extent = Literal["whole", "main", "appendix"]


def extents(document: Document) -> tuple[Extent, ...]:
    """Return the extent of each file."""
    return ("main", "appendix") if document.has_appendix else ("whole",)


def file_name(extent: Extent, suffix: str) -> str:
    """Return the name of a file: `report.pdf`, `appendix.pdf`."""
    return f"{'appendix' if extent == 'appendix' else 'report'}.{suffix}"


def title_of(document: Document, extent: Extent) -> str:
    """Return the title of a file."""
    return f"Appendix: {document.title}" if extent == "appendix" else document.title


def parts_of(document: Document, extent: Extent) -> list[Part]:
    """Return the parts; notes of exhibits of the main part are in the appendix."""
    main, appendix = document.divided()
    if extent == "main":
        return [replace(part, notes=[]) if isinstance(part, NumberedPart) else part for part in main]
    return appendix if extent == "appendix" else document.parts


def figure_notes(document: Document) -> Blocks:
    """Return the notes of figures and tables of the main part: what is not shown and why, and their source studies."""
    shown = [part for part in document.divided()[0] if isinstance(part, NumberedPart) and part.notes]
    return [block for part in shown for block in captioned(f"{part.label}.", part.notes)]


def links_across(
    pieces: Iterable[Blocks], document: Document, extent: Extent, address: Callable[[str], str]
) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Return the change that leads links to what is in the other file into that file; none for a whole report.

    address: returns the address of an anchor in the other file.
    """
    if extent == "whole":
        return {}
    here: set[str] = set()
    pandoc.walk(list(pieces), {"Header": lambda node: here.add(node["c"][1][0]) or node})
    here |= {part.anchor for part in parts_of(document, extent) if isinstance(part, NumberedPart)}
    if extent == "appendix":
        here |= {entry.anchor for entry in document.rows}

    def change(node: dict[str, Any]) -> dict[str, Any]:
        target = node["c"][2][0]
        if not target.startswith("#") or target.startswith("#ref-") or target[1:] in here:
            return node
        return {"t": "Link", "c": [*node["c"][:2], [address(target[1:]), ""]]}

    return {"Link": change}


def works_cited(document: Document, pieces: Iterable[Blocks], extent: Extent) -> list[tuple[str, str, Blocks]]:
    """Return anchor, label and entry of each work that the file cites."""
    if extent == "whole":
        return _works(document, None)
    parts = parts_of(document, extent)
    cited = {f"ref-{study}" for part in parts if isinstance(part, FigurePart) for study in part.studies}
    if extent == "appendix":
        cited |= {f"ref-{entry.study}" for entry in document.rows}
    found: list[str] = []
    pandoc.walk(
        [document.lead, *pieces],
        {
            "Link": lambda node: found.append(node["c"][2][0][1:]) or node,
            "Cite": lambda node: found.extend(f"ref-{one['citationId']}" for one in node["c"][0]) or node,
        },
    )
    return _works(document, cited | set(found))


def _works(document: Document, cited: set[str] | None) -> list[tuple[str, str, Blocks]]:
    labels = document.made.get("citations", {})
    works = []
    for listed in document.references:
        for entry in listed["c"][1]:
            name, blocks = entry["c"][0][0], entry["c"][1]
            if cited is not None and name not in cited:
                continue
            authors = pandoc.plain_words(blocks).partition(". ")[0]
            works.append((name, labels.get(name.removeprefix("ref-")) or authors, blocks))
    return works
