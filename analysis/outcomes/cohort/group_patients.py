"""The patients behind each statistic that a report of a cohort shows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.disclosure import is_merged, merge_small
from analysis.outcomes.cohort.planned import planned_visits
from analysis.outcomes.cohort.scores import GROUPINGS, course_of_visit, course_scores, grouping
from analysis.outcomes.cohort.table import Cohort

_VISITS = ("baseline", "end_of_infusion", "follow_up")


def shown_groups(
    cohort: Cohort, marks: np.ndarray, follow_up_weeks: float, window_weeks: float, min_cell: int
) -> dict[tuple[str, str, str], frozenset[str]]:
    """Return the patients with a baseline score and one at a visit: all of them, and those of each group that is shown.

    marks: a mark for each number of a patient. The result is by visit, column of the groups and group (both empty for
    all): mark/course@weeks of the scores, with `min_cell` elements or more.
    """
    courses = course_scores(cohort, follow_up_weeks, window_weeks)
    key = pd.Series(marks[courses["patient"]], courses.index) + "/" + courses["course"].astype(str)
    counted = courses["first"] & courses["baseline"].notna()
    shown = {}
    for visit in _VISITS:
        scored = courses[counted & courses[visit].notna()]
        weeks = scored["follow_up_at"].map("@{:g}".format) if visit == "follow_up" else ""
        keys = (key[scored.index] + weeks).to_numpy()
        shown[visit, "", ""] = frozenset(keys)
        for by in GROUPINGS if len(scored) else ():
            group = merge_small(grouping(scored, by), scored["patient"].to_numpy(), min_cell)
            for code, label in enumerate(group.categories):
                if not is_merged(label, min_cell):
                    shown[visit, by, str(label)] = frozenset(keys[group.codes == code])
    planned, with_score = planned_visits(cohort, min_cell), cohort.visits["nrs"].notna().to_numpy()
    course, counted = course_of_visit(cohort), counted.to_numpy()
    for visit in planned.axis.itertuples(index=False):
        placed = np.flatnonzero((planned.place == visit.position) & with_score & counted[course])
        weeks = cohort.visits["weeks"].iloc[placed].map("@{:g}".format).to_numpy()
        shown[visit.label, "", ""] = frozenset(key.to_numpy()[course[placed]] + weeks)
    return {name: patients for name, patients in shown.items() if len(patients) >= min_cell}
