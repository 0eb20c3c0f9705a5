"""Reported adverse events."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence import rowwise
from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.outcomes.context import CONTEXT_COLUMNS, with_context
from analysis.statistics.intervals import wilson
from analysis.statistics.rounding import counts_behind_percent

_EVENT_COLUMNS = [*CONTEXT_COLUMNS]
_EVENT_COLUMNS += """event events n percent_reported count_basis rate ci_low ci_high note access source_id locator
    row""".split()

_COUNTED = ["events", "n", "percent_reported"]
_RATES = {"events": "Int64", "count_basis": "str", **dict.fromkeys(("rate", "ci_low", "ci_high"), "float64")}


def events(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Return every reported adverse event with its rate and Wilson's interval.

    Returns
    -------
    DataFrame, one row per reported event
        Columns study_id, citation, arm_id, label, role, regimen_class, control, event, events, n, percent_reported,
        count_basis, rate, ci_low, ci_high, note, access, source_id, locator, row. count_basis is
        `reported`; `derived_from_percent` (a whole number of n gives the printed percentage; the nearest of several);
        `nearest_to_percent` (none does: the nearest count, with the printed rate); or `no count` (no rate). rate,
        ci_low and ci_high lie between 0 and 1.
    """
    frame = with_context(selection, "adverse_events")
    rows = [_rate(row, level) for row in each(frame[_COUNTED])]
    added = rowwise.table(rows, _RATES)
    return pd.concat([frame.drop(columns="events"), added], axis=1)[_EVENT_COLUMNS]


def by_rate(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events with a rate, the most frequent first."""
    return events[events["rate"].notna()].sort_values("rate", ascending=False, kind="stable")


def _rate(row, level: float) -> tuple[object, ...]:
    """Return count, its basis, rate and limits of one row."""
    events, basis = _count(row)
    known = pd.notna(events) and pd.notna(row.n)
    rate = float(row.percent_reported) / 100 if basis == "nearest_to_percent" else events / row.n if known else np.nan
    low, high = wilson(int(events), int(row.n), level) if known else (np.nan, np.nan)
    return events, basis, rate, low, high


def _count(row) -> tuple[object, str]:
    if pd.notna(row.events):
        return int(row.events), "reported"
    if pd.isna(row.percent_reported) or pd.isna(row.n):
        return pd.NA, "no count"
    nearest = round(row.percent_reported * int(row.n) / 100)
    fitting = counts_behind_percent(row.percent_reported, int(row.n))["count"]
    if fitting.empty:
        return nearest, "nearest_to_percent"
    return int(min(fitting, key=lambda count: abs(count - nearest))), "derived_from_percent"
