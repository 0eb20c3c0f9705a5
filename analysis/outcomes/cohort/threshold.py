"""Responders by any percentage of reduction, for a slider."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import check_min_cell
from analysis.outcomes.cohort.judging import ROUNDING_TOLERANCE, can_be_judged, percent_fall
from analysis.outcomes.cohort.rate_rows import flow_between, flow_row, rate_row, shown_flows, shown_rates
from analysis.outcomes.cohort.response import COMPLETE, IMPUTED, OUTCOME_VISITS
from analysis.outcomes.cohort.scores import left_out_frame


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
        return f"ge_{self.percent:g}_percent"


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
    first = courses[courses["first"]]
    baseline = first["baseline"].to_numpy()
    judgeable = can_be_judged(baseline, "ge_30_percent")
    usable = [judgeable, judgeable & ~first["not_expected"].to_numpy()]
    falls = [percent_fall(baseline, first[visit].to_numpy()) for visit in OUTCOME_VISITS]
    scored = [~np.isnan(fall) for fall in falls]
    with np.errstate(invalid="ignore"):
        # the tolerance counts a fall of exactly `percent` despite binary rounding
        responded = [fall >= percent - 100 * ROUNDING_TOLERANCE for fall in falls]
    rates = [
        {"visit": visit, "handling": handling, **rate_row(int(yes.sum()), int(counted.sum()), level)}
        for visit, scored_here, due, yes in zip(OUTCOME_VISITS, scored, usable, responded, strict=True)
        for handling, counted in ((COMPLETE, scored_here), (IMPUTED, due))
    ]
    both = scored[0] & scored[1]
    flow = flow_between(responded[0][both], responded[1][both])
    row = {"rule": f"ge_{percent:g}_percent", "handling": COMPLETE, "n": flow.n, **flow_row(flow, level)}
    unjudged = [
        ("rates, flow", "baseline score missing", int(np.isnan(baseline).sum())),
        ("rates, flow", "baseline pain is 0, of which no percentage can be taken", int((baseline == 0).sum())),
        ("rates (complete cases)", "no score at the end of infusion", int((judgeable & ~scored[0]).sum())),
        ("rates (complete cases)", "no follow-up score in the window", int((usable[1] & ~scored[1]).sum())),
        ("flow", "not both scores", int((usable[1] & ~both).sum())),
    ]
    return AtThreshold(
        percent=percent,
        follow_up_weeks=follow_up_weeks,
        window_weeks=window_weeks,
        rates=shown_rates(rates, min_cell, level=level),
        flow=shown_flows([row], min_cell, level=level),
        level=level,
        synthetic=synthetic,
        min_cell=min_cell,
        left_out=left_out_frame([(result, why, "patients", n) for result, why, n in unjudged], min_cell),
    )
