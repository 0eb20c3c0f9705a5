"""Conversion of cells to values: numbers, dates, words of a list, free text. Each distinct text is parsed once.

A wrong cell becomes missing, so that rules across rows can still be checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from analysis.tabular import advice
from analysis.tabular.advice import DECIMAL_COMMA, PLAIN_NUMBER, THOUSANDS
from analysis.tabular.origin import Origin
from analysis.tabular.problems import Problem, in_rows, listed
from analysis.tabular.schema import Field, Limit
from analysis.tabular.text_table import TextTable

Value = str | int | float | date | None

_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_MOST_DIGITS = 15
_MOST_WRONG = 10_000
_PLAIN_TEXT = "^[!-~]+( [!-~]+)*$"  # right without a closer look, which takes 2 s for a million identifiers
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f\ufffe\uffff]")


class Fault(NamedTuple):
    """The rule that a text violates, and a function that returns the advice; it is called for listed rows only."""

    rule: str
    what_to_do: Callable[[], str]


@dataclass(frozen=True, eq=False)
class TypedColumn:
    """The values of one column: row i is values[codes[i]]; None is empty or wrong."""

    codes: np.ndarray
    values: list[Value]

    def of_rows(self) -> list[Value]:
        """Return the value of each row."""
        return [self.values[code] for code in self.codes.tolist()]

    def numbers(self) -> np.ndarray:
        """Return the number of each row as float64, NaN = empty or wrong."""
        return self._of_codes(np.array([np.nan if value is None else value for value in self.values], dtype="float64"))

    def dates(self) -> np.ndarray:
        """Return the date of each row as datetime64[s], NaT = empty or wrong."""
        return self._of_codes(np.array(self.values, dtype="datetime64[s]"))

    def positions(self, choices: Sequence[str]) -> np.ndarray:
        """Return the position of each row's word in `choices` as int32, -1 = empty or wrong."""
        places = {word: place for place, word in enumerate(choices)}
        return self._of_codes(np.array([places.get(value, -1) for value in self.values], dtype=np.int32))

    def _of_codes(self, values: np.ndarray) -> np.ndarray:
        return values[self.codes] if len(values) else values


def read_cells(
    table: TextTable, column: str, field: Field, origin: Origin, decimal_comma: bool = False
) -> tuple[TypedColumn, list[Problem]]:
    """Return the values of a column of a table with complete rows, and the problems of its cells."""
    cells = table[column]
    if field.type == "string" and not (field.enum or field.pattern):
        plain = pc.match_substring_regex(cells.words, _PLAIN_TEXT if field.required else f"^$|{_PLAIN_TEXT}")
        if pc.all(plain).as_py():
            return TypedColumn(cells.codes, [text or None for text in cells.words.to_pylist()]), []
    values: list[Value] = []
    faults: dict[str, list[int]] = {}

    def parsed(text: str) -> tuple[Value, Fault | None]:
        if decimal_comma and DECIMAL_COMMA.fullmatch(text) and not THOUSANDS.fullmatch(text):
            text = text.replace(",", ".")
        return _parse(text, field, origin)

    def problem_at(i: int) -> Problem:
        text = cells.at(i)
        fault = parsed(text)[1]
        hidden = field.identifier or (origin.private and not advice.names_nobody(text, field.enum))
        value = "" if hidden else _CONTROL.sub("�", text)
        return table.problem(i, column, value, fault.rule, fault.what_to_do())

    problems: list[Problem] = []
    wrong = 0
    for place, text in enumerate(cells.words.to_pylist()):
        value, fault = parsed(text)
        values.append(value)
        if fault:
            faults.setdefault(fault.rule, []).append(place)
            wrong += 1
        if wrong == _MOST_WRONG:
            rule = f"a column follows its rules; {_MOST_WRONG:,} different cells do not, and the rest was not read"
            problems.append(Problem(table.file, None, column, "", rule, advice.WRONG_COLUMN))
            break
    for places in faults.values():
        chosen = np.zeros(len(cells.words), dtype=bool)
        chosen[places] = True
        problems += in_rows(np.flatnonzero(cells.where(chosen)), problem_at)
    if wrong == _MOST_WRONG:
        return TypedColumn(np.zeros_like(cells.codes), [None]), problems
    return TypedColumn(cells.codes, values), problems


def _parse(text: str, field: Field, origin: Origin) -> tuple[Value, Fault | None]:
    if not text:
        if field.required:
            return None, Fault(f"{field.name} is required", lambda: advice.fill_in_cell(field, origin))
        return None, None
    if not text.strip():
        return None, Fault("a cell that looks empty is empty", lambda: advice.DELETE_SPACES)
    return _PARSERS[field.type](text, field, origin)


def _parse_text(text: str, field: Field, origin: Origin) -> tuple[Value, Fault | None]:
    if field.enum:
        return _chosen(text, text, field, origin)
    if _CONTROL.search(text):
        return None, Fault("a text has no control characters", lambda: advice.WRITE_CELL_AGAIN)
    if text != text.strip():
        rule = "a text has no space before or after it, which would make it another one"
        return None, Fault(rule, lambda: advice.DELETE_SPACE)
    if field.pattern and not re.fullmatch(field.pattern, text):
        return None, Fault(
            f"{field.name} has the form of {field.example or field.pattern}", lambda: advice.match_pattern(field)
        )
    return text, None


def _parse_number(text: str, field: Field, origin: Origin) -> tuple[Value, Fault | None]:
    if not PLAIN_NUMBER[field.type].fullmatch(text):
        rule = f"{field.name} is a number, written with digits and a decimal point"
        if field.type == "integer":
            rule = f"{field.name} is a whole number, written with digits only"
        return None, Fault(rule, lambda: advice.write_number(text, field, origin))
    # Python does not parse an int of thousands of digits; as a float it is out of range.
    value = int(text) if field.type == "integer" and len(text) <= _MOST_DIGITS else float(text)
    if field.enum:
        return _chosen(text, value, field, origin)
    value, fault = _within(value, field, origin)
    if value is not None and abs(value) >= 10**_MOST_DIGITS:
        return None, Fault(f"a number has at most {_MOST_DIGITS} digits", lambda: advice.look_up_value(field, origin))
    return value, fault


def _parse_date(text: str, field: Field, origin: Origin) -> tuple[Value, Fault | None]:
    match = _ISO_DATE.fullmatch(text)
    if not match:
        rule = f"{field.name} is a date written year-month-day, as in 2024-03-05, without a time"
        return None, Fault(rule, lambda: advice.write_date(text))
    try:
        value = date(*map(int, match.groups()))
    except ValueError:
        return None, Fault("a date exists in the calendar", lambda: advice.LOOK_UP_DAY)
    return _within(value, field, origin)


def _chosen(text: str, value: Value, field: Field, origin: Origin) -> tuple[Value, Fault | None]:
    if text in field.enum:
        return value, None
    rule = f"{field.name} is one of {listed(field.enum)}"
    return None, Fault(rule, lambda: advice.choose_word(text, field.enum, field.required, origin))


def _within(value: float | date, field: Field, origin: Origin) -> tuple[Value, Fault | None]:
    low, high = field.minimum, field.maximum
    if (low is None or value >= low) and (high is None or value <= high):
        return value, None
    unit = f" {field.unit}" if field.unit else ""
    if low is not None and high is not None:
        rule = f"{field.name} lies between {_limit(low)} and {_limit(high)}{unit}"
    elif low is not None:
        rule = f"{field.name} is at least {_limit(low)}{unit}"
    else:
        rule = f"{field.name} is at most {_limit(high)}{unit}"
    return None, Fault(rule, lambda: advice.look_up_value(field, origin))


def _limit(value: Limit) -> str:
    return f"{value:g}" if isinstance(value, float) else value.isoformat()


_PARSERS = {"string": _parse_text, "number": _parse_number, "integer": _parse_number, "date": _parse_date}
