"""Checks of totals: subgroups against their arm, nested milestones, and shares of 100%."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each, grouped, values
from analysis.outcomes.consistency.verdicts import (
    CANNOT_BE,
    CANNOT_BE_CHECKED,
    FITS,
    CheckResult,
    check_result,
    fit_result,
)


def total_checks(evidence: Evidence) -> Iterator[CheckResult]:
    """Yield a result for subgroups (patients and responders), nested milestones and shares of 100%."""
    yield from _subgroups(evidence)
    yield from _responders(evidence)
    yield from _milestones(evidence)
    yield from _shares(evidence)


def _subgroups(evidence: Evidence) -> Iterator[CheckResult]:
    subgroups = _subgroups_of(evidence)
    size_of = dict(values(evidence.arms, "arm_id", "n"))
    for arm in each(evidence.arms):
        sizes = [size_of[name] for name in subgroups.get(arm.arm_id, ())]
        if not sizes:
            continue
        name = "subgroups of an arm"
        reported = f"{arm.n} patients; subgroups: " + ", ".join(_words(n) for n in sizes)
        if any(pd.isna(n) for n in (arm.n, *sizes)):
            yield check_result(arm, "arms", name, reported, "", CANNOT_BE_CHECKED, "the size of a group is not printed")
            continue
        total = int(sum(sizes))
        verdict, why = _against(total, int(arm.n), "patients")
        yield check_result(arm, "arms", name, reported, f"{total} in the subgroups", verdict, why)


def _subgroups_of(evidence: Evidence) -> dict[str, list[str]]:
    columns = ("arm_id", "contained_in", "contained_as")
    return grouped((containing, arm) for arm, containing, kind in values(evidence.arms, *columns) if kind == "subgroup")


def _responders(evidence: Evidence) -> Iterator[CheckResult]:
    subgroups = _subgroups_of(evidence)
    rows = list(each(evidence.responders))
    for row in rows:
        inside = subgroups.get(row.arm_id, ())
        same = (row.timepoint, row.definition)
        parts = [part for part in rows if part.arm_id in inside and (part.timepoint, part.definition) == same]
        if not parts:
            continue
        reported = f"{int(row.responders)} of {int(row.n)}; subgroups: " + ", ".join(
            f"{int(part.responders)} of {int(part.n)}" for part in parts
        )
        total, patients = sum(int(part.responders) for part in parts), sum(int(part.n) for part in parts)
        verdict, why = _against(total, int(row.responders), "responders")
        if verdict == FITS:
            verdict, why = _against(patients, int(row.n), "patients")
        yield check_result(
            row, "responders", "responders of subgroups", reported, f"{total} of {patients}", verdict, why
        )


def _milestones(evidence: Evidence) -> Iterator[CheckResult]:
    counted = (
        row
        for row in each(evidence.durations)
        if row.statement == "milestone" and all(pd.notna(cell) for cell in (row.arm_id, row.patients, row.weeks_low))
    )
    for rows in grouped(((row.arm_id, row.benefit), row) for row in counted).values():
        for before, after in pairwise(sorted(rows, key=lambda row: row.weeks_low)):
            reported = (
                f"{int(before.patients)} at {before.weeks_low:g} weeks, {int(after.patients)} at {after.weeks_low:g}"
            )
            falls = after.patients <= before.patients
            why_not = "who has the benefit later had it before: the later count can't be larger"
            yield fit_result(after, "durations", "nested milestones", reported, "", falls, why_not)


def _shares(evidence: Evidence) -> Iterator[CheckResult]:
    table = evidence.reported_tests
    shares = table[table["comparison"].fillna("").str.startswith("share of patients") & table["estimate"].notna()]
    for _, group in shares.groupby(["study_id", "outcome"], sort=False):
        total = group["estimate"].sum()
        slack = 0.05 * len(group) + 1e-9  # each share is rounded
        first = next(each(group))
        reported = " + ".join(f"{value:g}" for value in group["estimate"])
        fits = abs(total - 100) <= slack
        why_not = f"the shares make {total:g}%, not 100%: the others may be patients without a group"
        percent = f"{reported} percent"
        yield fit_result(first, "reported_tests", "shares of a whole", percent, f"{total:g}%", fits, why_not)


def _against(parts: int, total: int, what: str) -> tuple[str, str]:
    if parts == total:
        return FITS, ""
    more = "more" if parts > total else "fewer"
    return CANNOT_BE, f"the subgroups have {abs(parts - total)} {more} {what} than the whole"


def _words(n: object) -> str:
    return "not printed" if pd.isna(n) else str(int(n))
