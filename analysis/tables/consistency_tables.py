"""Tables of the consistency of printed numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.exhibit import Column, Table, studies_of
from analysis.exhibit.places import source_row
from analysis.outcomes.responders import Flow
from analysis.wording import span_words


def consistency_table(checks: pd.DataFrame, name: str = "consistency") -> Table:
    """Return the printed numbers with their verdicts.

    Parameters
    ----------
    checks
        One row per printed number, from `outcomes.consistency.check` (or its `questions`).
    name
        Name of the table, unique in a report.
    """
    shown = checks.reset_index(drop=True)
    return Table(
        name=name,
        data=shown.assign(source=[source_row(row.table, row.row) for row in shown.itertuples()]),
        caption=f"{len(shown)} printed numbers, what was recomputed and what it says of them.",
        columns=(
            Column("citation", "Study"),
            Column("check", "Check"),
            Column("reported", "As printed"),
            Column("recomputed", "Recomputed"),
            Column("verdict", "Verdict"),
            Column("reason", "Why, and what was assumed", value=_reason),
            Column("source", "Row"),
        ),
        studies=studies_of(shown),
        notes="A misfit is a question to the authors: patients may have been missing, numbers read off a curve.",
    )


def missing_at_follow_up_table(flow: Flow, possible: pd.DataFrame) -> Table:
    """Return the flows that two rates of the same patients allow if patients were missing at the second time.

    Parameters
    ----------
    possible
        One row per number of missing patients, from `outcomes.consistency.missing_at_follow_up`. If there is a printed
        P value, columns show the counts that agree with it.
    """
    p = f"if P = {flow.p_reported:g}"
    columns = (
        Column("missing", "Missing later", "right"),
        Column("seen", "Seen later", "right"),
        Column("second", "With the benefit then", "right"),
        _range_column("lost", "", "Lost it"),
        _range_column("gained", "", "Gained it"),
        _range_column("lost", "_fits", f"Lost it, {p}"),
        _range_column("gained", "_fits", f"Gained it, {p}"),
    )
    return Table(
        name=f"missing-{flow.arm_id.replace('_', '-')}",
        data=possible,
        caption=f"{flow.citation}: what the two rates allow if patients were missing {flow.timepoint_second}.",
        columns=columns if np.isfinite(flow.p_reported) else columns[:5],
        studies=(flow.study_id,),
        notes=(
            f"{flow.first} of {flow.n} had the benefit at first; the later percentage, {flow.percent_second:g}%, is of "
            "those seen. Numbers of missing patients with which no whole number gives this percentage are left out. "
            "P: under any form of McNemar's test."
        ),
    )


def _range_column(name: str, fits: str, label: str) -> Column:
    def value(row) -> str:
        return span_words(getattr(row, f"{name}_low{fits}"), getattr(row, f"{name}_high{fits}"))

    return Column(f"{name}{fits}", label, "right", value=value)


def _reason(row) -> str:
    return ". ".join(part for part in (row.why, row.assumed and f"Assumed: {row.assumed}") if part)
