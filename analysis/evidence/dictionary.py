"""The dictionary of the evidence tables, data/datapackage.yaml."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from analysis import paths
from analysis.tabular.data_package import DICTIONARY, read_package
from analysis.tabular.problems import nearest
from analysis.tabular.schema import DataPackage, Field


def allowed(table: str, column: str, folder: Path = paths.DATA) -> tuple[str, ...]:
    """Return the allowed values of a column in the order of the dictionary; () if all are allowed.

    Raises KeyError for a table or column that the dictionary does not have.
    """
    return _field(table, column, folder).enum


def meaning(table: str, column: str, folder: Path = paths.DATA) -> str:
    """Return the description of a column. Raises KeyError like `allowed`."""
    return _field(table, column, folder).description


def column_titles(folder: Path = paths.DATA) -> dict[str, dict[str, str]]:
    """Return the title of each column of each table, in the order of the dictionary."""
    tables = read_package(folder).tables
    return {name: {field.name: field.title for field in table.fields} for name, table in tables.items()}


@lru_cache(maxsize=8)
def cached(folder: Path, changed: int) -> DataPackage:
    """Return the result of `read_package`, read once for each modification time (`changed`) of the file."""
    return read_package(folder)


def _field(table: str, column: str, folder: Path) -> Field:
    path = folder / DICTIONARY
    tables = cached(folder, path.stat().st_mtime_ns if path.exists() else 0).tables
    if table not in tables:
        raise KeyError(f"no table {table} in the dictionary; the nearest is {nearest(table, tables)}")
    if column not in tables[table].names:
        close = nearest(column, tables[table].names)
        raise KeyError(f"no column {column} in the table {table}; the nearest is {close}")
    return tables[table][column]
