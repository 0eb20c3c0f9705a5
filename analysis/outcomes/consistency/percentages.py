"""Checks of printed percentages against whole numbers of patients."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each
from analysis.outcomes.consistency.verdicts import (
    CANNOT_BE,
    FITS,
    FITS_BY_OTHER_ROUNDING,
    FITS_WITH_ANOTHER_N,
    CheckResult,
    check_result,
    printed_decimals,
)
from analysis.statistics.rounding import counts_behind_percent

FEWEST = 0.8  # share of the stated n; papers report larger losses
Printed = tuple[float, int]  # a percentage and its decimals
_CHECK = "count behind a percentage"
_TABLES = {"responders": "responders", "adverse_events": "events"}


def percentage_checks(evidence: Evidence) -> Iterator[CheckResult]:
    """Yield a result for every percentage in responders and adverse_events with a number of patients.

    A printed count must give the percentage. If no whole number of the stated n does, smaller groups (down to 80%) are
    tried, because patients may have been missing. Percentages of the same arm and n share their denominator, so a
    smaller group must fit all of them.
    """
    for table, counted in _TABLES.items():
        frame = getattr(evidence, table)
        frame = frame[frame["percent_reported"].notna() & frame["n"].notna()]
        printed = {
            row.row: (row.percent_reported, printed_decimals(evidence, table, row, "percent_reported"))
            for row in each(frame)
        }
        shared = {
            key: sorted({printed[row] for row in group["row"]})
            for key, group in frame.groupby(["arm_id", "n"], dropna=False)
        }
        for row in each(frame):
            yield _percentage(row, table, counted, printed[row.row], shared[(row.arm_id, row.n)])


def _percentage(row, table: str, counted: str, printed: Printed, together: list[Printed]) -> CheckResult:
    (percent, digits), n = printed, int(row.n)
    fitting = counts_behind_percent(percent, n, digits)
    reported = f"{percent:.{digits}f}% of {n}"
    own = getattr(row, counted)
    if getattr(row, "count_basis", "reported") == "reported" and pd.notna(own):
        reported = f"{int(own)} of {n}, {percent:.{digits}f}%"
        if int(own) not in set(fitting["count"]):
            return check_result(
                row, table, _CHECK, reported, f"{100 * int(own) / n:.1f}%", *_smaller(printed, n, [printed])
            )
        fitting = fitting[fitting["count"] == int(own)]
    counts = ", ".join(f"{count} of {n} = {100 * count / n:.1f}%" for count in fitting["count"])
    if fitting["half_up"].any():
        return check_result(row, table, _CHECK, reported, counts, FITS)
    if len(fitting):
        ways = " or ".join(words for way, words in _WAYS.items() if fitting[way].any())
        return check_result(
            row, table, _CHECK, reported, counts, FITS_BY_OTHER_ROUNDING, f"only if the percentage was {ways}"
        )
    nearest = round(percent * n / 100)
    recomputed = f"{nearest} of {n} = {100 * nearest / n:.1f}%"
    return check_result(row, table, _CHECK, reported, recomputed, *_smaller(printed, n, together))


def counted_percentage(row, count: int, n: int, percent: float, digits: int) -> CheckResult:
    """Return the result for a percentage of reported_tests printed with its count (`36 of 52 patients, percent`)."""
    reported, recomputed = f"{count} of {n}, {percent:.{digits}f}%", f"{100 * count / n:.2f}%"
    fitting = counts_behind_percent(percent, n, digits).set_index("count")
    if count not in fitting.index:
        return check_result(
            row, "reported_tests", _CHECK, reported, recomputed, CANNOT_BE, "the count is another percentage"
        )
    verdict = FITS if fitting.loc[count, "half_up"] else FITS_BY_OTHER_ROUNDING
    why = "" if verdict == FITS else "only if the percentage was cut off or rounded half to even"
    return check_result(row, "reported_tests", _CHECK, reported, recomputed, verdict, why)


_WAYS = {"half_even": "rounded half to even", "truncated": "cut off"}


def _smaller(printed: Printed, n: int, together: list[Printed]) -> tuple[str, str]:
    """Return verdict and reason for a percentage that no whole number of n patients gives."""

    def fits(size: int, percentage: Printed) -> bool:
        return len(counts_behind_percent(percentage[0], size, percentage[1])) > 0

    sizes = range(n - 1, ceil(FEWEST * n) - 1, -1)
    alone = [size for size in sizes if fits(size, printed)]
    shared = [size for size in alone if all(fits(size, other) for other in together)]
    words = f"no whole number of {n} patients gives {printed[0]:.{printed[1]}f}%"
    if not alone:
        return CANNOT_BE, f"{words}, nor does one of {min(sizes, default=n)} or more"
    why = f"{words}; with {sizes_text(shared or alone)} patients it fits"
    if len(together) > 1:
        also = "and so do the other percentages" if shared else "but not the other percentages"
        why += f", {also} of this group"
    return FITS_WITH_ANOTHER_N, why


def sizes_text(sizes: list[int]) -> str:
    """Return group sizes in words: `48, 47 or 45`."""
    return " or ".join([", ".join(map(str, sizes[:-1])), str(sizes[-1])] if len(sizes) > 1 else map(str, sizes))
