"""Findings on the amount and certainty of the evidence, and on its gaps."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each, values
from analysis.evidence.selection import Selection
from analysis.exhibit import Finding, shown_in
from analysis.findings.log_findings import access_of_rows
from analysis.findings.response_findings import RATES, patient_rates
from analysis.outcomes import durations, evidence_map, trajectories
from analysis.outcomes.context import PLACEBO
from analysis.wording import counted, series, upper_first

_STUDIES, _LEFT_OUT, _MAP = "tab-studies", "tab-left-out", "fig-evidence-map"  # exhibits that show the counts
_LATE_SCORE_WEEKS = 4
_HALF_A_YEAR_WEEKS = 26.1


def certainty_finding(selection: Selection, definition_classes: tuple[str, ...] = ()) -> Finding:
    """Return the numbers of studies and patients, in total and with a placebo group.

    Its detail states how many counts are derived, and the number of results by kind of source.
    """
    giving = [row for row in _with_possible_results(selection) if evidence_map.has_result(row)]
    if not giving:
        return Finding("How sure can one be?", "No study in this selection gives a pain score, a rate or a duration.")
    placebo = [row for row in giving if row.control == PLACEBO]
    lead = _how_many_controlled(len(placebo), len(giving))
    patients = counted(_patients(giving), "patient")
    patients_with = f"{_patients(placebo)} of {patients}" if placebo else patients
    lead += f" ({shown_in(patients_with, _STUDIES)}{_without_n(giving) if placebo else ''})."
    detail = []
    rates = list(values(patient_rates(selection, 0.95, definition_classes), "count_basis", "n"))
    if rates:
        derived = sum(basis != "reported" for basis, _ in rates)
        smallest, largest = min(n for _, n in rates), max(n for _, n in rates)
        rows = shown_in(f"{derived} of {counted(len(rates), 'responder rate')}", RATES)
        sizes = f"{smallest} to {largest} patients" if smallest < largest else counted(largest, "patient")
        detail.append(
            f"{rows} {'comes' if derived == 1 else 'come'} with a count that had to be derived from other printed "
            f"figures; the groups have {shown_in(sizes, RATES)}."
        )
    used = access_of_rows(selection.evidence)
    kinds = [
        f"{shown_in(f'{number}', _MAP)} from {words}"
        for kind, words in (
            ("full_text", "the full text"),
            ("abstract", "the abstract alone"),
            ("secondary", "a secondary account"),
            ("lay", "a lay source"),
        )
        if (number := used.count(kind))
    ]
    detail.append(f"Of {shown_in(counted(len(used), 'outcome row'), _MAP)}, {series(kinds)}.")
    return Finding("How sure can one be?", lead, (), (), " ".join(detail))


def gaps_finding(selection: Selection, definition_classes: tuple[str, ...] = ()) -> Finding:
    """Return the gaps of the selected evidence.

    Its detail states how much is left out of the synthesis.
    """
    table = _with_possible_results(selection)
    rates = patient_rates(selection, 0.95, definition_classes)
    scores, counts = trajectories.scores(selection), durations.retained_benefit(selection)
    parts = []
    if PLACEBO not in rates["control"].tolist():
        parts.append("a responder rate with a placebo group")
    if not any(phase == "follow_up" and weeks > _LATE_SCORE_WEEKS for phase, weeks in values(scores, "phase", "weeks")):
        parts.append(f"a pain score more than {_LATE_SCORE_WEEKS} weeks after the infusion")
    if not any(weeks > _HALF_A_YEAR_WEEKS for weeks in counts["weeks"].tolist()):
        parts.append("a count of those who benefit for more than half a year")
    lead = [f"**No study in this selection prints** {series(parts, 'or')}."] if parts else []
    silent = sum(not evidence_map.has_result(row) for row in table)
    if silent:
        which = shown_in(f"{silent} of {len(table)} studies", _STUDIES) if len(table) > 1 else "the only study"
        lead.append(f"What was read of {which} gives no pain score, rate or duration.")
    left = selection.left_out["table"].tolist()
    studies = left.count("studies")
    rows = len(left) - studies - left.count("arms")
    detail = (
        f"{shown_in(upper_first(counted(studies, 'study', 'studies')), _LEFT_OUT)} and "
        f"{shown_in(counted(rows, 'result row'), _LEFT_OUT)} are left out of this synthesis; the last table lists each "
        "with the reason."
        if left
        else "Nothing is left out of this synthesis."
    )
    return Finding("What is missing?", " ".join(lead) or "Nothing that this report looks for.", (), (), detail)


def _how_many_controlled(placebo: int, studies: int) -> str:
    if studies == 1:
        return f"**The only study has {'a' if placebo else 'no'} placebo group**"
    if placebo == 0:
        return f"**None of {shown_in(f'{studies} studies', _STUDIES)} has a placebo group**"
    if placebo == studies:
        return f"**All {shown_in(f'{studies} studies', _STUDIES)} have a placebo group**"
    controlled = shown_in(f"{placebo} of {studies} studies", _STUDIES)
    return f"**Only {controlled} {'has' if placebo == 1 else 'have'} a placebo group**"


def _with_possible_results(selection: Selection) -> list:
    """Return the studies that can have results, without protocols."""
    return [row for row in each(evidence_map.studies(selection)) if row.design != "rct_protocol"]


def _patients(studies: list) -> int:
    return sum(int(row.n) for row in studies if pd.notna(row.n))


def _without_n(studies: list) -> str:
    unknown = sum(pd.isna(row.n) for row in studies)
    verb = "does" if unknown == 1 else "do"
    return f"; {shown_in(counted(unknown, 'study', 'studies'), _STUDIES)} {verb} not state how many" if unknown else ""
