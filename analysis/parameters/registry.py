"""Which values each parameter may take: one line a parameter, for all notebooks."""

from __future__ import annotations

import csv
import difflib
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analysis.paths import DATA


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
class YesNo:
    """True or false."""

    def problem(self, value: bool) -> str:
        """Why the value isn't allowed: never, its type says it all."""
        return ""

    def says(self) -> str:
        """The allowed values in words."""
        return "Allowed: true, false."


Rule = Choice | Between | Text | YesNo


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
}


def nearest_word(word: str, words: Iterable[str]) -> str:
    """For a message: `; nearest: 'x'` or nothing if none is near."""
    words = tuple(words)
    near = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    near = near or [other for other in words if word and (word.lower() in other or other in word.lower())]
    return f"; nearest: {near[0]!r}" if near else ""
