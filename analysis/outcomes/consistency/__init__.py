"""Consistency of printed numbers: every number of the evidence that can be recomputed, with a verdict.

An inconsistency is a question to the authors (missing patients, rounding, values read off a figure), not an accusation.
"""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.outcomes.consistency.conflicts import conflict_checks
from analysis.outcomes.consistency.estimates import estimate_checks
from analysis.outcomes.consistency.flow import missing_at_follow_up
from analysis.outcomes.consistency.means import mean_checks
from analysis.outcomes.consistency.percentages import percentage_checks
from analysis.outcomes.consistency.pvalues import test_checks
from analysis.outcomes.consistency.sums import total_checks
from analysis.outcomes.consistency.verdicts import (
    CANNOT_BE,
    CANNOT_BE_CHECKED,
    FITS,
    FITS_BY_OTHER_ROUNDING,
    FITS_WITH_ANOTHER_N,
    as_table,
)
from analysis.statistics.rounding import counts_behind_percent

__all__ = ["check", "missing_at_follow_up", "possible_counts", "questions"]  # what the site describes


def possible_counts(percent: float, n: int, decimals: int = 0) -> list[int]:
    """Return the counts of `n` patients that can be printed as `percent`, under any rounding (GRIM for proportions).

    Parameters
    ----------
    percent : float
        Printed percentage, 0 to 100.
    n : int
        Number of patients, 1 or more.
    decimals : int
        Decimals of the printed percentage.

    Returns
    -------
    list of int
        Empty if no count fits.

    Raises
    ------
    ValueError
        For a percentage outside 0 to 100 or an n below 1.

    References
    ----------
    Brown and Heathers 2017, Soc Psychol Personal Sci 8:363.
    """
    return counts_behind_percent(percent, n, decimals)["count"].tolist()


def check(evidence: Evidence) -> pd.DataFrame:
    """Return every checkable printed number with its verdict.

    Returns
    -------
    DataFrame, one row per number, sorted by study, table and row
        Columns study_id, citation, table, row (as a spreadsheet shows it), check, reported, recomputed, verdict (one of
        VERDICTS), why (for every verdict except `fits`), assumed, source_id, locator.
    """
    checks = (percentage_checks, mean_checks, test_checks, estimate_checks, total_checks, conflict_checks)
    return as_table([result for run in checks for result in run(evidence)], evidence)


def questions(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `check` that raise a question to the authors: checkable, with a verdict other than `fits`."""
    return table[~table["verdict"].isin([FITS, CANNOT_BE_CHECKED])].reset_index(drop=True)
