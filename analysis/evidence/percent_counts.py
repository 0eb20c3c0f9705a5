"""Rule: counts derived from a printed percentage reproduce it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor

from analysis.evidence.records import Record, Tables
from analysis.evidence.row_rules import COUNTS
from analysis.statistics.rounding import counts_near, ways_to_print
from analysis.tabular.problems import Problem

FROM_PERCENT = ("derived_from_percent", "nearest_to_percent")  # the basis of counts that are not printed
_UNREADABLE = "unreadable"


def counts_reproduce_their_percentage(tables: Tables) -> Iterator[Problem]:
    """Yield a problem for each count derived from a percentage that neither reproduces it nor is marked as nearest."""
    for table, (count, total) in (("responders", COUNTS["responders"]), ("durations", COUNTS["durations"])):
        for row in tables[table]:
            basis, value, n = row["count_basis"], row[count], row[total]
            if basis not in FROM_PERCENT or value is None or n is None:
                continue
            printed = _percentage(tables, table, row)
            if printed == _UNREADABLE:
                continue
            if printed is None:
                where = "percent_reported" if table == "responders" else "reported"
                rule = f"a count that is {basis} has one percentage, in {where}"
                advice = f"write the percentage as printed into {where}"
                yield tables.problem(table, row, where, rule, advice)
                continue
            fitting, nearest = counts_behind(printed, n)
            if basis == "derived_from_percent" and value not in fitting:
                advice = (
                    f"write {_or(fitting)}"
                    if fitting
                    else f"write {nearest} and nearest_to_percent: no whole number of {n} gives {printed}%"
                )
                rule = f"a count derived from a percentage gives it again: {value} of {n} is not {printed}%"
                yield tables.problem(table, row, count, rule, advice)
            if basis == "nearest_to_percent" and fitting:
                rule = f"nearest_to_percent means that no whole number gives {printed}% of {n}; {_or(fitting)} does"
                advice = f"write derived_from_percent and {_or(fitting)}"
                yield tables.problem(table, row, "count_basis", rule, advice)
            elif basis == "nearest_to_percent" and abs(Fraction(100 * value, n) - Fraction(printed)) > abs(
                Fraction(100 * nearest, n) - Fraction(printed)
            ):
                rule = f"the count is the whole number of {n} nearest to {printed}%, which is {nearest}"
                advice = f"write {nearest}"
                yield tables.problem(table, row, count, rule, advice)


def counts_behind(printed: str, total: int) -> tuple[list[int], int]:
    """Return the counts of `total` that a paper may print as this percentage, and the nearest count."""
    exact, decimals = Fraction(printed) * total / 100, _decimals(printed)
    nearest = min(min(total, floor(exact)), min(total, ceil(exact)), key=lambda count: abs(count - exact))
    around = counts_near(Fraction(printed), total, decimals)
    return [count for count in around if Fraction(printed) in printable_percentages(count, total, decimals)], nearest


def printable_percentages(count: int, total: int, decimals: int) -> set[Fraction]:
    """Return the percentages that a paper may print for `count` of `total`: rounded half up, half to even, or cut."""
    return {Fraction(number, 10**decimals) for number in ways_to_print(count, total, decimals)}


def _percentage(tables: Tables, table: str, row: Record) -> str | None:
    """Return the printed percentage as text, or None; in durations it is part of the text of the statement."""
    if table == "responders":
        text = tables.text(table, row, "percent_reported")
        return (text if row["percent_reported"] is not None else _UNREADABLE) if text else None
    percentages = re.findall(r"(\d+(?:\.\d+)?)\s?%", row["reported"] or "")
    return percentages[0] if len(percentages) == 1 else None


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def _or(numbers: list[int]) -> str:
    # The counts that fit a percentage are consecutive.
    return " or ".join(map(str, numbers)) if len(numbers) < 3 else f"{numbers[0]} to {numbers[-1]}"
