"""Responders by any percentage of reduction, for a slider."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import check_min_cell
from analysis.outcomes.cohort.rate_rows import shown_flows, shown_rates
from analysis.outcomes.cohort.response import HIGHEST, flows_by_rule, patients_left_out, rates_by_rule


@dataclass(frozen=True)
class AtThreshold(ClinicResult):
    """Responders if pain must have fallen by `percent` of the baseline or more; each patient counts once.

    Attributes
    ----------
    rates : DataFrame
        Columns visit, handling (complete_cases or non_responder_imputation, as in `response.Response`), responders, n,
        rate, ci_low, ci_high (0 to 1, Wilson), hidden.
    flow : DataFrame, one row
        Patients with both scores; columns as in `response.Response.flow`.
    follow_up_weeks, window_weeks, unit, min_cell, left_out
        As in `response.Response`, whose figures and tables take this class too.
    """

    percent: float
    follow_up_weeks: float
    window_weeks: float
    rates: pd.DataFrame
    flow: pd.DataFrame
    level: float
    left_out: pd.DataFrame

    @property
    def rule(self) -> str:
        """The rule in one word, as in the tables: `ge_37_percent`."""
        return _rule(self.percent)


def at_threshold(
    courses: pd.DataFrame,
    percent: float,
    *,
    follow_up_weeks: float = 4.0,
    window_weeks: float = 2.0,
    level: float = 0.95,
    min_cell: int = 5,
    synthetic: bool = False,
) -> AtThreshold:
    """Return the responders among courses by a percentage of reduction of pain.

    At 30 and 50 percent the numbers are those of `response.response`.

    Parameters
    ----------
    courses : DataFrame
        As from `expected_scores` for the same `follow_up_weeks` and `window_weeks`.
    percent : float
        Above 0 and at most 100.

    Raises
    ------
    ValueError
        For a percentage outside its range or an impossible min_cell.
    """
    check_min_cell(min_cell)
    if not 0 < percent <= 100:
        raise ValueError(f"percent is {percent}: must be above 0 and at most 100")
    first, rule = courses[courses["first"]], _rule(percent)
    rates = [
        {name: value for name, value in row.items() if name != "rule"}
        for row in rates_by_rule(first, rule, level)
        if row["handling"] != HIGHEST
    ]
    return AtThreshold(
        percent=percent,
        follow_up_weeks=follow_up_weeks,
        window_weeks=window_weeks,
        rates=shown_rates(rates, min_cell, level=level),
        flow=shown_flows(flows_by_rule(first, rule, level)[:1], min_cell, level=level),
        level=level,
        synthetic=synthetic,
        min_cell=min_cell,
        left_out=patients_left_out(first, min_cell),
    )


def _rule(percent: float) -> str:
    return f"ge_{percent:g}_percent"
