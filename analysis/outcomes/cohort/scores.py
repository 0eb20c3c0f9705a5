"""Scores of each course at baseline, end of infusion and follow-up; groups of courses; description of scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.disclosure import GROUP_NOT_STATED, distinct_name, released, small_counts
from analysis.outcomes.cohort.table import Cohort, course_keys
from analysis.statistics.summaries import mean_interval

GROUPINGS = ("site", "regimen_class", "sex", "year", "course_group")
_COURSE_GROUPS = ("first course", "second course", "third or later")
STATISTICS = ("mean", "sd", "low", "high", "median", "q1", "q3")
_AT_FOLLOW_UP = 1e-9  # weeks; a visit at the edge of the window lies inside it


def course_scores(cohort: Cohort, follow_up_weeks: float = 4.0, window_weeks: float = 2.0) -> pd.DataFrame:
    """Return the courses of the cohort with their scores.

    The follow-up score is the one nearest to `follow_up_weeks` among the scored follow-up visits within `window_weeks`;
    the earlier of two equally near.

    Returns
    -------
    DataFrame, one row per patient and course, in the order of `cohort.courses`
        The columns of `cohort.courses`, then end_of_infusion and follow_up (scores 0 to 10, NaN if missing),
        follow_up_at (weeks after the end of infusion), first (the patient's lowest-numbered course in the table),
        course_group (first course, second course, third or later).

    Raises
    ------
    ValueError
        For a time or window that is not a number of 0 or more.
    """
    for name, value in (("follow_up_weeks", follow_up_weeks), ("window_weeks", window_weeks)):
        if not np.isfinite(value) or value < 0:
            raise ValueError(f"{name} is {value}: must be a number of weeks, 0 or more")
    visits, table = cohort.visits, cohort.courses.reset_index(drop=True).copy()
    course_position, score = course_of_visit(cohort), visits["nrs"].to_numpy()
    at_end, later = (is_visit(cohort, kind) for kind in ("end_of_infusion", "follow_up"))
    table["end_of_infusion"] = _at(course_position[at_end], score[at_end], len(table))

    weeks = visits["weeks"].to_numpy()
    away = np.abs(weeks - follow_up_weeks)
    near = np.flatnonzero(later & ~np.isnan(score) & (away <= window_weeks + _AT_FOLLOW_UP))
    near = near[np.lexsort((weeks[near], away[near].round(9), course_position[near]))]
    near = near[np.unique(course_position[near], return_index=True)[1]]
    table["follow_up"] = _at(course_position[near], score[near], len(table))
    table["follow_up_at"] = _at(course_position[near], weeks[near], len(table))

    table["first"] = ~table["patient"].duplicated().to_numpy()
    number = np.clip(table["course"].to_numpy(dtype=np.int64), 1, 3) - 1
    table["course_group"] = pd.Categorical.from_codes(number, categories=list(_COURSE_GROUPS))
    return table


def course_of_visit(cohort: Cohort) -> np.ndarray:
    """Return for each visit the position of its course in `cohort.courses`."""
    return np.searchsorted(course_keys(cohort.courses), course_keys(cohort.visits))


def is_visit(cohort: Cohort, kind: str) -> np.ndarray:
    """Return for each visit whether it is a `baseline`, `end_of_infusion` or `follow_up`."""
    return (cohort.visits["visit"] == kind).to_numpy(dtype=bool)


def grouping(frame: pd.DataFrame, by: str) -> pd.Categorical:
    """Return column `by` of courses as groups sorted by name (courses and years by number); missing is `not stated`.

    frame: as from `course_scores`. Raises ValueError for a `by` that is not one of GROUPINGS.
    """
    if by not in GROUPINGS:
        raise ValueError(f"by is {by!r}: must be one of {', '.join(GROUPINGS)}")
    column = frame[by]
    if by == "course_group":
        return pd.Categorical(column)
    codes, values = pd.factorize(column, sort=True, use_na_sentinel=True)
    names = [distinct_name(value) for value in values]
    if (codes < 0).any():
        codes, names = np.where(codes < 0, len(names), codes), [*names, GROUP_NOT_STATED]
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))


def left_out_frame(rows: list[tuple[str, str, str, int]], min_cell: int = 5, release: str = "internal") -> pd.DataFrame:
    """Return what a result leaves out: result, why, unit (patients, courses, visits), n, below; none of 0.

    n is missing where it counts fewer than `min_cell`, which is then in `below`.
    """
    table = pd.DataFrame(rows, columns=["result", "why", "unit", "n"]).astype({"n": "Int64"})
    table = table[table["n"] > 0].reset_index(drop=True)
    few = small_counts(table["n"].to_numpy(dtype=np.int64), min_cell)
    table["below"] = pd.array(np.where(few, min_cell, 0), dtype="Int64")
    table["n"] = released(table["n"], release).mask(few)
    return table


def describe(values: np.ndarray, level: float = 0.95) -> dict[str, float]:
    """Return n, mean, sd, low, high, median, q1 and q3 of the values that are not missing.

    low and high are Student's interval of the mean. sd and interval need two values; there is no interval if all values
    are equal, since they do not show the uncertainty of the mean.
    """
    values = values[~np.isnan(values)]
    n = len(values)
    result = {"n": n, **dict.fromkeys(STATISTICS, np.nan)}
    if n:
        result["mean"] = float(values.mean())
        result["q1"], result["median"], result["q3"] = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    if n > 1:
        result["sd"] = float(values.std(ddof=1))
        if result["sd"] > 1e-12:
            result["low"], result["high"] = mean_interval(result["mean"], result["sd"], n, level)
    return result


def _at(places: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Return a column of `size` numbers with these values at these places, NaN elsewhere."""
    column = np.full(size, np.nan)
    column[places] = values
    return column
