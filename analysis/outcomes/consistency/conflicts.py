"""Where two sources contradict each other, and how the main numbers would change with the value that is not used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.selection import RESULT_TABLES, Criteria, only, select
from analysis.outcomes import durations, evidence_map, responders
from analysis.outcomes.consistency.verdicts import CANNOT_BE_CHECKED, Checked
from analysis.wording import percent

CHECK = "between sources"


def contradictions(evidence: Evidence) -> Iterator[Checked]:
    """Every row of conflicts: what each source says, which value is used and why, and what the other would change.

    Nothing printed decides between two accounts of one fact, so the verdict is always `cannot be checked`.
    """
    used: dict[str, dict[str, str]] = {}  # the numbers with the values that are used, computed once a study
    for row in evidence.conflicts.itertuples():
        yield Checked(
            study_id=row.study_id,
            table="conflicts",
            row=int(row.row),
            check=CHECK,
            reported=f"{row.field}: {row.value_a} ({row.source_a}); {row.value_b} ({row.source_b})",
            recomputed=_effect(row, evidence, used),
            verdict=CANNOT_BE_CHECKED,
            why=f"two accounts of one fact; used: {row.used} ({row.why})",
            source_id=row.source_a,
            locator=str(row.field),
        )


def main_numbers(evidence: Evidence, study_id: str) -> dict[str, str]:
    """What reports print of one study: name -> number in words. Rates, doses for 70 kg, regimens, durations."""
    evidence = _of_one(evidence, study_id)
    own = select(evidence, Criteria((study_id,), (), (), (), (), overlapping_studies=True))
    own = own if len(own.evidence.arms) else only(evidence, study_id)
    found = {}
    for row in responders.rates(own).itertuples():
        name = f"{row.definition}, {row.timepoint}"
        found[name] = f"{int(row.responders)} of {int(row.n)} ({percent(row.rate)})"
    for row in evidence_map.doses(own).itertuples():
        found[f"regimen ({row.label})"] = row.regimen_class.replace("_", " ")
        if pd.notna(row.total_mg):
            found[f"total dose ({row.label})"] = f"{row.total_mg:,.0f} mg"
    for row in durations.statements(own).itertuples():
        at = f"{row.weeks_low:g} weeks" if pd.notna(row.weeks_low) else "no weeks"
        found[f"duration ({row.reported})"] = at
    return found


def _of_one(evidence: Evidence, study_id: str) -> Evidence:
    """The rows of one study alone: nothing else enters its numbers, and they are counted many times here."""
    tables = ("studies", "arms", *RESULT_TABLES)
    frames = {name: getattr(evidence, name) for name in tables}
    return replace(evidence, **{name: frame[frame["study_id"] == study_id] for name, frame in frames.items()})


def _of_all(evidence: Evidence) -> dict[str, str]:
    table = evidence_map.certainty(select(evidence))
    return {f"{row.control} studies": f"{row.studies} with {row.patients} patients" for row in table.itertuples()}


def _effect(row, evidence: Evidence, used: dict[str, dict[str, str]]) -> str:
    if not isinstance(row.changes_table, str):
        return "the other value would change no number of the tables"
    other = with_other_value(evidence, row)
    if row.study_id not in used:
        used[row.study_id] = main_numbers(evidence, row.study_id)
    before, after = used[row.study_id], main_numbers(other, row.study_id)
    if row.changes_table == "studies":
        # designs and sizes of studies enter the totals of the default synthesis
        before, after = before | _of_all(evidence), after | _of_all(other)
    changed = [f"{name}: {after[name]} instead of {told}" for name, told in before.items() if after.get(name) != told]
    return "with the other value, " + "; ".join(changed) if changed else "the other value would change no main number"


def with_other_value(evidence: Evidence, row) -> Evidence:
    """The evidence with the value of a conflict that is not used, in all rows of the arm or study that it names."""
    frame = getattr(evidence, row.changes_table).copy()
    here = frame["study_id"] == row.changes_key
    if "arm_id" in frame:
        here |= frame["arm_id"] == row.changes_key
    column = frame[row.changes_column]
    value = float(row.changes_to) if pd.api.types.is_numeric_dtype(column) else row.changes_to
    frame[row.changes_column] = column.mask(here, int(value) if column.dtype == "Int64" else value)
    return replace(evidence, **{row.changes_table: frame})
