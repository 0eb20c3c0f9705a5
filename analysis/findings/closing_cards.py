"""What limits the findings, and the methods in short lines, both computed from the selected evidence."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.exhibit.blocks import Bullets, Card, Cards
from analysis.findings.first_page_title import read_in_full
from analysis.findings.response_findings import patient_rates
from analysis.outcomes import evidence_map
from analysis.outcomes.context import UNCONTROLLED
from analysis.wording import ACCESS_WORDS, ROUTE_WORDS, counted, half_up, series, span_words


def limits_and_methods(selection: Selection, outcomes: pd.DataFrame) -> Cards:
    """Return two cards: what limits the findings, and the methods in short, from `key_outcomes.key_outcomes`."""
    limits, methods = Bullets(_limits(selection, outcomes)), Bullets(_methods(selection))
    return Cards((Card("What limits these findings", (limits,)), Card("Methods in short", (methods,))))


def _limits(selection: Selection, outcomes: pd.DataFrame) -> tuple[str, ...]:
    studies = evidence_map.studies_with_results(selection)
    free = sum(row.control == UNCONTROLLED for row in studies)
    lines = []
    if free:
        which = f"in {free} of {counted(len(studies), 'study', 'studies')}" if free < len(studies) else "in any study"
        lead = f"**No control group {which}.**"
        lines.append(f"{lead} Patients are treated when pain is worst, and worst pain tends to fall.")
    if not read_in_full(selection):
        lines.append("**No full text was read.** Details that papers give may be missing here.")
    for row in each(outcomes[(outcomes["measure"] == "harm") & outcomes["difference"].notna()]):
        ketamine, control = half_up(100 * row.ketamine), half_up(100 * row.control)
        lines.append(f"**Blinding may have failed:** {ketamine}% had {row.outcome}, against {control}% with placebo.")
    sizes = [int(row.n) for row in studies if pd.notna(row.n)]
    if sizes:
        few, most = min(sizes), max(sizes)
        patients = counted(few, "patient") if few == most else f"{span_words(few, most)} patients"
        lines.append(f"**Small groups:** {patients} a study.")
    kinds = patient_rates(selection, 0.95)["definition_class"].nunique()
    if kinds > 1:
        lines.append(f"**Different definitions:** {counted(kinds, 'kind')} of response.")
    lines.append("**Harm is rarely counted.**")
    return tuple(lines)


def _methods(selection: Selection) -> tuple[str, ...]:
    evidence, criteria = selection.evidence, selection.criteria
    listed = len(evidence.studies) + len(selection.left_out_of("studies"))
    twice = evidence.extraction["study_id"].nunique()
    routes = series([ROUTE_WORDS.get(route, route.replace("_", " ")) for route in criteria.routes]) or "any route of"
    access = series([f"{ACCESS_WORDS[kind]}s" for kind in criteria.access]) or "all sources"
    return (
        f"**Sources.** {counted(listed, 'study', 'studies')}; each number is in a table with its source and "
        f"place. {counted(twice, 'study', 'studies')} were extracted twice, independently: the report on "
        "judgements names them.",
        f"**Who counts.** Patients with CRPS, {routes} ketamine, from {access}.",
        "**No patient twice.** Of studies that share patients one counts; subgroups and repeats are not added.",
        "**Printed numbers** stay as printed; counts derived from a percentage are marked in the tables.",
        "**Single patients’ values** come from case descriptions: not individual patient data, never pooled.",
        "**Unlabelled ±** is read both ways; the wider interval is printed, the other in a note.",
        "**Intervals of rates:** Wilson [@wilson1927], also for 0 of n.",
        "**Pooled:** rates of one definition, time, route and design, by the binomial-normal model with "
        "Student’s t [@stijnen2010]. Only the curve of benefit kept joins definitions.",
        "**Not drawn:** an average of four studies or fewer, or with an interval wider than 60 points.",
        "**Never joined:** placebo-controlled and uncontrolled results.",
        "**Benefit over time:** logistic model with a random intercept for each study, no claim beyond the last count.",
        "**Certainty:** GRADE, by two readers; provisional until clinicians with the papers have judged.",
    )
