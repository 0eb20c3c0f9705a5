"""Finding on the duration of benefit by regimen."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each, grouped
from analysis.evidence.selection import NOT_STATED, Selection
from analysis.exhibit import Finding, cite, sourced
from analysis.exhibit.places import source_row
from analysis.outcomes import durations
from analysis.outcomes.context import PLACEBO
from analysis.wording import BENEFIT_WORDS, REGIMEN_WORDS, marks, out_of, series

# "about three months", in weeks after the end of infusion
_THREE_MONTHS = (10.0, 16.0)
_REGIMEN_NOUNS = {
    "anesthetic": "anaesthetic doses",
    "subanesthetic_inpatient": "subanaesthetic inpatient infusions",
    "subanesthetic_outpatient": "subanaesthetic outpatient infusions",
    "topical": "topical ketamine",
    "oral": "oral ketamine",
    "block": "ketamine added to a nerve block",
    NOT_STATED: "infusions of a regimen not stated",
}


def duration_finding(selection: Selection, level: float = 0.95, horizon_weeks: float = 52) -> Finding:
    """Return the patients who still have the benefit about three months after the infusion, by study.

    Its detail states the durations that ended and the regimens without a count.
    """
    statements = each(durations.statements(selection))
    within = [row for row in statements if row.role == "ketamine" and not row.weeks_low > horizon_weeks]
    milestones = each(durations.retained_benefit(selection, level))
    around = [
        row for row in milestones if row.weeks <= horizon_weeks and _THREE_MONTHS[0] <= row.weeks <= _THREE_MONTHS[1]
    ]
    ended = [row for row in within if row.shown_as in ("between", "exact") and pd.notna(row.patients)]
    groups = [row for row in within if row.control == PLACEBO and row.shown_as == "group statement"]
    counted = grouped((row.regimen_class, row) for row in around)

    sentences = []
    if around:
        counts = "; ".join(f"after {_noun(regimen)}, {_counts(part)}" for regimen, part in counted.items())
        sentences.append(f"**About three months later the benefit was still there:** {counts}.")
    sentences += [_against_placebo(row) for row in groups]
    first = len(sentences) or 1
    if ended:
        sentences.append(f"The benefit ended after {series([_ended(row) for row in ended])}.")
    silent = [regimen for regimen in dict.fromkeys(row.regimen_class for row in within) if regimen not in counted]
    if silent and horizon_weeks >= _THREE_MONTHS[0]:
        nouns = series([_noun(regimen) for regimen in silent], "or")
        one = len(selection.evidence.studies) == 1
        which = "This study does not count" if one else f"No study of {nouns} counts"
        sentences.append(f"{which} patients at about three months.")
    if len(counted) > 1:
        sentences.append("Definitions and patients differ, so these counts cannot rank the regimens.")
    if not sentences:
        sentences.append("No study in this selection says how long the benefit lasts.")
    lead, detail = sentences[:first], sentences[first:]
    shown = [*around, *groups, *ended]
    studies = dict.fromkeys(row.study_id for row in shown)
    rows = tuple(_place(row) for row in shown)
    return Finding(
        "How long does the benefit last, by regimen?", " ".join(lead), tuple(studies), rows, " ".join(detail)
    )


def _counts(part: list) -> str:
    return series([f"in {_of(row)} ({BENEFIT_WORDS[row.benefit]}; {cite(row.study_id, row.citation)})" for row in part])


def _against_placebo(row) -> str:
    study = f"{cite(row.study_id, row.citation)}{marks(row)}"
    weeks = sourced(f"{row.weeks_low:g} weeks", _place(row))
    note = f": {sourced(row.note, _place(row))}" if isinstance(row.note, str) else ""
    return f"A difference from placebo is reported up to {weeks} after the infusion ({study}){note}."


def _place(row) -> str:
    return source_row("durations", row.row)


def _of(row) -> str:
    return sourced(out_of(row.patients, row.patients_treated) + marks(row), _place(row))


def _ended(row) -> str:
    time = f"{row.weeks_low:g}" if row.weeks_low == row.weeks_high else f"{row.weeks_low:g} to {row.weeks_high:g}"
    return f"{sourced(f'{time} weeks', _place(row))} in {_of(row)} ({cite(row.study_id, row.citation)})"


def _noun(regimen_class: str) -> str:
    return _REGIMEN_NOUNS.get(regimen_class, REGIMEN_WORDS.get(regimen_class, regimen_class))
