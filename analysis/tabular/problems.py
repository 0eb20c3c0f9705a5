"""Problems of tables: one record each, merged and sorted."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_ROWS_LISTED = 20
_SAME_RULE = " the same rule: "


@dataclass(frozen=True)
class Problem:
    """One violation of one rule."""

    file: str  # without its folder
    row: int | None  # row number as a spreadsheet shows it (the header is row 1); None for the file as a whole
    column: str  # "" for a row or file as a whole
    value: str  # text of the cell; "" where it is empty or may identify a patient
    rule: str
    advice: str

    @property
    def place(self) -> str:
        """File, row and column in words."""
        row = "" if self.row is None else f", row {self.row}"
        return f"{self.file}{row}{f', column {self.column}' if self.column else ''}"

    def __str__(self) -> str:
        value = f": “{shorten(self.value)}”" if self.value else ""
        rule = as_sentence(self.rule, self.column)
        return f"{self.place}{value}\n    {rule}\n    What to do: {as_sentence(self.advice)}"


PROBLEM_COLUMNS = tuple(field.name for field in fields(Problem))


class DataError(Exception):
    """The tables violate their rules; `problems` lists all violations, `str()` returns them as text."""

    def __init__(self, problems: Iterable[Problem], where: str = "") -> None:
        self._problems = tuple(problems)
        self._where = where
        super().__init__(str(self))

    @property
    def problems(self) -> pd.DataFrame:
        """One row a problem: file, row (Int64, missing for a whole file), column, value, rule, advice."""
        import pandas as pd  # here, because a command names problems before it needs tables

        table = pd.DataFrame([astuple(problem) for problem in self._problems], columns=list(PROBLEM_COLUMNS))
        return table.astype({column: "Int64" if column == "row" else "str" for column in PROBLEM_COLUMNS})

    def __str__(self) -> str:
        count = len(self._problems)
        heading = f"{count} problem{'' if count == 1 else 's'} in the data" + (
            f" ({self._where})" if self._where else ""
        )
        return "\n\n".join([f"{heading}:", *map(str, self._problems)])

    def without_values(self, file: str | Path, cohort_map: str | Path = "") -> DataError:
        """Return the same problems without the values of cells, for texts that others may read.

        The advice is the command that shows the values of this file, read with this map.
        """
        advice = f"run {check_cohort_command(file, cohort_map)}, which shows each value and what to do"
        bare = [replace(problem, value="", advice=advice) for problem in self._problems]
        return DataError(dict.fromkeys(bare), self._where)

    def __reduce__(self) -> tuple:
        # Reports run in other processes, and the default would unpickle the text only.
        return type(self), (self._problems, self._where)

    def _render_traceback_(self) -> list[str]:
        """Return the list of problems, which JupyterLab shows instead of a traceback."""
        return str(self).splitlines()


def check_cohort_command(file: str | Path, cohort_map: str | Path = "") -> str:
    """Return the command that shows all problems of a clinic's file, without the folders of its files."""
    use = f" --map {shlex.quote(Path(cohort_map).name)}" if cohort_map else ""
    return f"python -m analysis check --cohort {shlex.quote(Path(file).name)}{use}"


def in_rows(positions: np.ndarray, problem_at: Callable[[int], Problem]) -> list[Problem]:
    """Return the problems of rows that violate one rule: the first ones, and one that counts the others.

    problem_at: returns the problem at a position; column and rule are the same at all positions.
    """
    problems = [problem_at(int(position)) for position in positions[:MOST_ROWS_LISTED]]
    return problems + _others(problems, len(positions) - len(problems))


def merged(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems with those of the same file, column and rule merged as `in_rows` does."""
    groups = ProblemGroups()
    for problem in problems:
        groups.add(problem)
    return groups.merged()


class ProblemGroups:
    """Problems by file, column and rule; of each group only the first ones remain in memory, the others are counted."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str, str], list[Problem]] = {}
        self._more: Counter[tuple[str, str, str]] = Counter()

    def add(self, problem: Problem) -> None:
        """Add a problem."""
        key = problem.file, problem.column, problem.rule
        group = self._first.setdefault(key, [])
        if len(group) < MOST_ROWS_LISTED:
            group.append(problem)
        else:
            self._more[key] += 1

    def merged(self) -> list[Problem]:
        """Return the first problems of each group, and one problem that counts the others."""
        return [problem for key, group in self._first.items() for problem in group + _others(group, self._more[key])]


def sort_problems(
    problems: Iterable[Problem], files: Sequence[str], columns: dict[str, Sequence[str]]
) -> list[Problem]:
    """Return the problems sorted by file, then by the first row of each rule, then by column.

    files: their names in order; other files follow. columns: names of the columns of each file in order.
    """
    problems = list(problems)
    ranks = {file: rank for rank, file in enumerate(files)}
    places = {(file, name): place for file, names in columns.items() for place, name in enumerate(names)}

    def group(problem: Problem) -> tuple[str, str, str]:
        return problem.file, problem.column, problem.rule.partition(_SAME_RULE)[2] or problem.rule

    first: dict[tuple[str, str, str], int] = {}
    for problem in problems:
        if _SAME_RULE not in problem.rule:
            row = problem.row or 0
            first[group(problem)] = min(row, first.get(group(problem), row))
    return sorted(
        problems,
        key=lambda problem: (
            ranks.get(problem.file, len(ranks)),
            problem.file,
            first.get(group(problem), 0),
            places.get((problem.file, problem.column), -1),
        ),
    )


def nearest(word: str, allowed: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the allowed word with the same parts, else the most similar spelling, or None; case does not count."""
    by_plain = {plain_name(candidate): candidate for candidate in allowed}
    plain = plain_name(word)
    parts = sorted(plain.split("_"))
    close = [name for name in by_plain if sorted(name.split("_")) == parts]
    close = close or get_close_matches(plain, by_plain, n=1, cutoff=cutoff)
    return by_plain[close[0]] if close else None


def nearest_word(word: str, words: Iterable[str]) -> str:
    """Return `; nearest: 'x'` for a message: the `nearest` word, else one that contains the word or is part of it."""
    known = [other for other in words if other]
    lower = word.lower()
    contained = (other for other in known if lower and (lower in other.lower() or other.lower() in lower))
    near = nearest(word, known) or next(contained, None)
    return f"; nearest: {near!r}" if near else ""


def plain_name(word: str) -> str:
    """Return a name in lower case, with underscores for spaces and hyphens."""
    return word.strip().lower().replace("-", "_").replace(" ", "_")


def listed(words: Iterable[str], limit: int = 12, last: str = ", ") -> str:
    """Return words separated by commas, cut after `limit`: "a, b, c and 4 more"; `last` separates the last one."""
    words = list(words)
    if len(words) > limit:
        return f"{', '.join(words[:limit])} and {len(words) - limit} more"
    return last.join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def shorten(text: str, limit: int = 80) -> str:
    """Return the text in one line of at most `limit` characters."""
    text = " ".join(str(text).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def in_one_line(message: str, longest: int = 300) -> str:
    """Return the text of a DataError in one line: its first problems, how many more, the advice of the first.

    Empty for the text of another error.
    """
    heading, *blocks = message.split("\n\n")
    parts = [block.split("\n    ") for block in blocks]
    if not parts or any(len(part) != 3 for part in parts):
        return ""
    problems = [f"{place}: {rule.rstrip('.')}" for place, rule, _ in parts]
    for count in range(min(len(problems), 9), 0, -1):
        more = f"; and {len(problems) - count} more" if count < len(problems) else ""
        line = f"{heading} {'; '.join(problems[:count])}{more}. {parts[0][2]}"
        if len(line) <= longest:
            break
    return line


def as_sentence(text: str, column: str = "") -> str:
    """Return the text with a full stop, and a capital letter unless it starts with a column's or a key's name."""
    first = text.partition(" ")[0]
    text = text if "_" in first or first == column.rpartition(", ")[2] else text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _others(problems: list[Problem], more: int) -> list[Problem]:
    if more <= 0:
        return []
    rows = "1 more row breaks" if more == 1 else f"{more} more rows break"
    return [replace(problems[0], row=None, value="", rule=f"{rows}{_SAME_RULE}{problems[0].rule}")]
