"""Checks of keys: unique values, and values that must occur in another table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.tabular import advice
from analysis.tabular.problems import Problem
from analysis.tabular.schema import TableSchema
from analysis.tabular.text_table import TextTable


def repeated_keys(table: TextTable, schema: TableSchema) -> Iterator[Problem]:
    """Yield a problem for each duplicate value in a unique column or in the primary key."""
    table = table.complete_rows()
    keys = {(field.name,) for field in schema.fields if field.unique} | {schema.primary_key}
    for key in sorted(key for key in keys if key and set(key) <= set(table.names)):
        first: dict[tuple[str, ...], int] = {}
        names = " + ".join(key)
        what_to_do = advice.DELETE_COPY if len(key) == 1 else advice.DELETE_COPY_OR_DISTINGUISH
        for position, values in enumerate(zip(*(table[name].texts() for name in key), strict=True)):
            if not any(values):
                continue
            if values in first:
                rule = f"each {names} occurs once; this one is already in row {table.rows[first[values]]}"
                yield table.problem(position, names, " + ".join(values), rule, what_to_do)
            first.setdefault(values, position)


def orphans(table: TextTable, schema: TableSchema, tables: Mapping[str, TextTable]) -> Iterator[Problem]:
    """Yield a problem for each value that is missing in the table it refers to; unreadable tables are skipped."""
    table = table.complete_rows()
    for key in schema.foreign_keys:
        target = tables.get(key.to_table)
        if target is None or key.to_column not in target.names or key.column not in table.names:
            continue
        known = set(target[key.to_column].texts())
        for position, value in enumerate(table[key.column].texts()):
            if value and value not in known:
                rule = f"every {key.column} is in {target.file} (column {key.to_column})"
                what_to_do = advice.foreign_key(value, known - {""}, target.file)
                yield table.problem(position, key.column, value, rule, what_to_do)
