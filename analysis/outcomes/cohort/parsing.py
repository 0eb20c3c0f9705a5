"""Conversion of a table to the visits and courses of a cohort, with the problems of its cells and rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analysis.outcomes.cohort import rules
from analysis.outcomes.cohort.form import attributes, course_details, long_form
from analysis.outcomes.cohort.layout import CohortLayout
from analysis.outcomes.cohort.rules import Long
from analysis.outcomes.cohort.table import VISITS
from analysis.tabular import advice
from analysis.tabular.decimals import decimal_sign
from analysis.tabular.origin import CLINIC_TABLES
from analysis.tabular.problems import Problem
from analysis.tabular.text_table import TextColumn, TextTable, encode
from analysis.tabular.typed_cells import read_cells


@dataclass
class Parsed:
    """The values of each row of the file; wrong cells are missing.

    numbers: values by column, NaN = missing; for columns of text, positions in `words`.
    """

    patient: np.ndarray  # number of the patient, -1 = no identifier
    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the distinct texts of each column of text
    visit: np.ndarray | None = None  # position in VISITS, -1 = missing
    date: np.ndarray | None = None  # dates, NaT = missing
    comma_example: tuple[str, str] | None = None  # a number with a decimal comma, and the value read
    alike: int = 0  # number of identifiers that differ from another one only in capitals

    def attributes(self) -> dict[str, np.ndarray]:
        """Return the values of the columns that describe a course."""
        columns = (*attributes(), *course_details())
        return {entry.name: self.numbers[entry.name] for entry in columns if entry.name in self.numbers}


def parse(table: TextTable, layout: CohortLayout) -> tuple[Parsed, list[Problem]]:
    """Return the values of the columns, and the problems of single cells."""
    names = [*layout.names, *(score.name for score in (*layout.scores, *layout.outcomes))]
    fields = {name: replace(layout.field(name), name=name) for name in names}
    sign, problems = decimal_sign(table, [name for name in names if fields[name].type in ("number", "integer")])
    parsed = Parsed(np.full(len(table), -1, dtype=np.int32), comma_example=sign.example)
    scores = {"nrs", *(score.name for score in layout.scores)}
    for row, name, shown in table.formatted:
        if name in fields and fields[name].type in ("number", "integer"):
            rule = f"a number is shown as itself; this cell has the format {shown}, which shows another value"
            problems.append(Problem(table.file, row, name, "", rule, advice.SHOW_AS_NUMBER))
    for name, entry in fields.items():
        column, wrong = read_cells(table, name, entry, CLINIC_TABLES, sign.comma)
        if wrong and name in scores and _is_of_hundred(wrong, column.numbers(), table[name]):
            rule = "pain is scored from 0 to 10; most scores here are above 10: is the scale 0 to 100 (VAS in mm)?"
            wrong = [Problem(table.file, None, name, "", rule, advice.CONVERT_SCALE)]
        problems += wrong
        if entry.identifier:
            identifiers = table[name]
            if wrong:  # spaces around an identifier are a reported problem and must not split a patient
                plain = encode([word.strip() for word in identifiers.words.to_pylist()])
                codes = plain.codes[identifiers.codes] if len(plain.codes) else identifiers.codes
                identifiers = TextColumn(codes, plain.words)
            parsed.patient = _numbered(identifiers)
            words = pc.utf8_lower(identifiers.words)
            parsed.alike = len(words) - pc.count_distinct(words).as_py()
        elif name == "visit":
            parsed.visit = column.positions(VISITS).astype(np.int8)
        elif entry.type == "date":
            parsed.date = column.dates()
        elif entry.type == "string":
            parsed.words[name] = entry.enum or tuple(sorted(value for value in column.values if value is not None))
            positions = column.positions(parsed.words[name])
            parsed.numbers[name] = np.where(positions < 0, np.nan, positions)
        else:
            parsed.numbers[name] = column.numbers()
    return parsed, problems


def _is_of_hundred(wrong: list[Problem], numbers: np.ndarray, cells: TextColumn) -> bool:
    """Return whether all wrong scores are numbers up to 100, three or more, and more than half of the scores."""
    values = [problem.value for problem in wrong if problem.value]  # the first ones
    filled = ~cells.empty()
    count = int(np.isnan(numbers[filled]).sum())
    return (
        bool(values)
        and count > max(2, filled.sum() / 2)
        and all(re.fullmatch(r"(\d\d|100)([.,]\d+)?", value) for value in values)
    )


def _numbered(cells: TextColumn) -> np.ndarray:
    """Return the number of each row's patient, in order of appearance; -1 = no identifier."""
    codes, _ = pd.factorize(cells.codes)
    return np.where(cells.empty(), -1, codes).astype(np.int32)


def number_of_code(table: TextTable, parsed: Parsed, code: str) -> int | None:
    """Return the number of the patient with this identifier; None if there is none."""
    rows = np.flatnonzero(table["patient_id"].where([word == code for word in table["patient_id"].words.to_pylist()]))
    return int(parsed.patient[rows[0]]) if len(rows) else None


def visits_of(table: TextTable, layout: CohortLayout, parsed: Parsed) -> tuple[Long | None, list[Problem]]:
    """Return all visits sorted by course and weeks (None if a column is missing), and the problems across rows."""
    if "patient_id" not in layout.names:
        return None, []
    long = _from_wide(table, layout, parsed) if layout.wide else _from_long(table, layout, parsed)
    if long is None:
        return None, []
    long = long.sorted()
    problems: list[Problem] = []
    if layout.wide:
        problems += rules.courses_occur_once(table, long)
    else:
        problems += rules.weeks_fit_visits(table, long)
        problems += rules.only_follow_up_is_planned(table, long)
        problems += rules.visits_occur_once(table, long)
        problems += rules.courses_have_a_baseline(table, long)
    problems += rules.dates_follow_weeks(table, long)
    problems += rules.weeks_agree_with_dates(table, long)
    problems += rules.courses_follow_dates(table, long)
    return long, problems


def _from_long(table: TextTable, layout: CohortLayout, parsed: Parsed) -> Long | None:
    if any(entry.name not in layout.names for entry in long_form().fields if not entry.optional):
        return None
    return Long(
        parsed.patient,
        _course(parsed),
        parsed.visit,
        parsed.numbers["weeks_from_end"],
        parsed.numbers["nrs"],
        parsed.date,
        np.arange(len(table), dtype=np.int32),
        table["weeks_from_end"].empty(),
        _columns([parsed.numbers[name] for name in layout.measures()]),
        parsed.numbers.get("planned_week"),
    )


def _from_wide(table: TextTable, layout: CohortLayout, parsed: Parsed) -> Long | None:
    """Return one visit for each score column of each row; an empty cell is a visit with a missing score.

    The date of a row is that of its baseline.
    """
    if "nrs_baseline" not in {score.name for score in layout.scores}:
        return None
    scores = sorted(layout.scores, key=lambda score: -1 if score.weeks is None else score.weeks)
    rows, each = len(table), len(scores)
    date = None
    if parsed.date is not None:
        date = np.full((rows, each), np.datetime64("NaT", "s"))
        date[:, 0] = parsed.date
        date = date.ravel()
    weeks = np.array([np.nan if score.weeks is None else score.weeks for score in scores])
    nothing = np.full(rows, np.nan)
    cells = {(score.measure, score.visit, score.weeks): parsed.numbers[score.name] for score in layout.outcomes}
    outcomes = [
        np.column_stack([cells.get((measure, score.visit, score.weeks), nothing) for score in scores]).ravel()
        for measure in layout.measures()
    ]
    return Long(
        np.repeat(parsed.patient, each),
        np.repeat(_course(parsed), each),
        np.tile(np.array([VISITS.index(score.visit) for score in scores], dtype=np.int8), rows),
        np.tile(weeks, rows),
        np.column_stack([parsed.numbers[score.name] for score in scores]).ravel(),
        date,
        np.repeat(np.arange(rows, dtype=np.int32), each),
        None,
        _columns(outcomes),
        np.tile(np.where(weeks > 0, weeks, np.nan), rows),
    )


def _columns(values: list[np.ndarray]) -> np.ndarray | None:
    """Return the columns side by side; None without any, which is the usual case."""
    return np.column_stack(values) if values else None


def _course(parsed: Parsed) -> np.ndarray:
    """Return the number of each row's course; 1 without such a column, 0 for a wrong cell."""
    if "course" not in parsed.numbers:
        return np.ones(len(parsed.patient), dtype=np.int16)
    return np.nan_to_num(parsed.numbers["course"]).astype(np.int16)


def visits_table(table: TextTable, long: Long, measures: tuple[str, ...]) -> pd.DataFrame:
    """Return `Cohort.visits`; `measures` are the columns of `long.outcomes`."""
    nothing = np.full(len(long.patient), np.datetime64("NaT", "s"))
    more = {} if long.planned_week is None else {"planned_week": long.planned_week}
    more |= {name: long.outcomes[:, place] for place, name in enumerate(measures)}
    return pd.DataFrame(
        {
            "patient": long.patient,
            "course": long.course,
            "visit": pd.Categorical.from_codes(long.visit, categories=pd.Index(VISITS, dtype="str")),
            "weeks": long.weeks,
            "nrs": long.nrs,
            "date": nothing if long.date is None else long.date,
            "row": table.rows[long.position],
            **more,
        },
        copy=False,
    )


def courses_table(long: Long, words: dict[str, tuple[str, ...]], values: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return `Cohort.courses`, from valid visits and the values of `rules.attributes_are_constant`."""
    starts = long.starts()
    nothing = np.full(len(starts), np.nan)
    table = pd.DataFrame({"patient": long.patient[starts], "course": long.course[starts]})
    for entry in (*attributes(), *(entry for entry in course_details() if entry.name in values)):
        numbers = values.get(entry.name, nothing)
        table[entry.name] = _category(words.get(entry.name, ()), numbers) if entry.type == "string" else numbers
    years = np.full(len(starts), np.datetime64("NaT", "s")) if long.date is None else long.date[starts]
    table["year"] = pd.Series(years).dt.year.astype("Int16")
    table["baseline"] = long.nrs[starts]
    return table


def _category(words: tuple[str, ...], places: np.ndarray) -> pd.Categorical:
    """Return the words of each course; the categories are those that occur."""
    codes = np.where(np.isnan(places), -1, places).astype(np.int32)
    categories = pd.Categorical.from_codes(codes, categories=pd.Index(words, dtype="str"))
    return categories.remove_unused_categories()
