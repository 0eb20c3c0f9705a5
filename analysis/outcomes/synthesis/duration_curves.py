"""Duration of benefit by regimen: Turnbull's estimate from the intervals of single patients."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import stacked
from analysis.evidence.selection import NOT_STATED, Selection
from analysis.outcomes import durations
from analysis.outcomes.synthesis.reasons import patients_why_not
from analysis.result_view import ResultView
from analysis.statistics.survival import bootstrap

_DRAWS = 1000
_SEED = 1
UNREPORTED = "of other treated patients of the same group no duration is told"
_CURVE_COLUMNS = ["regimen_class", "weeks", "low", "high", "band_low", "band_high"]
_GROUP_COLUMNS = """regimen_class k patients still_going last_week median_low median_high median_ci_low
    median_ci_high""".split()


@dataclass(frozen=True)
class DurationCurves(ResultView):
    """Duration of benefit by regimen.

    Attributes
    ----------
    curves : DataFrame
        Columns regimen_class, weeks, low, high (share of patients with a longer benefit; between low and high all
        values fit equally well), band_low, band_high (pointwise bootstrap bands).
    groups : DataFrame, one row per regimen
        Columns regimen_class, k (studies), patients, still_going (right-censored), last_week (time of the last count),
        median_low, median_high (the median as an interval; infinite if not reached), median_ci_low, median_ci_high.
    patients : DataFrame
        The intervals in the curves; columns of `durations.PatientIntervals.table`.
    left_out : DataFrame
        Intervals that are not in the curves, with why.
    level : float
        Confidence level of bands and limits.
    """

    curves: pd.DataFrame
    groups: pd.DataFrame
    patients: pd.DataFrame
    left_out: pd.DataFrame = field(repr=False)
    level: float


def duration_curves(selection: Selection, level: float = 0.95) -> DurationCurves:
    """Return Turnbull's estimate for each regimen with uncontrolled patients in two or more different intervals.

    Groups in which the duration of some treated patients is not reported are left out, because the reported patients
    may be those with the best course. The duration is 0 for patients who never had the benefit, an interval up to week
    w for patients who lost it or never had it by week w, and right-censored for patients with the benefit at the last
    count. The curve combines patients of several studies as if they came from one. Its bands come from a bootstrap of
    studies, then patients, so they include how much studies differ; with one study they reflect its patients only.
    Studies define the benefit differently.
    """
    table = durations.intervals(selection).table
    why = patients_why_not(table, selection, "patients_treated", uncontrolled_only=True)
    reported = table.groupby("arm_id")["patients"].transform("sum")
    why[(reported < table["patients_treated"]) & (why == "")] = UNREPORTED
    why[(table["regimen_class"] == NOT_STATED) & (why == "")] = "the regimen is not stated"
    usable = table[why == ""]
    left = [table[why != ""].assign(why=why[why != ""])]
    curves, groups, used = [], [], []
    for regimen, rows in usable.groupby("regimen_class", sort=True):
        if len(rows) < 2:
            left.append(rows.assign(why="one interval only: there is no curve"))
            continue
        lower = np.where(rows["includes_zero"] & (rows["weeks_high"] > 0), -np.inf, rows["weeks_low"].astype(float))
        upper, weights = rows["weeks_high"].astype(float).to_numpy(), rows["patients"].astype(float).to_numpy()
        draws = bootstrap(lower, upper, weights, _DRAWS, _SEED, rows["study_id"])
        ends = np.concatenate([lower[np.isfinite(lower)], upper[np.isfinite(upper)]])
        times = np.unique([0.0, *ends])
        # also between the times, because the curve falls at each of them
        middles = (times[1:] + times[:-1]) / 2
        bands = draws.bands(np.sort(np.concatenate([times, middles])), level).rename(columns={"time": "weeks"})
        curves.append(bands.assign(regimen_class=regimen))
        low, high, below, above = draws.quantile(0.5, level)
        groups.append(
            {
                "regimen_class": regimen,
                "k": rows["study_id"].nunique(),
                "patients": int(weights.sum()),
                "still_going": int(weights[np.isinf(upper)].sum()),
                "last_week": float(times[-1]),
                "median_low": max(low, 0.0),
                "median_high": high,
                "median_ci_low": max(below, 0.0),
                "median_ci_high": above,
            }
        )
        used.append(rows)
    together = [part for part in left if len(part)]
    return DurationCurves(
        stacked(curves, _CURVE_COLUMNS),
        pd.DataFrame(groups, columns=_GROUP_COLUMNS),
        pd.concat(used, ignore_index=True) if used else usable.iloc[:0],
        pd.concat(together, ignore_index=True) if together else usable.iloc[:0].assign(why=""),
        level,
    )
