"""Sets of patients that a reader gets by intersecting and subtracting the populations of several reports."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping


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


def merged_values(patients: Mapping[str, Iterable[Hashable]], least: int) -> list[list[str]]:
    """Return the values of a column in groups of `least` patients or more: small ones merged, the others alone."""
    sets = {value: set(members) for value, members in patients.items()}
    order = sorted(sorted(sets, reverse=True), key=lambda value: len(sets[value]))
    merged = [value for value in order if len(sets[value]) < least]
    others = order[len(merged) :]
    while merged and others and len(set().union(*(sets[value] for value in merged))) < least:
        merged.append(others.pop(0))
    return [sorted(merged), *([value] for value in sorted(others))] if merged else [[value] for value in sorted(others)]
