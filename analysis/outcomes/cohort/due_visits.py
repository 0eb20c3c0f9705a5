"""Scores recorded and missing at each visit: a visit is missing only if it was planned, was due and has no score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.planned import PlannedVisits, planned_visits
from analysis.outcomes.cohort.scores import course_of_visit, course_scores, is_visit
from analysis.outcomes.cohort.table import Cohort

STATUSES = ("recorded", "empty", "no_row", "not_due", "unknown")
_LEAST_SHARE = 0.5  # of the courses with a follow-up visit that have one at the commonest planned week


@dataclass(frozen=True)
class DueVisits:
    """Scores by visit, each patient once with the first course.

    Attributes
    ----------
    table : DataFrame
        Columns position, visit, weeks (missing at baseline and for follow-up at own times), label, patients and the
        numbers of STATUSES: recorded, empty (a row without a score), no_row (due, no row), not_due (planned after the
        last day of the data), unknown (no row, and no date that says whether the visit was due); planned: whether the
        visit was planned for everybody, else the last three are missing.
    own_times : bool
        Whether patients were seen at times of their own: follow-up is then one row, any visit after the infusion.
    until : Timestamp or NaT
        Last day of the data.
    """

    table: pd.DataFrame
    own_times: bool
    until: pd.Timestamp


def due_visits(cohort: Cohort, visits: PlannedVisits) -> DueVisits:
    """Return the scores that are there, missing and not due yet, of first courses.

    A week counts as planned for everybody if the plan of the file or of its map says so; without a plan, if half of the
    patients with a follow-up visit have one then. If there is no such week, patients were seen at times of their own. A
    visit is due if its week, counted from the end of infusion, lies before the last day of the data. That end is the
    date of the visit, else computed from a dated follow-up visit, else the date of the baseline.
    """
    courses = cohort.courses.reset_index(drop=True)
    first = ~courses["patient"].duplicated().to_numpy()
    course, size = course_of_visit(cohort), len(courses)
    scored = cohort.visits["nrs"].notna().to_numpy()
    export = cohort.plan.data_until
    ends, until = _ends(cohort, course, size), pd.Timestamp(export) if export else cohort.visits["date"].max()
    rows = [_has(course[visits.place == place], size) for place in visits.axis["position"]]
    scores = [_has(course[(visits.place == place) & scored], size) for place in visits.axis["position"]]
    later = is_visit(cohort, "follow_up")
    followed = _has(course[later], size)
    least = _LEAST_SHARE * int((followed & first).sum())
    stated = bool(cohort.plan.weeks)
    planned = [True, True, *(stated or int((row & first).sum()) >= least for row in rows[2:])]
    own_times = bool(followed.any()) and not any(planned[2:])
    axis = visits.axis
    if own_times:
        axis = pd.concat(
            [axis.iloc[:2], pd.DataFrame([{"position": 2, "visit": "follow_up", "label": "any follow-up"}])]
        )
        rows, scores = [*rows[:2], followed], [*scores[:2], _has(course[later & scored], size)]
        planned = [True] * 3
    table = axis.reset_index(drop=True).assign(patients=int(first.sum()), planned=planned)
    counts = []
    for place, (row, score) in enumerate(zip(rows, scores, strict=True)):
        due = _due(table["visit"].iloc[place], table["weeks"].iloc[place], ends, until, size)
        parts = (score, row & ~score, ~row & (due == 1), ~row & (due == 0), ~row & (due == -1))
        counts.append([int((part & first).sum()) for part in parts])
    table[list(STATUSES)] = pd.DataFrame(counts, columns=list(STATUSES)).astype("Int64")
    table[list(STATUSES[2:])] = table[list(STATUSES[2:])].mask(~table["planned"])
    return DueVisits(table, own_times, until)


def expected_scores(
    cohort: Cohort, follow_up_weeks: float = 4.0, window_weeks: float = 2.0, min_cell: int = 5
) -> pd.DataFrame:
    """Return `course_scores` with the columns not_expected and follow_up_planned.

    not_expected: no follow-up score, since not planned or not due yet; follow_up_planned, the same in every row:
    whether a visit near the follow-up time was planned for everybody.
    """
    courses = course_scores(cohort, follow_up_weeks, window_weeks)
    unscored = courses["follow_up"].isna().to_numpy()
    due = due_visits(cohort, planned_visits(cohort, min_cell))
    near = (due.table["visit"] == "follow_up") & ((due.table["weeks"] - follow_up_weeks).abs() <= window_weeks)
    planned = bool((near & due.table["planned"]).any())
    if planned:
        ends = _ends(cohort, course_of_visit(cohort), len(courses))
        unscored = unscored & (_due("follow_up", follow_up_weeks, ends, due.until, len(courses)) == 0)
    return courses.assign(not_expected=unscored, follow_up_planned=planned)


def _has(courses: np.ndarray, size: int) -> np.ndarray:
    found = np.zeros(size, dtype=bool)
    found[courses] = True
    return found


def _ends(cohort: Cohort, course: np.ndarray, size: int) -> np.ndarray:
    """Return the day on which the infusion of each course ended, NaT where no date says so."""
    day, weeks = cohort.visits["date"].to_numpy(), cohort.visits["weeks"].to_numpy()
    ends = np.full(size, np.datetime64("NaT"), dtype="datetime64[s]")
    known = ~np.isnat(day)
    # the best source is written last
    for kind in ("baseline", "follow_up", "end_of_infusion"):
        chosen = known & is_visit(cohort, kind)
        since = np.where(kind == "follow_up", np.nan_to_num(weeks[chosen]) * 7 * 86400, 0).astype("timedelta64[s]")
        ends[course[chosen]] = day[chosen].astype("datetime64[s]") - since
    return ends


def _due(visit: str, weeks: float, ends: np.ndarray, until: pd.Timestamp, size: int) -> np.ndarray:
    """Return for each course 1 where the visit was due, 0 where not yet, -1 where nobody knows."""
    if visit != "follow_up" or np.isnan(weeks):
        return np.ones(size, dtype=int)
    if pd.isna(until):
        return np.full(size, -1)
    planned = ends + np.timedelta64(round(weeks * 7 * 86400), "s")
    return np.where(np.isnat(ends), -1, (planned <= np.datetime64(until)).astype(int))
