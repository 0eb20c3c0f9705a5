"""How long the benefit lasts, regimen by regimen: Turnbull's estimate of the patients' durations as intervals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.evidence.selection import NOT_STATED, Selection
from analysis.outcomes import durations
from analysis.outcomes.synthesis.reasons import patients_why_not
from analysis.statistics.survival import bootstrap

DRAWS = 1000
SEED = 1
UNREPORTED = "of other treated patients of the same group no duration is told"
_CURVE_COLUMNS = ["regimen_class", "weeks", "low", "high", "band_low", "band_high"]
_GROUP_COLUMNS = [
    *["regimen_class", "k", "patients", "still_going", "last_week"],
    *["median_low", "median_high", "median_ci_low", "median_ci_high"],
]


@dataclass(frozen=True)
class DurationCurves:
    """Durations by regimen.

    curves: regimen_class, weeks, low to high (the share of patients whose benefit lasts longer; inside an interval
    in which nobody was counted any value between fits equally well), band_low, band_high (pointwise, bootstrap).
    groups: regimen_class, k (studies), patients, still_going (right-censored), last_week (the last time anyone was
    counted), the median as an interval (infinite: not reached) with its limits. patients: the intervals they rest on.
    left_out: intervals of patients that do not enter, with `why`.
    """

    curves: pd.DataFrame
    groups: pd.DataFrame
    patients: pd.DataFrame
    left_out: pd.DataFrame = field(repr=False)


def duration_curves(selection: Selection, level: float = 0.95) -> DurationCurves:
    """Turnbull's estimate for each regimen with uncontrolled patients of two or more different intervals.

    Groups in which the duration of some treated patients is not told stay out: those told of may be those who did well.
    Never had the benefit = ended at 0; lost or never had by week w = somewhere up to w; still had it at the last count
    = right-censored. Patients of several studies are put together as if they came from one: the bands hold the
    chance of sampling patients, not the difference between studies, and the studies define the benefit differently.
    """
    table = durations.intervals(selection).table
    why = patients_why_not(table, selection, "patients_treated", uncontrolled_only=True)
    told = table.groupby("arm_id")["patients"].transform("sum")
    why[(told < table["patients_treated"]) & (why == "")] = UNREPORTED
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
        draws = bootstrap(lower, upper, weights, DRAWS, SEED)
        ends = np.concatenate([lower[np.isfinite(lower)], upper[np.isfinite(upper)]])
        times = np.unique([0.0, *ends])
        # just before each time too: the curve falls there
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
        pd.concat(curves, ignore_index=True)[_CURVE_COLUMNS] if curves else pd.DataFrame(columns=_CURVE_COLUMNS),
        pd.DataFrame(groups, columns=_GROUP_COLUMNS),
        pd.concat(used, ignore_index=True) if used else usable.iloc[:0],
        pd.concat(together, ignore_index=True) if together else usable.iloc[:0].assign(why=""),
    )
