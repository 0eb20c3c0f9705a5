"""Table of the responders at a percentage chosen by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.exhibit import Column, Table
from analysis.tables.cohort.outcomes import VISIT_WORDS
from analysis.tables.cohort.parts import both_handlings, handling_columns, notes


def at_threshold(result: Any, level: float = 0.95) -> Table:
    """Responders at each visit, among the patients with a score and among all (from `cohort.threshold`)."""
    rows = [
        {"visit_words": VISIT_WORDS[visit], **both_handlings(rates, result.min_cell)}
        for visit, rates in result.rates.groupby("visit", sort=False)
    ]
    return Table(
        name="responders-at-threshold",
        data=pd.DataFrame(rows),
        caption=f"Responders: patients whose pain fell by {result.percent:g}% or more since baseline.",
        columns=(
            Column("visit_words", "Visit"),
            *handling_columns(level),
        ),
        notes=notes(
            result,
            result.rates,
            ("rates",),
            f"Follow-up: the visit nearest to week {result.follow_up_weeks:g}, within {result.window_weeks:g} weeks.",
            "Intervals: Wilson's method.",
        ),
    )
