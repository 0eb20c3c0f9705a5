"""Problems of a map: they name the place in the map instead of a row and a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.tabular.problems import DataError, Problem
from analysis.wording import counted


@dataclass(frozen=True)
class MapProblem(Problem):
    """A problem of a map; `column` contains the keys that lead to its place, separated by commas."""

    @property
    def place(self) -> str:
        """File and keys in words."""
        keys = f", {self.column}" if self.column else ""
        return f"{self.file}{keys}{'' if self.row is None else f' (line {self.row})'}"


class MapError(DataError):
    """A map that can't be applied to its table; `problems` lists why."""

    def __str__(self) -> str:
        count = len(self._problems)
        heading = f"{count} problem{'' if count == 1 else 's'} in the map"
        return "\n\n".join([f"{heading}:", *map(str, self._problems), "Nothing was imported."])

    def without_values(self, file: str | Path, cohort_map: str | Path = "") -> DataError:
        """Return the number of problems alone, since their rules name codes of cells."""
        rule = f"the map does not fit the table: {counted(len(self._problems), 'problem')}"
        return DataError([Problem(Path(file).name, None, "", "", rule, "")]).without_values(file, cohort_map)


def map_problem(file: str, keys: Sequence[str], rule: str, advice: str, value: str = "") -> MapProblem:
    """Return a problem at the place to which the keys lead."""
    return MapProblem(file, None, ", ".join(keys), value, rule, advice)
