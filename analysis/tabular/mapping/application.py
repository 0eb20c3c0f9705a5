"""A clinic's table and its map to a table in the long form, with what became what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from analysis.tabular.identifiers import identifier_problems
from analysis.tabular.mapping.changes import Changes, what_became_what
from analysis.tabular.mapping.cohort_map import CohortMap
from analysis.tabular.mapping.course_columns import course_texts
from analysis.tabular.mapping.diary import visits_of_diary
from analysis.tabular.mapping.entries import Entries, entries_of_courses, entries_of_rows, patient_codes
from analysis.tabular.mapping.map_keys import VISIT_NAMES
from analysis.tabular.mapping.map_problems import MapError
from analysis.tabular.mapping.mapped_cells import MappedCells
from analysis.tabular.mapping.source_table import SHEET_SITE, read_source
from analysis.tabular.mapping.times import count_weeks, far_from_plan, number_courses
from analysis.tabular.problems import listed, nearest
from analysis.tabular.schema import TableSchema
from analysis.tabular.text_table import TextTable, encode, number_texts
from analysis.wording import counted


@dataclass(frozen=True, eq=False)
class MappingRecord:
    """What a map made of a clinic's table, without a cell of it."""

    changes: pd.DataFrame  # what became what: columns what, source, became, one row a column
    rows: int  # of the clinic's table
    used_rows: int
    left_out: pd.DataFrame  # columns reason and rows; with a row for each course, also visits of used rows
    remarks: tuple[str, ...]  # differences from what the map expects, as sentences
    data_until: date  # day of the export


def apply_map(
    content: bytes, file: str, digest: str, use: CohortMap, schema: TableSchema, beside: Callable[[str], bytes]
) -> tuple[TextTable, MappingRecord]:
    """Return the table in the long form, whose rows have the numbers of the clinic's table, and what became what.

    digest: SHA-256 of the content. beside: returns the content of a file beside the table, for diaries. Raises MapError
    with every problem: of the file, of columns and codes that the map does not know, of cells.
    """
    source, problems = read_source(content, file, use.read)
    if source is None:
        raise MapError(problems)
    rows = len(source.table)
    cells = MappedCells(source, use)
    cells.problems += problems
    _columns_agree(cells)
    if cells.problems:
        raise MapError(cells.problems)
    left_out: Counter[str] = Counter()
    keep_words = _keep_rows(cells, left_out)
    table = cells.source.table
    names = use.role("patient_id").name
    cells.problems += identifier_problems(table, names)
    patients = patient_codes(table, names)
    both = 0 if table.sheet is None else int((pd.Series(table.sheet).groupby(patients).nunique() > 1).sum())
    if both:
        rule = f"{counted(both, f'code of {names}', f'codes of {names}')} on two sheets: one patient or two?"
        advice = "two: write the site before the codes; one: put all rows of a patient on one sheet"
        cells.problem(("columns", names, "same_id_on_two_sheets"), rule, advice)
    again = int(pd.Series(patients).duplicated().sum())
    if again and use.rows == "courses" and use.courses_from == "single":
        rule = f"with rows: courses each row is a patient; {counted(again, 'row repeats', 'rows repeat')} a {names}"
        advice = "name the column that numbers the courses (is: course), or write rows: visits or events"
        cells.problem(("rows",), rule, f"{advice}; a row that was copied by mistake is deleted in the file")
    if nobody := sum(not patient for patient in patients):
        cells.problem(("columns", names), f"{counted(nobody, 'row')} without {names}", "fill it in, or delete the rows")
    entries_of = entries_of_courses if use.rows == "courses" else entries_of_rows
    entries = entries_of(cells, schema, patients)
    entries.left_out += left_out
    if not cells.problems:
        if use.rows == "diary":
            reading = replace(use.read, with_time=False, sheets={}, header_row=1)
            second, more = read_source(beside(use.second_file.file), use.second_file.file, reading)
            cells.problems += more
            if second is not None:
                visits_of_diary(cells, entries, second)
        if use.courses_from == "infusions":
            number_courses(cells, entries)
        if not cells.problems:
            _leave_out_not_due(cells, entries)
            count_weeks(cells, entries)
    texts = course_texts(cells, schema, entries) if not cells.problems else {}
    if cells.problems:
        raise MapError(cells.problems)
    long = _long_form(cells, entries, texts)
    # with a row for each course, what is left out later are visits of rows that are used
    used_rows = rows - (left_out if use.rows == "courses" else entries.left_out).total()
    changes = Changes(cells, entries, texts, keep_words, rows, used_rows)
    left_out_rows = pd.DataFrame(sorted(entries.left_out.items()), columns=["reason", "rows"])
    remarks = tuple(_remarks(cells, entries, digest, used_rows))
    return long, MappingRecord(what_became_what(changes), rows, used_rows, left_out_rows, remarks, use.data_until)


def _columns_agree(cells: MappedCells) -> None:
    """Add a problem for each column that only the file or only the map has, and each column that must be empty."""
    use, names = cells.map, cells.source.table.names
    in_visits = {name for line in use.visits for name in line.columns}
    known = {column.name for column in use.columns} | in_visits | {SHEET_SITE}
    for name in (name for name in names if name not in known):
        rule = f"the file has a column that the map does not know: {name or '(without a name)'}"
        cells.problem(("columns",), rule, f"add it, as in {name}: {{is: not_used}}")
    for name in sorted(known - set(names) - {SHEET_SITE}):
        close = nearest(name, (other for other in names if other not in known))
        what = f"; the file has {close}, which the map does not know" if close else ""
        cells.problem(("columns", name), f"the file has no column {name}{what}", "correct the map, or the file")
    for column in use.columns:
        if column.must_be_empty and column.name in names:
            filled = int((~cells.source.table[column.name].empty()).sum())
            if filled:
                rule = f"must be empty, and {counted(filled, 'cell')} {'is' if filled == 1 else 'are'} filled"
                cells.problem(("columns", column.name), rule, "say what the column is, or write rows: events")
        if column.used and column.name in in_visits:
            cells.problem(
                ("columns", column.name), "a column stands in columns or in visits, once", "delete one of the two"
            )
    for column, _ in use.keep:
        if column not in names:
            cells.problem(("keep",), f"the file has no column {column}", "correct keep: in the map")


def _keep_rows(cells: MappedCells, left_out: Counter[str]) -> list[str]:
    """Leave out the rows that the map does not keep; return the numbers of kept rows, in words."""
    words = []
    for name, values in cells.map.keep:
        table = cells.source.table
        texts = [text.strip() for text in table[name].texts()]
        unknown = [value for value in values if value not in texts]
        if unknown:
            rule = f"{listed(unknown)} occurs nowhere in {name}"
            cells.problem(("keep",), rule, "write the values as they stand in the file")
        mask = np.array([text in values for text in texts], dtype=bool)
        for value, count in Counter(text for text in texts if text not in values).items():
            shown = f"is {value}" if value and count >= 3 else "is empty" if not value else "is another value"
            left_out[f"{name} {shown}"] += count
        cells.source = replace(cells.source, table=table.take(mask))
        words.append(f"{name} {listed(values, last=' or ')}: {counted(int(mask.sum()), 'row')}")
    return words


def _leave_out_not_due(cells: MappedCells, entries: Entries) -> None:
    """Leave out empty follow-ups without a date that were planned after the day of the export."""
    frame, until = entries.frame, np.datetime64(cells.map.data_until)
    days = frame["date"].to_numpy("datetime64[D]")
    keys = list(zip(frame["patient"], frame["course"], strict=True))
    last: dict[tuple, np.datetime64] = {}
    for key, visit, day in zip(keys, frame["visit"], days, strict=True):
        if visit < 2 and not np.isnat(day):
            last[key] = max(day, last.get(key, day))
    since = np.array([last.get(key, np.datetime64("NaT")) for key in keys], dtype="datetime64[D]")
    planned = frame["planned"].to_numpy()
    ahead = np.where(np.isnan(planned), 0, planned * 7).astype("timedelta64[D]")
    later = (since + ahead > until) & ~np.isnan(planned)
    empty = frame[["score", *entries.outcomes]].isna().all(axis=1).to_numpy()
    not_due = (frame["visit"] == 2).to_numpy() & np.isnat(days) & empty & later
    entries.drop(not_due, "visits planned after the export and therefore not due")


def _long_form(cells: MappedCells, entries: Entries, texts: dict[str, list[str]]) -> TextTable:
    frame, source = entries.frame, cells.source.table
    columns = {
        "patient_id": list(frame["patient"]),
        "course": [f"{int(number)}" for number in frame["course"]],
        "visit": [VISIT_NAMES[visit] for visit in frame["visit"]],
        "weeks_from_end": number_texts(frame["weeks"].to_numpy()),
        "nrs": number_texts(frame["score"].to_numpy()),
    }
    if frame["date"].notna().any():
        days = frame["date"].to_numpy("datetime64[D]")
        columns["date"] = np.where(np.isnat(days), "", days.astype(str)).tolist()
    if frame["planned"].notna().any():
        columns["planned_week"] = number_texts(frame["planned"].where(frame["visit"] == 2).to_numpy())
    columns |= {name: number_texts(frame[name].to_numpy()) for name in entries.outcomes}
    columns |= texts
    positions = frame["row"].to_numpy(dtype=int)
    sheet = None if source.sheet is None else source.sheet[positions]
    rows = np.where(positions < 0, 0, source.rows[positions]).astype(source.rows.dtype)
    cells = tuple(map(encode, columns.values()))
    return TextTable(source.file, tuple(columns), cells, rows, None, source.sheets, sheet)


def _remarks(cells: MappedCells, entries: Entries, digest: str, used: int) -> list[str]:
    use, frame = cells.map, entries.frame
    remarks = []
    if use.made_for.get("sha256", digest) != digest:
        remarks.append("the map was made for another version of this file; columns and codes are checked again")
    found = {
        "patients": frame["patient"].nunique(),
        "courses": len(frame[["patient", "course"]].drop_duplicates()),
        "rows_used": used,
    }
    for key, expected in use.expect.items():
        if found[key] != expected:
            remarks.append(f"the map expects {expected} {key.replace('_', ' ')}; there are {found[key]}")
    if far := far_from_plan(cells, entries):
        remarks.append(far)
    meaning = use.scores.meaning or (use.role("nrs").meaning if use.role("nrs") else "")
    if meaning in ("worst", "least"):
        remarks.append(f"the score is {meaning} pain; published studies mostly use average pain")
    return remarks
