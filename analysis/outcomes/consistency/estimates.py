"""Checks of estimates against their confidence intervals, and of p-values that follow from both."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import exp, log

import pandas as pd
import scipy

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each
from analysis.outcomes.consistency.printed import PrintedP, range_text
from analysis.outcomes.consistency.verdicts import (
    CANNOT_BE_CHECKED,
    CheckResult,
    check_result,
    fit_result,
    printed_decimals,
    rounding_range,
)

_RATIOS = ("odds ratio", "risk ratio")


def estimate_checks(evidence: Evidence) -> Iterator[CheckResult]:
    """Yield a result for every estimate of reported_tests and reviews with an interval, and every p-value of reviews.

    An estimate lies in the middle of its interval, on the log scale for ratios; p follows from both for a normal
    estimate. Comparisons cover the whole range that the printed digits allow.
    """
    for table in ("reported_tests", "reviews"):
        for row in each(getattr(evidence, table)):
            has_interval = pd.notna(row.ci_low) and pd.notna(row.ci_high)
            if has_interval and pd.notna(row.estimate):
                yield _middle(row, table, evidence)
            elif has_interval:
                words = f"{row.ci_low:g} to {row.ci_high:g}"
                yield check_result(
                    row, table, "estimate and its interval", words, "", CANNOT_BE_CHECKED, "no estimate is printed"
                )
            if table == "reviews" and pd.notna(row.p_value):
                yield _p_value(row, table, evidence) if has_interval else _silent(row, table, evidence)


def _silent(row, table: str, evidence: Evidence) -> CheckResult:
    why = "no interval and no counts are printed beside the P value"
    return check_result(row, table, "P value", str(PrintedP.of(row, table, evidence)), "", CANNOT_BE_CHECKED, why)


def _is_ratio(row) -> bool:
    words = row.outcome if hasattr(row, "review_id") else row.statistic
    return any(ratio in str(words) for ratio in _RATIOS)


def _ranges(row, table: str, evidence: Evidence) -> list[tuple[float, float]]:
    """Return estimate and limits as ranges of rounding, on the scale on which the interval is symmetric."""
    columns = ("estimate", "ci_low", "ci_high")
    ranges = [rounding_range(float(getattr(row, c)), printed_decimals(evidence, table, row, c)) for c in columns]
    return [(log(max(low, 1e-9)), log(high)) for low, high in ranges] if _is_ratio(row) else ranges


def _middle(row, table: str, evidence: Evidence) -> CheckResult:
    (estimate_low, estimate_high), (low_1, low_2), (high_1, high_2) = _ranges(row, table, evidence)
    first, last = (low_1 + high_1) / 2, (low_2 + high_2) / 2
    fits = first <= estimate_high + 1e-9 and estimate_low <= last + 1e-9
    shown = (exp(first), exp(last)) if _is_ratio(row) else (first, last)
    why_not = "the estimate is not in the middle of its interval: another kind of interval would explain it"
    reported = f"{row.estimate:g} ({row.ci_low:g} to {row.ci_high:g})"
    middle = f"middle of the interval {range_text(*shown)}"
    assumed = f"an interval that is symmetric on the {'log' if _is_ratio(row) else 'printed'} scale"
    return fit_result(row, table, "estimate and its interval", reported, middle, fits, why_not, assumed)


def _p_value(row, table: str, evidence: Evidence) -> CheckResult:
    printed = PrintedP.of(row, table, evidence)
    two_sided = 2 * scipy.stats.norm.ppf(0.975)
    p_values = [
        2 * scipy.stats.norm.sf(abs(estimate) * two_sided / (high - low))
        for estimate, low, high in product(*_ranges(row, table, evidence))
    ]
    fits = printed.agrees(min(p_values), max(p_values))
    reported = f"{row.estimate:g} ({row.ci_low:g} to {row.ci_high:g}), {printed}"
    recomputed = f"P {range_text(min(p_values), max(p_values))}"
    assumed = "a 95% interval of a normal estimate, two-sided"
    why_not = "estimate and 95% interval give another P value"
    return fit_result(row, table, "P value of an interval", reported, recomputed, fits, why_not, assumed)
