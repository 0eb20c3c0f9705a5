"""Rows of the tables as input of the rules: values by column, and the text of the cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.tabular.origin import CURATED_TABLES
from analysis.tabular.problems import Problem
from analysis.tabular.schema import TableSchema
from analysis.tabular.text_table import TextTable
from analysis.tabular.typed_cells import Value, read_cells

Texts = Mapping[int, Mapping[str, str]]


class Record(dict[str, Value]):
    """The values of a row by column; None for a column that the dictionary lacks, as for an empty cell."""

    def __missing__(self, column: str) -> Value:
        return None


@dataclass(frozen=True)
class Tables:
    """All tables as input of the rules.

    records: rows of each table; None is a missing or wrong value, `row` the row number as a spreadsheet shows it.
    """

    records: Mapping[str, list[Record]]
    files: Mapping[str, str]
    texts: Mapping[str, Texts] = field(default_factory=dict)  # text of the cells by table, row and column

    def __getitem__(self, table: str) -> list[Record]:
        return self.records.get(table, [])

    def text(self, table: str, record: Record, column: str) -> str:
        """Return the text of a cell in the file, such as `61.0`."""
        return self.texts.get(table, {}).get(record["row"], {}).get(column, "")

    def words(self, table: str, column: str) -> set[str] | None:
        """Return the words of a column, or None if it could not be read, which has its own message."""
        rows = self.texts.get(table)
        if rows is None or any(column not in row for row in rows.values()):
            return None
        return {row[column] for row in rows.values()} - {""}

    def problem(self, table: str, record: Record, column: str, rule: str, advice: str | None = None) -> Problem:
        """Return a problem of a row; the default advice is to compare the row with its source."""
        if advice is None:
            source, place = record.get("source_id"), record.get("locator")
            where = f": {source}" + (f" ({place})" if place else "") if source else ""
            advice = f"compare with the source{where}"
        return Problem(self.files[table], record["row"], column, self.text(table, record, column), rule, advice)


def records_of(table: TextTable, schema: TableSchema) -> tuple[list[Record], list[Problem]]:
    """Return one record per complete row, and the problems of the cells."""
    table = table.complete_rows()
    problems: list[Problem] = []
    values: dict[str, list[Value]] = {name: [None] * len(table) for name in schema.names}
    for entry in schema.fields:
        if entry.name in table.names:
            column, wrong = read_cells(table, entry.name, entry, CURATED_TABLES)
            problems += wrong
            values[entry.name] = column.of_rows()
    values["row"] = table.rows.tolist()
    return [Record(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)], problems


def texts_of(table: TextTable, schema: TableSchema) -> dict[int, dict[str, str]]:
    """Return the text of the cells by row number and column."""
    names = [name for name in schema.names if name in table.names]
    columns = [table[name].texts() for name in names]
    rows = zip(*columns, strict=True) if columns else [()] * len(table)
    return {number: dict(zip(names, row, strict=True)) for number, row in zip(table.rows.tolist(), rows, strict=True)}
