"""Content, source and address of each row of the tables, for links in a report."""

from __future__ import annotations

import re

from analysis.evidence.load import Evidence, column_titles
from analysis.evidence.rowwise import grouped
from analysis.wording import ACCESS_WORDS, upper_first

_COLUMN = re.compile(r"{(\w+)}")
_PLACES = ("doi", "pmid", "pmcid", "url")
_ADDRESSES = {
    "doi": ("doi:{}", "https://doi.org/{}"),
    "pmid": ("PubMed {}", "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    "pmcid": ("{}", "https://pmc.ncbi.nlm.nih.gov/articles/{}/"),
    "url": ("web page", "{}"),
}
# shown elsewhere in the line: the study or arm, and the source
_SHOWN_SEPARATELY = {*"row_id study_id review_id arm_id label citation source_id locator title".split(), *_PLACES}
# the sentence that leads the content of a row, in the words of the source; parts with an empty cell are left out
_SENTENCES = {
    "adverse_events": ("{event}", ": {events} of {n} patients", ", printed as {percent_reported}%"),
    "durations": ("{reported}", ": {patients} of {patients_treated} patients"),
    "pain_scores": ("{timepoint}", ": {statistic} {value} on a scale from 0 to {scale_max}", " in {n} patients"),
    "pharmacology": ("{parameter}",),
    "reported_tests": ("{outcome}", ", {comparison}", ": {statistic}", ", P {p_operator} {p_value}"),
    "responders": ("{definition}", ", {timepoint}", ": {responders} of {n} {unit}", ", printed as {percent_reported}%"),
    "reviews": ("{statement}",),
}


def rows(evidence: Evidence) -> dict[str, dict[str, dict[str, str]]]:
    """Return the content of every row of the evidence.

    Returns
    -------
    dict
        table -> number in the row_id, as text -> entry. An entry has study (id of the study or review, or empty),
        arm (label), says (a sentence in the words of the source, then each other filled cell with the title of its
        column), source (id, or empty) and locator.
    """
    titles = column_titles(evidence.folder)
    arms = {row["arm_id"]: row["label"] for row in evidence.texts["arms"].values()}
    return {
        name: {
            str(number): _entry(titles[name], cells, arms, _SENTENCES.get(name, ())) for number, cells in lines.items()
        }
        for name, lines in evidence.texts.items()
    }


def _entry(
    titles: dict[str, str], cells: dict[str, str], arms: dict[str, str], sentence: tuple[str, ...]
) -> dict[str, str]:
    parts = [(part, set(_COLUMN.findall(part))) for part in sentence]
    parts = [(part, columns) for part, columns in parts if all(cells.get(column) for column in columns)]
    said = _SHOWN_SEPARATELY.union(*(columns for _, columns in parts))
    fields = [
        f"{title}: {cells[column]}" for column, title in titles.items() if cells.get(column) and column not in said
    ]
    lead = upper_first("".join(part.format_map(cells) for part, _ in parts)).replace("_", " ")
    source = cells.get("source_id", "")
    return {
        "study": cells.get("study_id") or cells.get("review_id") or "",
        "arm": arms.get(cells.get("arm_id", ""), ""),
        "says": ". ".join(filter(None, (lead, "; ".join(fields)))),
        "source": source,
        "locator": cells.get("locator", ""),
    }


def sources(evidence: Evidence) -> dict[str, dict[str, str]]:
    """Return access and best address of every source, study and review.

    Returns
    -------
    dict
        id -> words (what was read of a source), label and url of its best address: DOI, else PubMed, PubMed
        Central, web page. A source without an address has that of its study, a study that of its sources; label and url
        are empty if none is recorded.
    """
    texts = evidence.texts
    own = {row["source_id"]: row for row in texts["sources"].values()}
    works = {row["study_id"]: row for row in texts["studies"].values()}
    works |= {row["review_id"]: row for row in texts["reviews"].values()}
    of_work = grouped((row["study_id"], row) for row in own.values())
    result = {
        name: {"words": ACCESS_WORDS[row["access"]], **_address(row, works.get(row["study_id"], {}))}
        for name, row in own.items()
    }
    for name, row in works.items():
        result.setdefault(name, {"words": "", **_address(row, *of_work.get(name, []))})
    return result


def _address(*rows: dict[str, str]) -> dict[str, str]:
    for row in rows:
        for name in _PLACES:
            if row.get(name):
                label, url = _ADDRESSES[name]
                return {"label": label.format(row[name]), "url": url.format(row[name])}
    return {"label": "", "url": ""}
