"""Responders at the end of infusion and at follow-up, and the possible influence of missing scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.cohort_wording import RULE_WORDS, few_words
from analysis.outcomes.cohort.disclosure import (
    as_printed,
    check_min_cell,
    fewer_than,
    is_merged,
    is_one_sided,
    merge_small,
    released,
    shown_steps,
)
from analysis.outcomes.cohort.judging import (
    LEAST_FALL_PERCENT,
    LEAST_FALL_POINTS,
    RESPONDER_RULES,
    ROUNDING_TOLERANCE,
    can_be_judged,
    check_rule,
    judged_scores,
    percent_fall,
)
from analysis.outcomes.cohort.rate_rows import COHORT_RATES, flow_between, flow_row, rate_row, shown_flows, shown_rates
from analysis.outcomes.cohort.scores import FIRST_COURSES, course_scores, grouping, left_out_frame
from analysis.outcomes.cohort.tipping import (
    HIDDEN_TIPPING_POINT,
    TIPPING_COLUMNS,
    TippingPoint,
    tipping_point,
)
from analysis.wording import upper_first

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

OUTCOME_VISITS = ("end_of_infusion", "follow_up")
COMPLETE, IMPUTED = "complete_cases", "non_responder_imputation"
_HANDLINGS = (COMPLETE, IMPUTED)
_COMPARED = ("site", "regimen_class", "year", "course_group")


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
    release: str = "internal",
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
    release : {"internal", "public"}
        Level of disclosure control.

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
    tipping, tips = _tipping(first, responder_rule, level, min_cell, release)
    return Response(
        rule=responder_rule,
        follow_up_weeks=follow_up_weeks,
        window_weeks=window_weeks,
        rates=shown_rates(
            [row for rule in RESPONDER_RULES for row in _rates(first, rule, level)], min_cell, release, level
        ),
        by_group=_by_group(courses, responder_rule, level, min_cell, release),
        flow=shown_flows(
            [row for rule in RESPONDER_RULES for row in _flows(first, rule, level)], min_cell, release, level
        ),
        curve=_curve(first, level, min_cell, release),
        tipping=tipping,
        tips=tips,
        notes=_notes(first, min_cell),
        unit=FIRST_COURSES,
        min_cell=min_cell,
        left_out=_left_out(first, min_cell, release),
    )


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


def _by_group(courses: pd.DataFrame, rule: str, level: float, min_cell: int, release: str) -> pd.DataFrame:
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
                    counts = {"responders": sums[""][code], "n": sums[handling][code]}
                    rows.append(key | counts | {"merged": is_merged(label, min_cell)})
    if not rows:
        return pd.DataFrame(columns=["by", "group", "visit", "handling", *COHORT_RATES, "merged", "hidden"])
    return shown_rates(rows, min_cell, release, level, named=True).astype({"merged": bool})


def _flows(first: pd.DataFrame, rule: str, level: float) -> list[dict]:
    usable, scored_1, response_1 = _judged(first, rule, OUTCOME_VISITS[0])
    _, scored_2, response_2 = _judged(first, rule, OUTCOME_VISITS[1])
    rows = []
    for handling, included in ((COMPLETE, scored_1 & scored_2), (IMPUTED, usable)):
        flow = flow_between(response_1[included], response_2[included])
        rows.append({"rule": rule, "handling": handling, "n": flow.n, **flow_row(flow, level)})
    return rows


def _tipping(
    first: pd.DataFrame, rule: str, level: float, min_cell: int, release: str
) -> tuple[pd.DataFrame, TippingPoint]:
    _, scored_1, response_1 = _judged(first, rule, OUTCOME_VISITS[0])
    _, scored_2, response_2 = _judged(first, rule, OUTCOME_VISITS[1])
    both, missing = scored_1 & scored_2, scored_1 & ~scored_2
    complete = flow_between(response_1[both], response_2[both])
    # each row would show counts that a public release rounds
    if complete.n < max(min_cell, 1) or fewer_than(int(missing.sum()), min_cell) or release != "internal":
        return pd.DataFrame(columns=TIPPING_COLUMNS), HIDDEN_TIPPING_POINT
    table, tips = tipping_point(complete, int((missing & response_1).sum()), int((missing & ~response_1).sum()), level)
    return as_printed(table, "shares"), tips


def _curve(first: pd.DataFrame, level: float, min_cell: int, release: str) -> pd.DataFrame:
    cutoffs = np.arange(0, 101, 10)
    in_tables = tuple(np.flatnonzero(np.isin(cutoffs, list(LEAST_FALL_PERCENT.values()))))
    rows = []
    for visit in OUTCOME_VISITS:
        falls = percent_fall(first["baseline"].to_numpy(), first[visit].to_numpy())
        falls = np.sort(falls[~np.isnan(falls)])
        usable = int(can_be_judged(first["baseline"].to_numpy(), RESPONDER_RULES[1]).sum())
        reached = len(falls) - np.searchsorted(falls, cutoffs - 100 * ROUNDING_TOLERANCE, side="left")
        steps = shown_steps(reached, len(falls), min_cell, in_tables)
        for cutoff, events, step in zip(cutoffs.tolist(), reached.tolist(), steps, strict=True):
            row = {"visit": visit, "cutoff": cutoff, "responders": released(events, release)}
            row["hidden"] = not step or len(falls) < min_cell or is_one_sided(events, len(falls), min_cell, release)
            for n, name, patients in (("n_complete", "complete", len(falls)), ("n_all", "imputed", usable)):
                counts = rate_row(row["responders"], released(patients, release), level)
                row |= {n: counts["n"], f"rate_{name}": counts["rate"]}
                row |= {f"low_{name}": counts["ci_low"], f"high_{name}": counts["ci_high"]}
            rows.append(row)
    table = pd.DataFrame(rows).astype(dict.fromkeys(("responders", "n_complete", "n_all"), "Int64"))
    others = [name for name in table if name not in ("visit", "cutoff", "hidden")]
    table[others] = table[others].mask(table["hidden"])
    return as_printed(table, "shares", cutoff=0)


def _notes(first: pd.DataFrame, min_cell: int) -> tuple[str, ...]:
    low = int((first["baseline"] < LEAST_FALL_POINTS).sum())
    if not low:
        return ()
    who = few_words(pd.NA if fewer_than(low, min_cell) else low, "patient", min_cell)
    points = f"{LEAST_FALL_POINTS:g}"
    return (
        f"{upper_first(who)} had a baseline below {points} points, which can't fall by {points}: no responder by the "
        f"rule “{RULE_WORDS['ge_2_points']}”.",
    )


def _left_out(first: pd.DataFrame, min_cell: int, release: str) -> pd.DataFrame:
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
        ],
        min_cell,
        release,
    )
