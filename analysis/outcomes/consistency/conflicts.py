"""Conflicts between sources, and how the main numbers would change with the value that is not used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each
from analysis.evidence.selection import RESULT_TABLES, Criteria, Selection, select
from analysis.outcomes import durations, evidence_map, responders
from analysis.outcomes.consistency.verdicts import CANNOT_BE_CHECKED, CheckResult
from analysis.wording import percent

_CHECK = "between sources"
_COUNTED = ("studies", "arms", "responders", "durations")  # the tables behind the main numbers
_NO_NUMBER = "no number"
_OF_ONE_STUDY = Criteria((), (), (), (), (), overlapping_studies=True)


def conflict_checks(evidence: Evidence) -> Iterator[CheckResult]:
    """Yield a result for every row of conflicts: both values, the one used and why, and the effect of the other.

    The verdict is always `cannot be checked`, because no printed number decides between two accounts.
    """
    effects = _effects(evidence)
    for row in each(evidence.conflicts):
        yield CheckResult(
            study_id=row.study_id,
            table="conflicts",
            row=int(row.row),
            check=_CHECK,
            reported=f"{row.field}: {row.value_a} ({row.source_a}); {row.value_b} ({row.source_b})",
            recomputed=effects.get(row.Index, "the other value would change no number of the tables"),
            verdict=CANNOT_BE_CHECKED,
            why=f"two accounts of one fact; used: {row.used} ({row.why})",
            source_id=row.source_a,
            locator=str(row.field),
        )


def main_numbers(accounts: Sequence[Evidence]) -> list[dict[str, str]]:
    """Return the numbers that reports print for each of several versions of a study.

    Returns
    -------
    list of dict
        For each version name -> number in words: rates, doses for 70 kg, regimens and durations.
    """
    if not accounts:
        return []
    together = _side_by_side(accounts)
    own = select(together, _OF_ONE_STUDY)
    counted, all_studies = set(own.evidence.arms["study_id"]), set(together.studies["study_id"])
    chosen = [(own, counted)]
    if counted < all_studies:  # studies whose ketamine arms are all contained in another arm
        chosen.append((select(together, replace(_OF_ONE_STUDY, contained_arms=True)), all_studies - counted))
    rows: list[dict[str, str]] = [{} for _ in accounts]
    for selection, studies in chosen:
        for study, name, number in _numbers(selection):
            if study in studies:
                rows[int(study)][name] = number
    return rows


def _numbers(selection: Selection) -> Iterator[tuple[str, str, str]]:
    """Yield study, name and words of each main number."""
    for row in each(responders.rates(selection)):
        count = f"{int(row.responders)} of {int(row.n)}"
        rate = f" ({percent(row.rate)})" if pd.notna(row.rate) else ""
        yield row.study_id, f"{row.definition}, {row.timepoint}", count + rate
    for row in each(evidence_map.doses(selection)):
        yield row.study_id, f"regimen ({row.label})", row.regimen_class.replace("_", " ")
        if pd.notna(row.total_mg):
            yield row.study_id, f"total dose ({row.label})", f"{row.total_mg:,.0f} mg"
    for row in each(durations.statements(selection)):
        at = f"{row.weeks_low:g} weeks" if pd.notna(row.weeks_low) else "no weeks"
        yield row.study_id, f"duration ({row.reported})", at


def _side_by_side(accounts: Sequence[Evidence]) -> Evidence:
    """Return the versions as studies 0, 1, 2, … of one evidence, so that one pass computes the numbers of all."""
    frames = {name: getattr(accounts[0], name).iloc[:0] for name in RESULT_TABLES}
    for name in _COUNTED:
        parts = [getattr(account, name) for account in accounts]
        frame = pd.concat(parts, ignore_index=True)
        number = pd.Series(np.repeat(np.arange(len(parts)), [len(part) for part in parts]).astype(str), dtype="str")
        arms = {column: number + " " + frame[column] for column in ("arm_id", "contained_in") if column in frame}
        frames[name] = frame.assign(study_id=number, **arms)
    return replace(accounts[0], **frames)


def _of_one(evidence: Evidence, study_id: str) -> Evidence:
    """Return the evidence of one study alone."""
    frames = {name: getattr(evidence, name) for name in _COUNTED}
    return replace(evidence, **{name: frame[frame["study_id"] == study_id] for name, frame in frames.items()})


def _of_all(evidence: Evidence) -> dict[str, str]:
    table = evidence_map.evidence_by_control(select(evidence))
    return {f"{row.control} studies": f"{row.studies} with {row.patients} patients" for row in each(table)}


def _effects(evidence: Evidence) -> dict[int, str]:
    """Return the effect of each unused value in words, by the row's position in the table."""
    rows = [row for row in each(evidence.conflicts) if isinstance(row.changes_table, str)]
    used = {study: _of_one(evidence, study) for study in dict.fromkeys(row.study_id for row in rows)}
    numbers = main_numbers([*used.values(), *(_with_other_value(used[row.study_id], row) for row in rows)])
    before_of = dict(zip(used, numbers, strict=False))
    of_all = _of_all(evidence) if any(row.changes_table == "studies" for row in rows) else {}
    result = {}
    for row, after in zip(rows, numbers[len(used) :], strict=True):
        before = before_of[row.study_id]
        if row.changes_table == "studies":
            # designs and sizes of studies enter the totals of the default synthesis
            before, after = before | of_all, after | _of_all(_with_other_value(evidence, row))
        changes = [
            f"{name}: {after.get(name, _NO_NUMBER)} instead of {before.get(name, _NO_NUMBER)}"
            for name in before | after
            if after.get(name) != before.get(name)
        ]
        result[row.Index] = (
            f"with the other value, {'; '.join(changes)}" if changes else "the other value would change no main number"
        )
    return result


def _with_other_value(evidence: Evidence, row) -> Evidence:
    """Return the evidence with the unused value of a conflict in all rows of the arm or study that it names."""
    frame = getattr(evidence, row.changes_table).copy()
    here = frame["study_id"] == row.changes_key
    if "arm_id" in frame:
        here |= frame["arm_id"] == row.changes_key
    column = frame[row.changes_column]
    value = float(row.changes_to) if pd.api.types.is_numeric_dtype(column) else row.changes_to
    frame[row.changes_column] = column.mask(here, int(value) if column.dtype == "Int64" else value)
    return replace(evidence, **{row.changes_table: frame})
