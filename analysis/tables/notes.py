"""What all tables share: the notes below them, the studies they show, the column of data rows."""

from __future__ import annotations

import pandas as pd

from analysis.exhibit import Column
from analysis.wording import mark_notes


def marked_notes(text: str, shown: pd.DataFrame) -> str:
    """The text, followed by the meaning of each mark that stands behind a study in `shown` (column study)."""
    return f"{text} {mark_notes(shown['study'])}".strip()


def row_column(table: str, name: str = "row") -> Column:
    """The column that says where a line stands in `data/`: its row as a spreadsheet shows it."""
    return Column(name, f"Row of {table}.csv", "right", lambda row: str(row).removeprefix(f"{table}.csv row "))


def count_span(low: float, high: float) -> str:
    """A smallest and a largest count: `7 to 25`, `9`, or `none` where there is none."""
    if pd.isna(low):
        return "none"
    return f"{int(low)}" if low == high else f"{int(low)} to {int(high)}"
