"""Possible flows of patients between two rates if some patients were missing at the second time."""

from __future__ import annotations

from math import floor

import numpy as np
import pandas as pd

from analysis.outcomes.responders import Flow
from analysis.statistics.paired import p_agrees, paired_tables
from analysis.statistics.rounding import counts_behind_percent, decimals_of

_MOST_MISSING = 0.2
_COLUMNS = """missing seen second lost_low lost_high gained_low gained_high lost_low_fits lost_high_fits
    gained_low_fits gained_high_fits flows_that_fit""".split()


def missing_at_follow_up(flow: Flow) -> pd.DataFrame:
    """Return the flows that two printed percentages allow if up to a fifth of the patients were missing later.

    The first percentage refers to all patients, the second to those seen at the second time; missing patients may have
    had the benefit or not.

    Returns
    -------
    DataFrame, one row per number of missing patients that the second percentage allows
        Columns missing, seen and second (patients seen at the second time, and those with the benefit); smallest and
        largest lost and gained among the patients seen, over all flows (lost_low, lost_high, gained_low, gained_high)
        and over those that give the printed p-value under some form of McNemar's test (…_fits; missing without such a
        flow); flows_that_fit, their number.
    """
    digits = decimals_of(flow.percent_second)
    rows = []
    for missing in range(floor(_MOST_MISSING * flow.n) + 1):
        seen = flow.n - missing
        fitting = [flow.second] if not missing else counts_behind_percent(flow.percent_second, seen, digits)["count"]
        for second in fitting:
            first_counts = range(max(0, flow.first - missing), min(flow.first, seen) + 1)
            tables = pd.concat([paired_tables(first, int(second), seen) for first in first_counts], ignore_index=True)
            rows.append({"missing": missing, "seen": seen, "second": int(second), **_ranges(tables, flow.p_reported)})
    return pd.DataFrame(rows, columns=_COLUMNS)


def _ranges(tables: pd.DataFrame, p_reported: float) -> dict[str, float]:
    result: dict[str, float] = {}
    for column in ("lost", "gained"):
        result |= {f"{column}_low": int(tables[column].min()), f"{column}_high": int(tables[column].max())}
    fits = tables.iloc[:0]
    if np.isfinite(p_reported):
        fits = tables[p_agrees(tables["p"], p_reported, decimals_of(p_reported))]
    for column in ("lost", "gained"):
        result |= {f"{column}_low_fits": fits[column].min(), f"{column}_high_fits": fits[column].max()}
    return result | {"flows_that_fit": len(fits.drop_duplicates(["first", "lost", "gained"]))}
