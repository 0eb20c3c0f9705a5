"""Tables of the duration of benefit among a clinic's own patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.cohort_wording import GROUP_HEADINGS, group_name, p_cell
from analysis.exhibit import Column, Table
from analysis.outcomes.cohort.durations import Durations
from analysis.tables.cohort.cohort_cells import cohort_notes, count_column
from analysis.tables.shared_columns import words_column
from analysis.wording import interval_words, number_text, points_cell

_WHO_WORDS = {"initial_responders": "Responders", "all": "All"}


def cohort_durations_table(result: Durations) -> Table:
    """Return the numbers of patients who kept and lost the benefit, and its median duration, by group."""
    medians = result.medians.drop(columns=["patients", "merged", "hidden"])
    table = result.counts.merge(medians, on=["who", "by", "group"], how="left")
    table = table.sort_values("who", ascending=False, kind="stable")  # responders first
    return Table(
        name="durations",
        data=table,
        caption="How long the benefit lasted, in weeks after the end of infusion.",
        columns=(
            Column("who_words", "Who", value=_who),
            Column("words", "Group", value=_group),
            count_column("patients", "n", result.min_cell),
            count_column("never", "Never", result.min_cell),
            count_column("ended", "Ended", result.min_cell),
            count_column("ongoing", "Still going", result.min_cell),
            count_column("without_follow_up", "of these never seen again", result.min_cell),
            Column(
                "median_words",
                "Median, weeks",
                "right",
                value=lambda row: "–" if row.hidden else median_words(row.median_low, row.median_high),
            ),
            Column("limit_words", interval_words(result.level), "right", value=_limits),
        ),
        notes=cohort_notes(
            result,
            table,
            (),
            "Responders: at the end of infusion; all: everyone judged then",
            "The end of a benefit is known only to lie between two visits; Turnbull's estimate takes it as such",
            result.draws_rule,
            *result.notes,
        ),
    )


def duration_tests_table(result: Durations) -> Table:
    """Return the comparisons of two groups: first with next courses, one regimen or site with another."""
    tests = result.tests
    return Table(
        name="duration-tests",
        data=tests,
        caption="Do durations differ between two groups?",
        columns=(
            Column("who_words", "Patients", value=_who),
            Column("words", "Groups", value=lambda row: f"{group_name(row.group_1)} against {group_name(row.group_2)}"),
            Column("n_words", "n", "right", value=lambda row: f"{int(row.n_1)} and {int(row.n_2)}"),
            words_column("p_words", "P", p_cell, "p_value", "right"),
            Column("method_words", "Method", value=_method),
            Column("ratio_words", "Second as a multiple of the first", value=_ratio),
        ),
        notes=cohort_notes(result, tests, ("tests",), *dict.fromkeys(tests["note"].dropna())),
    )


def median_words(low: float, high: float) -> str:
    """Return a median that lies between two visits: `4 to 13`, `13`, `beyond 26`, `not reached`, – if missing."""
    if pd.isna(low):
        return "–"
    if np.isinf(low):
        return "not reached"
    if np.isinf(high):
        return f"beyond {number_text(low)}"
    return number_text(low) if number_text(low) == number_text(high) else f"{number_text(low)} to {number_text(high)}"


def _who(row) -> str:
    return _WHO_WORDS[row.who]


def _group(row) -> str:
    return "All" if row.by == "all" else f"{GROUP_HEADINGS.get(row.by, row.by)}: {group_name(row.group)}"


def _limits(row) -> str:
    if row.hidden or pd.isna(row.limit_low):
        return "–"
    return f"{number_text(row.limit_low)} to {'∞' if np.isinf(row.limit_high) else number_text(row.limit_high)}"


def _ratio(row) -> str:
    ratio = points_cell(row.time_ratio, row.ratio_low, row.ratio_high)
    return ratio if pd.isna(row.distribution) else f"{ratio}, {row.distribution}"


def _method(row) -> str:
    return str(row.method).replace("_", " ").replace("monte carlo", "Monte Carlo")
