"""How sure one can be and what is missing, in words."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.selection import Selection
from analysis.exhibit import Finding, shown_in
from analysis.findings.response import RATES, patient_rates
from analysis.outcomes import durations, evidence_map, trajectories
from analysis.outcomes.context import PLACEBO
from analysis.wording import count, half_up, series, upper_first

STUDIES, LEFT_OUT, MAP = "tab-studies", "tab-left-out", "fig-evidence-map"  # where the report shows what is counted
LATE_SCORE_WEEKS = 4
HALF_A_YEAR_WEEKS = 26.1


def certainty(selection: Selection, definition_classes: tuple[str, ...] = ()) -> Finding:
    """How many studies and patients there are, how many of them controlled, and how the numbers were had."""
    giving = _giving(selection)
    if giving.empty:
        return Finding("How sure can one be?", "No study in this selection gives a pain score, a rate or a duration.")
    placebo = giving[giving["control"] == PLACEBO]
    lead = _how_many_controlled(len(placebo), len(giving))
    patients = int(giving["n"].sum())
    told = f"{int(placebo['n'].sum())} of {patients} patients" if len(placebo) else f"{patients} patients"
    lead += f" ({shown_in(told, STUDIES)}{_without_n(giving) if len(placebo) else ''})."
    detail = []
    rates = patient_rates(selection, 0.95, definition_classes)
    if len(rates):
        derived = int(rates["count_basis"].ne("reported").sum())
        smallest, largest = int(rates["n"].min()), int(rates["n"].max())
        counted = shown_in(f"{derived} of {count(len(rates), 'responder rate')}", RATES)
        sizes = shown_in(f"{f'{smallest} to {largest}' if smallest < largest else largest} patients", RATES)
        detail.append(
            f"{counted} {'comes' if derived == 1 else 'come'} with a count that had to be derived from other printed "
            f"figures; the groups have {sizes}."
        )
    evidence = selection.evidence
    access = evidence.sources.set_index("source_id")["access"]
    used = pd.concat([evidence.pain_scores, evidence.responders, evidence.durations])["source_id"].map(access)
    kinds = [
        f"{shown_in(f'{number}', MAP)} from {words}"
        for kind, words in (
            ("full_text", "the full text"),
            ("abstract", "the abstract alone"),
            ("secondary", "a secondary account"),
            ("lay", "a lay source"),
        )
        if (number := int((used == kind).sum()))
    ]
    detail.append(f"Of {shown_in(f'{len(used)} outcome rows', MAP)}, {series(kinds)}.")
    return Finding("How sure can one be?", lead, (), (), " ".join(detail))


def missing(selection: Selection, definition_classes: tuple[str, ...] = ()) -> Finding:
    """What the selected evidence does not say, and how much is left out of it."""
    table = evidence_map.studies(selection)
    table = table[table["design"] != "rct_protocol"]
    rates = patient_rates(selection, 0.95, definition_classes)
    scores, kept = trajectories.scores(selection), durations.kept(selection)
    parts = []
    if rates[rates["control"] == PLACEBO].empty:
        parts.append("a responder rate with a placebo group")
    if scores[scores["phase"].eq("follow_up") & (scores["weeks"] > LATE_SCORE_WEEKS)].empty:
        parts.append(f"a pain score more than {LATE_SCORE_WEEKS} weeks after the infusion")
    if kept[kept["weeks"] > HALF_A_YEAR_WEEKS].empty:
        parts.append("a count of those who benefit for more than half a year")
    lead = [f"**No study in this selection prints** {series(parts, 'or')}."] if parts else []
    silent = len(table) - len(_giving(selection))
    if silent:
        told = (
            f"{shown_in(f'{silent} of {len(table)} studies', STUDIES)} {'prints' if silent == 1 else 'print'}"
            if len(table) > 1
            else "The only study prints"
        )
        lead.append(f"{told} no pain score, rate or duration that could be read.")
    left = selection.left_out
    studies, rows = int((left["table"] == "studies").sum()), int((~left["table"].isin(["studies", "arms"])).sum())
    detail = (
        f"{shown_in(upper_first(count(studies, 'study', 'studies')), LEFT_OUT)} and "
        f"{shown_in(count(rows, 'result row'), LEFT_OUT)} are left out of this synthesis; the last table lists each "
        "with the reason."
        if len(left)
        else "Nothing is left out of this synthesis."
    )
    return Finding("What is missing?", " ".join(lead) or "Nothing that this report looks for.", (), (), detail)


def _how_many_controlled(placebo: int, studies: int) -> str:
    if studies == 1:
        return f"**The only study has {'a' if placebo else 'no'} placebo group**"
    if placebo == 0:
        return f"**None of {shown_in(f'{studies} studies', STUDIES)} has a placebo group**"
    if placebo == studies:
        return f"**All {shown_in(f'{studies} studies', STUDIES)} have a placebo group**"
    controlled = shown_in(f"{placebo} of {studies} studies", STUDIES)
    return f"**Only {controlled} {'has' if placebo == 1 else 'have'} a placebo group**"


def _giving(selection: Selection) -> pd.DataFrame:
    table = evidence_map.studies(selection)
    table = table[table["design"] != "rct_protocol"]
    return table[(table[["pain_scores", "responders", "durations"]] > 0).any(axis=1)]


def _without_n(table: pd.DataFrame) -> str:
    unknown = int(table["n"].isna().sum())
    return f"; {shown_in(f'{half_up(unknown)} studies', STUDIES)} do not state how many" if unknown else ""
