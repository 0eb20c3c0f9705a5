"""Problems of the data, in words that a physician can act on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from difflib import get_close_matches

import pandas as pd


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    file: name of the file; row: row number as a spreadsheet shows it (the header is row 1; None = the whole file);
    column: name of the column ("" = the whole row or file); value: what stands there; rule: what must hold;
    advice: what to do.
    """

    file: str
    row: int | None
    column: str
    value: str
    rule: str
    advice: str

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column:
            place += f", column {self.column}"
        if self.value:
            place += f": “{shorten(self.value)}”"
        return f"{place}\n    {_sentence(self.rule)}\n    What to do: {_sentence(self.advice)}"


PROBLEM_COLUMNS = tuple(field.name for field in fields(Problem))


class DataError(Exception):
    """The tables can't be used as they are. `problems` lists everything that is wrong with them.

    problems: DataFrame with one row for each problem and the columns file, row (Int64; missing = the whole file),
    column, value, rule, advice. `str()` gives the same as text.
    """

    def __init__(self, problems: Iterable[Problem], where: str = "") -> None:
        self._problems = tuple(problems)
        self._where = where
        super().__init__(str(self))

    @property
    def problems(self) -> pd.DataFrame:
        table = pd.DataFrame([astuple(problem) for problem in self._problems], columns=list(PROBLEM_COLUMNS))
        return table.astype({column: "Int64" if column == "row" else "str" for column in PROBLEM_COLUMNS})

    def __str__(self) -> str:
        count = len(self._problems)
        heading = f"{count} problem{'' if count == 1 else 's'} in the data" + (
            f" ({self._where})" if self._where else ""
        )
        return "\n\n".join([f"{heading}:", *map(str, self._problems)])

    def __reduce__(self) -> tuple:
        # An exception is unpickled from its args by default; ours has other ones, and reports run in other processes.
        return type(self), (self._problems, self._where)

    def _render_traceback_(self) -> list[str]:
        """What JupyterLab shows instead of a traceback: the list of problems."""
        return str(self).splitlines()


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word that is most like `word`, or None if none is like it."""
    by_plain = {_plain(candidate): candidate for candidate in allowed}
    close = get_close_matches(_plain(word), by_plain, n=1, cutoff=0.6)
    return by_plain[close[0]] if close else None


def meant(word: str, allowed: Sequence[str], required: bool = False) -> str:
    """Advice for a word that is not in a list: the nearest of the list, or the list."""
    close = nearest(word, allowed)
    if close is not None:
        return f"write “{close}” if that is meant; allowed are {listed(allowed)}"
    return f"write one of {listed(allowed)}" + (
        "" if required else ", or leave the cell empty if the source does not say"
    )


def listed(words: Iterable[str], limit: int = 12) -> str:
    """Words in a row, cut after `limit`: "a, b, c"."""
    words = list(words)
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def shorten(text: str, limit: int = 80) -> str:
    """One line of at most `limit` characters."""
    text = " ".join(str(text).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _plain(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."
