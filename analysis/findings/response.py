"""How many respond and how many still do later, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.selection import Selection
from analysis.exhibit import Finding, cite, shown_in, sourced
from analysis.outcomes import responders
from analysis.outcomes.context import PLACEBO, source_row
from analysis.wording import level_words, marks, of, p_text, percent_interval, printed_percent, series, weeks

RATES = "tab-responder-rates"  # the table that holds every rate
SOON_WEEKS = 1  # a rate up to a week after the end of infusion counts as one at its end
CLAUSES = {"complete_relief": "were free of pain", "any_relief": "had some relief"}


def patient_rates(selection: Selection, level: float, definition_classes: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rates that count patients (not infusions) of a ketamine arm with more than one patient."""
    rates = responders.rates(selection, level, definition_classes)
    return rates[(rates["unit"] == "patients") & (rates["n"] > 1) & (rates["role"] == "ketamine")]


def response(
    selection: Selection, level: float = 0.95, horizon_weeks: float = 52, definition_classes: tuple[str, ...] = ()
) -> Finding:
    """Groups counted at two times first, then the range of all rates at the end of infusion and later."""
    rates = patient_rates(selection, level, definition_classes)
    flows = [f for f in responders.flows(selection, definition_classes) if f.weeks_second <= horizon_weeks]
    # the group whose flow is tested comes first, then the larger group
    flows.sort(key=lambda flow: (np.isnan(flow.p_reported), -flow.n))
    twice = [_twice(flow, rates, level) for flow in flows]
    sentences, detail = twice[:1], [*twice[1:], *(_lost(flow) for flow in flows)]
    later = rates[(rates["weeks"] > SOON_WEEKS) & (rates["weeks"] <= horizon_weeks)]
    parts = (
        ("within a week of the end of infusion", rates[rates["weeks"] <= SOON_WEEKS]),
        ("later on", later),
        ("on treatment or at a time not stated", rates[rates["weeks"].isna()]),
    )
    for words, part in parts:
        told = _range(words, part, level)
        if told:
            (detail if sentences else sentences).append(told)
    if rates.empty:
        sentences.append("No study in this selection counts responders.")
    elif rates[rates["control"] == PLACEBO].empty:
        sentences.append("No responder rate has a placebo group beside it.")
    shown = pd.concat([part for _, part in parts])
    rows = [*(flow.rows for flow in flows), *(source_row("responders", row) for row in shown["row"])]
    studies = dict.fromkeys([*(flow.study_id for flow in flows), *shown["study_id"]])
    question = "How many patients respond, and how many still do later?"
    return Finding(
        question, " ".join(sentences), tuple(studies), tuple(dict.fromkeys(rows)), " ".join(filter(None, detail))
    )


def _twice(flow: responders.Flow, rates: pd.DataFrame, level: float) -> str:
    group = rates[(rates["arm_id"] == flow.arm_id) & (rates["definition_class"] == flow.definition_class)]
    first, second = (next(group[group["weeks"] == w].itertuples()) for w in (flow.weeks_first, flow.weeks_second))
    clause = CLAUSES.get(flow.definition_class, "were responders")
    definition = "" if flow.definition_class in CLAUSES else f"; responder: {sourced(flow.definition, flow.rows)}"
    later = sourced(f"{printed_percent(second)} {weeks(flow.weeks_second)}", _place(second))
    return (
        f"**{_rate(first)} {clause} {sourced(weeks(flow.weeks_first), _place(first))} and {later}** "
        f"({_of(first)}, {level_words(level)} {_limits(first)}; {_of(second)}, {_limits(second)}; "
        f"{cite(flow.study_id, flow.citation)}{definition})."
    )


def _lost(flow: responders.Flow) -> str:
    bounds = flow.bounds.set_index("quantity")
    least = int(bounds.loc["lost", "low"])
    if least == 0:
        return ""
    lost = sourced(f"{least} of the {flow.first}", flow.rows)
    text = f"In {cite(flow.study_id, flow.citation)} at least {lost} lost the benefit"
    fitting = flow.tables[flow.tables["fits_p"]]
    if len(fitting):
        pairs = dict.fromkeys(zip(fitting["lost"], fitting["gained"], strict=True))
        told = series([f"{lost} who lost it and {gained} who gained it" for lost, gained in pairs], "or")
        printed = sourced(p_text("=", flow.p_reported), flow.rows)
        return f"{text}; the printed {printed} agrees with {sourced(told, flow.rows)}."
    return f"{text}; whether others gained it is not printed."


def _range(words: str, part: pd.DataFrame, level: float) -> str:
    if part.empty:
        return ""
    if len(part) == 1:
        row = next(part.itertuples())
        time = sourced(weeks(row.weeks), _place(row)) if pd.notna(row.weeks) else words
        return (
            f"**{_rate(row)} {CLAUSES.get(row.definition_class, 'were responders')} {time}** "
            f"({_of(row)}, {level_words(level)} {_limits(row)}; "
            f"{cite(row.study_id, row.citation)}; counted: {sourced(row.definition, _place(row))})."
        )
    low, high = (
        next(part.loc[[part["rate"].astype("float64").agg(which)]].itertuples()) for which in ("idxmin", "idxmax")
    )
    definitions = part["definition_class"].nunique()
    different = (
        f", under {shown_in(f'{definitions} different definitions', RATES)} of a responder" if definitions > 1 else ""
    )
    return (
        f"Rates {words} run from {_rate(low)} ({_of(low)}) to {_rate(high)} ({_of(high)})"
        f"{_over(part['study_id'].nunique())}{different}{_selected(part)}."
    )


def _place(row) -> str:
    return source_row("responders", row.row)


def _rate(row) -> str:
    return sourced(printed_percent(row), _place(row))


def _of(row) -> str:
    return sourced(of(row.responders, row.n) + marks(row), _place(row))


def _limits(row) -> str:
    return sourced(percent_interval(row.ci_low, row.ci_high), _place(row))


def _over(studies: int) -> str:
    return f" over {shown_in(f'{studies} studies', RATES)}" if studies > 1 else ""


def _selected(part: pd.DataFrame) -> str:
    chosen = part[part["selected_by_outcome"].notna()]
    if chosen.empty:
        return ""
    told = series([f"{_of(row)} in {cite(row.study_id, row.citation)}" for row in chosen.itertuples()])
    return f" ({told}: the patients may have been selected)"
