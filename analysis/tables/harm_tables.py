"""Table of adverse events."""

from __future__ import annotations

import pandas as pd

from analysis.exhibit import Column, Table, studies_of
from analysis.tables.shared_columns import STUDY_COLUMN, marked_notes, row_column
from analysis.wording import interval_words, percent, printed_rate_cell


def adverse_events_table(events: pd.DataFrame, level: float = 0.95) -> Table:
    """Return the adverse events with Wilson's interval and, for zero events, the rule of three.

    Parameters
    ----------
    events
        One row per event and arm, from `outcomes.safety.events`.
    level
        Confidence level of the intervals in `events`, for the heading.
    """
    return Table(
        name="adverse-events",
        data=events,
        caption="Reported adverse events.",
        columns=(
            STUDY_COLUMN,
            Column("label", "Arm"),
            Column("event", "Event"),
            Column("count_words", "Patients", "right", value=_count),
            Column(
                "rate_words",
                f"Rate ({interval_words(level)})",
                value=lambda row: printed_rate_cell(row) if pd.notna(row.rate) else "",
            ),
            Column("rule_of_three", "Up to, if none", "right", percent),
            Column("note", "Note"),
            row_column("adverse_events"),
        ),
        studies=studies_of(events),
        notes=marked_notes(
            "Up to, if none: the upper 95% limit of the rate when nobody had the event (rule of three: 3/n). "
            "Intervals: Wilson's method.",
            events,
        ),
    )


def _count(row) -> str:
    if row.count_basis == "no count":
        return f"no count, n = {int(row.n)}" if pd.notna(row.n) else "no count"
    return f"{int(row.events)}/{int(row.n)}"
