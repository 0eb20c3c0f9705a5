"""Rows that are no patient's: a second row of names or units, names repeated further down, totals at the end."""

from __future__ import annotations

import re

import numpy as np

from analysis.outcomes.cohort.columns import Layout
from analysis.outcomes.cohort.raw import Raw, several
from analysis.tabular.problems import Problem

TOTALS = (
    *("total", "totals", "sum", "subtotal", "mean", "average", "median", "summe", "gesamt", "mittelwert"),
    *("durchschnitt", "somme", "moyenne", "médiane", "totaal", "gemiddelde", "mediaan", "promedio", "totale", "somma"),
)
LAST_ROWS = 5
_NO_NUMBER = ("patient_id", "visit", "site", "regimen_class", "sex")


def strange_rows(raw: Raw, layout: Layout) -> tuple[Raw, list[Problem]]:
    """The table without the rows that are no patient's, and one problem for each of them."""
    strange = np.zeros(len(raw.rows), dtype=bool)
    problems: list[Problem] = []

    def told(mask: np.ndarray, rule: str, advice: str) -> None:
        nonlocal strange
        new = np.flatnonzero(mask & ~strange)
        problems.extend(several(new, lambda i: Problem(raw.file, int(raw.rows[i]), "", "", rule, advice)))
        strange |= mask

    told(_repeats_names(raw), "the column names stand in the first row only", "delete this row")
    second = np.zeros_like(strange)
    second[:1] = len(strange) > 0 and _is_second_header(raw, layout)
    rule = "the column names take one row; this looks like a second one, or like units"
    told(second, rule, "delete this row")
    rule = "every row is a visit or a course of a patient; this looks like a row of totals"
    told(_totals(raw), rule, "delete this row")
    return (raw.take(~strange) if problems else raw), problems


def _repeats_names(raw: Raw) -> np.ndarray:
    same = np.zeros(len(raw.rows), dtype=np.int16)
    for name, column in zip(raw.header, raw.columns, strict=True):
        plain = name.strip().casefold()
        words = [word.strip().casefold() == plain if plain else False for word in column.words.to_pylist()]
        if any(words):
            same += column.where(words)
    return same > 1


def _is_second_header(raw: Raw, layout: Layout) -> bool:
    """The first row holds words where all numbers and dates stand, and no number at all."""
    places = [place for name, place in layout.places.items() if name not in _NO_NUMBER]
    places += [place for _, place, *_ in layout.scores]
    texts = [text for place in places if (text := raw.columns[place].at(0).strip())]
    return len(texts) > 1 and all(re.match(r"[^\W\d]|[(\[/]", text) for text in texts)


def _totals(raw: Raw) -> np.ndarray:
    """Rows at the end whose first filled cell says what is added up or averaged."""
    found = np.zeros(len(raw.rows), dtype=bool)
    for position in range(max(0, len(raw.rows) - LAST_ROWS), len(raw.rows)):
        filled = (text for column in raw.columns if (text := column.at(position)[:80].casefold().strip(" :=()")))
        found[position] = next(filled, "") in TOTALS
    return found
