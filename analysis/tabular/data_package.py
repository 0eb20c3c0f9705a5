"""A data dictionary: a Frictionless Data Package (YAML) as Python objects, and the problems of the file itself.

Tools that support the standard read the same file. Additional properties of a column: `unit`, `optional`,
`identifier`, `level`, `group`, `better`, `importantDifference`, `improvedAt` and `citation` (see `schema.Field`); of a
table: `minRows` and `deletedRows`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from analysis.paths import read_file
from analysis.tabular.plain_yaml import MOST_YAML_BYTES, AmbiguousText, YamlError, read_yaml
from analysis.tabular.problems import DataError, Problem, listed, nearest
from analysis.tabular.schema import DataPackage, Field, ForeignKey, Limit, TableSchema

DICTIONARY = "datapackage.yaml"
_TYPES = ("string", "number", "integer", "date")
_CONSTRAINTS = ("required", "unique", "enum", "minimum", "maximum", "pattern")
_FIELD_KEYS = """name type title description unit example constraints optional identifier level group better
    importantDifference improvedAt citation""".split()
_DIRECTIONS = ("lower", "higher")


def read_package(folder: Path) -> DataPackage:
    """Return the dictionary in a folder. Raises DataError with all problems of the dictionary itself."""
    path = folder / DICTIONARY
    if not path.is_file():
        rule = "the folder of the tables contains their dictionary, datapackage.yaml"
        advice = f"put datapackage.yaml back into {folder} (git checkout), or name the folder that contains it"
        raise _refused(folder, rule, advice)
    try:
        return _package(read_file(path, MOST_YAML_BYTES), folder)
    except OSError as error:
        advice = f"name a folder whose dictionary can be read; {error.strerror}"
        raise _refused(folder, "the dictionary is a file that can be read", advice) from None


def _refused(folder: Path, rule: str, advice: str, row: int | None = None, value: str = "") -> DataError:
    return DataError([Problem(DICTIONARY, row, "", value, rule, advice)], str(folder))


@lru_cache(maxsize=4)
def _package(content: bytes, folder: Path) -> DataPackage:
    """Return the dictionary in a YAML text; cached, since a report reads it often."""
    try:
        descriptor = read_yaml(content)
    except YamlError as error:
        raise _refused(folder, "the dictionary is readable YAML", error.advice, error.line, error.rule) from None
    if not isinstance(descriptor, dict) or not isinstance(descriptor.get("resources"), list):
        advice = "put datapackage.yaml back as it was and make the change again, one table at a time"
        raise _refused(folder, "the dictionary lists its tables under resources:", advice)
    problems: list[Problem] = []
    tables: dict[str, TableSchema] = {}
    files: dict[str, str] = {}
    for number, resource in enumerate(descriptor["resources"], start=1):
        where = _name(resource) or f"resource {number}"
        if not _name(resource) or not isinstance(resource.get("path"), str):
            advice = "add both, for example name: arms and path: arms.csv"
            problems.append(_wrong(where, "every resource has a name and a path", advice))
        elif where in tables or where in files:
            problems.append(_wrong(where, "names of resources are unique", "rename or delete one of the two"))
        elif "schema" not in resource and not resource["path"].lower().endswith(".csv"):
            files[where] = resource["path"]
        else:
            try:
                entry_problems = list(_table_problems(resource))
                if not entry_problems:
                    tables[where] = _table(resource)
            except (AttributeError, KeyError, TypeError, ValueError, re.error) as error:
                rule = "an entry has the form of a Frictionless table schema"
                advice = "compare it with the entry of another table: keys, constraints and lists have the same form"
                entry_problems = [_wrong(where, rule, advice, f"{type(error).__name__}: {error}")]
            problems += entry_problems
    problems += _key_problems(tables) if not problems else []
    if problems:
        raise DataError(problems, str(folder))
    return DataPackage(tables, files)


def _name(entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


def _wrong(where: str, rule: str, advice: str, value: str = "") -> Problem:
    return Problem(DICTIONARY, None, where, value, rule, advice)


def _table_problems(resource: dict[str, Any]) -> Iterator[Problem]:
    table = resource["name"]
    schema = resource.get("schema")
    columns = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(columns, list) or not columns:
        advice = "add an entry for each column of the table"
        yield _wrong(table, "a table lists its columns under schema: fields:", advice)
        return
    if schema.get("missingValues", [""]) != [""]:
        yield _wrong(f"{table}.missingValues", "an empty cell is the only missing value", 'write missingValues: [""]')
    seen: set[str] = set()
    for number, column in enumerate(columns, start=1):
        where = f"{table}.{_name(column) or number}"
        if not _name(column):
            yield _wrong(where, "every column has a name", "add name: and the column's name")
            continue
        if _name(column) in seen:
            yield _wrong(where, "a column has one entry", "delete one of the two entries")
        seen.add(_name(column))
        yield from _one_of(where, "the properties of a column are", column, _FIELD_KEYS)
        yield from _one_of(where, "the type of a column is", [column.get("type")], _TYPES)
        for key in ("title", "description"):
            if not isinstance(column.get(key), str) or not column[key].strip():
                yield _wrong(where, f"every column has a {key}", "say in a few words what the column means")
        if column.get("better", "") not in ("", *_DIRECTIONS):
            advice = f"write {listed(_DIRECTIONS, last=' or ')}: the direction in which a patient is better"
            yield _wrong(where, f"better is {listed(_DIRECTIONS, last=' or ')}", advice, str(column["better"]))
        if ("importantDifference" in column or "improvedAt" in column) and not column.get("citation"):
            yield _wrong(where, "an important difference has a citation", "add citation: and the source with its DOI")
        constraints = column.get("constraints", {})
        yield from _one_of(where, "constraints are", constraints, _CONSTRAINTS)
        if any(isinstance(choice, (bool, AmbiguousText)) for choice in constraints.get("enum", ())):
            advice = 'put yes and no into quotation marks: enum: ["yes", "no"]'
            yield _wrong(where, "allowed values are text or numbers", advice)


def _one_of(where: str, rule: str, words: Iterable[Any], choices: tuple[str, ...]) -> Iterator[Problem]:
    """Yield a problem for each word that is not one of the choices, which end the rule."""
    for word in (word for word in words if word not in choices):
        yield _unknown(where, f"{rule} {listed(choices)}", str(word), choices)


def _unknown(where: str, rule: str, word: str, choices: tuple[str, ...]) -> Problem:
    close = nearest(word, choices)
    return _wrong(where, rule, f"write {close}" if close else f"write one of {listed(choices)}", word)


def _table(resource: dict[str, Any]) -> TableSchema:
    schema = resource["schema"]
    primary = schema.get("primaryKey", [])
    return TableSchema(
        name=resource["name"],
        file=resource["path"],
        title=resource.get("title", ""),
        description=resource.get("description", ""),
        fields=tuple(_field(column) for column in schema["fields"]),
        primary_key=(primary,) if isinstance(primary, str) else tuple(primary),
        foreign_keys=tuple(
            ForeignKey(fields, key["reference"].get("resource") or resource["name"], target)
            for key in schema.get("foreignKeys", [])
            for fields, target in zip(_several(key["fields"]), _several(key["reference"]["fields"]), strict=True)
        ),
        min_rows=int(resource.get("minRows", 0)),
        deleted_rows=tuple(map(int, resource.get("deletedRows", ()))),
    )


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _field(column: dict[str, Any]) -> Field:
    constraints = column.get("constraints", {})
    return Field(
        name=column["name"],
        type=column["type"],
        title=column["title"],
        description=column["description"],
        unit=column.get("unit", ""),
        example=str(column.get("example", "")),
        required=bool(constraints.get("required", False)),
        unique=bool(constraints.get("unique", False)),
        enum=tuple(str(choice) for choice in constraints.get("enum", ())),
        minimum=_limit(column["type"], constraints.get("minimum")),
        maximum=_limit(column["type"], constraints.get("maximum")),
        pattern=re.compile(constraints.get("pattern", "")).pattern,
        optional=bool(column.get("optional", False)),
        identifier=bool(column.get("identifier", False)),
        level=str(column.get("level", "")),
        group=str(column.get("group", "")),
        better=str(column.get("better", "")),
        important_difference=_limit("number", column.get("importantDifference")),
        improved_at=_limit("number", column.get("improvedAt")),
        citation=str(column.get("citation", "")),
    )


def _limit(kind: str, value: Any) -> Limit | None:
    if value is None:
        return None
    return date.fromisoformat(value) if kind == "date" else float(value)


def _key_problems(tables: Mapping[str, TableSchema]) -> Iterator[Problem]:
    rule = "a key names columns of its table"
    for table in tables.values():
        for name in (name for name in table.primary_key if name not in table.names):
            yield _unknown(f"{table.name}.primaryKey", rule, name, table.names)
        for key in table.foreign_keys:
            where = f"{table.name}.foreignKeys"
            if key.column not in table.names:
                yield _unknown(where, rule, key.column, table.names)
            if key.to_table not in tables:
                to_table = "a foreign key refers to a table of the package"
                yield _unknown(where, to_table, key.to_table, tuple(tables))
            elif key.to_column not in (names := tables[key.to_table].names):
                yield _unknown(where, "a foreign key refers to a column of that table", key.to_column, names)
