"""Rows that describe no patient: a second row of names or units, names repeated further down, totals at the end."""

from __future__ import annotations

import re

import numpy as np
import pyarrow.compute as pc

from analysis.outcomes.cohort.form import long_form
from analysis.outcomes.cohort.layout import CohortLayout
from analysis.tabular import advice
from analysis.tabular.problems import Problem, in_rows
from analysis.tabular.text_table import TextTable

_TOTALS = """total totals sum subtotal mean average median summe gesamt mittelwert durchschnitt somme moyenne
    médiane totaal gemiddelde mediaan promedio totale somma""".split()
_LAST_ROWS = 5


def without_extra_rows(table: TextTable, layout: CohortLayout) -> tuple[TextTable, list[Problem]]:
    """Return the table without the rows that describe no patient, and one problem for each of them."""
    extra = np.zeros(len(table), dtype=bool)
    problems: list[Problem] = []

    def add(mask: np.ndarray, rule: str) -> None:
        nonlocal extra
        new = np.flatnonzero(mask & ~extra)
        problems.extend(in_rows(new, lambda i: table.problem(i, "", "", rule, advice.DELETE_ROW)))
        extra |= mask

    add(_repeats_names(table), "the column names stand in the first row only")
    second = np.zeros_like(extra)
    second[:1] = len(extra) > 0 and _is_second_header(table, layout)
    add(second, "the column names take one row; this looks like a second one, or like units")
    add(_totals(table), "every row is a visit or a course of a patient; this looks like a row of totals")
    return (table.take(~extra) if problems else table), problems


def _repeats_names(table: TextTable) -> np.ndarray:
    same = np.zeros(len(table), dtype=np.int16)
    for name, column in zip(table.names, table.columns, strict=True):
        if name:
            same += column.where(pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(column.words)), name.lower()))
    return same > 1


def _is_second_header(table: TextTable, layout: CohortLayout) -> bool:
    """Return whether the first row has words where numbers and dates are expected, and no number."""
    names = [name for name in layout.names if long_form()[name].type != "string"]
    names += [score.name for score in layout.scores]
    texts = [text for name in names if (text := table[name].at(0).strip())]
    return len(texts) > 1 and all(re.match(r"[^\W\d]|[(\[/]", text) for text in texts)


def _totals(table: TextTable) -> np.ndarray:
    """Return a mask of the rows at the end whose first filled cell names a sum or an average."""
    mask = np.zeros(len(table), dtype=bool)
    for position in range(max(0, len(table) - _LAST_ROWS), len(table)):
        filled = (text for column in table.columns if (text := column.at(position)[:80].casefold().strip(" :=()")))
        mask[position] = next(filled, "") in _TOTALS
    return mask
