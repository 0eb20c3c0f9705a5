"""The scope of a report in words: the criteria that differ from those of the default synthesis."""

from __future__ import annotations

from analysis.evidence.selection import CRPS_POPULATIONS, NOT_STATED, Criteria
from analysis.wording import ACCESS_WORDS, POPULATION_WORDS, REGIMEN_WORDS, counted, series, upper_first


def evidence_scope(criteria: Criteria) -> str:
    """Return the line below the title, such as `Only anaesthetic dose; all routes.`; empty by default."""
    default = Criteria()
    parts = []
    if criteria.studies:
        parts.append(f"only {counted(len(criteria.studies), 'study', 'studies')} asked for by name")
    if criteria.regimen_classes:
        parts.append(f"only {series([REGIMEN_WORDS[name] for name in criteria.regimen_classes])}")
    if criteria.routes != default.routes:
        words = [name.replace("_", " ").replace(NOT_STATED, "not stated") for name in criteria.routes]
        parts.append(f"routes: {series(words)}" if words else "all routes")
    if criteria.access != default.access:
        words = [f"{ACCESS_WORDS[name]}s" for name in criteria.access]
        parts.append(f"sources: {series(words)}" if words else "all kinds of source")
    if set(criteria.populations) != set(CRPS_POPULATIONS):
        words = [POPULATION_WORDS[name] for name in criteria.populations]
        parts.append(f"patients: {series(words)}" if words else "all kinds of patients")
    if criteria.overlapping_studies:
        parts.append("studies that share patients are counted too")
    if criteria.contained_arms:
        parts.append("subgroups and repeated courses are counted too")
    return f"{upper_first('; '.join(parts))}." if parts else ""
