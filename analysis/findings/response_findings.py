"""Finding on responders at the end of infusion and later."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each, values
from analysis.evidence.selection import Selection
from analysis.exhibit import Finding, cite, shown_in, sourced
from analysis.exhibit.places import source_row
from analysis.outcomes import responders
from analysis.outcomes.context import PLACEBO
from analysis.wording import (
    interval_words,
    marks,
    out_of,
    p_text,
    percent_interval,
    printed_percent,
    series,
    time_words,
)

RATES = "tab-responder-rates"  # the table with every rate
_END_WEEKS = 1  # a rate up to a week after the end of infusion counts as a rate at the end
_CLAUSES = {"complete_relief": "were free of pain", "any_relief": "had some relief"}


def patient_rates(selection: Selection, level: float, definition_classes: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the rates of patients (not infusions) in ketamine arms with more than one patient.

    Returns
    -------
    DataFrame
        Rows of `outcomes.responders.rates`.
    """
    rates = responders.rates(selection, level, definition_classes)
    mask = [unit == "patients" and n > 1 and role == "ketamine" for unit, n, role in values(rates, "unit", "n", "role")]
    return rates[np.array(mask, dtype=bool)]


def response_finding(
    selection: Selection, level: float = 0.95, horizon_weeks: float = 52, definition_classes: tuple[str, ...] = ()
) -> Finding:
    """Return the responder rates of the group that was counted at two times, or the range of all rates.

    Its detail states the other groups counted twice, how many lost the benefit, and the ranges of rates by time.
    """
    every = list(each(patient_rates(selection, level, definition_classes)))
    rates = [row for row in every if not isinstance(row.selected_by_outcome, str)]
    chosen = [row for row in every if isinstance(row.selected_by_outcome, str)]
    flows = [f for f in responders.flows(selection, definition_classes) if f.weeks_second <= horizon_weeks]
    # the group whose flow is tested comes first, then the larger group
    flows.sort(key=lambda flow: (np.isnan(flow.p_reported), -flow.n))
    twice = [_twice(flow, rates, level) for flow in flows]
    sentences, detail = twice[:1], [*twice[1:], *(_lost(flow) for flow in flows)]
    parts = {
        "within a week of the end of infusion": [row for row in rates if row.weeks <= _END_WEEKS],
        "later on": [row for row in rates if _END_WEEKS < row.weeks <= horizon_weeks],
        "on treatment or at a time not stated": [row for row in rates if np.isnan(row.weeks)],
    }
    for words, part in parts.items():
        sentence = _range(words, part, level)
        if sentence:
            (detail if sentences else sentences).append(sentence)
    if chosen:
        (detail if sentences else sentences).append(_selected(chosen))
    if not every:
        sentences.append("No study in this selection counts responders.")
    elif not any(row.control == PLACEBO for row in every):
        sentences.append("No responder rate has a placebo group beside it.")
    shown = [*(row for part in parts.values() for row in part), *chosen]
    rows = [*(flow.rows for flow in flows), *(_place(row) for row in shown)]
    studies = dict.fromkeys([*(flow.study_id for flow in flows), *(row.study_id for row in shown)])
    question = "How many patients respond, and how many still do later?"
    return Finding(
        question, " ".join(sentences), tuple(studies), tuple(dict.fromkeys(rows)), " ".join(filter(None, detail))
    )


def _twice(flow: responders.Flow, rates: list, level: float) -> str:
    group = [row for row in rates if row.arm_id == flow.arm_id and row.definition_class == flow.definition_class]
    first, second = (next(row for row in group if row.weeks == w) for w in (flow.weeks_first, flow.weeks_second))
    clause = _CLAUSES.get(flow.definition_class, "were responders")
    definition = "" if flow.definition_class in _CLAUSES else f"; responder: {sourced(flow.definition, flow.rows)}"
    later = sourced(f"{printed_percent(second)} {time_words(flow.weeks_second)}", _place(second))
    return (
        f"**{_rate(first)} {clause} {sourced(time_words(flow.weeks_first), _place(first))} and {later}** "
        f"({_of(first)}, {interval_words(level)} {_limits(first)}; {_of(second)}, {_limits(second)}; "
        f"{cite(flow.study_id, flow.citation)}{definition})."
    )


def _lost(flow: responders.Flow) -> str:
    least = dict(values(flow.bounds, "quantity", "low"))["lost"]
    if least == 0:
        return ""
    lost = sourced(f"{least} of the {flow.first}", flow.rows)
    text = f"In {cite(flow.study_id, flow.citation)} at least {lost} lost the benefit"
    pairs = dict.fromkeys(
        (lost, gained) for lost, gained, fits in values(flow.tables, "lost", "gained", "fits_p") if fits
    )
    if pairs:
        flows = series([f"{lost} who lost it and {gained} who gained it" for lost, gained in pairs], "or")
        printed = sourced(p_text("=", flow.p_reported), flow.rows)
        return f"{text}; the printed {printed} agrees with {sourced(flows, flow.rows)}."
    return f"{text}; whether others gained it is not printed."


def _range(words: str, part: list, level: float) -> str:
    if not part:
        return ""
    if len(part) == 1:
        row = part[0]
        time = sourced(time_words(row.weeks), _place(row)) if pd.notna(row.weeks) else words
        return (
            f"**{_rate(row)} {_CLAUSES.get(row.definition_class, 'were responders')} {time}** "
            f"({_of(row)}, {interval_words(level)} {_limits(row)}; "
            f"{cite(row.study_id, row.citation)}; counted: {sourced(row.definition, _place(row))})."
        )
    low, high = min(part, key=lambda row: row.rate), max(part, key=lambda row: row.rate)
    definitions = len({row.definition_class for row in part if isinstance(row.definition_class, str)})
    different = (
        f", under {shown_in(f'{definitions} different definitions', RATES)} of a responder" if definitions > 1 else ""
    )
    return (
        f"Rates {words} run from {_rate(low)} ({_of(low)}) to {_rate(high)} ({_of(high)})"
        f"{_over(len({row.study_id for row in part}))}{different}."
    )


def _place(row) -> str:
    return source_row("responders", row.row)


def _rate(row) -> str:
    return sourced(printed_percent(row), _place(row))


def _of(row) -> str:
    return sourced(out_of(row.responders, row.n) + marks(row), _place(row))


def _limits(row) -> str:
    return sourced(percent_interval(row.ci_low, row.ci_high), _place(row))


def _over(studies: int) -> str:
    return f" over {shown_in(f'{studies} studies', RATES)}" if studies > 1 else ""


def _selected(chosen: list) -> str:
    """Return the groups whose patients may have been selected by their response: their share says nothing of others."""
    groups = series(
        [
            f"{_of(row)} in {cite(row.study_id, row.citation)} ({sourced(row.definition, _place(row))}, "
            f"{sourced(time_words(row.weeks), _place(row))})"
            for row in chosen
        ]
    )
    return f"Not counted, since the patients may have been selected by their response: {groups}."
