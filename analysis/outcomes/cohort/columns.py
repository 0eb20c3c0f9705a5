"""Which columns a cohort file has: the long or the wide form, what is missing, what is not used."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from analysis.outcomes.cohort.raw import Raw
from analysis.tabular.problems import Problem, listed, nearest

LONG = ("patient_id", "visit", "weeks_from_end", "nrs")
WORDS = ("site", "regimen_class", "sex")
NUMBERS = ("age", "disease_duration_years")
ATTRIBUTES = (*WORDS, *NUMBERS)
OPTIONAL = ("course", *ATTRIBUTES, "date")
_WIDE = {"nrs_baseline": ("baseline", None), "nrs_end_of_infusion": ("end_of_infusion", 0.0)}
WEEK = re.compile(r"nrs_week_(\d+(?:\.\d+)?)", re.ASCII)
MOST_WEEKS = 2600  # 50 years
FIRST_ROWS = 20
NAMES_FIRST = "the first row holds the column names"
GUIDE = "data/cohorts/README.md shows both forms"


@dataclass(frozen=True)
class Layout:
    """Where the columns stand. places: position of each known column that the file has (wide: the scores are in
    `scores`); scores: of the wide form, (name, position, visit, weeks), weeks None at baseline; unused: other names."""

    wide: bool
    places: dict[str, int]
    scores: tuple[tuple[str, int, str, float | None], ...] = ()
    unused: tuple[str, ...] = ()


def is_known(name: str) -> bool:
    """Whether a name is one of the columns of either form."""
    return name in LONG or name in OPTIONAL or _score(name) is not None


def recognise(raw: Raw) -> tuple[Layout | None, list[Problem]]:
    """The columns of a file and what is wrong with them; None if no row can be read."""
    names = [name.strip() for name in raw.header]
    if not any(map(is_known, names)):
        return None, [_no_names(raw)]
    problems = [*_unnamed(raw, names), *_twice(raw.file, names)]
    long = [name for name in names if name in LONG[1:]]
    wide = [name for name in names if _score(name)]
    if long and wide:
        problems.append(
            Problem(
                raw.file,
                1,
                wide[0],
                listed(wide),
                f"a file has the long form ({listed(LONG)}) or the wide form (nrs_baseline, nrs_week_4, …), not both",
                f"delete the columns of one of the two; {GUIDE}",
            )
        )
    is_wide = bool(wide) and not long
    problems += _missing(raw.file, names, is_wide)
    if is_wide:
        problems += _strange_scores(raw.file, names)
    places = {name: names.index(name) for name in (*LONG, *OPTIONAL) if name in names}
    scores = [(name, names.index(name), *_score(name)) for name in dict.fromkeys(wide)] if is_wide else []
    renamed = {problem.value for problem in problems}
    unused = tuple(name for name in names if name and not is_known(name) and name not in renamed)
    return Layout(is_wide, places, tuple(scores), unused), problems


def _score(name: str) -> tuple[str, float | None] | None:
    """Visit and weeks of a score column of the wide form."""
    if name in _WIDE:
        return _WIDE[name]
    week = WEEK.fullmatch(name)
    return ("follow_up", float(week[1])) if week and 0 < float(week[1]) <= MOST_WEEKS else None


def names_further_down(file: str, rows: Iterable[tuple[int, list[str]]]) -> Problem | None:
    """The problem of a table with something above its column names; rows: the first ones with their numbers."""
    for number, cells in rows:
        if sum(map(is_known, cells)) > 1:
            advice = f"delete the rows above row {number}, where the names stand"
            return None if number == 1 else Problem(file, 1, "", "", NAMES_FIRST, advice)
    return None


def _no_names(raw: Raw) -> Problem:
    """No known name in the first row: perhaps a title stands above it."""
    first = range(min(len(raw.rows), FIRST_ROWS))
    cells = ((int(raw.rows[position]), [column.at(position) for column in raw.columns]) for position in first)
    further = names_further_down(raw.file, cells)
    if further is not None:
        return further
    advice = f"name the columns there: {', '.join(LONG)}, or the wide form; {GUIDE}"
    return Problem(raw.file, 1, "", "", NAMES_FIRST, advice)  # what stands there may be a patient


def _unnamed(raw: Raw, names: list[str]) -> Iterator[Problem]:
    """Cells under no name. An empty column, as spreadsheets leave it at the right, changes nothing."""
    for place, (name, column) in enumerate(zip(names, raw.columns, strict=True), start=1):
        filled = np.empty(0) if name else np.flatnonzero(~column.empty())
        if len(filled):
            rule = f"every column has a name in the first row; column number {place} has cells and no name"
            yield Problem(raw.file, int(raw.rows[filled[0]]), "", "", rule, "delete the cells, or name the column")


def _twice(file: str, names: list[str]) -> Iterator[Problem]:
    for name, count in Counter(names).items():
        if count > 1 and name:
            yield Problem(file, 1, name, name, "a column stands once", "delete or rename one of the two columns")
    weeks = Counter(_score(name)[1] for name in set(names) if WEEK.fullmatch(name) and _score(name))
    for week, count in weeks.items():
        if count > 1:
            same = [
                name for name in dict.fromkeys(names) if WEEK.fullmatch(name) and _score(name) == ("follow_up", week)
            ]
            yield Problem(
                file, 1, same[1], listed(same), "each week has one column", "delete or rename one of the two columns"
            )


def _missing(file: str, names: list[str], wide: bool) -> Iterator[Problem]:
    unknown = [name for name in names if name and not is_known(name)]
    there = f"The file has {listed(names, 30)}"
    required = ("patient_id", "nrs_baseline") if wide else LONG
    for name in (name for name in required if name not in names):
        close = nearest(name, unknown) or next((word for word in unknown if _begin_alike(word, name)), None)
        advice = f"rename {close} to {name}" if close else f"add the column {name}; {GUIDE}"
        yield Problem(file, 1, name, close or "", f"the column {name} is required", f"{advice}. {there}")
        if close:
            unknown.remove(close)
    if wide and not any(_score(name) and name != "nrs_baseline" for name in names):
        yield Problem(
            file,
            1,
            "nrs_end_of_infusion",
            "",
            "the wide form has a score after the baseline",
            f"add nrs_end_of_infusion or nrs_week_4, …. {there}",
        )
    # An optional column under another name would be left out without a word of what was meant.
    for name in unknown:
        close = nearest(name, [known for known in OPTIONAL if known not in names])
        if close and _plain(name) == _plain(close):
            yield Problem(file, 1, name, name, f"{close} is written like this", f"rename it to {close}")


def _strange_scores(file: str, names: list[str]) -> Iterator[Problem]:
    """Columns that look like a score of the wide form and are none: their scores would be lost."""
    for name in names:
        if _plain(name).startswith("nrs") and not _score(name):
            close = nearest(name, [known for known in _WIDE if known not in names])
            number = re.search(r"\d+(?:[.,]\d+)?", name)
            week = float(number[0].replace(",", ".")) if number else math.nan
            if week == 0:
                close = "nrs_end_of_infusion"
            elif week <= MOST_WEEKS:
                close = f"nrs_week_{week:g}"
            advice = f"rename it to {close} if that is meant" if close else f"give it another name; {GUIDE}"
            rule = (
                "a score is named nrs_baseline, nrs_end_of_infusion or nrs_week_ and the weeks from the end of infusion"
            )
            yield Problem(file, 1, name, name, rule, advice)


def _begin_alike(one: str, other: str) -> bool:
    one, other = _plain(one), _plain(other)
    return min(len(one), len(other)) > 2 and (one.startswith(other) or other.startswith(one))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.strip().lower())
