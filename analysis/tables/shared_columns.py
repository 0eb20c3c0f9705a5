"""Columns and notes shared by several tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column
from analysis.wording import BENEFIT_WORDS, mark_notes, marks, regimen_words

# the study with the marks of its count and its source
STUDY_COLUMN = Column("study", "Study", value=lambda row: row.citation + marks(row))
REGIMEN_COLUMN = Column("regimen", "Regimen", value=lambda row: regimen_words(row.regimen_class))
BENEFIT_COLUMN = Column("benefit_words", "Benefit", value=lambda row: BENEFIT_WORDS[row.benefit])
WEEKS_COLUMN = Column("weeks", "Weeks", "decimal", "{:g}".format)


def row_column(table: str, name: str = "row", value: Callable[[Any], str] | None = None) -> Column:
    """Return the column with the rows of `table`.csv behind each line, numbered as in a spreadsheet."""

    def numbers(row: object) -> str:
        return str(row).removeprefix(f"{table}.csv row ")

    return Column(name, f"Row of {table}.csv", "right", numbers, value=value)


def marked_notes(text: str, *tables: pd.DataFrame) -> str:
    """Return the text followed by the meaning of each mark that the rows of the tables have."""
    return f"{text} {mark_notes(marks(row) for table in tables for row in each(table))}".strip()
