"""evidence.fhir.json: the summary of findings as FHIR R5 Evidence resources in a Bundle.

The codes are those of HL7: statistic-type, attribute-estimate-type, variable-role, certainty-type, certainty-rating.

References: https://hl7.org/fhir/R5/evidence.html
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from analysis.exhibit import payloads, plain
from analysis.exhibit.places import places, source_row
from analysis.reporting.interchange.results import DISCLAIMER, outcome_rows

FHIR_FILE = "evidence.fhir.json"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_RATINGS = (
    ("", ""),
    ("very-low", "Very low quality"),
    ("low", "Low quality"),
    ("moderate", "Moderate quality"),
    ("high", "High quality"),
)
_STATISTICS = {"share": ("0000424", "Risk Difference"), "points, 0-10": ("0000457", "Mean Difference")}
_UNITS = {"share": ("share of patients", "1"), "points, 0-10": ("points on the scale from 0 to 10", "{score}")}


def evidence_json(notebook: dict[str, Any]) -> bytes | None:
    """Return the content of evidence.fhir.json; None for a report without a summary of findings."""
    table = next((payload for payload in payloads(notebook) if payload["kind"] == "outcomes"), None)
    made = notebook["metadata"].get("ketamine_crps")
    if table is None or made is None:
        return None
    return (json.dumps(bundle(table, made), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def bundle(table: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """Return the Bundle: one Evidence resource for each row of the summary of findings.

    table: see `OutcomeTable.payload`. made: the record of the report, see `provenance.record`.
    """
    day = datetime.fromtimestamp(made["code"]["epoch"], tz=UTC)
    entries = []
    for number, row in enumerate(outcome_rows(table), start=1):
        resource = _evidence(row, f"outcome-{number}", table["control_name"], made) | {"date": day.date().isoformat()}
        name = f"{made['data']['hash']} {made['command']} {resource['id']}"
        entries.append({"fullUrl": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, name)}", "resource": resource})
    timestamp = day.isoformat().replace("+00:00", "Z")
    return {"resourceType": "Bundle", "type": "collection", "timestamp": timestamp, "entry": entries}


def _evidence(row: dict[str, Any], name: str, control: str, made: dict[str, Any]) -> dict[str, Any]:
    difference = " ".join(filter(None, (row["difference"], row["interval"])))
    resource = {
        "resourceType": "Evidence",
        "id": name,
        "status": "draft",
        "version": made["data"]["hash"],
        "title": f"{row['outcome']}: ketamine against {control} in complex regional pain syndrome",
        "description": f"{row['outcome']} ({row['detail']}). Difference: {difference}. {row['meaning']}",
        "note": [{"text": DISCLAIMER}],
        "variableDefinition": [
            _variable("population", "population", "Patients with complex regional pain syndrome"),
            _variable("exposure", "exposure", "Ketamine"),
            _variable("referenceExposure", "reference exposure", control.capitalize()),
            _variable("measuredVariable", "measured variable", f"{row['outcome']} ({row['detail']})"),
        ],
        "statistic": [_statistic(row, difference)],
        "relatedArtifact": _sources(row, made),
        "certainty": _certainty(row),
    }
    return {key: value for key, value in resource.items() if value}


def _statistic(row: dict[str, Any], difference: str) -> dict[str, Any]:
    numbers = row["numbers"]
    studies = len(numbers["studies"]) if row["certainty_remark"] == "provisional" else None
    size = {"numberOfStudies": studies, "numberOfParticipants": numbers["n"]}
    size = {key: value for key, value in size.items() if value}
    statistic: dict[str, Any] = {"description": difference} | ({"sampleSize": size} if size else {})
    if numbers["value"] is None:
        return statistic | {"statisticType": _coded("statistic-type", "descriptive", "Descriptive")}
    statistic["statisticType"] = _coded("statistic-type", *_STATISTICS[numbers["unit"]])
    statistic["quantity"] = _quantity(numbers["value"], numbers["unit"])
    interval = {
        "type": _coded("attribute-estimate-type", "C53324", "Confidence interval"),
        "range": {end: _quantity(numbers[end], numbers["unit"]) for end in ("low", "high")},
    }
    level = {} if numbers["level"] is None else {"level": numbers["level"]}
    return statistic | {"attributeEstimate": [interval | level]}


def _certainty(row: dict[str, Any]) -> list[dict[str, Any]]:
    if not row["certainty"]:
        return []
    return [
        {
            "description": f"GRADE: {row['certainty_word'].lower()} ({row['certainty_remark']})",
            "type": _coded("certainty-type", "Overall", "Overall certainty"),
            "rating": _coded("certainty-rating", *_RATINGS[row["certainty"]]),
        }
    ]


def _sources(row: dict[str, Any], made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sources of the data rows behind an outcome, each once with all its rows."""
    behind: dict[str, dict[str, Any]] = {}
    for table, number in places(row["places"]):
        if entry := made["rows"].get(table, {}).get(str(number)):
            rows = behind.setdefault(entry["source"] or entry["study"], {"entry": entry, "rows": []})["rows"]
            rows.append(source_row(table, number))
    return [_source(name, cited["entry"], cited["rows"], made) for name, cited in behind.items()]


def _source(name: str, entry: dict[str, Any], rows: list[str], made: dict[str, Any]) -> dict[str, Any]:
    address = made["sources"].get(name, {})
    study = made["citations"].get(entry["study"], entry["study"])
    words = f"{study}, {plain(entry['locator']) or address.get('words', '')} ({', '.join(rows)})"
    link = {"document": {"url": address["url"]}} if address.get("url") else {}
    return {"type": "derived-from", "citation": words, **link}


def _variable(role: str, display: str, words: str) -> dict[str, Any]:
    return {"description": words, "variableRole": _coded("variable-role", role, display)}


def _coded(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{_TERMINOLOGY}/{system}", "code": code, "display": display}]}


def _quantity(value: float, unit: str) -> dict[str, Any]:
    words, code = _UNITS[unit]
    return {"value": float(f"{value:.12g}"), "unit": words, "system": "http://unitsofmeasure.org", "code": code}
