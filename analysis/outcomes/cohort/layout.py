"""Layout of a cohort file: long or wide form, missing and unused columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.outcomes.cohort.form import long_form, measures
from analysis.tabular import advice
from analysis.tabular.header import header_problems, missing_column_problem, no_names_problem
from analysis.tabular.mapping.heading_words import is_diagnosis_heading
from analysis.tabular.origin import CLINIC_TABLES
from analysis.tabular.problems import Problem, listed, plain_name
from analysis.tabular.schema import Field
from analysis.tabular.text_table import TextTable

_VISIT = re.compile(r"([a-z0-9_]+?)_(?:(baseline)|(end_of_infusion)|week_(\d+(?:\.\d+)?))", re.ASCII)
_WEEK_MISSPELT = re.compile(r"nrs_?w(?:eek|k)?s?_?(\d+(?:[.,]\d+)?)", re.ASCII)


@dataclass(frozen=True)
class Score:
    """A score column of the wide form: name, visit, weeks from the end of infusion (None at baseline), measure."""

    name: str
    visit: str
    weeks: float | None
    measure: str = "nrs"


@dataclass(frozen=True)
class CohortLayout:
    """The columns of a file."""

    wide: bool  # whether it has the wide form
    names: tuple[str, ...]  # columns of the long form that it has
    scores: tuple[Score, ...] = ()  # columns of the wide form with pain scores
    outcomes: tuple[Score, ...] = ()  # and with other outcomes
    unused: tuple[str, ...] = ()  # other columns

    def field(self, name: str) -> Field:
        """Return the dictionary's entry of a column; a score column of the wide form has that of its measure."""
        return long_form()[name if name in long_form().names else _score(name).measure]

    def measures(self) -> tuple[str, ...]:
        """Return the outcomes other than pain that the file has, in the order of the dictionary."""
        found = {*self.names, *(score.measure for score in self.outcomes)}
        return tuple(field.name for field in measures() if field.name in found)


def is_known(name: str) -> bool:
    """Return whether a name is a column of the long or the wide form."""
    return name in long_form().names or _score(name) is not None


def has_form(names: Sequence[str]) -> bool:
    """Return whether a file has the columns of the long or the wide form, and no name that would need advice."""
    if all(name in names for name in _required(wide=False)):
        return True
    return "patient_id" in names and "nrs_baseline" in names and not any(_unclear_scores("", list(names)))


def recognise(table: TextTable) -> tuple[CohortLayout | None, list[Problem]]:
    """Return the columns of a file (None if no row can be read), and their problems."""
    names = list(table.names)
    known = [name for name in long_form().names if name in names]
    if not any(map(is_known, names)):
        return None, [no_names_problem(table, _required(wide=False), is_known, CLINIC_TABLES)]
    problems = [*header_problems(table, CLINIC_TABLES), *_weeks_twice(table.file, names)]
    long_names = [name for name in _required(wide=False) if name in known and name != "patient_id"]
    wide_columns = [score for name in dict.fromkeys(names) if (score := _score(name))]
    scores = tuple(score for score in wide_columns if score.measure == "nrs")
    outcomes = tuple(score for score in wide_columns if score.measure != "nrs")
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
        problems += _outcomes_without_score(table.file, scores, outcomes)
        problems += _only_long(table.file, known)
    problems += _diagnoses(table)
    explained = {problem.value for problem in problems}
    unused = tuple(name for name in names if name and not is_known(name) and name not in explained)
    if not wide:
        unused += tuple(score.name for score in outcomes)
    return CohortLayout(wide, tuple(known), scores if wide else (), outcomes if wide else (), unused), problems


def _required(wide: bool) -> Sequence[str]:
    if wide:
        return ("patient_id", "nrs_baseline")
    return tuple(field.name for field in long_form().fields if not field.optional)


def _score(name: str) -> Score | None:
    match = _VISIT.fullmatch(name)
    if not match or match[1] not in ("nrs", *(field.name for field in measures())):
        return None
    measure, baseline, end, week = match.groups()
    if baseline or end:
        return Score(name, baseline or end, None if baseline else 0.0, measure)
    is_week = 0 < float(week) <= long_form()["weeks_from_end"].maximum
    return Score(name, "follow_up", float(week), measure) if is_week else None


def _weeks_twice(file: str, names: list[str]) -> Iterator[Problem]:
    """Yield a problem for two columns of the same week, such as nrs_week_4 and nrs_week_4.0."""
    columns = [score for name in dict.fromkeys(names) if (score := _score(name)) and score.visit == "follow_up"]
    for key, count in Counter((score.measure, score.weeks) for score in columns).items():
        if count > 1:
            same = [score.name for score in columns if (score.measure, score.weeks) == key]
            yield Problem(file, 1, same[1], listed(same), "each week has one column", advice.ONE_OF_TWO_COLUMNS)


def _missing(table: TextTable, names: list[str], wide: bool) -> Iterator[Problem]:
    unknown = [name for name in names if name and not is_known(name)]
    for name in (name for name in _required(wide) if name not in names):
        field = long_form()[name if name in long_form().names else "nrs"]
        if field.name != name:
            description = f"{field.description.rstrip('.')}, at baseline."
            field = Field("nrs_baseline", "number", "Pain at baseline", description)
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


def _unclear_scores(file: str, names: list[str]) -> Iterator[Problem]:
    """Yield a problem for each column that resembles a score of the wide form, because it would be ignored."""
    for name in names:
        if not plain_name(name).startswith("nrs") or _score(name):
            continue
        week = _WEEK_MISSPELT.fullmatch(plain_name(name))
        weeks = float(week[1].replace(",", ".")) if week else None
        rule = "a score is named nrs_baseline, nrs_end_of_infusion or nrs_week_ and the weeks from the end of infusion"
        yield Problem(file, 1, name, name, rule, advice.score_name(weeks, long_form()["weeks_from_end"].maximum))


def _outcomes_without_score(file: str, scores: tuple[Score, ...], outcomes: tuple[Score, ...]) -> Iterator[Problem]:
    """Yield a problem for each outcome at a visit without a pain score column, because it would make another visit."""
    visits = {(score.visit, score.weeks) for score in scores}
    for score in outcomes:
        if (score.visit, score.weeks) not in visits:
            beside = f"nrs{score.name.removeprefix(score.measure)}"
            rule = f"an outcome of the wide form stands at a visit of nrs; there is no column {beside}"
            yield Problem(file, 1, score.name, score.name, rule, advice.add_score_column(beside))


def _only_long(file: str, names: list[str]) -> Iterator[Problem]:
    """Yield a problem for each column of the long form whose visit the wide form does not state."""
    for field in (*measures(), long_form()["planned_week"]):
        if field.name in names:
            rule = f"the wide form states the visit in the name of the column; {field.name} has none"
            yield Problem(file, 1, field.name, field.name, rule, advice.name_visit(field.name))


def _diagnoses(table: TextTable) -> Iterator[Problem]:
    """Yield a problem for a column of different diagnoses: all patients would count as patients with CRPS."""
    for name, column in zip(table.names, table.columns, strict=True):
        if is_diagnosis_heading(name):
            different = len({word.strip().casefold() for word in column.words.to_pylist() if word.strip()})
            if different > 1:
                rule = f"all patients of the file have CRPS; {name} has {different} different values"
                yield Problem(table.file, 1, name, "", rule, advice.KEEP_DIAGNOSES)
