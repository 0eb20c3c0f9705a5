"""The decimal sign of a file: a point, or a comma in all of its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from analysis.tabular import advice
from analysis.tabular.advice import DECIMAL_COMMA
from analysis.tabular.problems import Problem, in_rows
from analysis.tabular.text_table import TextTable


@dataclass(frozen=True)
class DecimalSign:
    """Whether numbers have a decimal comma, and an example (text, number) for the warning about it."""

    comma: bool = False
    example: tuple[str, str] | None = None


def decimal_sign(table: TextTable, columns: Iterable[str]) -> tuple[DecimalSign, list[Problem]]:
    """Return the decimal sign of the number columns, and a problem if both signs occur.

    The problem names the cells with the rarer sign, which may separate thousands.
    """
    commas: dict[str, np.ndarray] = {}
    points: dict[str, np.ndarray] = {}
    example = None
    for name in columns:
        cells = table[name]
        commas[name] = cells.where(pc.match_substring_regex(cells.words, f"^{DECIMAL_COMMA.pattern}$"))
        points[name] = cells.where(pc.match_substring_regex(cells.words, r"^[+-]?\d+\.\d+$"))
        if commas[name].any() and example is None:
            text = cells.at(int(np.argmax(commas[name])))
            example = (text, text.replace(",", "."))
    total_commas, total_points = (sum(int(mask.sum()) for mask in masks.values()) for masks in (commas, points))
    if not (total_commas and total_points):
        return DecimalSign(total_commas > 0, example), []
    rarer, sign, other = (commas, "comma", "point") if total_commas <= total_points else (points, "point", "comma")
    rule = f"all numbers of a file have the same decimal sign; most others have a {other}, this one a {sign}"
    problems: list[Problem] = []
    for name, mask in rarer.items():

        def mixed(i: int, name: str = name) -> Problem:
            return table.problem(i, name, table[name].at(i), rule, advice.WRITE_DECIMAL_POINT)

        problems += in_rows(np.flatnonzero(mask), mixed)
    return DecimalSign(comma=True), problems
