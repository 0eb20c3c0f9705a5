"""Layout of a cohort file: long or wide form, missing and unused columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.outcomes.cohort.form import long_form
from analysis.tabular import advice
from analysis.tabular.header import header_problems, missing_column_problem, no_names_problem
from analysis.tabular.origin import CLINIC_TABLES
from analysis.tabular.problems import Problem, listed, plain_name
from analysis.tabular.schema import Field
from analysis.tabular.text_table import TextTable

_WIDE = {"nrs_baseline": ("baseline", None), "nrs_end_of_infusion": ("end_of_infusion", 0.0)}
_WEEK = re.compile(r"nrs_week_(\d+(?:\.\d+)?)", re.ASCII)
_WEEK_MISSPELT = re.compile(r"nrs_?w(?:eek|k)?s?_?(\d+(?:[.,]\d+)?)", re.ASCII)


@dataclass(frozen=True)
class Score:
    """A score column of the wide form: its name, visit, and weeks from the end of infusion (None at baseline)."""

    name: str
    visit: str
    weeks: float | None


@dataclass(frozen=True)
class CohortLayout:
    """The columns of a file.

    Parameters
    ----------
    wide : bool
        Whether it has the wide form.
    names : tuple of str
        Columns of the long form that it has.
    scores : tuple of Score
        Score columns of the wide form.
    unused : tuple of str
        Other columns.
    """

    wide: bool
    names: tuple[str, ...]
    scores: tuple[Score, ...] = ()
    unused: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """Return the dictionary's entry of a column; a score column of the wide form has that of nrs."""
        return long_form()[name if name in long_form().names else "nrs"]


def is_known(name: str) -> bool:
    """Return whether a name is a column of the long or the wide form."""
    return name in long_form().names or _score(name) is not None


def recognise(table: TextTable) -> tuple[CohortLayout | None, list[Problem]]:
    """Return the columns of a file (None if no row can be read), and their problems."""
    names = list(table.names)
    known = [name for name in long_form().names if name in names]
    if not any(map(is_known, names)):
        return None, [no_names_problem(table, _required(wide=False), is_known, CLINIC_TABLES)]
    problems = [*header_problems(table, CLINIC_TABLES), *_weeks_twice(table.file, names)]
    long_names = [name for name in _required(wide=False) if name in known and name != "patient_id"]
    scores = tuple(score for name in dict.fromkeys(names) if (score := _score(name)))
    if long_names and scores:
        wide_names = [score.name for score in scores]
        rule = (
            f"a file has the long form ({listed(_required(wide=False))}) or the wide form "
            "(nrs_baseline, nrs_week_4, …), not both"
        )
        problems.append(Problem(table.file, 1, wide_names[0], listed(wide_names), rule, advice.DELETE_ONE_FORM))
    wide = bool(scores) and not long_names
    problems += _missing(table, names, wide)
    if wide:
        problems += _unclear_scores(table.file, names)
    explained = {problem.value for problem in problems}
    unused = tuple(name for name in names if name and not is_known(name) and name not in explained)
    return CohortLayout(wide, tuple(known), scores if wide else (), unused), problems


def _required(wide: bool) -> Sequence[str]:
    if wide:
        return ("patient_id", "nrs_baseline")
    return tuple(field.name for field in long_form().fields if not field.optional)


def _score(name: str) -> Score | None:
    if name in _WIDE:
        return Score(name, *_WIDE[name])
    week = _WEEK.fullmatch(name)
    is_week = week is not None and 0 < float(week[1]) <= long_form()["weeks_from_end"].maximum
    return Score(name, "follow_up", float(week[1])) if is_week else None


def _weeks_twice(file: str, names: list[str]) -> Iterator[Problem]:
    """Yield a problem for two columns of the same week, such as nrs_week_4 and nrs_week_4.0."""
    weeks = [(score.weeks, name) for name in dict.fromkeys(names) if _WEEK.fullmatch(name) and (score := _score(name))]
    for week, count in Counter(week for week, _ in weeks).items():
        if count > 1:
            same = [name for other, name in weeks if other == week]
            yield Problem(file, 1, same[1], listed(same), "each week has one column", advice.ONE_OF_TWO_COLUMNS)


def _missing(table: TextTable, names: list[str], wide: bool) -> Iterator[Problem]:
    unknown = [name for name in names if name and not is_known(name)]
    for name in (name for name in _required(wide) if name not in names):
        field = long_form()[name] if name in long_form().names else _baseline()
        problem = missing_column_problem(table, field, unknown)
        yield problem
        unknown = [other for other in unknown if other != problem.value]
    if wide and not any(_score(name) and name != "nrs_baseline" for name in names):
        rule = "the wide form has a score after the baseline"
        yield Problem(table.file, 1, "nrs_end_of_infusion", "", rule, advice.later_score(names))
    # An optional column with another spelling would be ignored.
    optional = {plain_name(field.name): field.name for field in long_form().fields if field.name not in names}
    for name in unknown:
        if right := optional.get(plain_name(name)):
            yield Problem(table.file, 1, name, name, f"{right} is written like this", f"rename it to {right}")


def _baseline() -> Field:
    description = f"{long_form()['nrs'].description.rstrip('.')}, at baseline."
    return Field("nrs_baseline", "number", "Pain at baseline", description)


def _unclear_scores(file: str, names: list[str]) -> Iterator[Problem]:
    """Yield a problem for each column that resembles a score of the wide form, because it would be ignored."""
    for name in names:
        if not plain_name(name).startswith("nrs") or _score(name):
            continue
        week = _WEEK_MISSPELT.fullmatch(plain_name(name))
        weeks = float(week[1].replace(",", ".")) if week else None
        rule = "a score is named nrs_baseline, nrs_end_of_infusion or nrs_week_ and the weeks from the end of infusion"
        yield Problem(file, 1, name, name, rule, advice.score_name(weeks, long_form()["weeks_from_end"].maximum))
