"""Tables of outcomes other than pain, of opioids and of harms."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.exhibit import Column, Table
from analysis.outcomes.cohort.other_outcomes import OtherOutcomes
from analysis.tables.cohort.cohort_cells import cohort_notes, count_column, part_column
from analysis.tables.shared_columns import words_column
from analysis.wording import interval_words, number_text, percent_pair, points_cell, rate_cell, upper_first


def other_outcomes_table(result: OtherOutcomes) -> Table:
    """Return each measure before and at follow-up, its change, and who improved by an important difference."""
    table = result.measures
    sources = [f"{row.title}: {row.citation}" for row in table.itertuples() if row.citation]
    without = [str(row.title) for row in table.itertuples() if not row.citation]
    label = interval_words(result.level)
    return Table(
        name="other-outcomes",
        data=table,
        caption=f"Other outcomes, before and {result.follow_up_weeks:g} weeks after the end of infusion.",
        columns=(
            Column("title_words", "Outcome", value=lambda row: f"{row.title} ({row.better} is better)"),
            count_column("n", "n", result.min_cell),
            Column("before_words", "Before", "right", value=lambda row: _number(row.before)),
            Column("after_words", "After", "right", value=lambda row: _number(row.after)),
            words_column("change_words", f"Change ({label})", points_cell, "change low high", "right"),
            Column("improved_words", f"Improved ({label})", "right", value=_improved),
            Column("worse_words", "Worse", "right", value=_worse),
        ),
        notes=cohort_notes(
            result,
            table,
            (),
            "Patients with both scores; a scale of change needs the later one",
            f"Improved and worse by an important difference: {'; '.join(sources)}" if sources else "",
            f"No verified important difference, so the change alone: {', '.join(without)}" if without else "",
        ),
    )


def opioids_table(result: OtherOutcomes) -> Table:
    """Return the daily opioid dose later, of patients with some and with none before."""
    return Table(
        name="opioids",
        data=result.opioids,
        caption=f"Daily opioid dose {result.follow_up_weeks:g} weeks after the end of infusion.",
        columns=(
            Column("words", "Opioid dose", value=lambda row: upper_first(row.group)),
            count_column("n", "n", result.min_cell),
            *(
                count_column(name, f"{upper_first(name)} later", result.min_cell)
                for name in ("none", "lower", "same", "higher")
            ),
        ),
        notes=cohort_notes(result, result.opioids, (), "Doses as the clinic converted them; nothing is converted here"),
    )


def harms_table(result: OtherOutcomes) -> Table:
    """Return adverse events and stopped infusions, with the courses asked as denominator."""
    return Table(
        name="harms",
        data=result.harms,
        caption="Harms, in the courses in which they were asked about.",
        columns=(
            Column("words", "What", value=lambda row: upper_first(row.event)),
            part_column("asked_words", "Courses, of those asked", "courses", "asked", result.min_cell),
            words_column("rate_words", f"Rate ({interval_words(result.level)})", rate_cell, "rate low high", "right"),
        ),
        notes=cohort_notes(
            result,
            result.harms,
            (),
            "Every course counts. An empty cell was not asked. Intervals: Clopper and Pearson's",
            unit="",
        ),
    )


def _number(value: float) -> str:
    return "–" if pd.isna(value) else number_text(value)


def _improved(row: Any) -> str:
    if pd.isna(row.share_low):
        return "–"
    return f"{row.improved:,}/{row.n:,} ({percent_pair(row.share_low, row.share_high)}%)"


def _worse(row: Any) -> str:
    return "–" if pd.isna(row.share_low) else f"{row.worse:,}/{row.n:,}"
