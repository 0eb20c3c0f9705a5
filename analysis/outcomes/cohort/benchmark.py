"""Comparison of a clinic's responder rates with those of published studies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.outcomes.cohort.disclosure import as_printed
from analysis.outcomes.cohort.rate_rows import rate_row
from analysis.outcomes.cohort.response import COMPLETE, IMPUTED, Response
from analysis.statistics.observed_rate import mover_difference, observed_rate_interval

LEAST_STUDIES = 3
WITHIN, ABOVE, BELOW, NO_VERDICT = "within", "above", "below", "no verdict"
_NAMES = {
    COMPLETE: {"n": "n", "rate": "estimate", "ci_low": "ci_low", "ci_high": "ci_high"},
    IMPUTED: {"n": "all_n", "rate": "all_rate", "ci_low": "all_low", "ci_high": "all_high"},
}
PUBLISHED = ["outcome", "definition", "alike", "studies", "k", "estimate", "ci_low", "ci_high", "pi_low", "pi_high"]
_RATES = ["estimate", "ci_low", "ci_high", "all_rate", "all_low", "all_high"]
_OPTIONAL = ["counted", "patients", "responders", "rows"]


def clinic_results(response: Response) -> pd.DataFrame:
    """Return the clinic's own responder rates for `compare`.

    Returns
    -------
    DataFrame
        Columns outcome (rule and visit: `ge_30_percent at end_of_infusion`), n, estimate, ci_low, ci_high (patients
        with a score), all_n, all_rate, all_low, all_high (no score = no response), hidden; rates with all digits.
    """
    rows: dict[str, dict[str, Any]] = {}
    for row in each(response.rates[response.rates["handling"].isin(_NAMES)]):
        outcome = f"{row.rule} at {row.visit}"
        shown = not row.hidden and pd.notna(row.rate)
        rate = rate_row(int(row.responders), int(row.n), response.level) if shown else {}
        numbers = {name: rate.get(key, np.nan) for key, name in _NAMES[row.handling].items()}
        rows.setdefault(outcome, {"outcome": outcome}).update(numbers)
        if row.handling == COMPLETE:
            rows[outcome]["hidden"] = row.hidden
    return pd.DataFrame(list(rows.values()))


def compare(clinic: pd.DataFrame, published: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Return the clinic's results beside the published ones, like with like.

    A verdict needs three studies or more that counted by the clinic's rule at its time; it says whether the clinic's
    observed rate lies where that of so many patients would be expected (`observed_rate_interval`):

    - `within`, `above`, `below`: inside or beyond that interval.
    - `no verdict`: why says what is missing. The difference and its limits are given all the same if the rule is the
      clinic's; else the row is for orientation only.

    The comparison shows whether the clinic's result is usual, not whether the infusion caused it or whether the
    patients are alike.

    Parameters
    ----------
    clinic : DataFrame
        From `clinic_results`.
    published : DataFrame
        Columns outcome (as in `clinic_results`), definition, alike (same rule and time), studies, k (number of
        studies), estimate, ci_low, ci_high (average), pi_low, pi_high (prediction limits of a true rate), and
        optionally counted, patients, responders and rows.
    level : float
        Confidence level of both.

    Returns
    -------
    DataFrame, one row per row of `published`
        Columns outcome, definition, counted, alike, studies, k, patients, responders, published, published_ci_low,
        published_ci_high, pi_low, pi_high, rows, n, estimate, ci_low, ci_high, all_n, all_rate, all_low, all_high,
        difference, difference_low, difference_high (of patients with a score; missing if not alike), expected_low,
        expected_high (observed rate of n patients), verdict, why.

    Raises
    ------
    ValueError
        For a `published` without these columns.
    """
    missing = [name for name in PUBLISHED if name not in published]
    if missing:
        raise ValueError(f"published has no column {missing[0]}: must have {', '.join(PUBLISHED)}")
    renamed = {name: f"published_{name}".replace("_estimate", "") for name in ("estimate", "ci_low", "ci_high")}
    columns = [*PUBLISHED, *_OPTIONAL]
    table = published.reindex(columns=columns).rename(columns=renamed).merge(clinic, on="outcome", how="left")
    for name in ("counted", "rows"):
        table[name] = table[name].astype(object).fillna("")
    numbers = [_compared(row, level) for row in each(table)]
    found = ["difference", "difference_low", "difference_high", "expected_low", "expected_high", "verdict", "why"]
    rates = as_printed(table[_RATES].join(pd.DataFrame(numbers, columns=found)), "shares")
    return pd.concat([table.drop(columns=["hidden", *_RATES]), rates], axis=1)


def _compared(row: Any, level: float) -> tuple[float, float, float, float, float, str, str]:
    """Return difference with limits, expected rates, verdict and why there is none."""
    nothing = (np.nan,) * 3
    if pd.isna(row.hidden):
        return *nothing, np.nan, np.nan, NO_VERDICT, "the clinic's table doesn't give this result"
    if row.hidden:
        return *nothing, np.nan, np.nan, NO_VERDICT, "too few patients to show the clinic's result"
    if pd.isna(row.estimate):
        return *nothing, np.nan, np.nan, NO_VERDICT, "no patient of the clinic could be counted"
    expected = (np.nan, np.nan)
    if pd.notna(row.pi_low):
        expected = observed_rate_interval(row.published, row.pi_low, row.pi_high, int(row.n), level)
    if not row.alike:
        return *nothing, *expected, NO_VERDICT, "the studies counted in other ways: for orientation only"
    own, theirs = (row.estimate, row.ci_low, row.ci_high), (row.published, row.published_ci_low, row.published_ci_high)
    difference = mover_difference(own, theirs)
    if row.k < LEAST_STUDIES or pd.isna(row.pi_low):
        return *difference, *expected, NO_VERDICT, f"a verdict needs {LEAST_STUDIES} studies that counted in this way"
    low, high = expected
    return *difference, low, high, BELOW if row.estimate < low else ABOVE if row.estimate > high else WITHIN, ""
