"""Tables of responder rates and of the flow of patients between two times."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.exhibit import Column, Table, linked
from analysis.outcomes.responders import Flow
from analysis.tables.shared_columns import STUDY_COLUMN, WEEKS_COLUMN, row_column, study_table
from analysis.wording import interval_words, printed_rate_cell, span_words

_FLOW_WORDS = {"kept": "had it both times", "lost": "lost it", "gained": "gained it", "neither": "had it neither time"}


def responder_rates_table(rates: pd.DataFrame, level: float = 0.95) -> Table:
    """Return the responder rates with Wilson's interval, from `outcomes.responders.rates`."""
    return study_table(
        "responder-rates",
        rates,
        "Reported responder rates, each with its own definition of a responder.",
        (
            STUDY_COLUMN,
            Column("label", "Arm"),
            Column("definition", "Counted as a responder"),
            Column("timepoint", "Time"),
            WEEKS_COLUMN,
            Column("count_words", "Responders", "right", value=_responders),
            Column("rate_words", f"Rate ({interval_words(level)})", value=printed_rate_cell),
            row_column("responders"),
        ),
        "Weeks after the end of infusion. Intervals: Wilson's method.",
    )


def responder_flow_table(flow: Flow) -> Table:
    """Return the possible numbers of patients who kept, lost and gained the benefit between two times.

    Parameters
    ----------
    flow
        Two rates of the same patients, from `outcomes.responders.flows`. If it has a printed P value, a column shows
        the counts that agree with it.
    """
    bounds = flow.bounds.assign(
        words=flow.bounds["quantity"].map(_FLOW_WORDS),
        possible=[span_words(row.low, row.high) for row in flow.bounds.itertuples()],
        fitting=[span_words(row.low_fits, row.high_fits) for row in flow.bounds.itertuples()],
    )
    columns = (Column("words", "Patients who"), Column("possible", "Possible at all", "right"))
    tested = np.isfinite(flow.p_reported)
    if tested:
        columns += (Column("fitting", f"Agree with P = {flow.p_reported:g}", "right"),)
    fits = flow.tables[flow.tables["fits_p"]]
    tests = ", ".join(dict.fromkeys(fits["test"].str.replace("_", " ")))
    notes = (
        f"Of {flow.n} patients; {flow.first} had the benefit at first and {flow.second} later ({linked(flow.rows)})."
    )
    if tested:
        notes += (
            f" Agreement with the printed P under McNemar's test ({tests})."
            if len(fits)
            else " No table of whole patients gives the printed P under any form of McNemar's test."
        )
    return Table(
        name=f"flow-{flow.arm_id.replace('_', '-')}-{flow.definition_class.replace('_', '-')}",
        data=bounds,
        caption=f"{flow.citation}, {flow.timepoint_first} to {flow.timepoint_second}: what the two rates allow.",
        columns=columns,
        studies=(flow.study_id,),
        notes=notes,
    )


def _responders(row) -> str:
    return f"{int(row.responders)}/{int(row.n)}" + ("" if row.unit == "patients" else f" {row.unit}")
