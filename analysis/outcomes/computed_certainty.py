"""Certainty of the key outcomes: the settled judgements, and what can be computed beside them."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
import pandas as pd

from analysis.evidence.judgement_rules import OVERALL, SETTLED
from analysis.evidence.rowwise import each, grouped, values
from analysis.evidence.selection import Selection
from analysis.exhibit.places import source_row
from analysis.outcomes import responders, trajectories
from analysis.statistics.intervals import critical_value
from analysis.statistics.pooling import pool_proportions
from analysis.wording import number_interval, percent_interval

COMPUTED = ("imprecision", "inconsistency")
_CONCERNS = ("no_concern", "serious", "very_serious")
_POWER_QUANTILE = 0.8416  # of the normal distribution at 0.8, the power of the optimal information size
_FEW_EVENTS = 300  # GRADE's rule of thumb for shares
_FEW_PATIENTS = 400  # and for continuous outcomes without a spread
_WIDE = 0.6  # an interval wider than 60 percentage points says nothing of use
NOT_COMPUTED = "not_computed"


def certainty(selection: Selection) -> pd.DataFrame:
    """Return the settled GRADE judgements of the key outcomes.

    Returns
    -------
    DataFrame, one row per key outcome
        Columns outcome_id, outcome, time, comparison, studies, patients, a column for each domain, rows (of the outcome
        and of the overall judgement).
    """
    evidence = selection.evidence
    columns = ("outcome_id", "reader", "domain", "judgement", "row")
    settled = grouped(
        (outcome, (domain, judgement, row))
        for outcome, reader, domain, judgement, row in values(evidence.certainty, *columns)
        if reader == SETTLED
    )
    rows = [
        {
            **{name: getattr(row, name) for name in ("outcome_id", "outcome", "time", "comparison")},
            "studies": len(row.studies.split(";")),
            "patients": int(row.patients),
            **{domain: judgement for domain, judgement, _ in settled[row.outcome_id]},
            "rows": source_row("outcomes", row.row)
            + "; "
            + source_row("certainty", *(number for domain, _, number in settled[row.outcome_id] if domain == OVERALL)),
        }
        for row in each(evidence.outcomes)
    ]
    return pd.DataFrame(rows)


def computed_certainty(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Return imprecision and inconsistency as computed from the selected results, beside the judgement.

    Returns
    -------
    DataFrame, one row per key outcome and domain
        Columns outcome_id, outcome, time, domain, judged, computed, differs, why, rows.

    Notes
    -----
    Imprecision is one level for fewer patients than the optimal information size (two groups, power 80%, the printed
    spread and the important difference; without them 400 patients, and 300 events for a share), and one for an interval
    that includes both a difference as great as the important one and a smaller one, or, for a share, is wider than 60
    points. Inconsistency is one level for a prediction interval wider than 60 points; it needs three studies. Groups
    that may have been selected by their outcome are not used.

    References
    ----------
    Guyatt GH, et al. GRADE guidelines 6. Rating the quality of evidence: imprecision. J Clin Epidemiol 2011;64:1283-93.
    """
    columns = ("outcome_id", "domain", "judgement")
    settled = selection.evidence.certainty
    judged = {(o, d): j for o, d, j in values(settled[settled["reader"] == SETTLED], *columns) if d != OVERALL}
    rows = []
    for outcome in each(selection.evidence.outcomes):
        compute = {"pain_score": _of_scores, "responders": _of_shares}.get(outcome.measure, _of_size)
        for domain, (verdict, why, places) in compute(selection, outcome, level).items():
            judgement = judged[outcome.outcome_id, domain]
            rows.append(
                {
                    **{name: getattr(outcome, name) for name in ("outcome_id", "outcome", "time")},
                    "domain": domain,
                    "judged": judgement,
                    "computed": verdict,
                    "differs": verdict != NOT_COMPUTED and verdict != judgement,
                    "why": why,
                    "rows": "; ".join([source_row("outcomes", outcome.row), *dict.fromkeys(places)]),
                }
            )
    return pd.DataFrame(rows)


def optimal_information_size(sd: float, difference: float, level: float = 0.95) -> int:
    """Return the patients that two equal groups need together to show a difference of means with a power of 80%."""
    per_group = 2 * ((critical_value(level) + _POWER_QUANTILE) * sd / difference) ** 2
    return 2 * ceil(per_group)


_Result = dict[str, tuple[str, str, list[str]]]


def _of_scores(selection: Selection, outcome, level: float) -> _Result:
    found = [
        row
        for row in each(trajectories.between_arms(selection, level))
        if row.study_id in outcome.studies.split(";") and outcome.weeks_low <= row.weeks <= outcome.weeks_high
    ]
    found = [row for row in found if np.isfinite(row.ci_low_if_se)]
    if len(found) != 1:
        return _of_size(selection, outcome, level)
    row, limit = found[0], -outcome.important_difference
    low, high = sorted((row.ci_low_if_se, row.ci_high_if_se))
    patients = int(row.n_ketamine + row.n_control)
    # the standard error of the difference of two equal groups is sd * sqrt(2 / n)
    sd = (
        (high - low)
        / (2 * critical_value(level, row.n_ketamine + row.n_control - 2))
        / sqrt(1 / row.n_ketamine + 1 / row.n_control)
    )
    needed = optimal_information_size(sd, outcome.important_difference, level)
    levels = int(patients < needed) + int(low < limit < high)
    crosses = "includes" if low < limit < high else "does not include"
    why = (
        f"{patients} patients, optimal information size {needed}; interval {number_interval(low, high)} "
        f"{crosses} {limit:g} points" + (" (± read as standard error)" if row.spread_kind == "unlabelled" else "")
    )
    return {
        "imprecision": (_CONCERNS[levels], why, [row.rows]),
        "inconsistency": (NOT_COMPUTED, "one study prints scores", [row.rows]),
    }


def _of_shares(selection: Selection, outcome, level: float) -> _Result:
    rates = responders.rates(selection, level)
    usable = [
        row
        for row in each(rates)
        if row.study_id in outcome.studies.split(";")
        and outcome.weeks_low <= row.weeks <= outcome.weeks_high
        and (row.role, row.unit) == ("ketamine", "patients")
        and not isinstance(row.selected_by_outcome, str)
    ]
    # the broadest definition of each study
    broadest = {row.study_id: row for row in sorted(usable, key=lambda row: row.responders)}
    rows = [broadest[study] for study in sorted(broadest)]
    places = [source_row("responders", row.row) for row in rows]
    if len(rows) < 2:
        return _of_size(selection, outcome, level)
    events, totals = [row.responders for row in rows], [row.n for row in rows]
    pooled = pool_proportions(events, totals, level=level, adjust="t")
    wide = pooled.ci_high - pooled.ci_low > _WIDE
    interval = percent_interval(pooled.ci_low, pooled.ci_high)
    why = f"{sum(events)} of {sum(totals)} patients in {len(rows)} studies; 300 events wanted; interval {interval}"
    levels = int(sum(events) < _FEW_EVENTS) + int(wide)
    result = {"imprecision": (_CONCERNS[levels], why, places)}
    if len(rows) < 3 or not np.isfinite(pooled.pi_low):
        return result | {"inconsistency": (NOT_COMPUTED, "fewer than three studies", places)}
    spread = pooled.pi_high - pooled.pi_low > _WIDE
    prediction = f"prediction interval {percent_interval(pooled.pi_low, pooled.pi_high)}"
    return result | {"inconsistency": (_CONCERNS[int(spread)], prediction, places)}


def _of_size(selection: Selection, outcome, level: float) -> _Result:
    if outcome.comparison == "none":
        why = "no comparison; no size can be computed"
        return dict.fromkeys(COMPUTED, (NOT_COMPUTED, why, []))
    few = outcome.patients < _FEW_PATIENTS
    why = f"{outcome.patients} patients, rule of thumb {_FEW_PATIENTS}; no single printed difference at this time"
    return {
        "imprecision": (_CONCERNS[int(few)], why, []),
        "inconsistency": (NOT_COMPUTED, "fewer than two printed differences", []),
    }
