"""Tables of durations of benefit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table
from analysis.outcomes.context import REGIMEN_WORDS
from analysis.outcomes.durations import BENEFIT_WORDS, PatientIntervals
from analysis.tables.notes import row_column, studies_of, with_marks
from analysis.wording import level_words, marks, percent_interval, printed_percent


def durations(table: pd.DataFrame) -> Table:
    """Every reported duration in words and weeks (from `durations.statements`)."""
    rows = list(each(table))
    shown = table.assign(
        study=[row.citation + marks(row) for row in rows],
        regimen=table["regimen_class"].map(REGIMEN_WORDS),
        benefit_words=table["benefit"].map(BENEFIT_WORDS),
        patients_words=[_patients(row) for row in rows],
        weeks_words=[_weeks(row) for row in rows],
    )
    columns = (
        Column("study", "Study"),
        Column("regimen", "Regimen"),
        Column("benefit_words", "Benefit"),
        Column("patients_words", "Patients", "right"),
        Column("weeks_words", "Weeks"),
        Column("shown_as", "Kind"),
        Column("reported", "As reported"),
        row_column("durations"),
    )
    return Table(
        name="durations",
        data=shown,
        caption="Every reported duration of benefit, in weeks after the end of infusion.",
        columns=columns,
        studies=studies_of(table),
        notes=with_marks("A group average is not the duration of any patient and enters no count.", shown),
    )


def patient_intervals(found: PatientIntervals) -> Table:
    """Milestones turned into disjoint groups of patients (from `durations.intervals`)."""
    table = found.table
    rows = list(each(table))
    shown = table.assign(
        benefit_words=table["benefit"].map(BENEFIT_WORDS),
        weeks_words=[_interval_words(row) for row in rows],
        study=[row.citation + marks(row) for row in rows],
    )
    columns = (
        Column("study", "Study"),
        Column("label", "Arm"),
        Column("benefit_words", "Benefit"),
        Column("patients", "Patients", "right"),
        Column("weeks_words", "Benefit lasted"),
        Column("rule", "Because"),
        row_column("durations", "rows"),
    )
    untold = found.left_out
    return Table(
        name="patient-intervals",
        data=shown,
        caption=f"Durations of {int(table['patients'].sum())} patients as intervals: each patient counted once.",
        columns=columns,
        studies=studies_of(table),
        notes=with_marks(f"{len(untold)} statements give no interval of patients and are listed apart.", shown),
    )


def without_interval(found: PatientIntervals) -> Table:
    """Statements about durations that give no interval of patients, with the reason."""
    shown = found.left_out.assign(
        patients_words=[_patients(row) for row in each(found.left_out)],
    )
    columns = (
        Column("citation", "Study"),
        Column("group", "Group"),
        Column("patients_words", "Patients", "right"),
        Column("reported", "As reported"),
        Column("why", "Why it gives no interval"),
        row_column("durations"),
    )
    return Table(
        name="without-interval",
        data=shown,
        caption="Statements about durations that are drawn but not counted as patients.",
        columns=columns,
        studies=studies_of(found.left_out),
    )


def benefit_by_regimen(table: pd.DataFrame, level: float = 0.95) -> Table:
    """Benefit kept over time, regimen by regimen, study by study (from `durations.retained_benefit`): a
    comparison without a sum."""
    rows = list(each(table))
    shown = table.assign(
        study=[row.citation + marks(row) for row in rows],
        regimen=table["regimen_class"].map(REGIMEN_WORDS),
        benefit_words=table["benefit"].map(BENEFIT_WORDS),
        count_words=[f"{int(row.patients)}/{int(row.patients_treated)}" for row in rows],
        share=[f"{printed_percent(row)} ({percent_interval(row.ci_low, row.ci_high)})" for row in rows],
    )
    columns = (
        Column("regimen", "Regimen"),
        Column("study", "Study"),
        Column("benefit_words", "Benefit"),
        Column("weeks", "Weeks", "decimal", lambda v: f"{v:g}"),
        Column("count_words", "Still had it", "right"),
        Column("share", f"Share ({level_words(level)})"),
        row_column("durations"),
    )
    return Table(
        name="benefit-by-regimen",
        data=shown,
        caption="Patients who still had the benefit, regimen by regimen; each line is one study's own count.",
        columns=columns,
        studies=studies_of(table),
        notes=with_marks(
            "No study compares one regimen with another on these counts, and the definitions differ: the lines can "
            "neither be added nor ranked.",
            shown,
        ),
    )


def _patients(row) -> str:
    if pd.isna(row.patients):
        return f"? of {int(row.patients_treated)}" if pd.notna(row.patients_treated) else ""
    return (
        f"{int(row.patients)} of {int(row.patients_treated)}"
        if pd.notna(row.patients_treated)
        else f"{int(row.patients)}"
    )


def _weeks(row) -> str:
    if pd.isna(row.weeks_low):
        return ""
    if np.isinf(row.weeks_high):
        return f"at least {row.weeks_low:g}"
    return f"{row.weeks_low:g}" if row.weeks_low == row.weeks_high else f"{row.weeks_low:g} to {row.weeks_high:g}"


def _interval_words(row) -> str:
    if row.kind == "right-censored":
        return f"more than {row.weeks_low:g} weeks"
    if row.kind == "exact":
        return "not at all" if row.weeks_high == 0 else f"{row.weeks_high:g} weeks"
    return (
        f"at most {row.weeks_high:g} weeks, or not at all"
        if row.includes_zero
        else f"{row.weeks_low:g} to {row.weeks_high:g} weeks"
    )
