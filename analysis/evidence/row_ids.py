"""Ids of rows, such as `responders-27`: each is used once, also after its row was deleted."""

from __future__ import annotations

from collections.abc import Iterator, Set

from analysis.evidence.records import Tables
from analysis.tabular.data_package import DICTIONARY
from analysis.tabular.problems import Problem, listed
from analysis.tabular.schema import DataPackage

FIRST_ROW = 2  # the first ids are the rows of the spreadsheet in which they were given


def row_number(row_id: str) -> int:
    """Return the number in a row_id."""
    return int(row_id.rpartition("-")[2])


def next_row(numbers: set[int]) -> int:
    """Return the number of a new row of a table whose rows and deleted rows have these numbers."""
    return max(numbers, default=FIRST_ROW - 1) + 1


def row_ids_are_used_once(tables: Tables, package: DataPackage, misread: Set[str]) -> Iterator[Problem]:
    """Yield a problem for each id of a deleted row that is used again, and for each deleted row that is not listed.

    misread: tables with rows that could not be read; their ids may be the missing ones.
    """
    for name, schema in package.tables.items():
        used = {row_number(row["row_id"]): row for row in tables[name] if row["row_id"]}
        deleted = set(schema.deleted_rows)
        for number in sorted(deleted & set(used)):
            rule = f"the id of a deleted row ({DICTIONARY}, deletedRows of {name}) is not used again"
            advice = f"write {name}-{next_row(deleted | set(used))}"
            yield tables.problem(name, used[number], "row_id", rule, advice)
        if name in misread or len(used) < len(tables[name]):
            continue
        missing = sorted(set(range(FIRST_ROW, next_row(deleted | set(used)))) - deleted - set(used))
        if missing:
            ids = listed([f"{name}-{number}" for number in missing])
            rule = "row ids have no gap, except those of deleted rows, which the dictionary lists"
            advice = f"number the new rows without a gap, or list deleted rows as deletedRows: {missing} of {name}"
            yield Problem(DICTIONARY, None, name, ids, rule, advice)
