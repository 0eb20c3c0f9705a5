"""Two proportions of the same patients: possible 2 × 2 tables and McNemar's test in four forms.

scipy 1.17 has no McNemar test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import scipy
from scipy.special import bdtr, chdtrc

from analysis.statistics.checks import (
    check_choice,
    element_list,
    finite_number,
    patient_number,
    printed_number,
    whole_number,
    whole_numbers,
)
from analysis.statistics.rounding import counts_behind_percent

_MCNEMAR_TESTS = ("uncorrected", "corrected", "exact", "mid_p")


def mcnemar(lost: np.ndarray | int, gained: np.ndarray | int, test: str = "exact") -> np.ndarray:
    """Return the two-sided p-value of McNemar's test.

    Parameters
    ----------
    lost, gained : int or ndarray
        Numbers of discordant pairs; arrays are broadcast.
    test : {"exact", "mid_p", "uncorrected", "corrected"}
        `exact` is binomial, `mid_p` its mid-P version, `uncorrected` the chi-square test, `corrected` the same with
        continuity correction, as R's mcnemar.test.

    Returns
    -------
    ndarray
        P-values; 1 without discordant pairs.

    Raises
    ------
    ValueError
        For an unknown test or a number of pairs that is not a whole number of 0 or more.

    References
    ----------
    Fagerland, Lydersen and Laake 2013, BMC Med Res Methodol 13:91.
    """
    check_choice("test", test, _MCNEMAR_TESTS)
    lost, gained = whole_numbers("lost", lost), whole_numbers("gained", gained)
    total, smaller = lost + gained, np.minimum(lost, gained)
    difference = np.abs(lost - gained)
    if test in ("uncorrected", "corrected"):
        if test == "corrected":
            difference = np.maximum(difference - 1, 0)
        statistic = np.divide(difference**2, total, out=np.zeros(np.shape(total)), where=total > 0)
        return chdtrc(1, statistic)
    exact = np.minimum(1.0, 2 * bdtr(smaller, total, 0.5))
    if test == "exact":
        return exact
    point = scipy.stats.binom.pmf(smaller, total, 0.5)
    return np.where(total == 0, 1.0, np.where(lost == gained, 1 - point / 2, exact - point))


def paired_tables(first: int, second: int, n: int, tests: Sequence[str] = _MCNEMAR_TESTS) -> pd.DataFrame:
    """Return every 2 × 2 table of `n` patients with given numbers of responders at two times.

    Parameters
    ----------
    first, second : int
        Number of patients with the benefit at the first and second time.
    n : int
        Number of patients.
    tests : sequence of str
        Forms of McNemar's test; see `mcnemar`.

    Returns
    -------
    DataFrame, one row per table and test
        Columns n, first, second, kept, lost, gained, neither, test, p.

    Raises
    ------
    ValueError
        If a count is not a whole number from 0 to n, or for an unknown test.
    """
    n, tests = patient_number("n", n), _test_names(tests)
    first, second = whole_number("first", first, 0, n), whole_number("second", second, 0, n)
    kept = np.arange(max(0, first + second - n), min(first, second) + 1)
    lost, gained = first - kept, second - kept
    flow = {"n": n, "first": first, "second": second, "kept": kept, "lost": lost, "gained": gained}
    tables = pd.DataFrame({**flow, "neither": n - first - second + kept})
    by_test = [tables.assign(test=test, p=mcnemar(lost, gained, test)) for test in tests]
    return pd.concat(by_test, ignore_index=True).sort_values("kept", kind="stable").reset_index(drop=True)


def possible_paired_tables(
    percent_first: float,
    percent_second: float,
    n: int | Iterable[int],
    p_value: float | None = None,
    decimals: int = 0,
    p_decimals: int = 2,
    tests: Sequence[str] = _MCNEMAR_TESTS,
) -> pd.DataFrame:
    """Return every 2 × 2 table of whole patients that agrees with two printed percentages and a printed p-value.

    Parameters
    ----------
    percent_first, percent_second : float
        Printed percentages, 0 to 100. They agree under rounding half up, half to even, or truncation.
    n : int or iterable of int
        Number of patients; several to allow for missing patients.
    p_value : float, optional
        Printed p-value; a table agrees if its p rounds to it at `p_decimals`.
    decimals, p_decimals : int
        Decimals of the percentages and of the p-value.
    tests : sequence of str
        Forms of McNemar's test; see `mcnemar`.

    Returns
    -------
    DataFrame, one row per table and test
        Columns as in `paired_tables`; no rows if no table agrees.

    Raises
    ------
    ValueError
        For an impossible percentage, n or p-value, an unknown test, or no n.
    """
    percent_first = printed_number("percent_first", percent_first, 0, 100)
    percent_second = printed_number("percent_second", percent_second, 0, 100)
    sizes = element_list("n", n) if isinstance(n, Iterable) else [n]
    if len(sizes) == 0:
        raise ValueError("n is empty: at least one number of patients is needed")
    if p_value is not None:
        finite_number("p_value", p_value, 0, 1)
    p_decimals = whole_number("p_decimals", p_decimals, 0, 15)
    tests = _test_names(tests)
    blocks = [
        paired_tables(first, second, size, tests)
        for size in sizes
        for first in counts_behind_percent(percent_first, size, decimals)["count"]
        for second in counts_behind_percent(percent_second, size, decimals)["count"]
    ]
    if not blocks:
        return pd.DataFrame(columns=["n", "first", "second", "kept", "lost", "gained", "neither", "test", "p"])
    table = pd.concat(blocks, ignore_index=True)
    if p_value is not None:
        table = table[p_agrees(table["p"], p_value, p_decimals)]
    return table.reset_index(drop=True)


def p_agrees(p: pd.Series, printed: float, decimals: int = 2) -> pd.Series:
    """Return whether each p rounds to `printed` with `decimals`; exactly at the boundary it may round either way."""
    printed, decimals = finite_number("printed", printed, 0, 1), whole_number("decimals", decimals, 0, 15)
    return (p - printed).abs() <= 0.5 * 10.0**-decimals + 1e-12


def _test_names(tests: Sequence[str]) -> list[str]:
    names = list(element_list("tests", tests))
    for name in names:
        check_choice("tests", name, _MCNEMAR_TESTS)
    if not names:
        raise ValueError(f"tests is empty: choose from {', '.join(_MCNEMAR_TESTS)}")
    return names
