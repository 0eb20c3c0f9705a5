"""Tables of pain scores, changes and differences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table, studies_of
from analysis.tables.notes import marked_notes, row_column
from analysis.wording import SPREAD_WORDS, half_up, interval_words, marks, number_interval, upper_first


def pain_scores(table: pd.DataFrame) -> Table:
    """Pain scores with their spread as printed and what was estimated from it (from `trajectories.scores`)."""
    shown = table.assign(
        study=[row.citation + marks(row) for row in each(table)],
        value_words=[_score(row) for row in each(table)],
        spread_words=[_spread(row) for row in each(table)],
        sd_words=[_sd(row) for row in each(table)],
    )
    columns = (
        Column("study", "Study"),
        Column("label", "Arm"),
        Column("timepoint", "Time"),
        Column("n", "n", "right"),
        Column("value_words", "Pain, 0–10"),
        Column("spread_words", "Spread as printed"),
        Column("sd_words", "Standard deviation"),
        row_column("pain_scores"),
    )
    return Table(
        name="pain-scores",
        data=shown,
        caption="Reported pain scores on the 0–10 scale, with their spread as printed.",
        columns=columns,
        studies=studies_of(table),
        notes=marked_notes(
            "An estimated standard deviation assumes a roughly normal distribution; a spread without a label is read "
            "both ways, where a 0–10 scale allows both.",
            shown,
        ),
    )


def pain_changes(table: pd.DataFrame, differences: pd.DataFrame, level: float = 0.95) -> Table:
    """Changes since baseline and differences between arms (from `trajectories.changes` and `between_arms`)."""
    between = [
        {
            "study_id": row.study_id,
            "study": row.citation + marks(row),
            "comparison": f"ketamine ({half_up(row.ketamine, 1)}) minus control ({half_up(row.control_value, 1)}), "
            f"{row.control}",
            "time": row.timepoint,
            "n": f"{int(row.n_ketamine)} and {int(row.n_control)}",
            "change": half_up(row.difference, 1),
            "interval": "; ".join(
                f"{number_interval(low, high)} if the spread is an {name}"
                if row.spread_kind == "unlabelled"
                else number_interval(low, high)
                for name, low, high in (
                    ("SE", row.ci_low_if_se, row.ci_high_if_se),
                    ("SD", row.ci_low_if_sd, row.ci_high_if_sd),
                )
                if np.isfinite(low)
            ),
            "rows": row.rows,
        }
        for row in each(differences)
    ]
    within = [
        {
            "study_id": row.study_id,
            "study": row.citation + marks(row),
            "comparison": f"{row.label}: {row.basis}",
            "time": row.timepoint,
            "n": f"{int(row.n)}",
            "change": half_up(row.change, 1)
            if np.isfinite(row.change)
            else number_interval(row.change_low, row.change_high),
            "interval": _interval(row),
            "rows": row.rows,
        }
        for row in each(table)
    ]
    shown = pd.DataFrame(
        [*between, *within], columns=["study_id", "study", "comparison", "time", "n", "change", "interval", "rows"]
    )
    columns = (
        Column("study", "Study"),
        Column("comparison", "What is compared"),
        Column("time", "Time"),
        Column("n", "n", "right"),
        Column("change", "Points, 0–10"),
        Column("interval", upper_first(interval_words(level))),
        row_column("pain_scores", "rows"),
    )
    return Table(
        name="pain-changes",
        data=shown,
        caption="Differences between arms, then changes since baseline without a control group; negative = less pain.",
        columns=columns,
        studies=studies_of(shown),
        notes=marked_notes(
            "The two kinds are never pooled: a change since baseline is not the effect of ketamine alone.", shown
        ),
    )


def _interval(row) -> str:
    words = {"span": "span of what the printed means allow", "none": "none can be had"}
    return words.get(row.interval) or number_interval(row.change_low, row.change_high)


def _score(row) -> str:
    if row.statistic == "range_of_means":
        return f"{row.spread_low:g} to {row.spread_high:g} (span of means)"
    return f"{row.value:g} ({row.statistic})"


def _spread(row) -> str:
    words = SPREAD_WORDS[row.spread_kind]
    if row.spread_kind == "none":
        return words
    return (
        f"{row.spread:g} ({words})" if pd.notna(row.spread) else f"{row.spread_low:g} to {row.spread_high:g} ({words})"
    )


def _sd(row) -> str:
    if pd.isna(row.sd):
        return ""
    if pd.notna(row.sd_if_se):
        return f"{half_up(row.sd, 2)} if ± is an SD, {half_up(row.sd_if_se, 2)} if it is an SE"
    return f"{half_up(row.sd, 2)} ({row.sd_basis})"
