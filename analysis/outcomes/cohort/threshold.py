"""Responders by any percentage that pain fell, beside the three rules of the reports: for a slider."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.disclosure import check_min_cell
from analysis.outcomes.cohort.judging import ROUNDING_TOLERANCE, can_be_judged, percent_fall
from analysis.outcomes.cohort.response import (
    COMPLETE,
    IMPUTED,
    OUTCOME_VISITS,
    flow_between,
    flow_row,
    rate_row,
    shown_flows,
    shown_rates,
)
from analysis.outcomes.cohort.scores import FIRST_COURSES, left_out_frame


@dataclass(frozen=True)
class AtThreshold:
    """Who responds when pain must have fallen by `percent` of the baseline or more; each patient once.

    rates: visit, handling (complete_cases: patients with a score there; non_responder_imputation: all whose baseline is
    above 0, a missing score as no response), responders, n, rate, ci_low, ci_high (0 to 1, Wilson), hidden.
    flow: one row, of the patients with both scores: rule, handling, n, first, second, kept, lost, gained, neither,
    rate_first, rate_second, difference (follow-up minus end of infusion), difference_low, difference_high (Newcombe,
    paired), p_value (McNemar, exact), hidden. rule, follow_up_weeks, window_weeks, unit, min_cell, left_out: as in
    `response.Response`, so that its figures and tables take this too.
    """

    percent: float
    follow_up_weeks: float
    window_weeks: float
    rates: pd.DataFrame
    flow: pd.DataFrame
    unit: str
    min_cell: int
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
) -> AtThreshold:
    """Count responders among `courses`, which `course_scores` gives for the same `follow_up_weeks` and `window_weeks`.

    At 30 and 50 percent the numbers are those of `response.response`. ValueError for a percentage that isn't above 0
    and at most 100, and for an impossible min_cell.
    """
    check_min_cell(min_cell)
    if not 0 < percent <= 100:
        raise ValueError(f"percent is {percent}: must be above 0 and at most 100")
    first = courses[courses["first"]]
    baseline = first["baseline"].to_numpy()
    usable = can_be_judged(baseline, "ge_30_percent")
    falls = [percent_fall(baseline, first[visit].to_numpy()) for visit in OUTCOME_VISITS]
    scored = [~np.isnan(fall) for fall in falls]
    with np.errstate(invalid="ignore"):
        # a fall of exactly so many percent must not fail by what binary fractions lose
        responded = [fall >= percent - 100 * ROUNDING_TOLERANCE for fall in falls]
    rates = [
        {"visit": visit, "handling": handling, **rate_row(int(yes.sum()), int(whole.sum()), level)}
        for visit, there, yes in zip(OUTCOME_VISITS, scored, responded, strict=True)
        for handling, whole in ((COMPLETE, there), (IMPUTED, usable))
    ]
    both = scored[0] & scored[1]
    flow = flow_between(responded[0][both], responded[1][both])
    row = {"rule": f"ge_{percent:g}_percent", "handling": COMPLETE, "n": flow.n, **flow_row(flow, level)}
    unjudged = [
        ("rates, flow", "baseline score missing", int(np.isnan(baseline).sum())),
        ("rates, flow", "baseline pain is 0, of which no percentage can be taken", int((baseline == 0).sum())),
        ("rates (complete cases)", "no score at the end of infusion", int((usable & ~scored[0]).sum())),
        ("rates (complete cases)", "no follow-up score in the window", int((usable & ~scored[1]).sum())),
        ("flow", "not both scores", int((usable & ~both).sum())),
    ]
    return AtThreshold(
        percent=percent,
        follow_up_weeks=follow_up_weeks,
        window_weeks=window_weeks,
        rates=shown_rates(rates, min_cell),
        flow=shown_flows([row], min_cell),
        unit=FIRST_COURSES,
        min_cell=min_cell,
        left_out=left_out_frame([(result, why, "patients", n) for result, why, n in unjudged]),
    )
