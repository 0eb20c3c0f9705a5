"""Table of adverse events."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table, studies_of
from analysis.tables.notes import marked_notes, row_column
from analysis.wording import interval_words, marks, percent, percent_interval, printed_percent


def adverse_events(table: pd.DataFrame, level: float = 0.95) -> Table:
    """Adverse events with Wilson's interval and the rule of three (from `safety.events`)."""
    rows = list(each(table))
    shown = table.assign(
        study=[row.citation + marks(row) for row in rows],
        counted=[_events(row) for row in rows],
        rate_words=[
            f"{printed_percent(row)} ({percent_interval(row.ci_low, row.ci_high)})" if pd.notna(row.rate) else ""
            for row in rows
        ],
    )
    columns = (
        Column("study", "Study"),
        Column("label", "Arm"),
        Column("event", "Event"),
        Column("counted", "Patients", "right"),
        Column("rate_words", f"Rate ({interval_words(level)})"),
        Column("rule_of_three", "Up to, if none", "right", percent),
        Column("note", "Note"),
        row_column("adverse_events"),
    )
    return Table(
        name="adverse-events",
        data=shown,
        caption="Reported adverse events.",
        columns=columns,
        studies=studies_of(table),
        notes=marked_notes(
            "Up to, if none: the upper 95% limit of the rate when nobody had the event (rule of three: 3/n). "
            "Intervals: Wilson's method.",
            shown,
        ),
    )


def _events(row) -> str:
    if row.count_basis == "no count":
        return f"no count, n = {int(row.n)}" if pd.notna(row.n) else "no count"
    return f"{int(row.events)}/{int(row.n)}"
