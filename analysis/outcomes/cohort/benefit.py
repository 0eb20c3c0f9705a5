"""Duration of benefit of each course as an interval between visits, and tests of two groups of such intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.judging import judged_scores, responds
from analysis.outcomes.cohort.scores import course_of_visit, course_scores, is_visit
from analysis.outcomes.cohort.table import Cohort
from analysis.statistics.survival import fit_distribution, two_group_test

NEVER, ENDED, ONGOING = "never", "ended", "ongoing"
KINDS = (NEVER, ENDED, ONGOING)
_MOST_INTERVALS = 2000
_FITTED = {"weibull": "Weibull", "lognormal": "log-normal", "loglogistic": "log-logistic"}
RATIO_COLUMNS = ["time_ratio", "ratio_low", "ratio_high", "distribution"]
_TEST_DRAWS, _PERMUTED = 9_999, 10_000


def benefit_intervals(cohort: Cohort, rule: str) -> pd.DataFrame:
    """Return the duration of response in each course, as an interval in weeks after the end of infusion.

    The kinds of interval:

    - `never`: no response at the end of infusion; exactly 0 (lower = upper = 0).
    - `ended`: a response at the end of infusion, then a visit without one; the benefit ended in (lower, upper], between
      the last visit with a response and the first without. lower is 0 if no follow-up visit had a response.
    - `ongoing`: a response at every visit; right-censored at the last visit (upper is infinite), or at 0 without a
      follow-up score.
    - missing: the baseline or the end of infusion cannot be judged.

    Visits without a score only widen the interval. A response that returns later does not extend the benefit.

    Returns
    -------
    DataFrame, one row per course, in the order of `cohort.courses`
        The columns of `course_scores`, then kind, lower, upper, followed (weeks of the last scored follow-up visit) and
        regained (whether a visit after the first without a response had one again).
    """
    frame = course_scores(cohort)
    baseline, end = frame["baseline"].to_numpy(), frame["end_of_infusion"].to_numpy()
    _, judged, began = judged_scores(baseline, end, rule)

    visits = cohort.visits
    scored = np.flatnonzero(is_visit(cohort, "follow_up") & visits["nrs"].notna().to_numpy())
    course = course_of_visit(cohort)[scored]
    scored, course = scored[began[course]], course[began[course]]
    weeks, score = visits["weeks"].to_numpy()[scored], visits["nrs"].to_numpy()[scored]
    holds = responds(baseline[course], score, rule)

    lower, upper = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    lower[judged], upper[judged] = 0.0, np.where(began[judged], np.inf, 0.0)
    followed, regained = np.full(len(frame), np.nan), np.zeros(len(frame), dtype=bool)
    followed[course] = weeks  # visits are sorted by weeks, so the last one is stored
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
    """Return the number of patients with each different interval: lower, upper, patients.

    Above 2,000 different intervals the ends are rounded to days, which changes nothing if weeks were computed from
    dates. An upper bound above 0 is never rounded to 0.
    """
    table = _counted(lower, upper)
    if len(table) > _MOST_INTERVALS:
        day = 1 / 7
        rounded = np.floor(upper / day + 0.5) * day
        upper = np.where(np.isfinite(upper) & (upper > 0), np.maximum(rounded, day), upper)
        lower = np.floor(lower / day + 0.5) * day
        lower = np.where((lower >= upper) & (upper > 0), upper - day, lower)
        table = _counted(lower, upper)
    return table


def _counted(lower: np.ndarray, upper: np.ndarray) -> pd.DataFrame:
    ends = pd.DataFrame({"lower": lower, "upper": upper})
    return ends.groupby(["lower", "upper"], dropna=False).size().rename("patients").reset_index()


def group_comparison(courses: pd.DataFrame, level: float, seed: int) -> dict[str, object]:
    """Return the test whether two groups of courses have the same durations, and how many times as long the second is.

    The columns of `Durations.tests`. The ratio is that of the fitted distribution with the lowest AIC; it is missing
    where the courses determine none, as with benefits of no duration.
    """
    labels = courses["group"].cat.categories
    rows = _counts_by_group(courses)
    draws = _TEST_DRAWS if len(courses) <= _PERMUTED else 1
    test = two_group_test(rows["lower"], rows["upper"], rows["code"], rows["patients"], draws=draws, seed=seed)
    normal = draws == 1 and test.method == "monte_carlo"
    return {
        "group_1": labels[0],
        "group_2": labels[1],
        "n_1": test.patients[0],
        "n_2": test.patients[1],
        "p_value": test.p_normal if normal else test.p,
        "method": "normal" if normal else test.method,
        **_time_ratio(rows, level),
    }


def _time_ratio(rows: pd.DataFrame, level: float) -> dict[str, object]:
    fits = []
    for name in _FITTED:
        try:
            fits.append(fit_distribution(rows["lower"], rows["upper"], rows["patients"], name, rows["code"], level))
        except ValueError:  # undetermined, or a benefit of no duration
            continue
    if not fits:
        return {}
    best = min(fits, key=lambda fit: fit.aic)
    ratio = best.time_ratio, best.time_ratio_low, best.time_ratio_high, _FITTED[best.distribution]
    return dict(zip(RATIO_COLUMNS, ratio, strict=True))


def _counts_by_group(courses: pd.DataFrame) -> pd.DataFrame:
    counts = [
        interval_counts(members["lower"].to_numpy(), members["upper"].to_numpy()).assign(code=code)
        for code, members in courses.groupby(courses["group"].cat.codes)
    ]
    return pd.concat(counts, ignore_index=True)
