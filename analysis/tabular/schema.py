"""The entries of a data dictionary as Python objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

Limit = float | date


@dataclass(frozen=True)
class Field:
    """The dictionary's entry of one column.

    group: what an optional column of a cohort is about: "outcome" (measured at a visit), "treatment" or "safety"
    (of a course); "" for the columns that every report uses.
    important_difference: least change that matters to patients, in the column's unit; None if no source states one.
    improved_at: value from which on, in the direction of improvement, a patient counts as improved, for a scale of
    change.
    """

    name: str
    type: str  # string, number, integer or date
    title: str
    description: str
    unit: str = ""
    example: str = ""
    required: bool = False  # whether every row has a value
    unique: bool = False  # whether a value occurs once
    enum: tuple[str, ...] = ()  # the allowed values; () allows all
    minimum: Limit | None = None
    maximum: Limit | None = None
    pattern: str = ""  # regular expression that the text of a value matches
    optional: bool = False  # whether a table may lack the column
    identifier: bool = False  # whether values identify a patient and must not occur in messages
    level: str = ""  # level that a value describes, in a table with several levels: "visit" or "course"
    group: str = ""
    better: str = ""  # direction of improvement: lower or higher
    important_difference: float | None = None
    improved_at: float | None = None
    citation: str = ""  # source of the important difference


@dataclass(frozen=True)
class ForeignKey:
    """Each value of `column` occurs in `to_column` of the table `to_table`."""

    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class TableSchema:
    """The dictionary's entry of one table: file, columns in order, keys, least number of rows, deleted rows."""

    name: str
    file: str
    title: str
    description: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    min_rows: int = 0
    deleted_rows: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in their order."""
        return tuple(field.name for field in self.fields)

    @property
    def outcomes(self) -> tuple[Field, ...]:
        """The outcomes other than pain, measured at a visit."""
        return tuple(field for field in self.fields if field.level == "visit" and field.group == "outcome")

    def __getitem__(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


@dataclass(frozen=True)
class DataPackage:
    """All tables of a dictionary by name, and the other files of the package (name -> file)."""

    tables: Mapping[str, TableSchema]
    files: Mapping[str, str]
