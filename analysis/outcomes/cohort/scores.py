"""What each course of a cohort has: its scores at baseline, at the end of infusion and at follow-up, and its group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.disclosure import GROUP_NOT_STATED
from analysis.statistics.summaries import mean_interval

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

GROUPINGS = ("site", "regimen_class", "sex", "year", "course_group")
COURSE_GROUPS = ("first course", "second course", "third or later")
FIRST_COURSES = "each patient once, with the first course that the table holds"
EVERY_COURSE = "every course counted, so a patient may count more than once"
STATISTICS = ("mean", "sd", "low", "high", "median", "q1", "q3")
AT_FOLLOW_UP = 1e-9  # weeks: a visit on the edge of the window lies inside it


def course_scores(cohort: Cohort, follow_up_weeks: float = 4.0, window_weeks: float = 2.0) -> pd.DataFrame:
    """The courses of the cohort with their scores, one row a patient and course in the order of `cohort.courses`.

    The columns of `cohort.courses` and end_of_infusion, follow_up (scores 0-10, missing where there is none),
    follow_up_at (weeks after the end of infusion), first (the lowest-numbered course of its patient in this table),
    course_group (by the course number: first course, second course, third or later). The follow-up score is the one
    nearest to `follow_up_weeks` among the scored follow-up visits within `window_weeks` of it, the earlier of two
    equally near. ValueError for a time or window that isn't a number of 0 or more.
    """
    for name, value in (("follow_up_weeks", follow_up_weeks), ("window_weeks", window_weeks)):
        if not np.isfinite(value) or value < 0:
            raise ValueError(f"{name} is {value}: must be a number of weeks, 0 or more")
    visits, found = cohort.visits, cohort.courses.reset_index(drop=True).copy()
    place, score = course_of_visit(cohort), visits["nrs"].to_numpy()
    at_end, later = (is_visit(cohort, kind) for kind in ("end_of_infusion", "follow_up"))
    found["end_of_infusion"] = _at(place[at_end], score[at_end], len(found))

    weeks = visits["weeks"].to_numpy()
    away = np.abs(weeks - follow_up_weeks)
    near = np.flatnonzero(later & ~np.isnan(score) & (away <= window_weeks + AT_FOLLOW_UP))
    near = near[np.lexsort((weeks[near], away[near].round(9), place[near]))]
    near = near[np.unique(place[near], return_index=True)[1]]
    found["follow_up"] = _at(place[near], score[near], len(found))
    found["follow_up_at"] = _at(place[near], weeks[near], len(found))

    found["first"] = ~found["patient"].duplicated().to_numpy()
    number = np.clip(found["course"].to_numpy(dtype=np.int64), 1, 3) - 1
    found["course_group"] = pd.Categorical.from_codes(number, categories=list(COURSE_GROUPS))
    return found


def course_of_visit(cohort: Cohort) -> np.ndarray:
    """For each visit the position of its course in `cohort.courses`."""
    return np.searchsorted(_keys(cohort.courses), _keys(cohort.visits))


def is_visit(cohort: Cohort, kind: str) -> np.ndarray:
    """For each visit whether it is a baseline, end_of_infusion or follow_up."""
    return (cohort.visits["visit"] == kind).to_numpy(dtype=bool)


def grouping(frame: pd.DataFrame, by: str) -> pd.Categorical:
    """Column `by` of courses as groups in the order of their names (courses and years by number); missing = not stated.

    ValueError for a `by` that is none of GROUPINGS.
    """
    if by not in GROUPINGS:
        raise ValueError(f"by is {by!r}: must be one of {', '.join(GROUPINGS)}")
    column = frame[by]
    if by == "course_group":
        return pd.Categorical(column)
    codes, values = pd.factorize(column, sort=True, use_na_sentinel=True)
    names = [str(value) for value in values]
    if (codes < 0).any():
        codes, names = np.where(codes < 0, len(names), codes), [*names, GROUP_NOT_STATED]
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))


def left_out_frame(rows: list[tuple[str, str, str, int]]) -> pd.DataFrame:
    """What a result doesn't hold: result, why, unit (patients, courses, visits), n; reasons that concern none go."""
    found = pd.DataFrame(rows, columns=["result", "why", "unit", "n"]).astype({"n": "Int64"})
    return found[found["n"] > 0].reset_index(drop=True)


def describe(values: np.ndarray, level: float = 0.95) -> dict[str, float]:
    """n, mean, sd, Student's interval of the mean (low, high) at `level`, median, q1 and q3 of the values that aren't
    missing.

    sd and interval need two values; no interval where all values are alike, which says nothing of how sure the mean is.
    """
    values = values[~np.isnan(values)]
    n = len(values)
    found = {"n": n, **dict.fromkeys(STATISTICS, np.nan)}
    if n:
        found["mean"] = float(values.mean())
        found["q1"], found["median"], found["q3"] = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    if n > 1:
        found["sd"] = float(values.std(ddof=1))
        if found["sd"] > 1e-12:
            found["low"], found["high"] = mean_interval(found["mean"], found["sd"], n, level)
    return found


def _at(places: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """A column of `size` numbers with these values at these places, missing elsewhere."""
    column = np.full(size, np.nan)
    column[places] = values
    return column


def _keys(frame: pd.DataFrame) -> np.ndarray:
    return frame["patient"].to_numpy(dtype=np.int64) << 16 | frame["course"].to_numpy(dtype=np.int64)
