"""Cells and notes shared by the tables of a clinic's own patients, with counts that may be hidden."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.cohort_wording import left_out_words
from analysis.exhibit import Column, escape
from analysis.outcomes.cohort.disclosure import shown_count
from analysis.wording import interval_words, rate_cell

_COUNTS = ("empty", "no_row", "missing", "never", "ended", "ongoing", "without_follow_up")
_HANDLINGS = {"complete": "complete_cases", "imputed": "non_responder_imputation"}


def count_or_hidden(count: object, hidden: bool, min_cell: int) -> str:
    """Return a count; `<5` if it is hidden or missing."""
    return shown_count(pd.NA if hidden else count, min_cell)


def part_or_hidden(part: object, total: object, hidden: bool, min_cell: int) -> str:
    """Return a part of a total, `30/48`; `<5` if it is hidden, – if either is missing."""
    if hidden:
        return shown_count(pd.NA, min_cell)
    return "–" if pd.isna(part) or pd.isna(total) else f"{int(part)}/{int(total)}"


def count_column(name: str, label: str, min_cell: int) -> Column:
    """Return the column `NAME_words` of the counts in column `name`, hidden in rows with `hidden`."""

    def cell(row: Any) -> str:
        return count_or_hidden(getattr(row, name), row.hidden, min_cell)

    return Column(f"{name}_words", label, "right", value=cell)


def part_column(name: str, label: str, part: str, total: str, min_cell: int) -> Column:
    """Return a column of parts of a total, both named by their columns, hidden in rows with `hidden`."""

    def cell(row: Any) -> str:
        return part_or_hidden(getattr(row, part), getattr(row, total), row.hidden, min_cell)

    return Column(name, label, "right", value=cell)


def cohort_notes(
    result: Any, rows: pd.DataFrame, parts: tuple[str, ...] = (), *more: str, unit: str | None = None
) -> str:
    """Return the notes of a table in Markdown: who is counted, what is left out, what a hidden count means.

    Parameters
    ----------
    rows
        Rows shown; hidden counts are explained if one of them is hidden.
    parts
        Parts of the result shown, to list only what is left out of these; empty for all.
    *more
        Sentences after the unit.
    unit
        Who is counted, in place of the unit of the result; empty for no such sentence.
    """
    unit = result.unit if unit is None else unit
    hidden = "hidden" in rows and bool(
        rows["hidden"].any() or rows[rows.columns.intersection(_COUNTS)].isna().any(axis=None)
    )
    small = f"<{result.min_cell} stands for fewer than {result.min_cell} patients, and for what would give them away"
    sentences = (
        f"Counted: {unit}" if unit else "",
        *more,
        left_out_words(result.left_out, *parts),
        small if hidden else "",
    )
    return " ".join(escape(f"{text.rstrip('.')}.") for text in sentences if text)


def handling_cells(rates: pd.DataFrame, min_cell: int) -> dict[str, str]:
    """Return the cells of `handling_columns` for one visit, from one row per handling of missing scores."""
    cells = {}
    for name, handling in _HANDLINGS.items():
        row = rates[rates["handling"] == handling].iloc[0]
        cells[f"{name}_n"] = part_or_hidden(row["responders"], row["n"], row["hidden"], min_cell)
        cells[name] = rate_cell(row["rate"], row["ci_low"], row["ci_high"])
    return cells


def handling_columns(level: float) -> tuple[Column, ...]:
    """Return the columns of responders among the patients with a score, then among all."""
    label = interval_words(level)
    return (
        Column("complete_n", "With a score", "right"),
        Column("complete", f"Rate ({label})", "right"),
        Column("imputed_n", "Of all", "right"),
        Column("imputed", f"Rate, no score = no response ({label})", "right"),
    )
