"""Single cells and keys of a table against the dictionary.

Types and constraints are read by frictionless' own field readers, so a value means here what it means to every tool
that knows the standard. Two things are ours: numbers must be written plainly (frictionless, like Python, also takes
`1_000`, `nan` and `1e400`), and the messages. Keys are checked here too, because a frictionless resource stops at a
table that another one refers to and can't be read, and because opening one validates each field against a JSON
schema: 1.1 s for these tables, against 0.05 s. The tests let the whole of frictionless validate the package as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from analysis.evidence.dictionary import Column, Table
from analysis.evidence.files import Rows
from analysis.tabular.problems import Problem, listed, meant, nearest

Value = str | int | float | None


class Record(dict[str, Value]):
    """The values of a row by column. A column that the dictionary doesn't have is None, as if it were empty."""

    def __missing__(self, column: str) -> Value:
        return None


PLAIN = {"number": re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII), "integer": re.compile(r"[+-]?\d+", re.ASCII)}
MONTH = r"(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\w*\.?"
DATE = re.compile(
    rf"\d{{1,2}}[-./ ]+({MONTH}|\d{{1,2}})([-./ ]+\d{{2,4}})?|{MONTH}[-./ ]\d{{1,4}}|\d{{4}}-\d\d-\d\d", re.IGNORECASE
)
NOT_REPORTED = {
    "na",
    "n/a",
    "n.a.",
    "nan",
    "none",
    "null",
    "-",
    "–",
    "?",
    ".",
    "nr",
    "not reported",
    "missing",
    "unknown",
}


def read_cells(table: Table, rows: Rows) -> tuple[list[Record], list[Problem]]:
    """The values of a table, one record for each whole row (its number under `row`), and the problems of its cells.

    A cell that is wrong is None in the record, so that the other rules can still be checked.
    """
    records: list[Record] = []
    problems: list[Problem] = []
    empty = dict.fromkeys(table.names)
    readers = [
        (column, _reader(column, table.missing_values)) for column in table.columns if column.name in rows.columns
    ]
    for row in rows.rows:
        if not row.whole:
            continue
        record = Record(empty, row=row.number)
        for column, reader in readers:
            text = row.cells[column.name]
            record[column.name], wrong = reader(text)
            if wrong:
                problems.append(Problem(table.file, row.number, column.name, text, *wrong))
        records.append(record)
    return records, problems


def repeated(table: Table, rows: Rows) -> Iterator[Problem]:
    """Values that must stand once and don't: unique columns and the primary key."""
    keys = {(column.name,) for column in table.columns if column.unique} | {table.primary_key}
    for key in sorted(key for key in keys if key and set(key) <= set(rows.columns)):
        first: dict[tuple[str, ...], int] = {}
        for row in rows.rows:
            values = tuple(row.cells[name] for name in key)
            if not any(values) or not row.whole:
                continue
            if values in first:
                names = " + ".join(key)
                yield Problem(
                    table.file,
                    row.number,
                    names,
                    " + ".join(values),
                    f"each {names} stands once; this one is already in row {first[values]}",
                    "delete the row if it was copied by mistake, else give one of the two another name"
                    if len(key) == 1
                    else "delete the row if it was copied by mistake, else say in these columns how the two differ",
                )
            first.setdefault(values, row.number)


def orphans(table: Table, rows: Rows, tables: Mapping[str, Table], all_rows: Mapping[str, Rows]) -> Iterator[Problem]:
    """Values that lead to no row of the table they refer to.

    Tables that can't be read are passed over: they have a problem already.
    """
    for key in table.foreign_keys:
        target = all_rows.get(key.to_table)
        if target is None or key.to_column not in target.columns or key.column not in rows.columns:
            continue
        known = {row.cells[key.to_column] for row in target.rows}
        for row in rows.rows:
            value = row.cells[key.column]
            if value and row.whole and value not in known:
                file = tables[key.to_table].file
                close = nearest(value, known)
                advice = f"add it to {file} first" + (f", or write “{close}” if that is meant" if close else "")
                yield Problem(
                    table.file,
                    row.number,
                    key.column,
                    value,
                    f"every {key.column} stands in {file} (column {key.to_column})",
                    advice,
                )


@lru_cache(maxsize=512)
def _field_reader(column: Column, missing: tuple[str, ...]) -> Any:
    # Imported here: 0.15 s that commands which read no table need not wait for.
    from frictionless import fields

    types = {"string": fields.StringField, "number": fields.NumberField, "integer": fields.IntegerField}
    constraints: dict[str, Any] = {
        "required": column.required or None,
        "enum": list(column.enum) or None,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "pattern": column.pattern or None,
    }
    field = types[column.type](
        name=column.name,
        missing_values=list(missing),
        constraints={name: value for name, value in constraints.items() if value is not None},
    )
    return field.create_cell_reader()


def _reader(column: Column, missing: tuple[str, ...]) -> Any:
    """A function from a cell's text to its value and, if it is wrong, (rule, advice)."""
    read = _field_reader(column, missing)
    plain = PLAIN.get(column.type)

    def reader(text: str) -> tuple[Value, tuple[str, str] | None]:
        if text and not text.strip():
            return None, ("a cell that looks empty is empty", "delete the spaces in it")
        if plain and text not in missing and not plain.fullmatch(text):
            return None, _not_a_number(column, text)
        value, notes = read(text)
        if notes:
            return None, _broken(column, text, next(iter(notes)))
        return (float(value) if column.type == "number" and value is not None else value), None

    return lru_cache(maxsize=None)(reader)


def _not_a_number(column: Column, text: str) -> tuple[str, str]:
    rule = f"{column.name} is a number, written with digits and a decimal point"
    if column.type == "integer":
        rule = f"{column.name} is a whole number, written with digits only"
    bare = text.strip()
    if PLAIN[column.type].fullmatch(bare):
        return rule, f"delete the space before or after {bare}"
    if bare.lower() in NOT_REPORTED:
        return rule, "leave the cell empty: an empty cell means not reported"
    if re.fullmatch(r"[+-]?\d+,\d+", bare):
        point = bare.replace(",", ".")
        if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", bare):
            return (
                rule,
                f"write {bare.replace(',', '')} if the comma separates thousands, or {point} if it is a decimal comma",
            )
        if column.type == "integer":
            return (
                rule,
                f"the comma is a decimal point ({point}), and this column takes no decimals: look the number up",
            )
        return (
            rule,
            f"write {point} if that is meant: a spreadsheet with other regional settings writes a decimal comma",
        )
    if column.type == "integer" and re.fullmatch(r"[+-]?\d+\.0+", bare):
        return rule, f"write {bare.split('.')[0]}"
    if re.fullmatch(r"[+-]?\d+\.\d+", bare):
        return rule, "this column takes no decimals: look the number up"
    if bare.endswith("%"):
        return rule, f"write {bare[:-1].strip()} without the sign"
    if bare[0] in "<>=≤≥~":
        return rule, "write the number alone; the sign before a P value has its own column, p_operator"
    if DATE.fullmatch(bare):
        return (
            rule,
            "a spreadsheet may have turned the number into a date: format the cell as text and write the number again",
        )
    if re.fullmatch(r"[+−–]?\d+(\.\d+)?", bare):
        return rule, f"write an ordinary minus sign: -{bare[1:]}"
    if re.match(r"[+-]?\d+(\.\d+)?\s*[A-Za-z]", bare):
        number = re.match(r"[+-]?\d+(\.\d+)?", bare)
        return (
            rule,
            f"write {number[0]} alone"
            + (f"; the unit is {column.unit}" if column.unit else "")
            + "; remarks go into the note",
        )
    return rule, "write the number; if the source gives none, leave the cell empty and put the words into the note"


def _broken(column: Column, text: str, constraint: str) -> tuple[str, str]:
    """Rule and advice for a value that breaks a constraint of the dictionary."""
    look_up = "look the value up at the place that source_id and locator name"
    unit = f" {column.unit}" if column.unit else ""
    if constraint == "required":
        return f"{column.name} is required", f"fill it in: {column.description}"
    if constraint == "enum":
        return f"{column.name} is one of {listed(column.enum)}", meant(text, column.enum, column.required)
    if constraint == "minimum":
        return f"{column.name} is at least {_number(column.minimum)}{unit}", f"{look_up}; {column.description}"
    if constraint == "maximum":
        return f"{column.name} is at most {_number(column.maximum)}{unit}", f"{look_up}; {column.description}"
    if constraint == "pattern":
        return (
            f"{column.name} has the form of {column.example or column.pattern}",
            f"write it like that: {column.description}",
        )
    return f"{column.name} is of the type {column.type}", f"write it like that: {column.description}"


def _number(value: float | None) -> str:
    return f"{value:g}" if value is not None else ""


def known_keys(all_rows: Mapping[str, Rows], places: Iterable[tuple[str, str]]) -> set[str] | None:
    """All values of some columns, or None if one of their tables can't be read."""
    keys: set[str] = set()
    for table, column in places:
        rows = all_rows.get(table)
        if rows is None or column not in rows.columns:
            return None
        keys |= {row.cells[column] for row in rows.rows} - {""}
    return keys
