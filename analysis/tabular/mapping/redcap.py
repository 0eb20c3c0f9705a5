"""Data dictionaries of REDCap: codes, labels and limits read from one, and the one that collects a cohort made."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.tabular.problems import DataError, Problem
from analysis.tabular.schema import Field, TableSchema

_NAME, _CHOICES = "Variable / Field Name", "Choices, Calculations, OR Slider Labels"
_COLUMNS = f"""{_NAME}; Form Name; Section Header; Field Type; Field Label; {_CHOICES}; Field Note; \
Text Validation Type OR Show Slider Number; Text Validation Min; Text Validation Max; Identifier?; \
Branching Logic (Show field only if...); Required Field?; Custom Alignment; Question Number (surveys only); \
Matrix Group Name; Matrix Ranking?; Field Annotation""".split("; ")
_VALIDATION = {"number": "number", "integer": "integer", "date": "date_ymd"}
_NOT_ASKED = ("course", "patient_id")  # REDCap has its own record and instance


@dataclass(frozen=True)
class Dictionary:
    """What a data dictionary says, by field: labels of codes, label of the field, least and greatest value."""

    value_labels: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, str]
    limits: Mapping[str, tuple[float, float]]


def read_dictionary(content: bytes, file: str) -> Dictionary:
    """Return codes, labels and limits of a REDCap data dictionary (CSV). Raises DataError."""
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error):
        rows = []
    if not rows or _NAME not in rows[0] or _CHOICES not in rows[0]:
        rule = f"a REDCap data dictionary is a CSV file with the columns {_NAME} and {_CHOICES}"
        advice = "download it in REDCap under Project Setup, Data Dictionary"
        raise DataError([Problem(file, None, "", "", rule, advice)])
    value_labels: dict[str, Mapping[str, str]] = {}
    limits: dict[str, tuple[float, float]] = {}
    for row in rows:
        name, kind = row[_NAME], row.get("Field Type")
        choices = re.findall(r"\s*([^,|]+?)\s*,\s*([^|]*?)\s*(?:\||$)", row[_CHOICES] or "")
        if choices and kind in ("radio", "dropdown"):
            value_labels[name] = dict(choices)
        elif kind == "yesno":
            value_labels[name] = {"1": "yes", "0": "no"}
        with contextlib.suppress(ValueError):  # no limits, or days
            low, high = (row.get(f"Text Validation {end}") or "" for end in ("Min", "Max"))
            limits[name] = (0, 100) if kind == "slider" and not low + high else (float(low), float(high))
    labels = {row[_NAME]: re.sub("<[^>]*>", "", row.get("Field Label") or "") for row in rows}
    return Dictionary(value_labels, labels, limits)


def redcap_dictionary(schema: TableSchema) -> str:
    """Return a REDCap data dictionary (CSV) that collects the columns of the long form.

    Columns of a course are on the form `course`, those of a visit on the form `visit`; words keep their names as codes,
    so that the export needs no recoding.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    record = {_NAME: "record_id", "Form Name": "course", "Field Type": "text", "Field Label": "Code of the patient"}
    writer.writerow({**record, "Identifier?": "", "Required Field?": "y"})
    fields = [field for field in schema.fields if field.name not in _NOT_ASKED]
    for field in sorted(fields, key=lambda field: field.level != "course"):
        writer.writerow(_row(field))
    return out.getvalue()


def _row(field: Field) -> dict[str, str]:
    row = {
        _NAME: field.name,
        "Form Name": field.level,
        "Field Label": field.title,
        "Field Note": field.description,
        "Required Field?": "y" if field.required else "",
    }
    if field.enum:
        return {**row, "Field Type": "dropdown", _CHOICES: " | ".join(f"{word}, {word}" for word in field.enum)}
    row["Field Type"] = "text"
    row["Text Validation Type OR Show Slider Number"] = _VALIDATION.get(field.type, "")
    row["Text Validation Min"] = _limit(field.minimum)
    row["Text Validation Max"] = _limit(field.maximum)
    return row


def _limit(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
