"""Sets of patients that a reader gets by intersecting and subtracting the populations of several reports."""

from __future__ import annotations

from collections.abc import Hashable, Iterable


def smallest_difference(populations: Iterable[Iterable[Hashable]]) -> frozenset[Hashable]:
    """Return the smallest set of patients that intersections and differences of the populations leave; empty if none.

    Patients who belong to the same populations can't be told apart; every other set is a union of such sets.
    """
    members: dict[Hashable, int] = {}
    for number, population in enumerate(populations):
        for patient in population:
            members[patient] = members.get(patient, 0) | 1 << number
    groups: dict[int, list[Hashable]] = {}
    for patient, key in members.items():
        groups.setdefault(key, []).append(patient)
    return frozenset(min(groups.values(), key=len, default=()))
