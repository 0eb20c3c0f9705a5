"""Table of what the printed numbers say of each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table, studies_of
from analysis.outcomes.context import source_row
from analysis.outcomes.responders import Flow
from analysis.tables.notes import count_span


def consistency(table: pd.DataFrame, name: str = "consistency") -> Table:
    """Printed numbers with their verdicts (from `consistency.check`, or its `questions` or `checkable` rows)."""
    shown = table.reset_index(drop=True)
    shown = shown.assign(
        source=[source_row(row.table, row.row) for row in each(shown)],
        reason=[
            ". ".join(part for part in (row.why, row.assumed and f"Assumed: {row.assumed}") if part)
            for row in each(shown)
        ],
    )
    columns = (
        Column("citation", "Study"),
        Column("check", "Check"),
        Column("reported", "As printed"),
        Column("recomputed", "Recomputed"),
        Column("verdict", "Verdict"),
        Column("reason", "Why, and what was assumed"),
        Column("source", "Row"),
    )
    return Table(
        name=name,
        data=shown,
        caption=f"{len(shown)} printed numbers, what was recomputed and what it says of them.",
        columns=columns,
        studies=studies_of(shown),
        notes="A misfit is a question to the authors: patients may have been missing, numbers read off a curve.",
    )


def flow_with_missing(flow: Flow, table: pd.DataFrame) -> Table:
    """What the two rates allow if patients were missing later (from `consistency.missing_at_follow_up`)."""
    shown = table.assign(
        lost=[count_span(row.lost_low, row.lost_high) for row in each(table)],
        gained=[count_span(row.gained_low, row.gained_high) for row in each(table)],
        lost_fits=[count_span(row.lost_low_fits, row.lost_high_fits) for row in each(table)],
        gained_fits=[count_span(row.gained_low_fits, row.gained_high_fits) for row in each(table)],
    )
    p = f"if P = {flow.p_reported:g}"
    columns = (
        Column("missing", "Missing later", "right"),
        Column("seen", "Seen later", "right"),
        Column("second", "With the benefit then", "right"),
        Column("lost", "Lost it", "right"),
        Column("gained", "Gained it", "right"),
        Column("lost_fits", f"Lost it, {p}", "right"),
        Column("gained_fits", f"Gained it, {p}", "right"),
    )
    return Table(
        name=f"missing-{flow.arm_id.replace('_', '-')}",
        data=shown,
        caption=f"{flow.citation}: what the two rates allow if patients were missing {flow.timepoint_second}.",
        columns=columns if np.isfinite(flow.p_reported) else columns[:5],
        studies=(flow.study_id,),
        notes=(
            f"{flow.first} of {flow.n} had the benefit at first; the later percentage, {flow.percent_second:g}%, is of "
            "those seen. Numbers of missing patients with which no whole number gives this percentage are left out. "
            "P: under any form of McNemar's test."
        ),
    )
