"""What the tables of a clinic's own patients share: names of groups, counts that may be hidden, notes on who counts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.exhibit import Column, escape
from analysis.outcomes.cohort.disclosure import shown_count
from analysis.wording import half_up, left_out_words, level_words, percent, percent_interval

BY_WORDS = {
    "site": "Site",
    "regimen_class": "Regimen",
    "sex": "Sex",
    "year": "Year of baseline",
    "course_group": "Course",
    "course": "Course",
    "all": "All",
}
HANDLING_WORDS = {
    "complete_cases": "patients with a score",
    "non_responder_imputation": "all; no score = no response",
}


def count(n: object, hidden: bool, min_cell: int) -> str:
    """A count; `<5` where it is hidden, a dash where there is none."""
    return shown_count(pd.NA, min_cell) if hidden else "–" if pd.isna(n) else str(int(n))


def of_all(part: object, whole: object, hidden: bool, min_cell: int) -> str:
    """`30/48`; `<5` where it is hidden."""
    return (
        shown_count(pd.NA, min_cell)
        if hidden
        else "–"
        if pd.isna(part) or pd.isna(whole)
        else f"{int(part)}/{int(whole)}"
    )


def rate(value: float, low: float, high: float) -> str:
    """`62% (48% to 75%)`; a dash where there is none."""
    if pd.isna(value):
        return "–"
    return percent(value) + (f" ({percent_interval(low, high)})" if pd.notna(low) else "")


def points(value: float, low: float, high: float, decimals: int = 1) -> str:
    """`−2.1 (−3.0 to −1.2)`; a dash where there is none."""
    if pd.isna(value):
        return "–"
    return half_up(value, decimals) + (
        f" ({half_up(low, decimals)} to {half_up(high, decimals)})" if pd.notna(low) else ""
    )


def notes(result: Any, shown: pd.DataFrame, results: tuple[str, ...] = (), *more: str, unit: str | None = None) -> str:
    """Below a table: who is counted (`unit`; as the result says, none if empty), what is left out, and what a hidden
    count stands for, if one is hidden. shown: the rows of the result; results: which of its parts are in the table."""
    unit = result.unit if unit is None else unit
    hidden = bool(shown["hidden"].any()) if "hidden" in shown else False
    small = f"<{result.min_cell} stands for fewer than {result.min_cell} patients, and for what would give them away"
    parts = (
        f"Counted: {unit}" if unit else "",
        *more,
        left_out_words(result.left_out, *results),
        small if hidden else "",
    )
    return " ".join(escape(f"{text.rstrip('.')}.") for text in parts if text)


def both_handlings(rates: pd.DataFrame, min_cell: int) -> dict[str, str]:
    """Cells of one visit: of the patients with a score (complete_n, complete), then of all (imputed_n, imputed)."""
    cells = {}
    for name, handling in zip(("complete", "imputed"), HANDLING_WORDS, strict=True):
        row = rates[rates["handling"] == handling].iloc[0]
        cells[f"{name}_n"] = of_all(row["responders"], row["n"], row["hidden"], min_cell)
        cells[name] = rate(row["rate"], row["ci_low"], row["ci_high"])
    return cells


def handling_columns(level: float) -> tuple[Column, ...]:
    """The columns of `both_handlings`."""
    label = level_words(level)
    return (
        Column("complete_n", "With a score", "right"),
        Column("complete", f"Rate ({label})", "right"),
        Column("imputed_n", "Of all", "right"),
        Column("imputed", f"Rate, no score = no response ({label})", "right"),
    )
