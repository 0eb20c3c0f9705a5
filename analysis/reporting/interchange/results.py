"""results.json: each answer of a report with value, limits, number of patients, data rows and sources.

`results.schema.json` beside this module is its JSON Schema.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from analysis.exhibit import payloads, plain
from analysis.exhibit.places import places, source_row
from analysis.reporting.interchange.measures import CHANCE, MEASURES, PRINTED, Measure
from analysis.reporting.page.source_rows import entries

RESULTS_FILE = "results.json"
FORMAT = "ketamine-crps-results/1"
DISCLAIMER = "Information about published numbers, not clinical advice."
_MADE = ("notebook", "parameters", "command", "inputs")
_LEVEL = 0.95
_INTERVAL = "confidence interval"
_COMPUTED = {
    "": _INTERVAL,
    "se": f"{_INTERVAL}, if the unlabelled spread is a standard error",
    "sd": f"{_INTERVAL}, if the unlabelled spread is a standard deviation",
}


def results_json(notebook: dict[str, Any]) -> bytes:
    """Return the content of results.json; the same notebook gives the same bytes."""
    return (json.dumps(results(notebook), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def results(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the answers of an executed notebook.

    Parameters
    ----------
    notebook : dict
        The notebook as JSON, with the record of its provenance.

    Returns
    -------
    dict
        format, disclaimer, report (title and lead), made (notebook, parameters, data, code), answers, statements
        (computed sentences with their data rows), rows (the data rows, each with its study and source).
    """
    made = notebook["metadata"].get("ketamine_crps", {})
    exhibits = list(payloads(notebook))
    summary = next((payload for payload in exhibits if payload["kind"] == "summary"), {})
    level = made.get("parameters", {}).get("level", _LEVEL)
    rows = made.get("rows", {})
    answers = [answer for payload in exhibits for answer in _answers(payload, level, rows)]
    return {
        "format": FORMAT,
        "disclaimer": DISCLAIMER,
        "report": {
            "title": summary.get("title", ""),
            "lead": plain(summary.get("lead", "")),
            "synthetic": bool(summary.get("synthetic")),
        },
        "made": {name: made[name] for name in _MADE if name in made}
        | (
            {"data": made["data"]["hash"], "code": made["code"]["hash"], "commit": made["code"]["commit"]}
            if made
            else {}
        ),
        "answers": answers,
        "statements": [statement for payload in exhibits for statement in _statements(payload)],
        "rows": {
            entry.row_id: {
                "study": entry.study,
                "says": entry.says,
                "source": entry.source,
                "access": entry.words,
                "locator": entry.locator,
                "url": entry.url,
            }
            for entry in entries(notebook, made)
        },
    }


def _answers(payload: dict[str, Any], level: float, rows: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if payload["kind"] == "outcomes":
        yield from (_outcome(f"outcome-{number}", row) for number, row in enumerate(outcome_rows(payload), start=1))
    if payload["kind"] not in ("figure", "table"):
        return
    anchor = f"{'fig' if payload['kind'] == 'figure' else 'tab'}-{payload['name']}"
    if measure := MEASURES.get(anchor):
        labels = [column["label"] for column in payload["columns"]]
        data = csv.DictReader(io.StringIO(payload["csv"]))
        for number, (row, cells) in enumerate(zip(data, payload["cells"], strict=True), start=1):
            named = places(*cells)
            studies = (rows.get(table, {}).get(str(place), {}).get("study", "") for table, place in named)
            yield {
                "id": f"{anchor}-{number}",
                "what": measure.what,
                **_estimate(measure, row, level),
                "studies": list(dict.fromkeys(filter(None, (row.get("study_id", ""), *studies)))),
                "rows": [source_row(*place) for place in named],
                "printed": dict(zip(labels, cells, strict=True)),
            }


def _estimate(measure: Measure, row: dict[str, str], level: float) -> dict[str, Any]:
    kind = measure.limits if measure.limits in (PRINTED, CHANCE) else row.get(measure.limits, "")
    n = _number(row.get(measure.n, ""))
    prediction = {
        f"prediction_{end}": _number(row[name])
        for end, name in zip(("low", "high"), measure.prediction or (), strict=False)
    }
    return {
        "value": _number(row[measure.value]),
        "low": _number(row[measure.low]),
        "high": _number(row[measure.high]),
        "unit": row.get(measure.unit, measure.unit),
        "level": level if kind in _COMPUTED else None,
        "limits": _COMPUTED.get(kind, kind),
        **prediction,
        "n": None if n is None else int(n),
    }


def outcome_rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a summary of findings, each with a name of its outcome that stands alone.

    On the page a row can begin with “The same”, which means the outcome of the row above.
    """
    rows: list[dict[str, Any]] = []
    for row in table["outcomes"]:
        above = rows[-1]["outcome"] if rows else ""
        rows.append({**row, "outcome": re.sub("^The same(?=,)", above, row["outcome"])})
    return rows


def _outcome(name: str, row: dict[str, Any]) -> dict[str, Any]:
    numbers = row["numbers"]
    return {
        "id": name,
        "what": row["outcome"],
        **{name: numbers[name] for name in ("value", "low", "high", "unit", "level")},
        "limits": PRINTED if numbers["level"] is None else _INTERVAL,
        **{name: numbers[name] for name in ("control", "ketamine", "n", "studies")},
        "certainty": row["certainty_word"] or None,
        "rows": [source_row(*place) for place in places(row["places"])],
        "printed": {name: row[name] for name in ("detail", "difference", "interval", "patients", "meaning")},
    }


def _statements(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for finding in payload.get("findings", []):
        yield _statement(finding["question"], finding["sentence"], finding)
    if payload["kind"] == "prose":
        yield _statement("", payload["markdown"], payload)


def _statement(question: str, text: str, source: dict[str, Any]) -> dict[str, Any]:
    rows = [source_row(*place) for place in places(*source["rows"])]
    return {"question": question, "text": plain(text), "studies": source["studies"], "rows": rows}


def _number(text: str) -> float | None:
    """Return a number of a CSV cell; None for an empty cell and for infinity, which JSON lacks."""
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None
