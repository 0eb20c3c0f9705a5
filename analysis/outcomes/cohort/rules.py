"""Rules that compare visits or courses with each other. A wrong cell counts as missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from analysis.outcomes.cohort.table import VISITS
from analysis.tabular.problems import Problem, in_rows
from analysis.tabular.text_table import TextTable

_BASELINE, _END, FOLLOW_UP = range(3)
_FEWEST_TO_COMPARE = 5


@dataclass(frozen=True, eq=False)
class Long:
    """All visits of a file, one element per visit, sorted by patient, course, weeks (the baseline first).

    Wrong values are -1 (patient, visit), 0 (course), NaN (weeks) or NaT (date); weeks are also NaN at baseline. `visit`
    is a position in VISITS, `position` that of the row in the file, `weeks_empty` whether the cell of the weeks is
    empty, `outcomes` one column for each measure other than pain (None without any), `planned_week` NaN if not stated.
    """

    patient: np.ndarray
    course: np.ndarray
    visit: np.ndarray
    weeks: np.ndarray
    nrs: np.ndarray
    date: np.ndarray | None
    position: np.ndarray
    weeks_empty: np.ndarray | None = None
    outcomes: np.ndarray | None = None
    planned_week: np.ndarray | None = None

    @property
    def identified(self) -> np.ndarray:
        """Whether patient and course of each visit are valid."""
        return (self.patient >= 0) & (self.course > 0)

    @property
    def same_course(self) -> np.ndarray:
        """Whether each visit but the first is of the same course as the one before."""
        return (self.patient[1:] == self.patient[:-1]) & (self.course[1:] == self.course[:-1])

    def take(self, order: np.ndarray) -> Long:
        """Return the visits at these positions."""
        values = (getattr(self, field.name) for field in fields(self))
        return Long(*(None if value is None else value[order] for value in values))

    def sorted(self) -> Long:
        """Return the visits by patient, course and weeks (the baseline first), then in the order of the file."""
        weeks = np.where(self.visit == _BASELINE, -np.inf, self.weeks)
        forward = (self.patient[1:] > self.patient[:-1]) | (
            (self.patient[1:] == self.patient[:-1]) & (self.course[1:] > self.course[:-1])
        )
        if np.all(forward | (self.same_course & (weeks[1:] >= weeks[:-1]))):
            return self
        return self.take(np.lexsort((self.visit, weeks, self.course, self.patient)))

    def starts(self) -> np.ndarray:
        """Return the positions in sorted visits at which courses begin."""
        if not len(self.patient):
            return np.empty(0, dtype=np.int64)
        return np.concatenate([[0], np.flatnonzero(~self.same_course) + 1])


def weeks_fit_visits(table: TextTable, long: Long) -> Iterator[Problem]:
    """Yield a problem for weeks that do not fit the visit: none at baseline, 0 at the end of infusion, more later."""
    empty, known = long.weeks_empty, ~np.isnan(long.weeks)
    not_zero, not_later = empty | (known & (long.weeks != 0)), empty | (known & (long.weeks <= 0))
    for visit, wrong, rule, advice in (
        (
            _BASELINE,
            known,
            "is empty at baseline",
            "delete the number, or write follow_up or end_of_infusion as the visit",
        ),
        (_END, not_zero, "is 0 at end_of_infusion", "write 0, or follow_up as the visit if it was later"),
        (FOLLOW_UP, not_later, "is above 0 at follow_up", "write the weeks from the end of infusion to this visit"),
    ):
        visits = np.flatnonzero((long.visit == visit) & wrong)
        yield from _problems(table, long, visits, "weeks_from_end", long.weeks, f"weeks_from_end {rule}", advice)


def only_follow_up_is_planned(table: TextTable, long: Long) -> Iterator[Problem]:
    """Yield a problem for each planned week at another visit than a follow-up."""
    if long.planned_week is None:
        return
    wrong = ~np.isnan(long.planned_week) & (long.visit >= 0) & (long.visit != FOLLOW_UP)
    rule = "planned_week is empty at baseline and at end_of_infusion"
    advice = "delete the number, or write follow_up as the visit"
    yield from _problems(table, long, np.flatnonzero(wrong), "planned_week", long.planned_week, rule, advice)


def visits_occur_once(table: TextTable, long: Long) -> Iterator[Problem]:
    """Yield a problem for each visit that occurs twice: the same patient, course, visit and weeks."""
    same = (
        long.same_course
        & (long.visit[1:] == long.visit[:-1])
        & ((long.weeks[1:] == long.weeks[:-1]) | (long.visit[1:] == _BASELINE))
        & long.identified[1:]
        & (long.visit[1:] >= 0)
    )
    again = np.flatnonzero(same) + 1
    rule = "each visit of a course occurs once (same patient_id, course, visit and weeks_from_end)"
    advice = "it is also in row {}: delete the row that is wrong, or give a second course the number 2"
    yield from _problems(table, long, again, "visit", _visits(long), rule, advice, again - 1)


def courses_occur_once(table: TextTable, long: Long) -> Iterator[Problem]:
    """Yield a problem for each course that is in two rows of the wide form."""
    starts = long.starts()
    rows = np.flatnonzero((long.visit == _BASELINE) & long.identified)
    again = rows[~np.isin(rows, starts, kind="table")]
    first = starts[np.searchsorted(starts, again, side="right") - 1]
    advice = "it has row {} too: delete the row that is wrong, or give a second course the number 2"
    yield from _problems(table, long, again, "patient_id", None, "each patient and course has one row", advice, first)


def courses_have_a_baseline(table: TextTable, long: Long) -> Iterator[Problem]:
    """Yield a problem for each course without a row of its baseline, whose score may be empty."""
    starts = long.starts()
    if not len(starts):
        return
    unknown = np.maximum.reduceat((long.visit < 0).astype(np.int8), starts)
    without = starts[
        (np.minimum.reduceat(np.where(long.visit < 0, FOLLOW_UP, long.visit), starts) != _BASELINE)
        & (unknown == 0)
        & long.identified[starts]
    ]
    rule = "a course with a later visit has a row for its baseline"
    advice = "add the baseline's row; if its score is missing, leave nrs empty there"
    yield from _problems(table, long, without, "visit", _visits(long), rule, advice)


def dates_follow_weeks(table: TextTable, long: Long) -> Iterator[Problem]:
    """Yield a problem for each visit whose date is before the previous visit, or equal to it a week or more later."""
    if long.date is None:
        return
    known = np.flatnonzero(~np.isnat(long.date) & long.identified & (long.visit >= 0))
    known = known[(long.visit[known] == _BASELINE) | ~np.isnan(long.weeks[known])]
    if len(known) < 2:
        return
    before, after = known[:-1], known[1:]
    same = (long.patient[before] == long.patient[after]) & (long.course[before] == long.course[after])
    early = long.date[after] < long.date[before]
    still = (long.date[after] == long.date[before]) & (long.weeks[after] - long.weeks[before] >= 1)
    wrong = np.flatnonzero(same & (early | still))
    rule = "weeks_from_end and date run the same way: a visit after more weeks has a later date"
    advice = "compare weeks and date with those of row {}"
    yield from _problems(table, long, after[wrong], "date", long.date, rule, advice, before[wrong])


def weeks_agree_with_dates(table: TextTable, long: Long) -> Iterator[Problem]:
    """Yield one problem if nearly all weeks are the same multiple of the time between the dates: days or months."""
    if long.date is None:
        return
    starts = long.starts()
    number = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(long.patient))))
    is_end = (long.visit == _END) & ~np.isnat(long.date)
    ends = np.full(len(starts), np.datetime64("NaT", "s"))
    ends[number[is_end]] = long.date[is_end]
    end = ends[number]
    dated = (long.visit == FOLLOW_UP) & ~np.isnat(end) & ~np.isnat(long.date) & long.identified & (long.weeks > 0)
    since = (long.date[dated] - end[dated]) / np.timedelta64(7, "D")
    ratio = long.weeks[dated][since > 0] / since[since > 0]
    if len(ratio) < _FEWEST_TO_COMPARE:
        return
    low, middle, high = np.quantile(ratio, [0.1, 0.5, 0.9])
    for factor, unit in ((7.0, "days"), (7 / 30.4375, "months")):
        if factor / 1.5 < low and high < factor * 1.5:
            rule = f"weeks_from_end count weeks; by the dates they are {middle:.2g} times the weeks: are they {unit}?"
            what_to_do = f"convert them with a map (is: weeks_from_end, unit: {unit}), or correct the dates"
            yield Problem(table.file, None, "weeks_from_end", "", rule, what_to_do)


def courses_follow_dates(table: TextTable, long: Long) -> Iterator[Problem]:
    """Yield a problem for each course that begins before an earlier course of the patient."""
    if long.date is None:
        return
    starts = long.starts()
    starts = starts[long.identified[starts] & ~np.isnat(long.date[starts])]
    same = long.patient[starts[1:]] == long.patient[starts[:-1]]
    wrong = np.flatnonzero(same & (long.date[starts[1:]] < long.date[starts[:-1]]))
    rule = "the courses of a patient are numbered in the order of their dates"
    advice = "compare course and date with those of row {}"
    yield from _problems(table, long, starts[1:][wrong], "date", long.date, rule, advice, starts[:-1][wrong])


def attributes_are_constant(
    table: TextTable, long: Long, attributes: dict[str, np.ndarray], words: dict[str, tuple[str, ...]]
) -> tuple[dict[str, np.ndarray], list[Problem]]:
    """Return the attributes of each course, by column, and the problems of courses with different values.

    attributes: values of each row of the file, NaN = empty; for a column in `words`, positions among its words. An
    empty cell takes the value of another row of the course.
    """
    starts = long.starts()
    constant: dict[str, np.ndarray] = {}
    problems: list[Problem] = []
    for column, of_rows in attributes.items():
        values = of_rows[long.position]
        constant[column], contradicts = _first_of_each(values, starts, long.position)
        wrong = np.flatnonzero(contradicts & long.identified)
        rule = f"{column} is the same in all rows of a patient's course"
        advice = "write the same in all rows of the course, or give a second course the number 2"
        if column in words and len(wrong):
            values = np.array([*words[column], ""], dtype=object)[np.nan_to_num(values, nan=-1).astype(int)]
        problems += _problems(table, long, wrong, column, values, rule, advice)
    return constant, problems


def age_does_not_fall(table: TextTable, long: Long, age: np.ndarray) -> list[Problem]:
    """Return the problems of patients who are younger in a later course; `age` of each course, NaN if not stated."""
    starts = long.starts()
    known = long.identified[starts] & ~np.isnan(age)
    starts, age = starts[known], age[known]
    younger = np.flatnonzero((long.patient[starts[1:]] == long.patient[starts[:-1]]) & (age[1:] < age[:-1])) + 1
    ages = np.full(len(long.patient), np.nan)
    ages[starts] = age
    rule, advice = "a patient is not younger in a later course", "compare age and course with the patient's other rows"
    return _problems(table, long, starts[younger], "age", ages, rule, advice)


def _first_of_each(values: np.ndarray, starts: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first value of each course in the file (NaN = none), and a mask of rows with another value."""
    if not len(starts):
        return np.empty(0), np.zeros(0, dtype=bool)
    first, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    if not np.any(high > first):
        return first, np.zeros(len(values), dtype=bool)
    lengths = np.diff(np.append(starts, len(values)))
    stated = ~np.isnan(values)
    place = np.where(stated, position, np.iinfo(position.dtype).max)
    is_first = stated & (place == np.repeat(np.minimum.reduceat(place, starts), lengths))
    first[np.repeat(np.arange(len(starts)), lengths)[is_first]] = values[is_first]
    return first, stated & (values != np.repeat(first, lengths))


def _visits(long: Long) -> np.ndarray:
    return np.array(VISITS, dtype=object)[long.visit]


def _problems(
    table: TextTable,
    long: Long,
    visits: np.ndarray,
    column: str,
    values: np.ndarray | None,
    rule: str,
    advice: str,
    others: np.ndarray | None = None,
) -> list[Problem]:
    """Return the problems of some visits in the order of the file; `{}` in the advice is the row of the other visit."""
    order = np.argsort(long.position[visits], kind="stable")

    def problem_at(place: int) -> Problem:
        i = visits[place]
        row = "" if others is None else int(table.rows[long.position[others[place]]])
        value = "" if values is None else _cell(values[i])
        return table.problem(int(long.position[i]), column, value, rule, advice.format(row))

    return in_rows(order, problem_at)


def _cell(value: object) -> str:
    """Return a word, number or day as text; "" if it is missing."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[D]"))
    return "" if np.isnan(value) else f"{value:g}"
