"""Responders at the end of infusion and at follow-up, and the possible influence of missing scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.cohort_wording import RULE_WORDS
from analysis.outcomes.cohort.disclosure import check_min_cell, hide_small, is_merged, merge_small
from analysis.outcomes.cohort.judging import (
    LEAST_FALL_POINTS,
    RESPONDER_RULES,
    ROUNDING_TOLERANCE,
    can_be_judged,
    check_rule,
    judged_scores,
    percent_fall,
)
from analysis.outcomes.cohort.scores import FIRST_COURSES, course_scores, grouping, left_out_frame
from analysis.outcomes.cohort.tipping import (
    HIDDEN_TIPPING_POINT,
    TIPPING_COLUMNS,
    PairedCounts,
    TippingPoint,
    tipping_point,
)
from analysis.statistics.intervals import wilson
from analysis.statistics.paired import mcnemar
from analysis.wording import counted

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

OUTCOME_VISITS = ("end_of_infusion", "follow_up")
COMPLETE, IMPUTED = "complete_cases", "non_responder_imputation"
_HANDLINGS = (COMPLETE, IMPUTED)
_COMPARED = ("site", "regimen_class", "year", "course_group")
_RATE_COLUMNS = ["responders", "n", "rate", "ci_low", "ci_high"]
_FLOW_COLUMNS = ["first", "second", "kept", "lost", "gained", "neither", "rate_first", "rate_second"]
_FLOW_COLUMNS += ["difference", "difference_low", "difference_high", "p_value"]


@dataclass(frozen=True)
class Response:
    """Responders of a cohort; each patient counts once, with the first course in the table.

    Of the two ways to handle missing scores, complete_cases counts patients with a score at the visit, and
    non_responder_imputation counts all whose baseline can be judged, with a missing score as no response. Rates and
    limits lie between 0 and 1.

    Attributes
    ----------
    rule : str
        The rule of by_group and tipping.
    follow_up_weeks, window_weeks : float
    rates : DataFrame
        Columns rule, visit, handling, responders, n, rate, ci_low, ci_high (Wilson), hidden.
    by_group : DataFrame
        The same for `rule`, with by (site, regimen_class, year, course_group), group and merged. By course_group each
        course counts, so a patient can be in several groups.
    flow : DataFrame
        Columns rule, handling, n, first, second, kept, lost, gained, neither, rate_first, rate_second, difference
        (follow-up minus end of infusion), difference_low, difference_high (Newcombe, paired), p_value (McNemar, exact),
        hidden. Complete cases have both scores.
    curve : DataFrame
        Cumulative proportion of responders: visit, cutoff (fall of pain in percent or more; 0 is no rise), responders,
        n_complete, rate_complete, low_complete, high_complete, n_all, rate_imputed, low_imputed, high_imputed, hidden.
    tipping, tips
        See `tipping_point`.
    notes : tuple of str
        Sentences for the notes of the tables.
    unit : str
        Who is counted, in words.
    min_cell : int
    left_out : DataFrame
        Columns result, why, unit, n.

    References
    ----------
    Farrar et al. 2006, J Pain Symptom Manage 31:369 (curve).
    """

    rule: str
    follow_up_weeks: float
    window_weeks: float
    rates: pd.DataFrame
    by_group: pd.DataFrame
    flow: pd.DataFrame
    curve: pd.DataFrame
    tipping: pd.DataFrame
    tips: TippingPoint
    notes: tuple[str, ...]
    unit: str
    min_cell: int
    left_out: pd.DataFrame


def response(
    cohort: Cohort,
    *,
    responder_rule: str = "ge_30_percent",
    follow_up_weeks: float = 4.0,
    window_weeks: float = 2.0,
    level: float = 0.95,
    min_cell: int = 5,
) -> Response:
    """Return the responders by three rules.

    Parameters
    ----------
    cohort : Cohort
    responder_rule : str
        The rule of by_group and the tipping point; one of RESPONDER_RULES.
    follow_up_weeks, window_weeks : float
        Time of the follow-up score after the end of infusion, and its tolerance, in weeks.
    level : float
        Confidence level.
    min_cell : int
        Smallest number of patients that may be shown.

    Returns
    -------
    Response

    Raises
    ------
    ValueError
        For an unknown rule or an impossible time, window or min_cell.
    """
    check_rule(responder_rule)
    check_min_cell(min_cell)
    courses = course_scores(cohort, follow_up_weeks, window_weeks)
    first = courses[courses["first"]]
    tipping, tips = _tipping(first, responder_rule, level, min_cell)
    return Response(
        rule=responder_rule,
        follow_up_weeks=follow_up_weeks,
        window_weeks=window_weeks,
        rates=shown_rates([row for rule in RESPONDER_RULES for row in _rates(first, rule, level)], min_cell),
        by_group=_by_group(courses, responder_rule, level, min_cell),
        flow=shown_flows([row for rule in RESPONDER_RULES for row in _flows(first, rule, level)], min_cell),
        curve=_curve(first, level, min_cell),
        tipping=tipping,
        tips=tips,
        notes=_notes(first),
        unit=FIRST_COURSES,
        min_cell=min_cell,
        left_out=_left_out(first),
    )


def shown_rates(rows: list[dict], min_cell: int) -> pd.DataFrame:
    """Return rows of `rate_row` as a table, hidden where they count fewer than `min_cell` patients."""
    return hide_small(_as_integers(pd.DataFrame(rows), ["responders", "n"]), "n", _RATE_COLUMNS, min_cell)


def shown_flows(rows: list[dict], min_cell: int) -> pd.DataFrame:
    """Return rows of n and `flow_row` as a table, hidden where they count fewer than `min_cell` patients."""
    return hide_small(_as_integers(pd.DataFrame(rows), ["n", *_FLOW_COLUMNS[:6]]), "n", _FLOW_COLUMNS, min_cell)


def rate_row(events: int, n: int, level: float) -> dict[str, float]:
    """Return responders, n, rate and Wilson's limits (0 to 1); missing without patients."""
    low, high = wilson(events, n, level) if n else (np.nan, np.nan)
    return {"responders": events, "n": n, "rate": events / n if n else np.nan, "ci_low": low, "ci_high": high}


def flow_row(flow: PairedCounts, level: float) -> dict[str, float]:
    """Return counts, both rates, their difference with Newcombe's limits, and McNemar's exact p-value."""
    first, second = flow.kept + flow.lost, flow.kept + flow.gained
    row = dict(zip(_FLOW_COLUMNS, (first, second, flow.kept, flow.lost, flow.gained, flow.neither), strict=False))
    if not flow.n:
        return row | dict.fromkeys(_FLOW_COLUMNS[6:], np.nan)
    values = (first / flow.n, second / flow.n, *flow.difference(level), mcnemar(flow.lost, flow.gained, "exact"))
    return row | dict(zip(_FLOW_COLUMNS[6:], map(float, values), strict=True))


def flow_between(first: np.ndarray, second: np.ndarray) -> PairedCounts:
    """Return the numbers of patients who responded at both times, at one time and at neither."""
    parts = (first & second, first & ~second, ~first & second, ~first & ~second)
    return PairedCounts(*(int(part.sum()) for part in parts))


def _as_integers(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(names, "Int64"))


def _judged(courses: pd.DataFrame, rule: str, visit: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return masks of the courses whose baseline can be judged, of those with a score, and of responders."""
    return judged_scores(courses["baseline"].to_numpy(), courses[visit].to_numpy(), rule)


def _rates(courses: pd.DataFrame, rule: str, level: float) -> list[dict]:
    rows = []
    for visit in OUTCOME_VISITS:
        usable, scored, response = _judged(courses, rule, visit)
        for handling, included in ((COMPLETE, scored), (IMPUTED, usable)):
            rows.append(
                {
                    "rule": rule,
                    "visit": visit,
                    "handling": handling,
                    **rate_row(int(response.sum()), int(included.sum()), level),
                }
            )
    return rows


def _by_group(courses: pd.DataFrame, rule: str, level: float, min_cell: int) -> pd.DataFrame:
    rows = []
    for by in _COMPARED:
        part = courses if by == "course_group" else courses[courses["first"]]
        for visit in OUTCOME_VISITS:
            usable, scored, response = _judged(part, rule, visit)
            if not usable.any():
                continue
            # merged by the patients with a score, since the others reveal nothing
            patients = part["patient"].to_numpy()[usable]
            group = merge_small(grouping(part[usable], by), patients, min_cell, scored[usable])
            parts = {name: mask[usable] for name, mask in ((COMPLETE, scored), (IMPUTED, usable), ("", response))}
            sums = {name: np.bincount(group.codes, mask).astype(int).tolist() for name, mask in parts.items()}
            for code, label in enumerate(group.categories):
                for handling in _HANDLINGS:
                    key = {"by": by, "group": label, "visit": visit, "handling": handling}
                    rate = rate_row(sums[""][code], sums[handling][code], level)
                    rows.append(key | rate | {"merged": is_merged(label, min_cell)})
    columns = ["by", "group", "visit", "handling", *_RATE_COLUMNS, "merged"]
    table = _as_integers(pd.DataFrame(rows, columns=columns), ["responders", "n"]).astype({"merged": bool})
    return hide_small(table, "n", _RATE_COLUMNS, min_cell)


def _flows(first: pd.DataFrame, rule: str, level: float) -> list[dict]:
    usable, scored_1, response_1 = _judged(first, rule, OUTCOME_VISITS[0])
    _, scored_2, response_2 = _judged(first, rule, OUTCOME_VISITS[1])
    rows = []
    for handling, included in ((COMPLETE, scored_1 & scored_2), (IMPUTED, usable)):
        flow = flow_between(response_1[included], response_2[included])
        rows.append({"rule": rule, "handling": handling, "n": flow.n, **flow_row(flow, level)})
    return rows


def _tipping(first: pd.DataFrame, rule: str, level: float, min_cell: int) -> tuple[pd.DataFrame, TippingPoint]:
    _, scored_1, response_1 = _judged(first, rule, OUTCOME_VISITS[0])
    _, scored_2, response_2 = _judged(first, rule, OUTCOME_VISITS[1])
    both, missing = scored_1 & scored_2, scored_1 & ~scored_2
    complete = flow_between(response_1[both], response_2[both])
    if complete.n < max(min_cell, 1):
        return pd.DataFrame(columns=TIPPING_COLUMNS), HIDDEN_TIPPING_POINT
    return tipping_point(complete, int((missing & response_1).sum()), int((missing & ~response_1).sum()), level)


def _curve(first: pd.DataFrame, level: float, min_cell: int) -> pd.DataFrame:
    cutoffs = np.arange(101)
    rows = []
    for visit in OUTCOME_VISITS:
        falls = percent_fall(first["baseline"].to_numpy(), first[visit].to_numpy())
        falls = np.sort(falls[~np.isnan(falls)])
        usable = int(can_be_judged(first["baseline"].to_numpy(), RESPONDER_RULES[1]).sum())
        reached = len(falls) - np.searchsorted(falls, cutoffs - 100 * ROUNDING_TOLERANCE, side="left")
        limits = {
            (events, patients): wilson(events, patients, level) if patients else (np.nan, np.nan)
            for events in np.unique(reached).tolist()
            for patients in (len(falls), usable)
        }
        for cutoff, events in zip(cutoffs.tolist(), reached.tolist(), strict=True):
            row = {"visit": visit, "cutoff": cutoff, "responders": events}
            for n, name, patients in (("n_complete", "complete", len(falls)), ("n_all", "imputed", usable)):
                low, high = limits[events, patients]
                rate = events / patients if patients else np.nan
                row |= {n: patients, f"rate_{name}": rate, f"low_{name}": low, f"high_{name}": high}
            rows.append(row)
    table = _as_integers(pd.DataFrame(rows), ["responders", "n_complete", "n_all"])
    others = [name for name in table if name not in ("visit", "cutoff", "n_complete")]
    return hide_small(table, "n_complete", others, min_cell)


def _notes(first: pd.DataFrame) -> tuple[str, ...]:
    low = int((first["baseline"] < LEAST_FALL_POINTS).sum())
    if not low:
        return ()
    who, points = counted(low, "patient"), f"{LEAST_FALL_POINTS:g}"
    return (
        f"{who} had a baseline below {points} points, which can't fall by {points}: no responder by the rule "
        f"“{RULE_WORDS['ge_2_points']}”.",
    )


def _left_out(first: pd.DataFrame) -> pd.DataFrame:
    baseline = first["baseline"].to_numpy()
    usable = ~np.isnan(baseline)
    no_end, no_later = (usable & first[visit].isna().to_numpy() for visit in OUTCOME_VISITS)
    percentages = "rates, by_group, flow, curve (percentages)"
    return left_out_frame(
        [
            ("rates, by_group, flow, curve", "baseline score missing", "patients", int((~usable).sum())),
            (
                percentages,
                "baseline pain is 0, of which no percentage can be taken",
                "patients",
                int((baseline == 0).sum()),
            ),
            ("rates, curve (complete cases)", "no score at the end of infusion", "patients", int(no_end.sum())),
            ("rates, curve (complete cases)", "no follow-up score in the window", "patients", int(no_later.sum())),
            ("flow (complete cases)", "not both scores", "patients", int((no_end | no_later).sum())),
            ("tipping", "no score at the end of infusion", "patients", int(no_end.sum())),
        ]
    )
