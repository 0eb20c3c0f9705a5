"""Finding on harms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each, values
from analysis.evidence.selection import Selection
from analysis.exhibit import Finding, cite, shown_in, sourced
from analysis.exhibit.places import source_row
from analysis.outcomes import safety
from analysis.outcomes.context import PLACEBO
from analysis.wording import group_sizes, marks, out_of, percent, printed_percent, upper_first

_SHOWN = 2  # number of other events named, the most frequent ones
_CASE_DESIGNS = ("case_report", "case_series")


def harm_finding(selection: Selection, level: float = 0.95) -> Finding:
    """Return the harms against placebo, then the most frequent counted harms.

    Its detail states the upper limits of rates of events that no patient had.
    """
    events = list(each(safety.events(selection, level)))
    counted = [row for row in events if not np.isnan(row.rate) and pd.notna(row.n) and row.n > 1]
    pairs = _pairs(counted)
    paired = {row.Index for pair in pairs for row in pair}
    others = [row for row in counted if row.Index not in paired and row.role != "placebo"]
    happened = sorted((row for row in others if row.events > 0), key=lambda row: (-row.events, -row.rate))[:_SHOWN]
    none = [row for row in others if row.events == 0]

    lead, detail = [_against_placebo(*pair) for pair in pairs], []
    if happened:
        lead.append(_counted(happened, elsewhere=bool(pairs)))
        designs = dict(values(selection.evidence.studies, "study_id", "design"))
        if any(designs[row.study_id] in _CASE_DESIGNS for row in happened):
            detail.append("Case reports are published because an event occurred, so they cannot give rates.")
    if none:
        (detail if lead else lead).append(_none(none))
    if not lead:
        lead.append("No study in this selection counts harms.")
    places = paired | {row.Index for row in (*happened, *none)}
    used = [row for row in events if row.Index in places]
    studies = tuple(dict.fromkeys(row.study_id for row in used))
    rows = tuple(_place(row) for row in used)
    return Finding("What harm is reported?", " ".join(lead), studies, rows, " ".join(detail))


def _pairs(counted: list) -> list[tuple]:
    groups: dict[tuple[str, str], dict] = {}
    for row in counted:
        if row.control == PLACEBO:
            groups.setdefault((row.study_id, row.event), {})[row.role] = row
    return [(roles["ketamine"], roles["placebo"]) for roles in groups.values() if {"ketamine", "placebo"} <= set(roles)]


def _against_placebo(treated, placebo) -> str:
    event = sourced(upper_first(treated.event), _place(treated))
    counts = "" if treated.count_basis == placebo.count_basis == "reported" else ", as randomised; counts not printed"
    return (
        f"**{event}: {_rate(treated)} with ketamine, {_rate(placebo)} with placebo** "
        f"({sourced(group_sizes(treated.n, placebo.n), _place(treated), _place(placebo))}{counts}; "
        f"{cite(treated.study_id, treated.citation)})."
    )


def _place(row) -> str:
    return source_row("adverse_events", row.row)


def _rate(row) -> str:
    return sourced(f"{printed_percent(row)}{marks(row)}", _place(row))


def _counted(happened: list, elsewhere: bool) -> str:
    counts = [
        f"{sourced(row.event, _place(row))}, {sourced(f'{out_of(row.events, row.n)}{marks(row)}', _place(row))} "
        f"({cite(row.study_id, row.citation)})"
        for row in happened
    ]
    return f"{'Counted elsewhere' if elsewhere else 'Counted'}: {'; '.join(counts)}."


def _none(none: list) -> str:
    largest = max(none, key=lambda row: row.n)
    event = sourced(largest.event, _place(largest))
    counted = sourced(f"{out_of(0, largest.n)}{marks(largest)}", _place(largest))
    counted += f"; {cite(largest.study_id, largest.citation)}"
    possible = f"a rate of up to {sourced(percent(largest.ci_high), _place(largest))} possible"
    studies = len({row.study_id for row in none})
    if studies == 1:
        return f"No patient had {event} ({counted}), which leaves {possible}."
    silent = shown_in(f"{studies} studies", "tab-adverse-events")
    return f"{silent} saw none of the harms looked for; even the largest ({event}, {counted}) leaves {possible}."
