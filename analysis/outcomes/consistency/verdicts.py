"""Verdicts of checks, and the result of one check."""

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
_COLUMNS = "study_id citation table row check reported recomputed verdict why assumed source_id locator".split()


@dataclass(frozen=True)
class CheckResult:
    """Result of the check of one printed number.

    `row` is as a spreadsheet shows it; `why` is given for every verdict except `fits`.
    """

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
    """Return a result about the row `source`, a named tuple of a table's row; the row's note is added to `why`."""
    study = getattr(source, "study_id", None) or source.review_id
    place = {"source_id": source.source_id, "locator": source.locator}
    note = getattr(source, "note", None)
    if verdict not in (FITS, CANNOT_BE_CHECKED) and isinstance(note, str):
        why = f"{why} (note on the row: {note})"
    return CheckResult(study, table, int(source.row), check, reported, recomputed, verdict, why, assumed, **place)


def as_table(results: list[CheckResult], evidence: Evidence) -> pd.DataFrame:
    """Return results as a table sorted by study, table and row, with the citation of the study or review."""
    names = dict(values(evidence.studies, "study_id", "citation")) | dict(
        values(evidence.reviews, "review_id", "citation")
    )
    rows = [
        tuple(names.get(result.study_id) if column == "citation" else getattr(result, column) for column in _COLUMNS)
        for result in sorted(results, key=lambda result: (result.study_id, result.table, result.row))
    ]
    return rowwise.table(rows, {column: "int64" if column == "row" else "str" for column in _COLUMNS})


def fit_result(
    source, table: str, check: str, reported: str, recomputed: str, fits: bool, why_not: str, assumed=""
) -> CheckResult:
    """Return a `check_result` that fits, or cannot be for the reason `why_not`."""
    verdict, why = (FITS, "") if fits else (CANNOT_BE, why_not)
    return check_result(source, table, check, reported, recomputed, verdict, why, assumed)


def decimals_of_text(text: str) -> int:
    """Return the decimals of a number as text: 2 for `61.00`, 0 for `62`."""
    return len(text.partition(".")[2])


def printed_decimals(evidence: Evidence, table: str, row, column: str) -> int:
    """Return the number of decimals with which a number is printed, from the text of its cell (61.0 keeps its zero).

    If the table was changed since it was loaded, the shortest form of the value counts.
    """
    value = float(getattr(row, column))
    text = evidence.texts.get(table, {}).get(int(row.row), {}).get(column, "").strip()
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) and float(text) == value:
        return decimals_of_text(text)
    return decimals_of(value)


def rounding_range(value: float, digits: int) -> tuple[float, float]:
    """Return the values that round to `value` with this many digits, as (low, high)."""
    half = 0.5 * 10.0**-digits
    return value - half, value + half
