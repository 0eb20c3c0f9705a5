"""Checks of means and spreads against the pain scale and the number of patients."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, sqrt

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each
from analysis.outcomes.consistency.percentages import FEWEST, sizes_text
from analysis.outcomes.consistency.verdicts import (
    CANNOT_BE,
    CANNOT_BE_CHECKED,
    FITS,
    FITS_BY_OTHER_ROUNDING,
    FITS_WITH_ANOTHER_N,
    CheckResult,
    check_result,
    printed_decimals,
)
from analysis.statistics.granularity import sd_bounds, sd_ways, sums_behind_mean

_WHOLE_SCORES = "each patient gives one whole score, as on a numeric rating scale"


def mean_checks(evidence: Evidence) -> Iterator[CheckResult]:
    """Yield a result for every mean of a numeric rating scale (GRIM) and every spread of a mean (GRIMMER).

    An unlabelled spread is tested as an SE and as an SD. Scores of a visual analogue scale are not whole, and changes,
    medians and ranges have no such grid, so these cannot be checked.
    """
    frame = evidence.pain_scores
    for row in each(frame):
        if row.statistic != "mean" or pd.isna(row.value) or pd.isna(row.n):
            why = {
                "median": "a median of patients can be any score",
                "range_of_means": "only the ends of several means are printed",
                "mean_change": "a mean change has no grid without the single scores",
            }.get(row.statistic, "no value or no number of patients is printed")
            yield check_result(row, "pain_scores", "mean of whole scores", _reported(row), "", CANNOT_BE_CHECKED, why)
            continue
        digits = printed_decimals(evidence, "pain_scores", row, "value")
        yield _mean(row, digits)
        if pd.notna(row.spread_low) and row.spread_kind in ("sd", "se", "unlabelled"):
            yield _spread(row, digits, printed_decimals(evidence, "pain_scores", row, "spread_low"))


def _reported(row) -> str:
    value = f"{row.value:g}" if pd.notna(row.value) else f"{row.spread_low:g} to {row.spread_high:g}"
    return f"{row.statistic.replace('_', ' ')} {value}" + (f", n = {int(row.n)}" if pd.notna(row.n) else "")


def _mean(row, digits: int) -> CheckResult:
    name, n = "mean of whole scores", int(row.n)
    if row.instrument != "nrs" or row.scale_max != 10:
        why = "scores on this scale need not be whole numbers"
        return check_result(row, "pain_scores", name, _reported(row), "", CANNOT_BE_CHECKED, why)
    ways = _ways(row.value, n, digits)
    if ways is None:
        nearest = round(row.value * n)
        around = f"{nearest} / {n} = {nearest / n:.{digits + 1}f}"
        sizes = [size for size in range(n - 1, ceil(FEWEST * n) - 1, -1) if _ways(row.value, size, digits)]
        if sizes:
            why = f"no {n} whole scores have this mean; {sizes_text(sizes)} have. Scores averaged over days fit too"
            return check_result(
                row, "pain_scores", name, _reported(row), around, FITS_WITH_ANOTHER_N, why, _WHOLE_SCORES
            )
        why = f"no {n} whole scores have this mean. Scores averaged over days, or read off a curve, would"
        return check_result(row, "pain_scores", name, _reported(row), around, CANNOT_BE, why, _WHOLE_SCORES)
    total, how = ways
    verdict = FITS if "half_up" in how else FITS_BY_OTHER_ROUNDING
    why = "" if verdict == FITS else "only if the mean was cut off or rounded half to even"
    recomputed = f"{total} / {n} = {total / n:.{digits + 1}f}"
    return check_result(row, "pain_scores", name, _reported(row), recomputed, verdict, why, _WHOLE_SCORES)


def _ways(mean: float, n: int, digits: int) -> tuple[int, set[str]] | None:
    result = sums_behind_mean(f"{mean:.{digits}f}", n, digits)
    if not result:
        return None
    total, ways = max(result, key=lambda pair: "half_up" in pair[1])
    return int(total), ways


def _spread(row, mean_digits: int, digits: int) -> CheckResult:
    n, spread, top = int(row.n), float(row.spread_low), int(row.scale_max)
    smallest, largest = sd_bounds(row.value, n, 0, top)
    sums = sums_behind_mean(f"{row.value:.{mean_digits}f}", n, mean_digits) if row.instrument == "nrs" else []
    # without whole scores there is no lower bound of the SD
    smallest = smallest if sums else 0.0
    readings = {"sd": spread, "se": spread * sqrt(n)}
    tried = {"sd": ("sd",), "se": ("se",), "unlabelled": ("se", "sd")}[row.spread_kind]
    possible = [reading for reading in tried if smallest - 0.5 * 10.0**-digits <= readings[reading] <= largest]
    recomputed = "; ".join(f"as an {reading.upper()}: SD {readings[reading]:.2f}" for reading in tried)
    recomputed += f"; the scale allows {smallest:.2f} to {largest:.2f}"
    if "sd" in possible and sums:
        text = f"{spread:.{digits}f}"
        ways = set().union(*(sd_ways(int(total), n, text, digits, 0, top) for total, _ in sums))
        if not ways:
            possible.remove("sd")
            recomputed += "; no whole scores with this mean have this SD"
        elif "rounded" not in ways:
            recomputed += "; as an SD only if it was cut off"
    name, reported = "spread of scores", f"± {spread:g} ({row.spread_kind}), mean {row.value:g}, n = {n}"
    assumed = _WHOLE_SCORES if sums else ""
    if not possible:
        why = "no scores on the scale have this mean and this spread, whatever the spread is"
        return check_result(row, "pain_scores", name, reported, recomputed, CANNOT_BE, why, assumed)
    only = row.spread_kind == "unlabelled" and len(possible) == 1
    why = f"it can only be an {possible[0].upper()}" if only else ""
    return check_result(row, "pain_scores", name, reported, recomputed, FITS, why, assumed)
