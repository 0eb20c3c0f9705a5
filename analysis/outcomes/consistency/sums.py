"""Parts that exceed or miss their whole, and milestones that rise over time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each, grouped, values
from analysis.outcomes.consistency.verdicts import CANNOT_BE, CANNOT_BE_CHECKED, FITS, CheckResult, check_result


def total_checks(evidence: Evidence) -> Iterator[CheckResult]:
    """Subgroups against their whole (patients and responders), nested milestones, shares that should make 100%."""
    yield from _subgroups(evidence)
    yield from _responders(evidence)
    yield from _milestones(evidence)
    yield from _shares(evidence)


def _subgroups(evidence: Evidence) -> Iterator[CheckResult]:
    subgroups = _subgroups_of(evidence)
    size_of = dict(values(evidence.arms, "arm_id", "n"))
    for whole in each(evidence.arms):
        sizes = [size_of[arm] for arm in subgroups.get(whole.arm_id, ())]
        if not sizes:
            continue
        name = "subgroups of an arm"
        reported = f"{whole.n} patients; subgroups: " + ", ".join(_words(n) for n in sizes)
        if any(pd.isna(n) for n in (whole.n, *sizes)):
            yield check_result(
                whole, "arms", name, reported, "", CANNOT_BE_CHECKED, "the size of a group is not printed"
            )
            continue
        total = int(sum(sizes))
        verdict, why = _against(total, int(whole.n), "patients")
        yield check_result(whole, "arms", name, reported, f"{total} in the subgroups", verdict, why)


def _subgroups_of(evidence: Evidence) -> dict[str, list[str]]:
    columns = ("arm_id", "contained_in", "contained_as")
    return grouped((whole, arm) for arm, whole, kind in values(evidence.arms, *columns) if kind == "subgroup")


def _responders(evidence: Evidence) -> Iterator[CheckResult]:
    subgroups = _subgroups_of(evidence)
    rows = list(each(evidence.responders))
    for whole in rows:
        inside = subgroups.get(whole.arm_id, ())
        same = (whole.timepoint, whole.definition)
        parts = [row for row in rows if row.arm_id in inside and (row.timepoint, row.definition) == same]
        if not parts:
            continue
        reported = f"{int(whole.responders)} of {int(whole.n)}; subgroups: " + ", ".join(
            f"{int(row.responders)} of {int(row.n)}" for row in parts
        )
        total, patients = sum(int(row.responders) for row in parts), sum(int(row.n) for row in parts)
        verdict, why = _against(total, int(whole.responders), "responders")
        if verdict == FITS:
            verdict, why = _against(patients, int(whole.n), "patients")
        yield check_result(
            whole, "responders", "responders of subgroups", reported, f"{total} of {patients}", verdict, why
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
            why = "" if falls else "who has the benefit later had it before: the later count can't be larger"
            yield check_result(after, "durations", "nested milestones", reported, "", FITS if falls else CANNOT_BE, why)


def _shares(evidence: Evidence) -> Iterator[CheckResult]:
    table = evidence.reported_tests
    shares = table[table["comparison"].fillna("").str.startswith("share of patients") & table["estimate"].notna()]
    for _, group in shares.groupby(["study_id", "outcome"], sort=False):
        total = group["estimate"].sum()
        slack = 0.05 * len(group) + 1e-9  # each share is rounded
        first = next(each(group))
        reported = " + ".join(f"{value:g}" for value in group["estimate"])
        fits = abs(total - 100) <= slack
        why = "" if fits else f"the shares make {total:g}%, not 100%: the others may be patients without a group"
        yield check_result(
            first,
            "reported_tests",
            "shares of a whole",
            f"{reported} percent",
            f"{total:g}%",
            FITS if fits else CANNOT_BE,
            why,
        )


def _against(parts: int, whole: int, what: str) -> tuple[str, str]:
    if parts == whole:
        return FITS, ""
    more = "more" if parts > whole else "fewer"
    return CANNOT_BE, f"the subgroups have {abs(parts - whole)} {more} {what} than the whole"


def _words(n: object) -> str:
    return "not printed" if pd.isna(n) else str(int(n))
