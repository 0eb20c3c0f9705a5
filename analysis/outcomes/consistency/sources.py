"""Where two sources, or two places of one, contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.evidence.load import Evidence
from analysis.outcomes.consistency.verdicts import CANNOT_BE_CHECKED, Checked

WHY = "two accounts of one fact: nothing printed decides between them; used here is {0}, because {1}"


def contradictions(evidence: Evidence) -> Iterator[Checked]:
    """Every row of conflicts: what each source says, which value is used, and why."""
    for row in evidence.conflicts.itertuples():
        yield Checked(
            study_id=row.study_id,
            table="conflicts",
            row=int(row.row),
            check="between sources",
            reported=f"{row.field}: {row.value_a} ({row.source_a}); {row.value_b} ({row.source_b})",
            recomputed="",
            verdict=CANNOT_BE_CHECKED,
            why=WHY.format(row.used, row.why),
            source_id=row.source_a,
            locator=row.field,
        )
