"""Tables of responder rates and of the flow between two times."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table, linked, studies_of
from analysis.outcomes.responders import Flow
from analysis.tables.notes import count_span, marked_notes, row_column
from analysis.wording import interval_words, marks, percent_interval, printed_percent


def responder_rates(table: pd.DataFrame, level: float = 0.95) -> Table:
    """Responder rates with Wilson's interval (from `responders.rates`)."""
    rows = list(each(table))
    shown = table.assign(
        study=[row.citation + marks(row) for row in rows],
        counted=[
            f"{int(row.responders)}/{int(row.n)}" + ("" if row.unit == "patients" else f" {row.unit}") for row in rows
        ],
        rate_words=[f"{printed_percent(row)} ({percent_interval(row.ci_low, row.ci_high)})" for row in rows],
    )
    columns = (
        Column("study", "Study"),
        Column("label", "Arm"),
        Column("definition", "Counted as a responder"),
        Column("timepoint", "Time"),
        Column("weeks", "Weeks", "decimal", lambda v: f"{v:g}"),
        Column("counted", "Responders", "right"),
        Column("rate_words", f"Rate ({interval_words(level)})"),
        row_column("responders"),
    )
    return Table(
        name="responder-rates",
        data=shown,
        caption="Reported responder rates, each with its own definition of a responder.",
        columns=columns,
        studies=studies_of(table),
        notes=marked_notes("Weeks after the end of infusion. Intervals: Wilson's method.", shown),
    )


def responder_flow(flow: Flow) -> Table:
    """Who kept, lost and gained the benefit between two times, as far as the printed numbers tell."""
    words = {
        "kept": "had it both times",
        "lost": "lost it",
        "gained": "gained it",
        "neither": "had it neither time",
    }
    shown = flow.bounds.assign(
        words=flow.bounds["quantity"].map(words),
        possible=[count_span(row.low, row.high) for row in each(flow.bounds)],
        fitting=[count_span(row.low_fits, row.high_fits) for row in each(flow.bounds)],
    )
    columns = [Column("words", "Patients who"), Column("possible", "Possible at all", "right")]
    tested = np.isfinite(flow.p_reported)
    if tested:
        columns.append(Column("fitting", f"Agree with P = {flow.p_reported:g}", "right"))
    fitting = flow.tables[flow.tables["fits_p"]]
    tests = ", ".join(dict.fromkeys(fitting["test"].str.replace("_", " ")))
    notes = (
        f"Of {flow.n} patients; {flow.first} had the benefit at first and {flow.second} later ({linked(flow.rows)})."
    )
    if tested:
        notes += (
            f" Agreement with the printed P under McNemar's test ({tests})."
            if len(fitting)
            else " No table of whole patients gives the printed P under any form of McNemar's test."
        )
    return Table(
        name=f"flow-{flow.arm_id.replace('_', '-')}-{flow.definition_class.replace('_', '-')}",
        data=shown,
        caption=f"{flow.citation}, {flow.timepoint_first} to {flow.timepoint_second}: what the two rates allow.",
        columns=tuple(columns),
        studies=(flow.study_id,),
        notes=notes,
    )
