"""From the text of a cell to its value: numbers, dates, visits, words. Each different text is read once.

A cell that is wrong becomes missing here, so that the rules across rows can still be checked; its problem is told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.evidence.cells import DATE, NOT_REPORTED, PLAIN
from analysis.outcomes.cohort.columns import MOST_WEEKS
from analysis.outcomes.cohort.raw import Cells, Raw, several
from analysis.tabular.problems import Problem, listed, nearest

DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)
ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f\ufffe\uffff]")
FIRST_YEAR, LAST_YEAR = 1960, 2100


@dataclass(frozen=True)
class Range:
    """What a number may be, in words and limits."""

    says: str
    low: float
    high: float
    whole: bool = False
    advice: str = "look the value up and write the right one, or leave the cell empty"


NRS = Range("from 0 to 10", 0, 10)
RANGES = {
    "nrs": NRS,
    "weeks_from_end": Range(
        f"of weeks from 0 to {MOST_WEEKS:,}",
        0,
        MOST_WEEKS,
        advice="weeks are counted from the end of infusion: look the visit up",
    ),
    "age": Range("of years from 0 to 120", 0, 120),
    "disease_duration_years": Range("of years from 0 to 100", 0, 100),
    "course": Range("from 1 on", 1, 1000, whole=True, advice="number the courses of a patient 1, 2, …"),
}


def range_of(column: str) -> Range:
    """The range of a number column of either form."""
    return RANGES.get(column, NRS)


def numbers(raw: Raw, column: str, cells: Cells, comma: bool) -> tuple[np.ndarray, list[Problem]]:
    """The numbers of a column (NaN = empty or wrong) and its problems.

    comma: a decimal comma is read as such (the whole file has no decimal point).
    """
    span = range_of(column)
    plain = PLAIN["integer" if span.whole else "number"]
    texts = cells.words.to_pylist()
    values = np.full(len(texts), np.nan)
    kinds = np.zeros(len(texts), dtype=np.int8)
    for place, text in enumerate(texts):
        if not text:
            continue
        if comma and DECIMAL_COMMA.fullmatch(text) and not THOUSANDS.fullmatch(text):
            text = text.replace(",", ".")
        if not plain.fullmatch(text):
            kinds[place] = 1
            continue
        value = float(text)
        kinds[place] = 0 if span.low <= value <= span.high else 2
        values[place] = value if kinds[place] == 0 else np.nan
    noun = "a whole number" if span.whole else "a number"
    written = "written with digits only" if span.whole else "written with digits and a decimal point"

    def not_a_number(i: int) -> Problem:
        text = cells.at(i)
        return _at(raw, i, column, text, f"{column} is {noun}, {written}", _number_advice(text, span))

    def out_of_range(i: int) -> Problem:
        return _at(raw, i, column, cells.at(i), f"{column} is {noun} {span.says}", span.advice)

    problems = _tell(cells, kinds, {1: not_a_number, 2: out_of_range})
    return _spread(values, cells), problems


def decimal_signs(raw: Raw, columns: dict[str, Cells]) -> tuple[bool, list[Problem], tuple[str, str] | None]:
    """Whether decimals follow a comma in this file.

    Gives (comma, problems, example). Comma and point in one file are a problem, told at the rarer of the two: one of
    them may separate thousands. With commas only they are decimals; example = (text, number) for the warning.
    """
    commas: dict[str, np.ndarray] = {}
    points: dict[str, np.ndarray] = {}
    example = None
    for column, cells in columns.items():
        texts = cells.words.to_pylist()
        with_comma = [bool(DECIMAL_COMMA.fullmatch(text)) for text in texts]
        commas[column] = cells.where(with_comma)
        points[column] = cells.where([("." in text) and bool(PLAIN["number"].fullmatch(text)) for text in texts])
        if commas[column].any() and example is None:
            text = cells.at(int(np.argmax(commas[column])))
            example = (text, text.replace(",", "."))
    total_commas, total_points = (sum(int(m.sum()) for m in masks.values()) for masks in (commas, points))
    if not (total_commas and total_points):
        return bool(total_commas), [], example
    problems = []
    rarer, sign, other = (commas, "comma", "point") if total_commas <= total_points else (points, "point", "comma")
    for column, mask in rarer.items():
        cells = columns[column]

        def mixed(i: int, column: str = column, cells: Cells = cells) -> Problem:
            rule = f"all numbers of a file have the same decimal sign; most others have a {other}, this one a {sign}"
            return _at(raw, i, column, cells.at(i), rule, "write all decimals with a point, as in 6.5")

        problems += several(np.flatnonzero(mask), mixed)
    return True, problems, None


def dates(raw: Raw, column: str, cells: Cells) -> tuple[np.ndarray, list[Problem]]:
    """The dates of a column (NaT = empty or wrong) and its problems."""
    texts = cells.words.to_pylist()
    values = np.full(len(texts), np.datetime64("NaT", "s"))
    kinds = np.zeros(len(texts), dtype=np.int8)
    for place, text in enumerate(texts):
        if not text:
            continue
        match = ISO_DATE.fullmatch(text)
        if not match:
            kinds[place] = 1
            continue
        try:
            day = date(*map(int, match.groups()))
        except ValueError:
            kinds[place] = 2
            continue
        kinds[place] = 0 if FIRST_YEAR <= day.year <= LAST_YEAR else 3
        if kinds[place] == 0:
            values[place] = np.datetime64(day, "s")

    def form(i: int) -> Problem:
        rule = f"{column} is a date written year-month-day, as in 2024-03-05, without a time"
        text = cells.at(i)
        advice = "write it like that" + (
            "; say yourself which number is the day and which the month" if re.search(r"\d[./]\d", text) else ""
        )
        return _at(raw, i, column, text, rule, advice)

    def impossible(i: int) -> Problem:
        return _at(raw, i, column, cells.at(i), "a date stands in the calendar", "look the day up")

    def far(i: int) -> Problem:
        rule = f"a date lies between {FIRST_YEAR} and {LAST_YEAR}"
        return _at(raw, i, column, cells.at(i), rule, "look the year up")

    return _spread(values, cells), _tell(cells, kinds, {1: form, 2: impossible, 3: far})


def choice(
    raw: Raw, column: str, cells: Cells, allowed: tuple[str, ...], required: bool
) -> tuple[np.ndarray, list[Problem]]:
    """The position of each word in `allowed` (-1 = empty or wrong) and the problems."""
    texts = cells.words.to_pylist()
    values = np.array([allowed.index(text) if text in allowed else -1 for text in texts], dtype=np.int8)
    kinds = np.array(
        [0 if text in allowed else (2 if required else 0) if not text else 1 for text in texts], dtype=np.int8
    )
    rule = f"{column} is one of {listed(allowed)}"

    def unknown(i: int) -> Problem:
        text = cells.at(i)
        close = nearest(text, allowed)
        advice = f"write “{close}” if that is meant" if close else f"write one of {listed(allowed)}"
        if not required:
            advice += ", or leave the cell empty"
        return _at(raw, i, column, text, rule, advice)

    def empty(i: int) -> Problem:
        return _at(raw, i, column, "", f"{column} is required", f"write one of {listed(allowed)}")

    return _spread(values, cells), _tell(cells, kinds, {1: unknown, 2: empty})


def required(raw: Raw, column: str, cells: Cells, advice: str) -> list[Problem]:
    """The problems of empty cells in a column that has none."""
    rule = f"{column} is required in every row"
    empty = np.flatnonzero(cells.empty())
    return several(empty, lambda i: _at(raw, i, column, "", rule, advice))


def texts(raw: Raw, column: str, cells: Cells, required: bool = False, show: bool = True) -> list[Problem]:
    """The problems of a column of free words: they are kept as they stand, but for what no text may hold.

    show: whether the value may stand in a message (an identifier may not).
    """
    words = cells.words.to_pylist()
    kinds = np.array(
        [
            (3 if required else 0) if not word else 1 if CONTROL.search(word) else 2 if word != word.strip() else 0
            for word in words
        ],
        dtype=np.int8,
    )

    def control(i: int) -> Problem:
        advice = "write the cell again, without the sign that can't be seen"
        return _at(raw, i, column, "", "a text holds no control characters", advice)

    def spaces(i: int) -> Problem:
        value = cells.at(i) if show else ""
        rule = "a text has no space before or after it, which would make it another one"
        return _at(raw, i, column, value, rule, "delete the space")

    def empty(i: int) -> Problem:
        return _at(raw, i, column, "", f"{column} is required", "write it, or delete the row if it is no patient's")

    return _tell(cells, kinds, {1: control, 2: spaces, 3: empty})


def _at(raw: Raw, position: int, column: str, value: str, rule: str, advice: str) -> Problem:
    return Problem(raw.file, int(raw.rows[position]), column, CONTROL.sub("�", value), rule, advice)


def _spread(values: np.ndarray, cells: Cells) -> np.ndarray:
    """The value of each row from the values of the words."""
    return values[cells.codes] if len(values) else values


def _tell(cells: Cells, kinds: np.ndarray, tell: dict[int, Callable[[int], Problem]]) -> list[Problem]:
    if not kinds.any():
        return []
    by_row = kinds[cells.codes]
    return [problem for kind, words in tell.items() for problem in several(np.flatnonzero(by_row == kind), words)]


def _number_advice(text: str, span: Range) -> str:
    bare = text.strip()
    if not bare:
        return "delete the spaces: an empty cell means missing"
    if PLAIN["integer" if span.whole else "number"].fullmatch(bare):
        return f"delete the space before or after {bare}"
    if bare.lower() in NOT_REPORTED:
        return "leave the cell empty: an empty cell means missing"
    if THOUSANDS.fullmatch(bare):
        point = bare.replace(",", ".")
        return f"write {bare.replace(',', '')} if the comma separates thousands, or {point} if it is a decimal comma"
    of_ten = re.fullmatch(r"(\d{1,2})\s*/\s*10", bare)
    if of_ten:
        return f"write {of_ten[1]} alone if that is meant"
    if DATE.fullmatch(bare) or re.fullmatch(r"\d{4}-\d\d-\d\d.*", bare):
        return (
            "a spreadsheet may have turned the number into a date: format the cell as text and write the number again"
        )
    if re.fullmatch(r"[−–]\d+(\.\d+)?", bare):
        return f"write an ordinary minus sign: -{bare[1:]}"
    if bare.startswith("#"):
        return "a formula of the spreadsheet failed: write the number itself"
    number = re.match(r"[+-]?\d{1,15}(\.\d{1,15})?(?=\s*(/|%|[A-Za-z]))", bare)
    if number and not math.isnan(float(number[0])):
        return f"write {number[0]} alone if that is meant"
    return "write the number, or leave the cell empty if it is missing"
