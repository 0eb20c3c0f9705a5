"""Checks of the column names in the first row of a table, without and with a dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from analysis.tabular import advice
from analysis.tabular.origin import Origin
from analysis.tabular.problems import Problem, listed, shorten
from analysis.tabular.schema import Field, TableSchema
from analysis.tabular.text_table import TextTable

FIRST_ROWS = 20
_LONGEST_NAME = 1_000
NAMES_FIRST = "the first row contains the column names"


def names_in_later_row(
    file: str, rows: Iterable[tuple[int, list[str]]], is_name: Callable[[str], bool]
) -> Problem | None:
    """Return the problem of a table whose column names are in a later row, or None.

    rows: number and cells of the first rows. is_name: whether a text is the name of a column.
    """
    for number, cells in rows:
        if sum(map(is_name, cells)) > 1:
            what_to_do = advice.rows_above_names(number)
            return None if number == 1 else Problem(file, 1, "", "", NAMES_FIRST, what_to_do)
    return None


def no_names_problem(table: TextTable, names: Iterable[str], is_name: Callable[[str], bool], origin: Origin) -> Problem:
    """Return the problem of a table without any known name in its first row, which may be a title."""
    first = range(min(len(table), FIRST_ROWS))
    rows = ((int(table.rows[position]), [column.at(position) for column in table.columns]) for position in first)
    later = names_in_later_row(table.file, rows, is_name)
    if later is not None:
        return later
    value = "" if origin.private else shorten(",".join(table.names))
    return Problem(table.file, 1, "", value, NAMES_FIRST, advice.no_names(list(names), origin))


def header_problems(table: TextTable, origin: Origin) -> Iterator[Problem]:
    """Yield the problems that need no dictionary: columns without a name, and duplicate names."""
    for place, (name, column) in enumerate(zip(table.names, table.columns, strict=True), start=1):
        if len(name) > _LONGEST_NAME:
            rule = f"the name of a column has at most {_LONGEST_NAME:,} characters; this one has {len(name):,}"
            yield Problem(table.file, 1, "", name, rule, advice.SHORTEN_NAME)
        if name:
            continue
        filled = np.flatnonzero(~column.empty())
        if len(filled) or not origin.unnamed_columns:
            row = int(table.rows[filled[0]]) if len(filled) else 1
            rule = f"every column has a name in the first row; column number {place} has none"
            yield Problem(table.file, row, "", "", rule, advice.NAME_COLUMN)
    for name, count in Counter(table.names).items():
        if count > 1 and name:
            yield Problem(table.file, 1, name, name, "column names are unique", advice.ONE_OF_TWO_COLUMNS)


def schema_problems(table: TextTable, schema: TableSchema, dictionary: str) -> Iterator[Problem]:
    """Yield the differences between the header and the dictionary; `dictionary` is the name of its file."""
    unknown = [name for name in table.names if name and name not in schema.names]
    for field in schema.fields:
        if field.name not in table.names and not field.optional:
            problem = missing_column_problem(table, field, unknown)
            yield problem
            unknown = [name for name in unknown if name != problem.value]
    for name in unknown:
        rule = f"every column has an entry in {dictionary}; this one has none"
        what_to_do = f"delete it, or describe it in {dictionary}; columns of this table are {listed(schema.names, 30)}"
        yield Problem(table.file, 1, name, name, rule, what_to_do)


def missing_column_problem(table: TextTable, field: Field, unknown: Iterable[str]) -> Problem:
    """Return the problem of a missing column; its value is an unknown name that is probably a misspelling, or ""."""
    close = advice.misspelt(field.name, unknown) or ""
    what_to_do = advice.missing_column(field, table.names, unknown)
    return Problem(table.file, 1, field.name, close, f"the column {field.name} is required", what_to_do)


def too_few_rows(file: str, least: int, origin: Origin) -> Problem:
    """Return the problem of a table with fewer than `least` rows below its header."""
    return Problem(file, None, "", "", f"the table has at least {least} row below the header", origin.restore_rows)
