"""Identifiers that a spreadsheet or an export may have changed: such rows are refused, never merged or split."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow.compute as pc

from analysis.tabular import advice
from analysis.tabular.problems import Problem, in_rows, listed
from analysis.tabular.text_table import TextTable

_DAMAGED = r"^\s*(?:[+-]?\d+(?:[.,]\d+)?[eE]\+\d+|\d{16,})\s*$"
_HARD_TO_SEE = "[^!-~]"  # a space, or a sign beyond ASCII
_MOST_ROWS = 6


def identifier_problems(table: TextTable, column: str, around: bool = True) -> list[Problem]:
    """Return the problems of the column of identifiers.

    An identifier in scientific notation or a number of more than 15 digits may have lost digits in a spreadsheet.
    Identifiers that differ only in invisible characters, in spaces or in the Unicode form of a letter may be one
    patient or two.

    around: whether spaces around an identifier are a difference; False where another rule refuses them.
    """
    cells = table[column]
    if not len(cells.words):
        return []
    damaged = cells.where(pc.match_substring_regex(cells.words, _DAMAGED))
    rule = "patient_id is complete; a spreadsheet shortens numbers of more than 15 digits, also as in 2.02E+11"
    problems = in_rows(np.flatnonzero(damaged), lambda i: table.problem(i, column, "", rule, advice.IDS_AS_TEXT))
    if not pc.any(pc.match_substring_regex(cells.words, _HARD_TO_SEE)).as_py():
        return problems
    words = cells.words.to_pylist()
    forms: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        if plain := _plain(word):
            forms.setdefault(plain, []).append(place)
    for alike in forms.values():
        if len({words[place] if around else words[place].strip() for place in alike}) < 2:
            continue
        found = (np.flatnonzero(cells.codes == place) for place in alike)
        first = sorted(int(positions[0]) for positions in found if len(positions))
        if len(first) > 1:
            rows = listed([str(table.rows[position]) for position in first], _MOST_ROWS)
            rule = "two forms of one patient_id, which differ only in spaces, invisible signs or the code of a letter"
            what_to_do = f"decide whether it is one patient, and write each patient in one way; compare rows {rows}"
            problems.append(table.problem(first[0], column, "", rule, what_to_do))
    return problems


def _plain(word: str) -> str:
    """Return an identifier without what the eye can't see: spaces, format characters, the Unicode form."""
    visible = "".join(sign for sign in unicodedata.normalize("NFC", word) if unicodedata.category(sign) != "Cf")
    return "".join(visible.split())
