"""What harm is reported, in words."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.selection import Selection
from analysis.exhibit import Finding, cite, shown_in, sourced
from analysis.outcomes import safety
from analysis.outcomes.context import PLACEBO, source_row
from analysis.wording import groups, marks, of, percent, printed_percent, upper_first

SHOWN = 2  # of the other events: those that most patients had
WRITTEN_FOR_THE_EVENT = ("case_report", "case_series")


def harm(selection: Selection, level: float = 0.95) -> Finding:
    """Against placebo, then the most frequent counted events, then what zero events leave possible."""
    events = safety.events(selection, level)
    counted = events[events["rate"].notna() & (events["n"] > 1)]
    pairs = _pairs(counted)
    paired = [row.Index for pair in pairs for row in pair]
    others = counted[~counted.index.isin(paired) & (counted["role"] != "placebo")]
    happened = others[others["events"] > 0].sort_values(["events", "rate"], ascending=False, kind="stable").head(SHOWN)
    none = others[others["events"] == 0]

    lead, detail = [_against_placebo(*pair) for pair in pairs], []
    if len(happened):
        lead.append(_counted(happened, elsewhere=bool(pairs)))
        designs = happened["study_id"].map(selection.evidence.studies.set_index("study_id")["design"])
        if designs.isin(WRITTEN_FOR_THE_EVENT).any():
            detail.append("Reports of cases are written because the event happened: they are no rates.")
    if len(none):
        (detail if lead else lead).append(_none(none))
    if not lead:
        lead.append("No study in this selection counts harms.")
    used = events.loc[sorted({*paired, *happened.index, *none.index})]
    rows = tuple(source_row("adverse_events", row) for row in used["row"])
    return Finding(
        "What harm is reported?", " ".join(lead), tuple(dict.fromkeys(used["study_id"])), rows, " ".join(detail)
    )


def _pairs(counted: pd.DataFrame) -> list[tuple]:
    found = []
    for _, rows in counted[counted["control"] == PLACEBO].groupby(["study_id", "event"], sort=False):
        by_role = {row.role: row for row in rows.itertuples()}
        if {"ketamine", "placebo"} <= set(by_role):
            found.append((by_role["ketamine"], by_role["placebo"]))
    return found


def _against_placebo(treated, placebo) -> str:
    event = sourced(upper_first(treated.event), _place(treated))
    return (
        f"**{event}: {_rate(treated)} with ketamine, {_rate(placebo)} with placebo** "
        f"({sourced(groups(treated.n, placebo.n), _place(treated), _place(placebo))}; "
        f"{cite(treated.study_id, treated.citation)})."
    )


def _place(row) -> str:
    return source_row("adverse_events", row.row)


def _rate(row) -> str:
    return sourced(f"{printed_percent(row)}{marks(row)}", _place(row))


def _counted(happened: pd.DataFrame, elsewhere: bool) -> str:
    told = [
        f"{sourced(row.event, _place(row))}, {sourced(f'{of(row.events, row.n)}{marks(row)}', _place(row))} "
        f"({cite(row.study_id, row.citation)})"
        for row in happened.itertuples()
    ]
    return f"{'Counted elsewhere' if elsewhere else 'Counted'}: {'; '.join(told)}."


def _none(none: pd.DataFrame) -> str:
    largest = next(none.loc[[none["n"].astype("int64").idxmax()]].itertuples())
    event = sourced(largest.event, _place(largest))
    counted = sourced(f"{of(0, largest.n)}{marks(largest)}", _place(largest))
    told = f"{event}, {counted}; {cite(largest.study_id, largest.citation)}"
    possible = f"a rate of up to {sourced(percent(largest.rule_of_three), _place(largest))} possible"
    studies = none["study_id"].nunique()
    if studies == 1:
        return f"None had the harm looked for ({told}), which leaves {possible}."
    silent = shown_in(f"{studies} studies", "tab-adverse-events")
    return f"{silent} saw none of the harms looked for; even the largest ({told}) leaves {possible}."
