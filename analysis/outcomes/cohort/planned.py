"""Follow-up visits grouped by the week for which they were probably planned."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.scores import course_of_visit, is_visit
from analysis.outcomes.cohort.table import Cohort
from analysis.wording import series

_MOST_EXACT, _MOST_PLANNED = 8, 10
BASELINE, _END = 0, 1  # positions on the axis; planned weeks follow


@dataclass(frozen=True)
class PlannedVisits:
    """The visits of a cohort on one axis.

    Attributes
    ----------
    axis : DataFrame
        Columns position, visit, weeks (missing at baseline, 0 at the end of infusion), label.
    weeks : tuple of float
        The planned weeks, ascending.
    rule : str
        How visits were grouped, in words.
    place : ndarray of int
        Position of each visit of the cohort; -1 if none.
    far, surplus : int
        Number of visits without a position because they are far from every planned week, or because another visit of
        the course is used.
    """

    axis: pd.DataFrame
    weeks: tuple[float, ...]
    rule: str
    place: np.ndarray = field(repr=False)
    far: int
    surplus: int


def planned_visits(cohort: Cohort, min_cell: int = 5) -> PlannedVisits:
    """Return the follow-up visits grouped by planned week after the end of infusion.

    The weeks are those of the plan of the file or of its map, if there is one. Otherwise up to eight different weeks
    are each a planned week. With more, the week (whole weeks; half a week below three quarters) with most visits is a
    planned week, and all visits within a quarter of it (half a week at least) belong to it. This repeats with the
    remaining visits, up to ten planned weeks or until no week has `min_cell` visits around it. A visit then goes to
    the nearest planned week, the earlier of two. Of several visits of a course at one planned week one is used: scored
    before unscored, then the nearest, then the earlier.

    Parameters
    ----------
    min_cell : int
        Smallest number of visits of a planned week.
    """
    later = np.flatnonzero(is_visit(cohort, "follow_up"))
    at = cohort.visits["weeks"].to_numpy()[later]
    if "planned_week" in cohort.visits:
        stated = cohort.visits["planned_week"].to_numpy(dtype="float64")[later]
        at = np.where(np.isnan(stated), at, stated)
    values, counts = np.unique(at, return_counts=True)
    plan = np.array(sorted(cohort.plan.weeks), dtype="float64")
    exact = not len(plan) and len(values) <= _MOST_EXACT
    chosen = plan if len(plan) else values if exact else _commonest(values, counts, min_cell)

    place = np.full(len(cohort.visits), -1, dtype=np.int8)
    place[is_visit(cohort, "baseline")] = BASELINE
    place[is_visit(cohort, "end_of_infusion")] = _END
    far = surplus = 0
    if len(chosen):
        nearest = np.searchsorted((chosen[1:] + chosen[:-1]) / 2, at)
        away = np.abs(at - chosen[nearest])
        near = away <= (0 if exact else _reach(chosen[nearest]) + 1e-9)
        far = int((~near).sum())
        later, nearest, away = later[near], nearest[near], away[near]
        course = course_of_visit(cohort)[later]
        unscored = np.isnan(cohort.visits["nrs"].to_numpy()[later])
        order = np.lexsort((later, away.round(9), unscored, nearest, course))
        slot = course[order].astype(np.int64) * len(chosen) + nearest[order]
        used = order[np.concatenate([[True], slot[1:] != slot[:-1]])] if len(order) else order
        place[later[used]] = nearest[used] + 2
        surplus = len(later) - len(used)
    else:
        far = len(later)

    times = [float("nan"), 0.0, *chosen.tolist()]
    axis = pd.DataFrame(
        {
            "position": range(len(times)),
            "visit": ["baseline", "end_of_infusion", *["follow_up"] * len(chosen)],
            "weeks": times,
            "label": ["baseline", "end of infusion", *(f"week {week:.3g}" for week in chosen)],
        }
    )
    return PlannedVisits(axis, tuple(chosen.tolist()), _words(chosen, exact, len(plan) > 0), place, far, surplus)


def _commonest(values: np.ndarray, counts: np.ndarray, min_cell: int) -> np.ndarray:
    week = np.where(values < 0.75, 0.5, np.floor(values + 0.5))
    left, chosen = np.ones(len(values), dtype=bool), []
    while left.any() and len(chosen) < _MOST_PLANNED:
        names, codes = np.unique(week[left], return_inverse=True)
        visits = np.bincount(codes, weights=counts[left])
        total = np.concatenate([[0], np.cumsum(np.where(left, counts, 0))])
        reach = _reach(names) + 1e-9
        around = (
            total[np.searchsorted(values, names + reach, side="right")] - total[np.searchsorted(values, names - reach)]
        )
        if around.max() < min_cell:
            break
        chosen.append(float(names[int(np.argmax(np.where(around >= min_cell, visits, 0)))]))
        left &= np.abs(values - chosen[-1]) > _reach(np.asarray(chosen[-1])) + 1e-9
        left &= week != chosen[-1]
    return np.array(sorted(chosen))


def _reach(week: np.ndarray) -> np.ndarray:
    return np.maximum(week / 4, 0.5)


def _words(chosen: np.ndarray, exact: bool, stated: bool) -> str:
    if not len(chosen):
        return "There is no follow-up visit that could be grouped."
    times = f"{'week' if len(chosen) == 1 else 'weeks'} {series([f'{week:.3g}' for week in chosen])}"
    if exact:
        return f"All follow-up visits stand at {times} after the end of infusion; none had to be grouped."
    which = "planned weeks" if stated else "weeks with most visits"
    return (
        f"Follow-up visits belong to the nearest of the {which} ({times}) if they lie within a "
        "quarter of it, half a week at least."
    )
