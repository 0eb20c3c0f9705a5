"""The allowed values of each parameter, for all notebooks."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.paths import DATA, ROOT, exists, is_file, resolve
from analysis.tabular.problems import nearest_word, shorten

# Rules on the values of a parameter: `problem` says why a value (or item of a list) is not allowed, empty if it is;
# `allowed` names the allowed values in a sentence.


@dataclass(frozen=True)
class Choice:
    """One word of a list."""

    words: Callable[[], tuple[str, ...]]

    def problem(self, value: str) -> str:
        words = self.words()
        if value in words:
            return ""
        return f"{shown_value(value)} is not allowed{nearest_word(value, words)}. {self.allowed()}"

    def allowed(self) -> str:
        return f"Allowed: {', '.join(self.words())}."


@dataclass(frozen=True)
class Between:
    """A number between two limits, both included."""

    low: float
    high: float

    def problem(self, value: float) -> str:
        if self.low <= value <= self.high:
            return ""
        nearest = min(max(value, self.low), self.high)
        if self.high <= 1 and self.low <= value / 100 <= self.high:
            nearest = value / 100  # written as a percentage
        return f"{value:g} is not allowed; nearest: {nearest:g}. {self.allowed()}"

    def allowed(self) -> str:
        return f"Allowed: {self.low:g} to {self.high:g}."


@dataclass(frozen=True)
class AnyText:
    """Any text that is not empty."""

    def problem(self, value: str) -> str:
        return "" if value.strip() else f"is empty. {self.allowed()}"

    def allowed(self) -> str:
        return "Allowed: any text."


@dataclass(frozen=True)
class File:
    """An existing file: absolute, or relative to the working directory or to the project; empty only if `optional`."""

    endings: tuple[str, ...]
    optional: bool = False

    def problem(self, value: str) -> str:
        if self.optional and not value:
            return ""
        path = resolve(value)
        if is_file(path):
            right = path.suffix.lower() in self.endings
            return "" if right else f"{shown_value(value)} has another ending. {self.allowed()}"
        names = sorted(p.name for p in path.parent.glob("*.*")) if exists(path.parent) else []
        names = [name for name in names if Path(name).suffix.lower() in self.endings]
        what = f"there is no file {shown_value(value)}" if value.strip() else "is empty"
        return f"{what}{nearest_word(path.name, names)}. {self.allowed()}"

    def allowed(self) -> str:
        return (
            f"Allowed: {'nothing, or ' if self.optional else ''}the path of a file that ends in "
            f"{', '.join(self.endings)}, absolute or relative to the working directory or to the project."
        )

    @staticmethod
    def location(value: str, absolute: bool = False) -> str:
        """Return a path that names the same file from any working directory: as in the project, or absolute."""
        if not value:
            return value
        path = resolve(value).resolve()
        return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) and not absolute else str(path)

    @staticmethod
    def public(value: str) -> str:
        """Return the path for a report: of a file outside the project's data only its name."""
        return value if (ROOT / value).is_relative_to(DATA) else Path(value).name


@dataclass(frozen=True)
class Year:
    """A year, written as text, as in all lists."""

    def problem(self, value: str) -> str:
        right = re.fullmatch("(19|20)[0-9]{2}", value.strip())
        return "" if right else f"{shown_value(value)} is no year. {self.allowed()}"

    def allowed(self) -> str:
        return "Allowed: years with four digits, such as 2024."


@dataclass(frozen=True)
class YesNo:
    """True or false, checked by the type only."""

    def problem(self, value: bool) -> str:
        return ""

    def allowed(self) -> str:
        return "Allowed: true, false."


Rule = Choice | Between | AnyText | File | Year | YesNo


def _enum(table: str, column: str, *more: str, without: tuple[str, ...] = ()) -> Choice:
    @functools.cache
    def words() -> tuple[str, ...]:
        from analysis.tabular.data_package import read_package

        return (*(word for word in read_package(DATA).tables[table][column].enum if word not in without), *more)

    return Choice(words)


@functools.cache
def _study_ids() -> tuple[str, ...]:
    with (DATA / "studies.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(row["study_id"] for row in csv.DictReader(file))


# A notebook may use any of these; other parameters are checked for their type only.
REGISTRY: dict[str, Rule] = {
    "studies": Choice(_study_ids),
    "study_id": Choice(_study_ids),
    "regimen_classes": _enum("arms", "regimen_class", "not_stated", without=("control",)),
    "routes": _enum("arms", "route", "not_stated"),
    "access": _enum("sources", "access"),
    "populations": _enum("studies", "population"),
    "definition_classes": _enum("responders", "definition_class"),
    "level": Between(0.5, 0.999),
    "horizon_weeks": Between(1, 1040),
    "weight_kg": Between(20, 250),
    "cohort": File((".csv", ".tsv", ".txt", ".xlsx", ".parquet", ".sav", ".zsav", ".dta")),
    "cohort_map": File((".yml", ".yaml"), optional=True),
    "sites": AnyText(),
    "cohort_regimens": _enum("arms", "regimen_class", without=("control",)),
    "responder_rule": Choice(lambda: ("ge_30_percent", "ge_2_points", "ge_50_percent")),
    "follow_up_weeks": Between(0.5, 520),
    "window_weeks": Between(0, 52),
    "min_cell": Between(5, 100),
    "release": Choice(lambda: ("internal", "public")),
    "years": Year(),
}


def shown_value(value: Any) -> str:
    """Return a value for a message: one line of at most 200 characters."""
    return shorten(repr(value), 200)
