"""From when to when the benefit of each course ended: the visits of a course as one interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.judging import can_be_judged, responds
from analysis.outcomes.cohort.scores import course_of_visit, course_scores, is_visit
from analysis.statistics.survival.interval_data import unique_intervals

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

NEVER, ENDED, ONGOING = "never", "ended", "ongoing"
KINDS = (NEVER, ENDED, ONGOING)
MOST_INTERVALS = 2000


def benefit_intervals(cohort: Cohort, rule: str) -> pd.DataFrame:
    """How long each course kept its patient a responder by `rule`, one row a course in the order of `cohort.courses`.

    The columns of `course_scores` and kind, lower, upper (weeks after the end of infusion), followed, regained:

    - no responder at the end of infusion: `never`, exactly 0 (lower = upper = 0); - a responder then: `ended` between
    the last visit with a response and the first without, (lower, upper], where lower
      is 0 if no follow-up visit had one; `ongoing`, lower to infinity, where no visit was without (right-censored at
      the last one, at 0 if there is no follow-up score);
    - no kind where the baseline or the end of infusion can't be judged.

    Visits without a score tell nothing and widen the interval. What happens after the first visit without a response
    doesn't lengthen the benefit; regained says that a later visit had one again. followed: the last scored follow-up
    visit.
    """
    frame = course_scores(cohort)
    baseline, end = frame["baseline"].to_numpy(), frame["end_of_infusion"].to_numpy()
    judged = can_be_judged(baseline, rule) & ~np.isnan(end)
    began = judged & responds(baseline, end, rule)

    visits = cohort.visits
    scored = np.flatnonzero(is_visit(cohort, "follow_up") & visits["nrs"].notna().to_numpy())
    course = course_of_visit(cohort)[scored]
    scored, course = scored[began[course]], course[began[course]]
    weeks, score = visits["weeks"].to_numpy()[scored], visits["nrs"].to_numpy()[scored]
    holds = responds(baseline[course], score, rule)

    lower, upper = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    lower[judged], upper[judged] = 0.0, np.where(began[judged], np.inf, 0.0)
    followed, regained = np.full(len(frame), np.nan), np.zeros(len(frame), dtype=bool)
    followed[course] = weeks  # visits are sorted by weeks: the last one stays
    lost = np.flatnonzero(~holds)
    lost_course, firsts = np.unique(course[lost], return_index=True)
    upper[lost_course] = weeks[lost[firsts]]
    before = holds & (weeks < upper[course])
    lower[course[before]] = weeks[before]
    regained[course[holds & (weeks > upper[course])]] = True

    kind = np.select([~judged, ~began, np.isfinite(upper)], [-1, 0, 1], default=2)
    frame["kind"] = pd.Categorical.from_codes(kind, categories=list(KINDS))
    return frame.assign(lower=lower, upper=upper, followed=followed, regained=regained)


def interval_counts(lower: np.ndarray, upper: np.ndarray) -> pd.DataFrame:
    """Equal intervals put together: lower, upper, patients.

    Where more than 2,000 differ their ends are put on whole days first, which changes nothing if weeks were reckoned
    from dates. An end above 0 never becomes 0: who had the benefit didn't have it for exactly no time.
    """
    found = unique_intervals(lower, upper, np.ones(len(lower)))
    if len(found.lower) > MOST_INTERVALS:
        day = 1 / 7
        rounded = np.floor(upper / day + 0.5) * day
        upper = np.where(np.isfinite(upper) & (upper > 0), np.maximum(rounded, day), upper)
        lower = np.floor(lower / day + 0.5) * day
        lower = np.where((lower >= upper) & (upper > 0), upper - day, lower)
        found = unique_intervals(lower, upper, np.ones(len(lower)))
    return pd.DataFrame({"lower": found.lower, "upper": found.upper, "patients": found.weight.astype(np.int64)})
