"""From the texts of a table to the visits and courses of a cohort, or to all that is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analysis.outcomes.cohort import rules, values
from analysis.outcomes.cohort.columns import ATTRIBUTES, LONG, NUMBERS, WORDS, Layout
from analysis.outcomes.cohort.raw import Cells, Raw, encode
from analysis.outcomes.cohort.rules import Long
from analysis.outcomes.cohort.table import VISITS
from analysis.tabular.problems import Problem

REGIMEN_CLASSES = (
    "anesthetic",
    "subanesthetic_inpatient",
    "subanesthetic_outpatient",
    "topical",
    "oral",
    "block",
    "other",
    "control",
)
CHOICES = {"regimen_class": REGIMEN_CLASSES, "sex": ("female", "male", "other")}


@dataclass
class Parsed:
    """The values of each row of the file by column; what is wrong is missing. Words are their position in `words`
    (NaN = empty); comma: an example of a decimal comma; alike: identifiers that another one equals but for capitals."""

    patient: np.ndarray
    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    visit: np.ndarray | None = None
    date: np.ndarray | None = None
    comma: tuple[str, str] | None = None
    alike: int = 0

    def attributes(self) -> dict[str, np.ndarray]:
        """What the file says of a patient, by column."""
        return {name: self.numbers[name] for name in ATTRIBUTES if name in self.numbers}


def parse(raw: Raw, layout: Layout) -> tuple[Parsed, list[Problem]]:
    """The values of the columns that the file has, and the problems of single cells."""
    cells = {name: raw.columns[place] for name, place in layout.places.items()}
    cells |= {name: raw.columns[place] for name, place, *_ in layout.scores}
    parsed = Parsed(np.full(len(raw.rows), -1, dtype=np.int32))
    problems: list[Problem] = []
    if "patient_id" in cells:
        found = values.texts(raw, "patient_id", cells["patient_id"], required=True, show=False)
        parsed.patient = _numbered(_stripped(cells["patient_id"]) if found else cells["patient_id"])
        problems += found
        words = pc.utf8_lower(cells["patient_id"].words)
        parsed.alike = len(words) - pc.count_distinct(words).as_py()
    scores = [name for name, *_ in layout.scores]
    columns = [name for name in ("course", "weeks_from_end", "nrs", *scores, *NUMBERS) if name in cells]
    comma, found, parsed.comma = values.decimal_signs(raw, {name: cells[name] for name in columns})
    problems += found
    for name in columns:
        parsed.numbers[name], found = values.numbers(raw, name, cells[name], comma)
        problems += found
        if name == "course":
            problems += values.required(raw, name, cells[name], "write the number of the course; the first is 1")
    if "visit" in cells:
        parsed.visit, found = values.choice(raw, "visit", cells["visit"], VISITS, required=True)
        problems += found
    if "date" in cells:
        parsed.date, found = values.dates(raw, "date", cells["date"])
        problems += found
    for name in (name for name in WORDS if name in cells):
        if name in CHOICES:
            parsed.words[name] = CHOICES[name]
            codes, found = values.choice(raw, name, cells[name], CHOICES[name], required=False)
        else:
            parsed.words[name], codes = _sorted_words(_stripped(cells[name]))
            found = values.texts(raw, name, cells[name])
        parsed.numbers[name] = np.where(codes < 0, np.nan, codes)
        problems += found
    return parsed, problems


def _stripped(cells: Cells) -> Cells:
    """The cells without spaces around them, which are a problem already and must not make two words of one."""
    words = encode([word.strip() for word in cells.words.to_pylist()])
    return Cells(words.codes[cells.codes] if len(words.codes) else cells.codes, words.words)


def _sorted_words(cells: Cells) -> tuple[tuple[str, ...], np.ndarray]:
    """The different words by the alphabet, and each row's position among them (-1 = empty)."""
    words = cells.words.to_pylist()
    ordered = tuple(sorted(word for word in words if word))
    places = {word: place for place, word in enumerate(ordered)}
    return ordered, np.array([places.get(word, -1) for word in words], dtype=np.int32)[cells.codes]


def _numbered(cells: Cells) -> np.ndarray:
    """Patients by number in the order in which they appear; -1 = no identifier."""
    codes, _ = pd.factorize(cells.codes)
    return np.where(cells.empty(), -1, codes).astype(np.int32)


def visits_of(raw: Raw, layout: Layout, parsed: Parsed) -> tuple[Long | None, list[Problem]]:
    """All visits in the order of courses and weeks, and the problems across rows; None if a column is missing."""
    if "patient_id" not in layout.places:
        return None, []
    long = _from_wide(raw, layout, parsed) if layout.wide else _from_long(raw, layout, parsed)
    if long is None:
        return None, []
    long = long.sorted()
    problems: list[Problem] = []
    if layout.wide:
        problems += rules.courses_stand_once(raw, long)
    else:
        problems += rules.weeks_fit_visits(raw, long)
        problems += rules.visits_stand_once(raw, long)
        problems += rules.courses_have_a_baseline(raw, long)
    problems += rules.dates_follow_weeks(raw, long)
    problems += rules.courses_follow_dates(raw, long)
    return long, problems


def _from_long(raw: Raw, layout: Layout, parsed: Parsed) -> Long | None:
    if any(name not in layout.places for name in LONG):
        return None
    return Long(
        parsed.patient,
        _course(parsed),
        parsed.visit,
        parsed.numbers["weeks_from_end"],
        parsed.numbers["nrs"],
        parsed.date,
        np.arange(len(raw.rows), dtype=np.int32),
        raw.columns[layout.places["weeks_from_end"]].empty(),
    )


def _from_wide(raw: Raw, layout: Layout, parsed: Parsed) -> Long | None:
    """One visit for each score column of each row: an empty cell is a visit whose score is missing.

    The date of a row is that of its baseline.
    """
    if "nrs_baseline" not in {name for name, *_ in layout.scores}:
        return None
    scores = sorted(layout.scores, key=lambda score: -1 if score[3] is None else score[3])
    rows, each = len(raw.rows), len(scores)
    date = None
    if parsed.date is not None:
        date = np.full((rows, each), np.datetime64("NaT", "s"))
        date[:, 0] = parsed.date
        date = date.ravel()
    return Long(
        np.repeat(parsed.patient, each),
        np.repeat(_course(parsed), each),
        np.tile(np.array([VISITS.index(visit) for _, _, visit, _ in scores], dtype=np.int8), rows),
        np.tile(np.array([np.nan if weeks is None else weeks for *_, weeks in scores]), rows),
        np.column_stack([parsed.numbers[name] for name, *_ in scores]).ravel(),
        date,
        np.repeat(np.arange(rows, dtype=np.int32), each),
    )


def _course(parsed: Parsed) -> np.ndarray:
    """The courses; 1 where the file has no such column, 0 where the cell is wrong."""
    if "course" not in parsed.numbers:
        return np.ones(len(parsed.patient), dtype=np.int16)
    return np.nan_to_num(parsed.numbers["course"]).astype(np.int16)


def visits_table(raw: Raw, long: Long) -> pd.DataFrame:
    """`Cohort.visits`."""
    nothing = np.full(len(long.patient), np.datetime64("NaT", "s"))
    return pd.DataFrame(
        {
            "patient": long.patient,
            "course": long.course,
            "visit": pd.Categorical.from_codes(long.visit, categories=pd.Index(VISITS, dtype="str")),
            "weeks": long.weeks,
            "nrs": long.nrs,
            "date": nothing if long.date is None else long.date,
            "row": raw.rows[long.position],
        },
        copy=False,
    )


def courses_table(long: Long, words: dict[str, tuple[str, ...]], attributes: dict[str, np.ndarray]) -> pd.DataFrame:
    """`Cohort.courses`, from valid visits and what `rules.attributes_are_constant` found."""
    starts = long.starts()
    nothing = np.full(len(starts), np.nan)
    table = pd.DataFrame({"patient": long.patient[starts], "course": long.course[starts]})
    for column in WORDS:
        table[column] = _category(words.get(column, ()), attributes.get(column, nothing))
    for column in NUMBERS:
        table[column] = attributes.get(column, nothing)
    years = np.full(len(starts), np.datetime64("NaT", "s")) if long.date is None else long.date[starts]
    table["year"] = pd.Series(years).dt.year.astype("Int16")
    table["baseline"] = long.nrs[starts]
    return table


def _category(words: tuple[str, ...], places: np.ndarray) -> pd.Categorical:
    """The words of each course; the categories are those that occur."""
    codes = np.where(np.isnan(places), -1, places).astype(np.int32)
    categories = pd.Categorical.from_codes(codes, categories=pd.Index(words, dtype="str"))
    return categories.remove_unused_categories()
