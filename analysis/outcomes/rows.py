"""Each row of the tables in one line, with its source and where the source can be read: what a report prints behind
its numbers."""

from __future__ import annotations

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import grouped
from analysis.outcomes.context import ACCESS_WORDS
from analysis.tabular.data_package import read_package
from analysis.tabular.schema import TableSchema

_PLACES = ("doi", "pmid", "pmcid", "url")
_ADDRESSES = {
    "doi": ("doi:{}", "https://doi.org/{}"),
    "pmid": ("PubMed {}", "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    "pmcid": ("{}", "https://pmc.ncbi.nlm.nih.gov/articles/{}/"),
    "url": ("web page", "{}"),
}
# said elsewhere in the line: whose row it is, and where it stands
_ELSEWHERE = {"study_id", "review_id", "arm_id", "label", "citation", "source_id", "locator", "title", *_PLACES}


def rows(evidence: Evidence) -> dict[str, dict[str, dict[str, str]]]:
    """What every row holds: table -> row (as a spreadsheet shows it, as text) -> entry.

    An entry has study (id of the study or review; empty where there is none), arm (label), says (each filled cell
    with the title of its column, as it stands in the file), source (id, empty for tables without one), locator.
    """
    tables = read_package(evidence.folder).tables
    arms = {row["arm_id"]: row["label"] for row in evidence.texts["arms"].values()}
    return {
        name: {str(number): _entry(tables[name], cells, arms) for number, cells in lines.items()}
        for name, lines in evidence.texts.items()
    }


def _entry(table: TableSchema, cells: dict[str, str], arms: dict[str, str]) -> dict[str, str]:
    said = [
        f"{column.title}: {cells[column.name]}"
        for column in table.fields
        if cells.get(column.name) and column.name not in _ELSEWHERE
    ]
    source = cells.get("source_id", "")
    return {
        "study": cells.get("study_id") or cells.get("review_id") or "",
        "arm": arms.get(cells.get("arm_id", ""), ""),
        "says": "; ".join(said),
        "source": source,
        "locator": cells.get("locator", ""),
    }


def sources(evidence: Evidence) -> dict[str, dict[str, str]]:
    """Every source, study and review by its id: words (what could be read of it), label and url of its best
    address: DOI, else PubMed, PubMed Central, web page. A source without an address of its own gets that of its
    study, a study that of its sources; label and url are empty where nothing is recorded at all."""
    texts = evidence.texts
    own = {row["source_id"]: row for row in texts["sources"].values()}
    works = {row["study_id"]: row for row in texts["studies"].values()}
    works |= {row["review_id"]: row for row in texts["reviews"].values()}
    of_work = grouped((row["study_id"], row) for row in own.values())
    found = {
        name: {"words": ACCESS_WORDS[row["access"]], **_address(row, works.get(row["study_id"], {}))}
        for name, row in own.items()
    }
    for name, row in works.items():
        found.setdefault(name, {"words": "", **_address(row, *of_work.get(name, []))})
    return found


def _address(*rows: dict[str, str]) -> dict[str, str]:
    for row in rows:
        for name in _PLACES:
            if row.get(name):
                label, url = _ADDRESSES[name]
                return {"label": label.format(row[name]), "url": url.format(row[name])}
    return {"label": "", "url": ""}
