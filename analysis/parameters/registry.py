"""Which values each parameter may take: one line a parameter, for all notebooks."""

from __future__ import annotations

import csv
import difflib
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from analysis.paths import DATA, ROOT, resolve


@dataclass(frozen=True)
class Choice:
    """One (or for a list: any number) of a list of words."""

    words: Callable[[], tuple[str, ...]]

    def problem(self, value: str) -> str:
        """Why the value isn't allowed; empty if it is."""
        words = self.words()
        return "" if value in words else f"{value!r} is not allowed{nearest_word(value, words)}. {self.says()}"

    def says(self) -> str:
        """The allowed values in words."""
        return f"Allowed: {', '.join(self.words())}."


@dataclass(frozen=True)
class Between:
    """A number within limits, both included."""

    low: float
    high: float

    def problem(self, value: float) -> str:
        """Why the value isn't allowed; empty if it is."""
        if self.low <= value <= self.high:
            return ""
        nearest = min(max(value, self.low), self.high)
        if self.high <= 1 and self.low <= value / 100 <= self.high:
            nearest = value / 100  # someone wrote a percentage
        return f"{value:g} is not allowed; nearest: {nearest:g}. {self.says()}"

    def says(self) -> str:
        """The allowed values in words."""
        return f"Allowed: {self.low:g} to {self.high:g}."


@dataclass(frozen=True)
class Text:
    """Any text that isn't empty."""

    def problem(self, value: str) -> str:
        """Why the value isn't allowed; empty if it is."""
        return "" if value.strip() else f"is empty. {self.says()}"

    def says(self) -> str:
        """The allowed values in words."""
        return "Allowed: any text."


@dataclass(frozen=True)
class File:
    """A file that is there: absolute, or relative to the working directory or to the project."""

    endings: tuple[str, ...]

    def problem(self, value: str) -> str:
        """Why the value isn't allowed; empty if it is."""
        path = resolve(value)
        if path.is_file():
            return "" if path.suffix.lower() in self.endings else f"{value!r} has another ending. {self.says()}"
        beside = sorted(p.name for p in path.parent.glob("*.*")) if path.parent.is_dir() else []
        beside = [name for name in beside if Path(name).suffix.lower() in self.endings]
        what = f"there is no file {value!r}" if value.strip() else "is empty"
        return f"{what}{nearest_word(path.name, beside)}. {self.says()}"

    def says(self) -> str:
        """The allowed values in words."""
        return (
            f"Allowed: the path of a file that ends in {', '.join(self.endings)}, absolute or relative to the working "
            "directory or to the project."
        )

    @staticmethod
    def place(value: str) -> str:
        """The same file, found from any working directory: as it stands in the project, or absolute."""
        path = resolve(value).resolve()
        return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)

    @staticmethod
    def public(value: str) -> str:
        """What a report may say: where the file stands in the project, of a file from elsewhere its name alone."""
        return Path(value).name if Path(value).is_absolute() else value


@dataclass(frozen=True)
class Year:
    """A year, written as text so that a list of years is a list like any other."""

    def problem(self, value: str) -> str:
        """Why the value isn't allowed; empty if it is."""
        return "" if re.fullmatch("(19|20)[0-9]{2}", value.strip()) else f"{value!r} is no year. {self.says()}"

    def says(self) -> str:
        """The allowed values in words."""
        return "Allowed: years with four digits, such as 2024."


@dataclass(frozen=True)
class YesNo:
    """True or false."""

    def problem(self, value: bool) -> str:
        """Why the value isn't allowed: never, its type says it all."""
        return ""

    def says(self) -> str:
        """The allowed values in words."""
        return "Allowed: true, false."


Rule = Choice | Between | Text | File | Year | YesNo


def _enum(table: str, column: str, *more: str, without: tuple[str, ...] = ()) -> Choice:
    @functools.cache
    def words() -> tuple[str, ...]:
        from analysis.evidence import dictionary

        return (*(word for word in dictionary.allowed(table, column) if word not in without), *more)

    return Choice(words)


@functools.cache
def study_ids() -> tuple[str, ...]:
    """The ids in data/studies.csv, as they stand there."""
    with (DATA / "studies.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(row["study_id"] for row in csv.DictReader(file))


# One line a parameter. A notebook may use any of these; a name that isn't here is checked for its type alone.
REGISTRY: dict[str, Rule] = {
    "studies": Choice(study_ids),
    "study_id": Choice(study_ids),
    "regimen_classes": _enum("arms", "regimen_class", "not_stated", without=("control",)),
    "routes": _enum("arms", "route", "not_stated"),
    "access": _enum("sources", "access"),
    "populations": _enum("studies", "population"),
    "definition_classes": _enum("responders", "definition_class"),
    "level": Between(0.5, 0.999),
    "horizon_weeks": Between(1, 1040),
    "weight_kg": Between(20, 250),
    "title": Text(),
    "cohort": File((".csv", ".tsv", ".txt", ".xlsx", ".parquet")),
    "sites": Text(),
    "cohort_regimens": _enum("arms", "regimen_class", without=("control",)),
    "responder_rule": Choice(lambda: ("ge_30_percent", "ge_2_points", "ge_50_percent")),
    "follow_up_weeks": Between(0.5, 520),
    "window_weeks": Between(0, 52),
    "min_cell": Between(1, 100),
    "years": Year(),
}


def nearest_word(word: str, words: Iterable[str]) -> str:
    """For a message: `; nearest: 'x'` or nothing if none is near."""
    asked, plain = word.lower(), {other.lower(): other for other in words}
    near = difflib.get_close_matches(asked, plain, n=1, cutoff=0.6)
    near = near or [other for other in plain if asked and other and (asked in other or other in asked)]
    return f"; nearest: {plain[near[0]]!r}" if near else ""
