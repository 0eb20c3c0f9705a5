"""The flow behind two rates when some patients were missing at the second time."""

from __future__ import annotations

from math import floor

import numpy as np
import pandas as pd

from analysis.outcomes.responders import Flow
from analysis.statistics.paired import p_agrees, paired_tables
from analysis.statistics.rounding import counts_behind_percent, decimals_of

MOST_MISSING = 0.2
_COLUMNS = [
    *("missing", "seen", "second", "lost_low", "lost_high", "gained_low", "gained_high"),
    *("lost_low_fits", "lost_high_fits", "gained_low_fits", "gained_high_fits", "flows_that_fit"),
]


def missing_at_follow_up(flow: Flow) -> pd.DataFrame:
    """What the two printed percentages allow if up to a fifth of the patients were missing at the second time.

    One row for each number of missing patients that the second percentage allows. The first percentage is of all
    patients, the second of those seen; the missing may have had the benefit before or not. seen and second: patients
    seen at the second time, and those with the benefit then. lost and gained among the patients seen: smallest and
    largest over all flows, and over those that give the printed P under some form of McNemar's test (missing without a
    printed P, or where none does). flows_that_fit: how many.
    """
    digits = decimals_of(flow.percent_second)
    found = []
    for missing in range(floor(MOST_MISSING * flow.n) + 1):
        seen = flow.n - missing
        fitting = [flow.second] if not missing else counts_behind_percent(flow.percent_second, seen, digits)["count"]
        for second in fitting:
            first_counts = range(max(0, flow.first - missing), min(flow.first, seen) + 1)
            tables = pd.concat([paired_tables(first, int(second), seen) for first in first_counts], ignore_index=True)
            found.append({"missing": missing, "seen": seen, "second": int(second), **_ranges(tables, flow.p_reported)})
    return pd.DataFrame(found, columns=_COLUMNS)


def _ranges(tables: pd.DataFrame, p_reported: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for column in ("lost", "gained"):
        found |= {f"{column}_low": int(tables[column].min()), f"{column}_high": int(tables[column].max())}
    fits = tables.iloc[:0]
    if np.isfinite(p_reported):
        fits = tables[p_agrees(tables["p"], p_reported, decimals_of(p_reported))]
    for column in ("lost", "gained"):
        found |= {f"{column}_low_fits": fits[column].min(), f"{column}_high_fits": fits[column].max()}
    return found | {"flows_that_fit": len(fits.drop_duplicates(["first", "lost", "gained"]))}
