"""Tables of pain scores, changes and differences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table, studies_of
from analysis.tables.shared_columns import STUDY_COLUMN, marked_notes, row_column, study_table
from analysis.wording import SPREAD_WORDS, half_up, interval_words, marks, number_interval, upper_first

_NO_INTERVAL = {"span": "span of what the printed means allow", "none": "none can be had"}


def pain_scores_table(scores: pd.DataFrame) -> Table:
    """Return the pain scores with their printed spread and estimated SD, from `outcomes.trajectories.scores`."""
    return study_table(
        "pain-scores",
        scores,
        "Reported pain scores on the 0–10 scale, with their spread as printed.",
        (
            STUDY_COLUMN,
            Column("label", "Arm"),
            Column("timepoint", "Time"),
            Column("n", "n", "right"),
            Column("value_words", "Pain, 0–10", value=_score),
            Column("spread_words", "Spread as printed", value=_spread),
            Column("sd_words", "Standard deviation", value=_sd),
            row_column("pain_scores"),
        ),
        "An estimated standard deviation assumes a roughly normal distribution; a spread without a label is read "
        "both ways, where a 0–10 scale allows both.",
    )


def pain_changes_table(changes: pd.DataFrame, differences: pd.DataFrame, level: float = 0.95) -> Table:
    """Return `trajectories.between_arms`, then `trajectories.changes`, in points of the 0–10 scale."""
    rows = [*map(_difference, each(differences)), *map(_change, each(changes))]
    shown = pd.DataFrame(rows, columns=["study_id", "study", "comparison", "time", "n", "change", "interval", "rows"])
    return Table(
        name="pain-changes",
        data=shown,
        caption="Differences between arms, then changes since baseline without a control group; negative = less pain.",
        columns=(
            Column("study", "Study"),
            Column("comparison", "What is compared"),
            Column("time", "Time"),
            Column("n", "n", "right"),
            Column("change", "Points, 0–10"),
            Column("interval", upper_first(interval_words(level))),
            row_column("pain_scores", "rows"),
        ),
        studies=studies_of(shown),
        notes=marked_notes(
            "The two kinds are never pooled: a change since baseline is not the effect of ketamine alone.",
            differences,
            changes,
        ),
    )


def _difference(row) -> dict[str, str]:
    readings = [
        number_interval(low, high) + (f" if the spread is an {name}" if row.spread_kind == "unlabelled" else "")
        for name, low, high in (
            ("SE", row.ci_low_if_se, row.ci_high_if_se),
            ("SD", row.ci_low_if_sd, row.ci_high_if_sd),
        )
        if np.isfinite(low)
    ]
    return {
        "study_id": row.study_id,
        "study": row.citation + marks(row),
        "comparison": f"ketamine ({half_up(row.ketamine, 1)}) minus control ({half_up(row.control_value, 1)}), "
        f"{row.control}",
        "time": row.timepoint,
        "n": f"{int(row.n_ketamine)} and {int(row.n_control)}",
        "change": half_up(row.difference, 1),
        "interval": "; ".join(readings),
        "rows": row.rows,
    }


def _change(row) -> dict[str, str]:
    return {
        "study_id": row.study_id,
        "study": row.citation + marks(row),
        "comparison": f"{row.label}: {row.basis}",
        "time": row.timepoint,
        "n": f"{int(row.n)}",
        "change": half_up(row.change, 1) if np.isfinite(row.change) else _limits(row),
        "interval": _NO_INTERVAL.get(row.interval) or _limits(row),
        "rows": row.rows,
    }


def _limits(row) -> str:
    return number_interval(row.change_low, row.change_high)


def _score(row) -> str:
    if row.statistic == "range_of_means":
        return f"{row.spread_low:g} to {row.spread_high:g} (span of means)"
    return f"{row.value:g} ({row.statistic})"


def _spread(row) -> str:
    words = SPREAD_WORDS[row.spread_kind]
    if row.spread_kind == "none":
        return words
    size = f"{row.spread:g}" if pd.notna(row.spread) else f"{row.spread_low:g} to {row.spread_high:g}"
    return f"{size} ({words})"


def _sd(row) -> str:
    if pd.isna(row.sd):
        return ""
    if pd.notna(row.sd_if_se):
        return f"{half_up(row.sd_if_se, 2)} if ± is an SE, {half_up(row.sd, 2)} if it is an SD"
    return f"{half_up(row.sd, 2)} ({row.sd_basis})"
