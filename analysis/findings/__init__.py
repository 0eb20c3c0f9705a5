"""The answers in words. Every number in a sentence is computed from the selected evidence; nothing is typed."""

from __future__ import annotations

from analysis.evidence.selection import Selection
from analysis.exhibit import Finding
from analysis.findings.certainty import certainty, missing
from analysis.findings.consistency import consistency
from analysis.findings.duration import duration
from analysis.findings.harm import harm
from analysis.findings.pain import pain
from analysis.findings.response import response
from analysis.findings.scope import scope
from analysis.findings.study import study, study_limits
from analysis.findings.synthesis import durations_by_regimen, kept_over_time, pooled
from analysis.wording import MARK_WORDS, mark_notes

__all__ = [
    "certainty",
    "consistency",
    "duration",
    "durations_by_regimen",
    "findings",
    "harm",
    "kept_over_time",
    "limits",
    "missing",
    "pain",
    "pooled",
    "response",
    "scope",
    "study",
    "study_limits",
]


def findings(
    selection: Selection, level: float = 0.95, horizon_weeks: float = 52, definition_classes: tuple[str, ...] = ()
) -> tuple[Finding, ...]:
    """The six answers of the evidence report, in reading order."""
    return (
        pain(selection, level, horizon_weeks),
        response(selection, level, horizon_weeks, definition_classes),
        duration(selection, level, horizon_weeks),
        certainty(selection, definition_classes),
        harm(selection, level),
        missing(selection, definition_classes),
    )


def limits() -> tuple[str, ...]:
    """What a reader must know before using the answers."""
    return (
        "A fall of pain without a control group is not the effect of ketamine alone: patients are treated when "
        "pain is at "
        "its worst, and pain at its worst tends to fall.",
        "A responder is whom the study calls one; definitions differ and stand beside each rate.",
        f"Marks stand wherever a number is not printed as such in the study's own text: {mark_notes(MARK_WORDS)}",
    )
