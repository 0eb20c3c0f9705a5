"""What a check says of a printed number, and in which words."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from analysis.evidence import rowwise
from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import values
from analysis.statistics.rounding import decimals_of

FITS = "fits"
FITS_BY_OTHER_ROUNDING = "fits only by truncation or half-to-even"
FITS_WITH_ANOTHER_N = "fits with another n"
CANNOT_BE = "cannot be"
CANNOT_BE_CHECKED = "cannot be checked"
VERDICTS = (FITS, FITS_BY_OTHER_ROUNDING, FITS_WITH_ANOTHER_N, CANNOT_BE, CANNOT_BE_CHECKED)
_COLUMNS = (
    *("study_id", "citation", "table", "row", "check", "reported", "recomputed", "verdict", "why", "assumed"),
    *("source_id", "locator"),
)


@dataclass(frozen=True)
class CheckResult:
    """One printed number and what became of it. row: as a spreadsheet shows it. why: for every verdict but `fits`."""

    study_id: str
    table: str
    row: int
    check: str
    reported: str
    recomputed: str
    verdict: str
    why: str = ""
    assumed: str = ""
    source_id: str = ""
    locator: str = ""


def check_result(
    source, table: str, check: str, reported: str, recomputed: str, verdict: str, why="", assumed=""
) -> CheckResult:
    """A result about the row `source` (a named tuple of a table's row)."""
    study = getattr(source, "study_id", None) or source.review_id
    place = {"source_id": source.source_id, "locator": source.locator}
    note = getattr(source, "note", None)
    if verdict not in (FITS, CANNOT_BE_CHECKED) and isinstance(note, str):
        why = f"{why} (note on the row: {note})"
    return CheckResult(study, table, int(source.row), check, reported, recomputed, verdict, why, assumed, **place)


def as_table(results: list[CheckResult], evidence: Evidence) -> pd.DataFrame:
    """One row a printed number, in the order of the tables, with the citation of its study or review."""
    names = dict(values(evidence.studies, "study_id", "citation")) | dict(
        values(evidence.reviews, "review_id", "citation")
    )
    rows = [
        tuple(names.get(result.study_id) if column == "citation" else getattr(result, column) for column in _COLUMNS)
        for result in sorted(results, key=lambda result: (result.study_id, result.table, result.row))
    ]
    return rowwise.table(rows, {column: "int64" if column == "row" else "str" for column in _COLUMNS})


def decimals_of_text(text: str) -> int:
    """Decimals of a number as text: 2 for `61.00`, 0 for `62`."""
    return len(text.partition(".")[2])


def printed_decimals(evidence: Evidence, table: str, row, column: str) -> int:
    """With how many decimals a number is printed, read from the cell's own text (61.0 keeps its zero).

    Where the table was changed since it was loaded, from the shortest form of the value.
    """
    value = float(getattr(row, column))
    text = evidence.texts.get(table, {}).get(int(row.row), {}).get(column, "").strip()
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) and float(text) == value:
        return decimals_of_text(text)
    return decimals_of(value)


def rounding_range(value: float, digits: int) -> tuple[float, float]:
    """The values that are printed so when rounded to this many digits, half a unit either way."""
    half = 0.5 * 10.0**-digits
    return value - half, value + half
