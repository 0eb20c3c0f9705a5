"""What harm is reported."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.selection import Selection
from analysis.outcomes.context import CONTEXT_COLUMNS, with_context
from analysis.statistics.intervals import rule_of_three, wilson
from analysis.statistics.rounding import counts_behind_percent

EVENT_COLUMNS = [
    *CONTEXT_COLUMNS,
    *["event", "events", "n", "percent_reported", "count_basis", "rate", "ci_low", "ci_high", "rule_of_three"],
    *["note", "access", "source_id", "locator", "row"],
]


def events(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Every reported adverse event with its rate (0 to 1) and Wilson's interval at `level`.

    count_basis: `reported`; `derived_from_percent` (a whole number of n gives the printed percentage; of several,
    the nearest); `nearest_to_percent` (none does: the nearest count, and the rate is the printed one); `no count`
    (mentioned without a number: no rate). rule_of_three: the upper 95% limit 3/n where no patient had the event.
    """
    frame = with_context(selection, "adverse_events").reset_index(drop=True)
    counts = pd.DataFrame(
        [_count(row) for row in frame.itertuples()], index=frame.index, columns=["events", "count_basis"]
    )
    frame["events"], frame["count_basis"] = counts["events"].astype("Int64"), counts["count_basis"]
    known = frame["events"].notna() & frame["n"].notna()
    frame["rate"] = (frame["events"] / frame["n"]).where(known).astype("float64")
    nearest = frame["count_basis"] == "nearest_to_percent"
    frame.loc[nearest, "rate"] = frame.loc[nearest, "percent_reported"].astype("float64") / 100
    limits = [
        wilson(int(row.events), int(row.n), level) if is_known else (np.nan, np.nan)
        for row, is_known in zip(frame.itertuples(), known, strict=True)
    ]
    frame["ci_low"], frame["ci_high"] = [low for low, _ in limits], [high for _, high in limits]
    frame["rule_of_three"] = [
        rule_of_three(int(row.n)) if is_known and row.events == 0 else np.nan
        for row, is_known in zip(frame.itertuples(), known, strict=True)
    ]
    return frame.reindex(columns=EVENT_COLUMNS)


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
