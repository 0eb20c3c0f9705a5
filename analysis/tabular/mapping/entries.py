"""Rows of a clinic's table as visits, before their weeks and courses are counted."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.tabular.mapping.cohort_map import ColumnUse, VisitUse
from analysis.tabular.mapping.map_keys import NOT_USED, VISIT_NAMES
from analysis.tabular.mapping.mapped_cells import MappedCells
from analysis.tabular.problems import listed
from analysis.tabular.schema import TableSchema
from analysis.tabular.text_table import TextTable
from analysis.wording import counted

VISIT_ORDER = {name: place for place, name in enumerate(VISIT_NAMES)}
_FIXED = ("row", "patient", "use", "visit", "planned", "score", "date", "course", "weeks")


@dataclass
class Entries:
    """Visits that the source leads to, one row each, and what is left out, counted by reason.

    frame: columns row (position in the source, -1 = none), patient, use (position in the map's visits), visit,
    planned, score, date, course, weeks (NaN unless a column states it), and one column for each other outcome.
    left_out: number of rows of the source by reason; with a row for each course also of single visits.
    without_visit: columns row and patient of rows that are no visit, whose once-only fields describe the patient.
    """

    frame: pd.DataFrame
    left_out: Counter[str] = field(default_factory=Counter)
    without_visit: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["row", "patient"]))

    @property
    def outcomes(self) -> list[str]:
        """Names of the columns with other outcomes."""
        return [name for name in self.frame.columns if name not in _FIXED]

    def drop(self, mask: np.ndarray, reason: str) -> None:
        """Leave out the rows of a mask for a reason."""
        if mask.any():
            self.left_out[reason] += int(mask.sum())
            self.frame = self.frame[~mask].reset_index(drop=True)


def patient_codes(table: TextTable, column: str) -> list[str]:
    """Return the code of each row's patient, with one Unicode form for each letter."""
    return [unicodedata.normalize("NFC", text.strip()) for text in table[column].texts()]


def entries_of_rows(cells: MappedCells, schema: TableSchema, patients: list[str]) -> Entries:
    """Return the entries of a table with one row a visit, event or diary entry. patients: identifier of each row."""
    use = cells.map
    rows = len(cells.source.table)
    frame = pd.DataFrame({"row": np.arange(rows), "patient": patients})
    visit = use.role("visit")
    places = np.full(rows, -1)
    if visit is not None:
        codes = {line.code: place for place, line in enumerate(use.visits)}
        texts = cells.source.table[visit.name].texts()
        places = np.array([codes.get(text.strip(), -1) for text in texts])
        unknown = Counter(text.strip() for text, place in zip(texts, places.tolist(), strict=True) if place < 0)
        for text, count in unknown.items():
            shown = text if count >= 3 or not text else "a code that is not shown"
            rule = f"{counted(count, 'row')} of {visit.name}: “{shown}” stands in no line of visits"
            if not text:
                rule = f"{counted(count, 'row')} of {visit.name} empty: which visit is it?"
            cells.problem(("visits",), rule, "add a line for it, or correct the cells; nothing is left out silently")
    frame["use"] = places
    lines = [*use.visits, VisitUse("")]
    frame["visit"] = [VISIT_ORDER.get(lines[place].visit, -1) for place in places]
    frame["planned"] = [np.nan if lines[place].planned_week is None else lines[place].planned_week for place in places]
    score = use.role("nrs")
    frame["score"] = cells.numbers(score, schema["nrs"]) if score else np.nan
    day = use.role("date")
    nothing = np.full(rows, np.datetime64("NaT", "D"))
    frame["date"] = cells.days(day.name, day.missing, ("columns", day.name)) if day else nothing
    course = use.role("course")
    frame["course"] = cells.numbers(course, schema["course"]) if course and use.courses_from == "column" else 1.0
    weeks = use.role("weeks_from_end")
    frame["weeks"] = np.nan
    if weeks is not None and use.weeks_from == "column":
        frame["weeks"] = cells.numbers(weeks, schema["weeks_from_end"])
    for outcome in schema.outcomes:
        column = use.role(outcome.name)
        if column is not None:
            frame[outcome.name] = cells.numbers(column, outcome)
    planned = use.role("planned_week")
    if planned is not None:
        frame["planned"] = cells.numbers(planned, schema["planned_week"])
    no_visit = np.array([lines[place].visit == NOT_USED for place in places], dtype=bool)
    entries = Entries(frame, without_visit=frame.loc[no_visit, ["row", "patient"]])
    entries.drop(no_visit, "no visit; its once-only fields describe the patient")
    return entries


def entries_of_courses(cells: MappedCells, schema: TableSchema, patients: list[str]) -> Entries:
    """Return the entries of a table with one row a course: one for each line of visits in each row."""
    use = cells.map
    rows = len(cells.source.table)
    course = use.role("course")
    number = cells.numbers(course, schema["course"]) if course and use.courses_from == "column" else np.ones(rows)
    parts = []
    for place, line in enumerate(use.visits):
        scores = ColumnUse(line.score, "nrs", missing=use.scores.missing, scale=use.scores.scale)
        nothing = np.full(rows, np.datetime64("NaT", "D"))
        part = {
            "row": np.arange(rows),
            "patient": patients,
            "use": place,
            "visit": VISIT_ORDER[line.visit],
            "planned": np.nan if line.planned_week is None else line.planned_week,
            "score": cells.numbers(scores, schema["nrs"], ("scores",)),
            "date": cells.days(line.date, use.date_missing, ("date_missing",)) if line.date else nothing,
            "course": number,
            "weeks": np.nan,
        }
        for outcome, column in line.outcomes.items():
            part[outcome] = cells.numbers(column, schema[outcome], ("visits", str(place + 1), outcome))
        parts.append(pd.DataFrame(part))
    frame = pd.concat(parts).sort_values(["row", "use"], kind="stable", ignore_index=True)
    return Entries(frame)


def rows_listed(cells: MappedCells, positions: np.ndarray) -> str:
    """Return the numbers of rows for a message: `row 5`, `rows 5, 9 and 12`."""
    numbers = [str(cells.source.table.rows[place]) for place in positions]
    return f"row{'' if len(numbers) == 1 else 's'} {listed(numbers)}"
