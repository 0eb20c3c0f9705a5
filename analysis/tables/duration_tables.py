"""Tables of durations of benefit."""

from __future__ import annotations

import pandas as pd

from analysis.exhibit import Column, Table, studies_of
from analysis.outcomes.durations import PatientIntervals
from analysis.tables.shared_columns import (
    BENEFIT_COLUMN,
    REGIMEN_COLUMN,
    STUDY_COLUMN,
    WEEKS_COLUMN,
    marked_notes,
    row_column,
    study_table,
)
from analysis.wording import (
    BENEFIT_WORDS,
    counted,
    interval_words,
    marks,
    out_of,
    printed_rate_cell,
    span_words,
    upper_first,
)


def durations_table(statements: pd.DataFrame) -> Table:
    """Return every reported duration in words and weeks, from `outcomes.durations.statements`."""
    return study_table(
        "durations",
        statements,
        "Every reported duration of benefit, in weeks after the end of infusion.",
        (
            STUDY_COLUMN,
            REGIMEN_COLUMN,
            BENEFIT_COLUMN,
            Column("patients_words", "Patients", "right", value=_patients),
            Column("weeks_words", "Weeks", value=_weeks),
            Column("shown_as", "Kind"),
            Column("reported", "As reported"),
            row_column("durations"),
        ),
        "A group average is not the duration of any patient and enters no count.",
    )


def patient_intervals_table(intervals: PatientIntervals) -> Table:
    """Return the disjoint groups of patients derived from the milestones, each with the interval of its duration."""
    table = intervals.table
    left_out = len(intervals.left_out)
    without = upper_first(counted(left_out, "statement gives no interval", "statements give no interval"))
    apart = f" and {'is' if left_out == 1 else 'are'} listed apart" if left_out else ""
    return Table(
        name="patient-intervals",
        data=table.assign(
            benefit_words=table["benefit"].map(BENEFIT_WORDS),
            weeks_words=[_interval(row) for row in table.itertuples()],
        ),
        caption=f"Durations of {int(table['patients'].sum())} patients as intervals: each patient counted once.",
        columns=(
            STUDY_COLUMN,
            Column("label", "Arm"),
            Column("benefit_words", "Benefit"),
            Column("patients", "Patients", "right"),
            Column("weeks_words", "Benefit lasted"),
            Column("rule", "Because"),
            row_column("durations", "rows"),
        ),
        studies=studies_of(table),
        notes=marked_notes(f"{without} of patients{apart}.", table),
    )


def without_interval_table(intervals: PatientIntervals) -> Table:
    """Return the statements about durations from which no interval follows, with the reason."""
    return Table(
        name="without-interval",
        data=intervals.left_out,
        caption="Statements about durations that are drawn but not counted as patients.",
        columns=(
            Column("citation", "Study"),
            Column("group", "Group"),
            Column("patients_words", "Patients", "right", value=_patients),
            Column("reported", "As reported"),
            Column("why", "Why it gives no interval"),
            row_column("durations"),
        ),
        studies=studies_of(intervals.left_out),
    )


def benefit_by_regimen_table(counts: pd.DataFrame, level: float = 0.95) -> Table:
    """Return who still had the benefit, by regimen and without totals, from `outcomes.durations.retained_benefit`."""
    return study_table(
        "benefit-by-regimen",
        counts.assign(study=[row.citation + marks(row) for row in counts.itertuples()]),
        "Patients who still had the benefit, regimen by regimen; each line is one study's own count.",
        (
            REGIMEN_COLUMN,
            Column("study", "Study"),
            BENEFIT_COLUMN,
            WEEKS_COLUMN,
            Column(
                "count_words",
                "Still had it",
                "right",
                value=lambda row: f"{int(row.patients)}/{int(row.patients_treated)}",
            ),
            Column("share", f"Share ({interval_words(level)})", value=printed_rate_cell),
            row_column("durations"),
        ),
        "No study compares one regimen with another on these counts, and the definitions differ: the lines can "
        "neither be added nor ranked.",
    )


def _patients(row) -> str:
    if pd.isna(row.patients_treated):
        return "" if pd.isna(row.patients) else f"{int(row.patients)}"
    return f"? of {int(row.patients_treated)}" if pd.isna(row.patients) else out_of(row.patients, row.patients_treated)


def _weeks(row) -> str:
    return "" if pd.isna(row.weeks_low) else span_words(row.weeks_low, row.weeks_high)


def _interval(row) -> str:
    if row.kind == "right-censored":
        return f"more than {row.weeks_low:g} weeks"
    if row.kind == "exact":
        return "not at all" if row.weeks_high == 0 else f"{row.weeks_high:g} weeks"
    if row.includes_zero:
        return f"at most {row.weeks_high:g} weeks, or not at all"
    return f"{row.weeks_low:g} to {row.weeks_high:g} weeks"
