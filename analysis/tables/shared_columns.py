"""Columns and notes shared by several tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table, studies_of
from analysis.exhibit.cells import Align
from analysis.exhibit.places import source_row
from analysis.wording import BENEFIT_WORDS, mark_notes, marks, p_text, regimen_words

# the study with the marks of its count and its source
STUDY_COLUMN = Column("study", "Study", value=lambda row: row.citation + marks(row))
REGIMEN_COLUMN = Column("regimen", "Regimen", value=lambda row: regimen_words(row.regimen_class))
BENEFIT_COLUMN = Column("benefit_words", "Benefit", value=lambda row: BENEFIT_WORDS[row.benefit])
WEEKS_COLUMN = Column("weeks", "Weeks", "decimal", "{:g}".format)
P_COLUMN = Column(
    "p_words", "P", value=lambda row: p_text(row.p_operator, row.p_value) if pd.notna(row.p_value) else ""
)


def row_column(table: str, name: str = "row", value: Callable[[Any], str] | None = None) -> Column:
    """Return the column with the ids of the rows of `table` behind each line."""

    def ids(row: object) -> str:
        return row if isinstance(row, str) else source_row(table, int(row))

    return Column(name, "Row", format=ids, value=value)


def words_column(name: str, label: str, words: Callable[..., str], values: str, align: Align = "left") -> Column:
    """Return a column whose cells are `words(*values)`; `values` names columns of a row: `rate ci_low ci_high`."""
    return Column(name, label, align, value=lambda row: words(*(getattr(row, value) for value in values.split())))


def marked_notes(text: str, *tables: pd.DataFrame) -> str:
    """Return the text followed by the meaning of each mark that the rows of the tables have."""
    return f"{text} {mark_notes(marks(row) for table in tables for row in each(table))}".strip()


def study_table(name: str, data: pd.DataFrame, caption: str, columns: tuple[Column, ...], notes: str = "") -> Table:
    """Return a table of rows of studies; its notes explain the marks of these rows."""
    return Table(name, data, caption, columns, studies_of(data), marked_notes(notes, data))
