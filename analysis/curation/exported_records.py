"""Records of studies, as PubMed, reference managers and ClinicalTrials.gov export them, in CSL-JSON."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pypandoc

CslRecord = dict[str, Any]  # CSL-JSON; trials have the key `trial` besides
_PANDOC = {".ris": "ris", ".bib": "bibtex"}
SUFFIXES = (".nbib", ".ris", ".bib", ".json")


class UnreadableRecord(Exception):
    """A file without a readable record; the message says what to do."""


def read_record(path: Path) -> CslRecord:
    """Return the only record of a file: .nbib (PubMed), .ris, .bib, CSL-JSON, or JSON of ClinicalTrials.gov.

    Raises
    ------
    UnreadableRecord
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UnreadableRecord(f"{path.name}: export the record as one of {', '.join(SUFFIXES)}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        records = _nbib(text) if suffix == ".nbib" else _json(text) if suffix == ".json" else _converted(text, suffix)
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableRecord(f"{path.name}: not readable ({error}); save it as UTF-8.") from None
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableRecord(f"{path.name}: no valid {suffix} file ({error}); export it again.") from None
    records = [record for record in records if str(record.get("title", "")).strip()]
    if not records:
        raise UnreadableRecord(f"{path.name}: no record with a title; export it again, with all fields.")
    if len(records) > 1:
        raise UnreadableRecord(f"{path.name}: {len(records)} records; export and complete one study at a time.")
    return records[0]


def bibtex_entry(key: str, record: CslRecord) -> str:
    """Return the BibTeX entry of a record under this key."""
    plain = {name: value for name, value in record.items() if name != "trial"}
    entry = pypandoc.convert_text(json.dumps([plain | {"id": key}]), "bibtex", format="csljson").strip()
    if record.get("PMID"):
        entry = f"{entry.removesuffix('}').rstrip().removesuffix(',')},\n  pmid = {{{record['PMID']}}}\n}}"
    return entry


def year_of(record: CslRecord) -> int | None:
    """Return the year of publication; of several dates the first, since the year is that of the first publication."""
    dates = [record[name] for name in ("issued", "available-date", "submitted") if record.get(name)]
    parts = [date["date-parts"][0][0] for date in dates if date.get("date-parts")]
    years = [int(match[0]) for part in parts if (match := re.match(r"\d{4}", str(part)))]
    return min(years, default=None)


def _converted(text: str, suffix: str) -> list[CslRecord]:
    records = json.loads(pypandoc.convert_text(text, "csljson", format=_PANDOC[suffix]))
    numbers = re.findall(r"(?im)^\s*pmid\s*=\s*[{\"]?(\d+)", text)
    if suffix == ".bib" and len(records) == len(numbers) == 1:
        records[0]["PMID"] = numbers[0]
    return records


def _nbib(text: str) -> list[CslRecord]:
    """Return the records of PubMed's format: lines `TAG - value`, continued by lines that begin with blanks."""
    records = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        fields = defaultdict(list)
        for line in re.sub(r"\n {6}", " ", block).split("\n"):
            tag, dash, value = line.partition("-")
            if dash and len(tag) == 4:
                fields[tag.strip()].append(value.strip())
        if not fields:
            continue
        dates = [*fields["DEP"], *fields["DP"]]  # the electronic publication may be earlier than the issue
        years = [int(found[0]) for date in dates if (found := re.match(r"\d{4}", date))]
        ids = [value.removesuffix(" [doi]") for value in [*fields["LID"], *fields["AID"]] if value.endswith(" [doi]")]
        names = [author.partition(", ") for author in fields["FAU"]]
        record = {
            "type": "article-journal",
            "title": " ".join(fields["TI"]).rstrip("."),
            "author": [{"family": family, "given": given} for family, _, given in names],
            "container-title": " ".join(fields["JT"]),
            "issued": {"date-parts": [[min(years)]]} if years else None,
            "volume": " ".join(fields["VI"]),
            "issue": " ".join(fields["IP"]),
            "page": " ".join(fields["PG"]),
            "DOI": ids[0] if ids else "",
            "PMID": " ".join(fields["PMID"]),
        }
        records.append({name: value for name, value in record.items() if value})
    return records


def _json(text: str) -> list[CslRecord]:
    found = json.loads(text)
    found = found if isinstance(found, list) else [found]
    return [_trial(entry["protocolSection"]) if "protocolSection" in entry else entry for entry in found]


def _trial(protocol: dict[str, Any]) -> CslRecord:
    """Return a record of ClinicalTrials.gov (version 2 of its interface)."""
    identity, design = protocol["identificationModule"], protocol.get("designModule", {})
    status, outcomes = protocol.get("statusModule", {}), protocol.get("outcomesModule", {})
    sponsor = protocol.get("sponsorCollaboratorsModule", {}).get("leadSponsor", {}).get("name", "")
    first = status.get("studyFirstSubmitDate", "")
    countries = {place.get("country", "") for place in protocol.get("contactsLocationsModule", {}).get("locations", [])}
    record = {
        "type": "webpage",
        "title": identity.get("officialTitle") or identity.get("briefTitle", ""),
        "author": [{"literal": sponsor}] if sponsor else [],
        "container-title": f"ClinicalTrials.gov {identity['nctId']}",
        "issued": {"date-parts": [[int(first[:4])]]} if first[:4].isdigit() else None,
        "URL": f"https://clinicaltrials.gov/study/{identity['nctId']}",
        "trial": {
            "registry_id": identity["nctId"],
            "randomised": design.get("designInfo", {}).get("allocation") == "RANDOMIZED",
            "status": status.get("overallStatus", ""),
            "country": " and ".join(sorted(countries - {""})),
            "outcomes": [
                (role, ", ".join(filter(None, (outcome.get("measure", ""), outcome.get("timeFrame", "")))))
                for role in ("primary", "secondary")
                for outcome in outcomes.get(f"{role}Outcomes", [])
            ],
        },
    }
    return {name: value for name, value in record.items() if value}
