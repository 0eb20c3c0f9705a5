"""Numbers as readers expect them: one way to write a rate, an interval, a score, a time."""

from __future__ import annotations

import math

import pandas as pd

DERIVED_MARK, NEAREST_MARK, SECONDARY_MARK, LAY_MARK = "†", "‡", "§", "¶"
COUNT_MARKS = {"derived_from_percent": DERIVED_MARK, "nearest_to_percent": NEAREST_MARK, "inferred": DERIVED_MARK}
ACCESS_MARKS = {"secondary": SECONDARY_MARK, "lay": LAY_MARK}
MARK_WORDS = {
    DERIVED_MARK: "count derived from a printed percentage or from other printed figures",
    NEAREST_MARK: "no whole number of these patients gives the printed percentage; the nearest count is held",
    SECONDARY_MARK: "taken from a secondary account of the study (review table, news for clinicians)",
    LAY_MARK: "taken from a lay source",
}


def half_up(value: float, decimals: int = 0) -> str:
    """A number rounded half up (as papers do), with a true minus sign."""
    factor = 10**decimals
    # the small term undoes what binary fractions lose: 62.5 must not become 62.4999…
    rounded = math.floor(abs(value) * factor + 0.5 + 1e-9) / factor
    sign = "−" if value < 0 and rounded else ""
    return f"{sign}{rounded:.{decimals}f}"


def percent(rate: float) -> str:
    """A rate between 0 and 1 as a whole percentage: `62%`; below 1% and above 99% with one decimal, and beyond that as
    `<0.1%` and `>99.9%`, so that a rate that is not 0 never reads as 0."""
    if 0 < rate < 0.0005:
        return "<0.1%"
    if 0.9995 < rate < 1:
        return ">99.9%"
    edge = 0 < rate < 0.01 or 0.99 < rate < 1
    return f"{half_up(100 * rate, 1 if edge else 0)}%"


def printed_percent(row) -> str:
    """The percentage of a row as its source prints it, else computed from the counts."""
    if pd.notna(row.percent_reported):
        return f"{row.percent_reported:g}%"
    return percent(row.rate)


def percent_interval(low: float, high: float) -> str:
    """Limits between 0 and 1 as percentages: `48% to 75%`."""
    return f"{percent(low)} to {percent(high)}"


def interval(low: float, high: float, decimals: int = 1) -> str:
    """Limits of a score or difference: `−4.2 to −1.4`."""
    return f"{half_up(low, decimals)} to {half_up(high, decimals)}"


def of(part: float, whole: float) -> str:
    """`30 of 48`."""
    return f"{int(part)} of {int(whole)}"


def count_mark(row) -> str:
    """How the count of a row came about: nothing if reported."""
    return COUNT_MARKS.get(getattr(row, "count_basis", ""), "")


def access_mark(row) -> str:
    """What kind of source a row stands in: nothing for a full text or an abstract."""
    return ACCESS_MARKS.get(getattr(row, "access", ""), "")


def marks(row) -> str:
    """Both marks of a row."""
    return count_mark(row) + access_mark(row)


def mark_notes(*texts: str) -> str:
    """One line that explains the marks that occur in the texts; empty if none does."""
    together = "".join(texts)
    return " ".join(f"{mark} {words}." for mark, words in MARK_WORDS.items() if mark in together)


def level_words(level: float) -> str:
    """`95% interval`."""
    return f"{100 * level:g}% interval"


def p_text(operator: str | float, p: float) -> str:
    """`P = 0.03`, `P < 0.00001`: digits as printed, never as a power of ten."""
    digits = f"{p:.10f}".rstrip("0").rstrip(".")
    return f"P {operator if isinstance(operator, str) else '='} {digits}"


def weeks(value: float) -> str:
    """A time after the end of infusion: `at the end of infusion`, `at 4 weeks`."""
    if pd.isna(value):
        return "time not stated"
    return "at the end of infusion" if value == 0 else f"at {value:g} {'week' if value == 1 else 'weeks'}"


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 study`, `3 studies`, `no study`."""
    word = singular if number in (0, 1) else plural or f"{singular}s"
    return f"{'no' if number == 0 else number} {word}"


def series(parts: list[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {joint} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def groups(first: float, second: float) -> str:
    """The sizes of two groups: `30 patients in each group`, `30 and 28 patients`."""
    return f"{int(first)} patients in each group" if first == second else f"{int(first)} and {int(second)} patients"


def upper_first(text: str) -> str:
    """The text as the start of a sentence."""
    return text[:1].upper() + text[1:]


def left_out_words(table: pd.DataFrame, *results: str) -> str:
    """`Left out: 3 patients: baseline score missing.` from rows of result, why, unit and n; empty without any.

    results: only rows that concern one of them (their `result` names it); none = all.
    """
    rows = [row for row in table.itertuples() if not results or any(name in row.result for name in results)]
    parts = dict.fromkeys(f"{count(int(row.n), row.unit.removesuffix('s'))}: {row.why}" for row in rows if row.n)
    return f"Left out: {'; '.join(parts)}." if parts else ""
