"""Table of adverse events."""

from __future__ import annotations

import pandas as pd

from analysis.exhibit import Column, Table
from analysis.tables.shared_columns import STUDY_COLUMN, row_column, study_table
from analysis.wording import interval_words, printed_rate_cell


def adverse_events_table(events: pd.DataFrame, level: float = 0.95) -> Table:
    """Return the adverse events with Wilson's interval, from `outcomes.safety.events`."""
    return study_table(
        "adverse-events",
        events,
        "Reported adverse events.",
        (
            STUDY_COLUMN,
            Column("label", "Arm"),
            Column("event", "Event"),
            Column("count_words", "Patients", "right", value=_count),
            Column(
                "rate_words",
                f"Rate ({interval_words(level)})",
                value=lambda row: printed_rate_cell(row) if pd.notna(row.rate) else "",
            ),
            Column("note", "Note"),
            row_column("adverse_events"),
        ),
        "Intervals: Wilson's method.",
    )


def _count(row) -> str:
    if row.count_basis == "no count":
        return f"no count, n = {int(row.n)}" if pd.notna(row.n) else "no count"
    return f"{int(row.events)}/{int(row.n)}"
