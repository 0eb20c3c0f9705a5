"""The two levels of release, and what each may show of a summary, a rate and a curve."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.disclosure.open_scores import FEW, OPEN, are_scores_open

INTERNAL, PUBLIC = "internal", "public"
RELEASES = {INTERNAL: 5, PUBLIC: 10}  # smallest number of patients that may be shown
_ROUNDED_TO = 5


def least_cell(release: str, min_cell: int) -> int:
    """Return the smallest number of patients that a report shows; `min_cell` can only raise it.

    Raises ValueError for an unknown release.
    """
    if release not in RELEASES:
        raise ValueError(f"release is {release!r}: must be one of {', '.join(RELEASES)}")
    return max(RELEASES[release], min_cell)


def released(counts: pd.Series | np.ndarray | int, release: str):
    """Return counts as the release shows them: public ones rounded to 5, missing ones stay missing."""
    if release != PUBLIC:
        return counts
    return (counts + _ROUNDED_TO // 2) // _ROUNDED_TO * _ROUNDED_TO


def is_one_sided(events: int, n: int, min_cell: int, release: str, named: bool = True) -> bool:
    """Return whether a public rate must be hidden: few responders, few others, or all alike in a small named group."""
    if release != PUBLIC:
        return False
    sides = min(events, n - events)
    return 0 < sides < min_cell or (named and sides == 0 and 0 < n < 2 * min_cell)


def shown_summary(
    summary: dict[str, float], min_cell: int, level: float = 0.95, span: tuple = (0, 10)
) -> dict[str, float]:
    """Return a summary without what its number of patients is too small for.

    A median needs 2 `min_cell` patients and more than 12, quartiles 4 `min_cell`. Mean, SD and interval of 12 or fewer
    patients are missing if they determine a score; below `min_cell` patients `hide_small` hides the whole row.

    summary: as from `scores.describe`. span: least and greatest possible value; empty where the values are no scores.
    """
    n, shown = summary["n"], dict(summary)
    if min_cell == 1:
        return shown  # hides nothing
    if n < max(2 * min_cell, FEW + 1):
        shown["median"] = np.nan
    if n < 4 * min_cell:
        shown["q1"] = shown["q3"] = np.nan
    if n >= min_cell and span and not are_scores_open(summary, level, *span):
        shown |= dict.fromkeys(("mean", "sd", "low", "high"), np.nan)
    return shown


def gives_absent_away(baseline_n: int, both_n: int, min_cell: int) -> bool:
    """Return whether the change of patients with both scores gives away the baseline of the few without the later one.

    Mean after less mean change is the baseline of those with both; what is left of all baselines belongs to the absent.
    Means have one decimal, so the mean of the absent follows to +-(0.05 all + 0.1 both) / absent points.
    """
    absent = baseline_n - both_n
    return 0 < absent < min_cell and (0.05 * baseline_n + 0.1 * both_n) / absent < OPEN / 2


def shown_steps(counts: np.ndarray, total: int, min_cell: int, first: tuple[int, ...] = ()) -> np.ndarray:
    """Return which points of a falling curve may be shown: between two of them no patient changes, or `min_cell` do.

    counts: patients at each point. total: before the first. first: positions shown anyway, as a table contains them.
    """
    shown = np.zeros(len(counts), dtype=bool)
    shown[list(first)] = True

    def far(one: float, other: float) -> bool:
        return abs(one - other) < 1e-6 or abs(one - other) >= min_cell - 1e-6

    for place in range(len(counts)):
        before, after = np.flatnonzero(shown[:place]), np.flatnonzero(shown[place + 1 :])
        left = counts[before[-1]] if len(before) else total
        right = counts[place + 1 + after[0]] if len(after) else 0
        shown[place] |= far(left, counts[place]) and far(counts[place], right)
    return shown
