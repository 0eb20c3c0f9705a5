"""Records of studies, as PubMed, reference managers and ClinicalTrials.gov export them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypandoc

SUFFIXES = (".nbib", ".ris", ".bib", ".json")
_RECRUITMENT = ("NOT_YET_RECRUITING", "RECRUITING", "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING", "SUSPENDED")
_TAGGED = re.compile(r"([A-Z][A-Z0-9]{1,3}) *- ?(.*)")
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MARKUP = re.compile(r"</?(?:i|b|em|strong|sub|sup|span|scp)\b[^>]*>", re.IGNORECASE)
_BIBTEX_SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"}
)
_BIBTEX_START = re.compile(r"(?m)^(\s*@\w+\s*[{(]\s*[^,\s={}]+\s*,)")


class UnreadableRecord(Exception):
    """A file without a readable record; the message says what to do."""


@dataclass(frozen=True)
class Trial:
    """What a registry adds: number, whether it is randomised and goes on, country, (role, outcome) pairs."""

    registry_id: str
    randomised: bool
    ongoing: bool
    country: str
    outcomes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ExportedRecord:
    """A publication or trial; "" or None where the record says nothing.

    `authors` are (family, given), or (name of a group, ""). `year` is that of the first publication.
    """

    title: str
    authors: tuple[tuple[str, str], ...]
    year: int | None
    journal: str
    volume: str
    issue: str
    pages: str
    doi: str
    pmid: str
    url: str
    trial: Trial | None


def read_record(path: Path) -> ExportedRecord:
    """Return the only record of a file: .nbib (PubMed), .ris, .bib, CSL-JSON, or JSON of ClinicalTrials.gov.

    Raises UnreadableRecord.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UnreadableRecord(f"{path.name}: export the record as one of {', '.join(SUFFIXES)}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableRecord(f"{path.name}: byte {error.start + 1} is not UTF-8; save it as UTF-8.") from None
    except OSError as error:
        raise UnreadableRecord(f"{path.name}: {error.strerror}.") from None
    if _NO_TEXT.search(text):
        raise UnreadableRecord(f"{path.name}: contains characters that are not text; export it again.")
    try:
        records = [record for record in _records(text, suffix) if record.title]
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        known = isinstance(error, RuntimeError | ValueError)
        reason = " ".join(str(error).split()) if known else "its fields are not those of a record"
        raise UnreadableRecord(f"{path.name}: no valid {suffix} file ({reason}); export it again.") from None
    if not records:
        raise UnreadableRecord(f"{path.name}: no record with a title; export it again, with all fields.")
    if len(records) > 1:
        raise UnreadableRecord(f"{path.name}: {len(records)} records; export and complete one study at a time.")
    return records[0]


def bibtex_entry(key: str, record: ExportedRecord) -> str:
    """Return the BibTeX entry of a record under this key, with the title in braces, so that no letter changes case."""
    names = [f"{family}, {given}" if given else f"{{{family}}}" for family, given in record.authors]
    fields = {
        "author": " and ".join(names),
        "title": f"{{{record.title.translate(_BIBTEX_SIGNS)}}}",
        "howpublished" if record.trial else "journal": record.journal.translate(_BIBTEX_SIGNS),
        "year": record.year,
        "volume": record.volume,
        "number": record.issue,
        "pages": re.sub(r"\s*[-–]+\s*", "--", record.pages),
        "doi": record.doi,
        "pmid": record.pmid,
        "url": record.url if record.trial else "",
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@{'misc' if record.trial else 'article'}{{{key},\n" + ",\n".join(lines) + "\n}"


def _records(text: str, suffix: str) -> Iterator[ExportedRecord]:
    if suffix in (".nbib", ".ris"):
        yield from map(_from_tags, _tagged(text))
    elif suffix == ".bib":
        # The reader lowers letters of English titles (“Dutch” to “dutch”), not of others.
        text = _BIBTEX_START.sub(r"\1 langid = {dutch},", re.sub(r"(?i)\b(?:langid|language)\s*=", "xlang =", text))
        yield from map(_from_csl, json.loads(pypandoc.convert_text(text, "csljson", format="bibtex")))
    else:
        found = json.loads(text)
        found = found.get("studies", [found]) if isinstance(found, dict) else found
        for entry in found:
            yield _from_registry(entry["protocolSection"]) if "protocolSection" in entry else _from_csl(entry)


def _record(
    title: object,
    authors: Iterable[tuple[object, object]],
    dates: object,
    *,
    doi: object = "",
    pmid: object = "",
    url: object = "",
    trial: Trial | None = None,
    **others: object,
) -> ExportedRecord:
    """Return a record with clean cells: one line, no markup, identifiers without their addresses."""
    plain = {name: _plain(value) for name, value in others.items()}
    names = ((_plain(family), _plain(given)) for family, given in authors)
    years = [int(year) for year in re.findall(r"(?<!\d)((?:19|20)\d\d)(?:\d{4})?(?!\d)", str(dates))]
    identifier = re.search(r"10\.\d{4,9}/\S+", _plain(doi) or (_plain(url) if "doi.org/" in _plain(url) else ""))
    number = re.search(r"\d{6,9}", _plain(pmid) or (_plain(url) if "pubmed" in _plain(url) else ""))
    return ExportedRecord(
        title=_plain(title).rstrip("."),
        authors=tuple(name for name in names if any(name)),
        year=min(years, default=None),
        doi=identifier[0] if identifier else _plain(doi),
        pmid=number[0] if number else _plain(pmid),
        url=_plain(url),
        trial=trial,
        **{name: plain.get(name, "") for name in ("journal", "volume", "issue", "pages")},
    )


def _plain(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_plain, value))
    if isinstance(value, dict):
        raise ValueError("a group of fields where a text belongs")
    text = re.sub("ı(?=[\u0300-\u036f])", "i", _MARKUP.sub("", "" if value is None else str(value)))
    return " ".join(unicodedata.normalize("NFC", text).split())


def _tagged(text: str) -> Iterator[dict[str, list[str]]]:
    """Yield the fields of each record with lines `TAG - value` (PubMed, RIS); lines without tag continue a value."""
    fields: dict[str, list[str]] = defaultdict(list)
    tag = ""
    for line in text.splitlines():
        found = _TAGGED.fullmatch(line.strip()) if line[4:5] == "-" else None
        if found is None:
            if tag and line.strip():
                fields[tag][-1] += f" {line.strip()}"
            continue
        tag = found[1]
        if tag in ("TY", "PMID") and fields:
            yield fields
            fields = defaultdict(list)
        fields[tag].append(found[2].strip())
    if fields:
        yield fields


def _from_tags(fields: dict[str, list[str]]) -> ExportedRecord:
    """Return a record of PubMed's format or of RIS, whose tags with the same name mean the same or are not in both."""

    def first(*tags: str) -> str:
        return next((value for tag in tags for value in fields.get(tag, ()) if value), "")

    pubmed = "PMID" in fields
    if not pubmed and "ER" not in fields:
        raise ValueError("a record ends before its line ER")
    names = [name.partition(",")[::2] for tag in ("FAU" if pubmed else "AU", "A1") for name in fields[tag]]
    names = names or [name.rpartition(" ")[::2] for name in fields["AU"]]
    dates = [value for tag in (("DEP", "DP") if pubmed else ("PY", "Y1", "DA")) for value in fields[tag]]
    identifiers = [value for value in fields["LID"] + fields["AID"] if value.endswith("[doi]")]
    medline = re.search("pubmed|medline|pmid", " ".join(fields["DB"] + fields["DP"] + fields["AN"]).lower())
    addresses = [value for value in fields["UR"] if "doi.org/" in value or "pubmed" in value]
    return _record(
        first("TI", "T1", "BTI"),
        [*names, *((group, "") for group in fields["CN"])],
        dates,
        journal=first("JT", "JF", "T2", "JO", "JA", "TA"),
        volume=first("VI", "VL"),
        issue=first("IP") if pubmed else first("IS"),
        pages=first("PG") or "-".join(filter(None, (first("SP"), first("EP")))),
        doi=[*identifiers, first("DO")][0].removesuffix("[doi]"),
        pmid=first("PMID") or (first("AN") if medline else ""),
        url=[*addresses, first("UR")][0],
    )


def _from_csl(record: dict[str, Any]) -> ExportedRecord:
    note = re.search(r"PMID:?\s*(\d+)", str(record.get("note", "")))
    names = []
    for author in record.get("author") or ():
        author = author if isinstance(author, dict) else {"literal": author}
        particle = author.get("non-dropping-particle") or author.get("dropping-particle") or ""
        given = " ".join(filter(None, (author.get("given"), author.get("suffix"))))
        names.append((f"{particle} {author['family']}" if author.get("family") else author.get("literal"), given))
    return _record(
        record.get("title"),
        names,
        [record.get("issued"), record.get("available-date")],
        journal=record.get("container-title"),
        volume=record.get("volume"),
        issue=record.get("issue"),
        pages=record.get("page"),
        doi=str(record.get("DOI") or "").replace("\\", ""),
        pmid=record.get("PMID") or (note[1] if note else ""),
        url=record.get("URL"),
    )


def _from_registry(protocol: dict[str, Any]) -> ExportedRecord:
    """Return a record of ClinicalTrials.gov (version 2 of its interface)."""

    def module(name: str) -> dict[str, Any]:
        return protocol.get(f"{name}Module") or {}

    number = module("identification")["nctId"]
    sponsor = (module("sponsorCollaborators").get("leadSponsor") or {}).get("name", "")
    countries = {place.get("country", "") for place in module("contactsLocations").get("locations") or ()}
    outcomes = [
        (role, ", ".join(_plain(outcome[key]) for key in ("measure", "timeFrame") if outcome.get(key)))
        for role in ("primary", "secondary")
        for outcome in module("outcomes").get(f"{role}Outcomes") or ()
    ]
    return _record(
        module("identification").get("officialTitle") or module("identification").get("briefTitle"),
        [(sponsor, "")],
        module("status").get("studyFirstSubmitDate"),
        journal=f"ClinicalTrials.gov {number}",
        url=f"https://clinicaltrials.gov/study/{number}",
        trial=Trial(
            number,
            randomised=(module("design").get("designInfo") or {}).get("allocation") == "RANDOMIZED",
            ongoing=module("status").get("overallStatus") in _RECRUITMENT,
            country=" and ".join(sorted(countries - {""})),
            outcomes=tuple(dict.fromkeys(outcomes)),
        ),
    )
