"""Rows for a new study from an exported record: filled in as far as the record says, never over an existing row."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from analysis.curation.exported_records import ExportedRecord, bibtex_entry
from analysis.evidence.load import Evidence
from analysis.evidence.row_ids import next_row
from analysis.tabular.data_package import read_package
from analysis.tabular.schema import TableSchema

_Row = dict[str, object]
TEMPLATES = ("arms", "pain_scores", "responders", "durations", "reported_tests", "adverse_events", "risk_of_bias")
_BIBLIOGRAPHY = "references.bib"


@dataclass(frozen=True)
class NewStudy:
    """The rows of a new study."""

    study_id: str
    rows: dict[str, list[_Row]]  # table -> new rows; cells that the record does not tell are empty
    entry: str  # its entry in the bibliography
    templates: dict[str, _Row] = field(default_factory=dict)  # table -> a row to copy and to fill in


def duplicates(evidence: Evidence, record: ExportedRecord) -> list[str]:
    """Return the studies and reviews that a record repeats, with what they share: DOI, PubMed id, registry or title."""
    wanted = {
        "DOI": record.doi.lower(),
        "PubMed id": record.pmid,
        "registry number": record.trial.registry_id if record.trial else "",
        "title": _key(record.title),
    }
    found: dict[str, list[str]] = {}
    for table, key in (("studies", "study_id"), ("sources", "study_id"), ("reviews", "review_id")):
        for row in evidence.texts[table].values():
            known = {
                "DOI": row.get("doi", "").lower(),
                "PubMed id": row.get("pmid", ""),
                "registry number": row.get("registry_id", ""),
                "title": _key(row.get("title", "")),
            }
            shared = [name for name, value in wanted.items() if value and known[name] == value]
            if shared:
                found.setdefault(row[key] or row.get("source_id", ""), []).extend(shared)
    return [f"{name} (same {', '.join(dict.fromkeys(shared))})" for name, shared in found.items()]


def screened(evidence: Evidence, record: ExportedRecord) -> list[str]:
    """Return the rows of `screening` that name a record by its DOI, registry number or title, with their decision."""
    names = [record.doi.lower(), record.trial.registry_id.lower() if record.trial else "", _key(record.title)]
    return [
        f"{row['row_id']} ({row['decision']})"
        for row in evidence.texts["screening"].values()
        if any(
            len(name) > 10 and name in text for text in (row["record"].lower(), _key(row["record"])) for name in names
        )
    ]


def new_study(evidence: Evidence, record: ExportedRecord, file: str, today: date) -> NewStudy:
    """Return the rows of a record that is not in the tables yet.

    file: its name, for the reason of the decision in `screening`. today: date of the decision.
    """
    trial, year = record.trial, record.year
    known = set(evidence.studies["study_id"]) | set(evidence.reviews["review_id"])
    families = [family for family, _ in record.authors] or ["Authors not visible"]
    study = _unused(f"{_slug(families[0]) or 'study'}{year or '_nd'}", known)
    names = f"{families[0]} et al." if len(families) > 2 else " and ".join(families)
    when = f"({'registered ' if trial else ''}{year or 'no date'})" if trial or not year else str(year)
    planned = bool(trial and trial.ongoing)
    protocol = bool(trial and trial.ongoing and trial.randomised)
    source = f"{study}_{'registry' if trial else 'abs'}"
    shared = {"title": record.title, "doi": record.doi, "pmid": record.pmid}
    cells: dict[str, list[_Row]] = {
        "sources": [
            {
                "source_id": source,
                "study_id": study,
                "access": "secondary" if trial else "",
                **shared,
                "url": "" if record.doi or record.pmid else record.url,
            }
        ],
        "studies": [
            {
                "study_id": study,
                "citation": _unused(f"{names} {when}", set(evidence.studies["citation"])),
                **shared,
                "journal": record.journal,
                "year": year or "",
                "registry_id": trial.registry_id if trial else "",
                "design": "rct_protocol" if protocol else "",
                "country": trial.country if trial else "",
            }
        ],
        "planned_outcomes": [
            {
                "study_id": study,
                "role": role,
                "planned_outcome": outcome,
                "reported": "not_due" if planned else "",
                "source_id": source,
                "locator": f"{role} outcomes",
            }
            for role, outcome in (trial.outcomes if trial else ())
        ],
        "screening": [
            {
                "study_id": study,
                "decision": "ongoing" if protocol else "awaiting_full_text",
                "reason": f"record imported from {file}, not read yet",
                "date": today.isoformat(),
            }
        ],
    }
    tables = read_package(evidence.folder).tables
    rows = {name: _numbered(evidence, tables[name], new) for name, new in cells.items() if new}
    blank: _Row = {"study_id": study, "arm_id": f"{study}_ketamine", "source_id": source}
    templates = {name: _numbered(evidence, tables[name], [blank])[0] for name in TEMPLATES}
    return NewStudy(study, rows, bibtex_entry(study, record), templates)


def write_new_study(evidence: Evidence, new: NewStudy) -> list[Path]:
    """Append the rows to the tables and the entry to the bibliography, and write the templates; return the files.

    The tables keep their bytes: rows are only added at the end. Raises FileExistsError if there are templates of this
    study already.
    """
    folder = evidence.folder / "new" / new.study_id
    folder.mkdir(parents=True)
    written = []
    for name, rows in new.rows.items():
        path = evidence.folder / f"{name}.csv"
        _append(path, _csv_lines(_header(path), rows))
        written.append(path)
    _append(evidence.folder / _BIBLIOGRAPHY, f"\n{new.entry}\n")
    written.append(evidence.folder / _BIBLIOGRAPHY)
    for name, row in new.templates.items():
        path = folder / f"{name}.csv"
        path.write_text(_csv_lines(list(row), [row], header=True), encoding="utf-8")
        written.append(path)
    return written


def _numbered(evidence: Evidence, schema: TableSchema, rows: list[_Row]) -> list[_Row]:
    first = next_row(set(evidence.texts[schema.name]) | set(schema.deleted_rows))
    return [
        {name: f"{schema.name}-{first + place}" if name == "row_id" else row.get(name, "") for name in schema.names}
        for place, row in enumerate(rows)
    ]


def _csv_lines(columns: list[str], rows: list[_Row], header: bool = False) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def _append(path: Path, text: str) -> None:
    before = path.read_bytes()
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    joint = b"" if before.endswith((b"\n", b"\r")) else newline
    path.write_bytes(before + joint + text.replace("\n", newline.decode()).encode())


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", plain.lstrip("0123456789"))[:24]


def _unused(name: str, known: set[str]) -> str:
    return next(n for n in (name, *(f"{name}{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")) if n not in known)


def _key(title: str) -> str:
    """Return a title without spaces, punctuation, accents and capitals."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKD", title)).casefold()
