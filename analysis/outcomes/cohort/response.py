"""Responders at the end of infusion and at follow-up, and the possible influence of missing scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.cohort_wording import RULE_WORDS, few_words
from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import (
    as_printed,
    check_min_cell,
    fewer_than,
    hide_small,
    is_merged,
    merge_small,
    released,
)
from analysis.outcomes.cohort.due_visits import expected_scores
from analysis.outcomes.cohort.judging import LEAST_FALL_POINTS, RESPONDER_RULES, check_rule, judged_scores
from analysis.outcomes.cohort.rate_rows import (
    COHORT_RATES,
    cutoff_curve,
    flow_between,
    flow_row,
    rate_row,
    shown_flows,
    shown_rates,
)
from analysis.outcomes.cohort.scores import grouping, left_out_frame
from analysis.outcomes.cohort.table import Cohort
from analysis.outcomes.cohort.tipping import HIDDEN_TIPPING_POINT, TIPPING_COLUMNS, TippingPoint, tipping_point
from analysis.wording import upper_first

OUTCOME_VISITS = ("end_of_infusion", "follow_up")
COMPLETE, IMPUTED, HIGHEST = "complete_cases", "non_responder_imputation", "responder_imputation"
_HANDLINGS = (COMPLETE, IMPUTED)
_COMPARED = ("site", "regimen_class", "year", "course_group")


@dataclass(frozen=True)
class Response(ClinicResult):
    """Responders of a cohort; each patient counts once, with the first course in the table.

    Ways to handle missing scores: complete_cases counts patients with a score at the visit; non_responder_imputation
    counts all whose baseline can be judged, with a missing score as no response, and responder_imputation (in `rates`)
    with a missing score as a response: the lowest and the highest rate possible. Rates and limits lie between 0 and 1.

    Attributes
    ----------
    rule : str
        The rule of steps, by_group and tipping.
    follow_up_planned : bool
        Whether a visit near the follow-up time was planned for everybody.
    steps : DataFrame
        Who is in which number: step (table, baseline, end_of_infusion, follow_up, both), n, without, of (the number
        that n and without add up to), not_expected (in none of them: no visit planned, or not due yet).
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

    References
    ----------
    Farrar et al. 2006, J Pain Symptom Manage 31:369 (curve).
    """

    rule: str
    follow_up_weeks: float
    window_weeks: float
    follow_up_planned: bool
    steps: pd.DataFrame
    rates: pd.DataFrame
    by_group: pd.DataFrame
    flow: pd.DataFrame
    curve: pd.DataFrame
    tipping: pd.DataFrame
    tips: TippingPoint
    notes: tuple[str, ...]
    level: float
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
    responder_rule : str
        The rule of by_group and the tipping point; one of RESPONDER_RULES.

    Raises
    ------
    ValueError
        For an unknown rule or an impossible time, window or min_cell.
    """
    check_rule(responder_rule)
    check_min_cell(min_cell)
    courses = expected_scores(cohort, follow_up_weeks, window_weeks, min_cell)
    first = courses[courses["first"]]
    tipping, tips = _tipping(first, responder_rule, level, min_cell, release)
    return Response(
        rule=responder_rule,
        follow_up_weeks=follow_up_weeks,
        window_weeks=window_weeks,
        follow_up_planned=bool(courses["follow_up_planned"].all()),
        steps=_steps(first, responder_rule, min_cell, release),
        rates=shown_rates(
            [row for rule in RESPONDER_RULES for row in rates_by_rule(first, rule, level)], min_cell, release, level
        ),
        by_group=_by_group(courses, responder_rule, level, min_cell, release),
        flow=shown_flows(
            [row for rule in RESPONDER_RULES for row in flows_by_rule(first, rule, level)], min_cell, release, level
        ),
        curve=cutoff_curve(first, OUTCOME_VISITS, level, min_cell, release),
        tipping=tipping,
        tips=tips,
        notes=_notes(first, min_cell),
        level=level,
        synthetic=cohort.synthetic,
        min_cell=min_cell,
        left_out=patients_left_out(first, min_cell, release),
    )


def _judged(courses: pd.DataFrame, rule: str, visit: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return masks of the courses that should have been judged, of those with a score, and of responders."""
    usable, scored, response = judged_scores(courses["baseline"].to_numpy(), courses[visit].to_numpy(), rule)
    if visit == OUTCOME_VISITS[1]:
        usable = usable & ~courses["not_expected"].to_numpy()
    return usable, scored, response


def rates_by_rule(courses: pd.DataFrame, rule: str, level: float) -> list[dict]:
    """Return the rates of courses at both visits, for each way to handle missing scores."""
    rows = []
    for visit in OUTCOME_VISITS:
        usable, scored, response = _judged(courses, rule, visit)
        missing = usable & ~scored
        for handling, included, events in (
            (COMPLETE, scored, response),
            (IMPUTED, usable, response),
            (HIGHEST, usable, response | missing),
        ):
            key = {"rule": rule, "visit": visit, "handling": handling}
            rows.append(key | rate_row(int(events.sum()), int(included.sum()), level))
    return rows


def _steps(first: pd.DataFrame, rule: str, min_cell: int, release: str) -> pd.DataFrame:
    """Return who is in which number, from all patients to those with every score."""
    usable, end, _ = _judged(first, rule, OUTCOME_VISITS[0])
    due, later, _ = _judged(first, rule, OUTCOME_VISITS[1])
    everybody = np.ones(len(first), dtype=bool)
    masks = {
        "table": (everybody, everybody),
        "baseline": (usable, everybody),
        "end_of_infusion": (end, usable),
        "follow_up": (later, due),
        "both": (end & later, due),
    }
    rows = [{"step": step, "n": int(part.sum()), "of": int(whole.sum())} for step, (part, whole) in masks.items()]
    table = pd.DataFrame(rows).astype({"n": "Int64", "of": "Int64"})
    table["without"] = table["of"] - table["n"]
    table["not_expected"] = pd.array([0, 0, 0, *[int((usable & ~due).sum())] * 2], dtype="Int64")
    table = hide_small(table, "n", ["of", "without", "not_expected"], min_cell)
    counts = ["n", "of", "without", "not_expected"]
    few = table[counts[2:]].apply(lambda column: (column > 0) & (column < min_cell))
    table[counts[2:]] = table[counts[2:]].mask(few)
    table[counts] = table[counts].apply(released, release=release)
    return table


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


def flows_by_rule(first: pd.DataFrame, rule: str, level: float) -> list[dict]:
    """Return the flow between both visits, of patients with both scores, then of all."""
    _, scored_1, response_1 = _judged(first, rule, OUTCOME_VISITS[0])
    usable, scored_2, response_2 = _judged(first, rule, OUTCOME_VISITS[1])
    rows = []
    for handling, included in ((COMPLETE, scored_1 & scored_2), (IMPUTED, usable)):
        flow = flow_between(response_1[included], response_2[included])
        rows.append({"rule": rule, "handling": handling, "n": flow.n, **flow_row(flow, level)})
    return rows


def _tipping(
    first: pd.DataFrame, rule: str, level: float, min_cell: int, release: str
) -> tuple[pd.DataFrame, TippingPoint]:
    _, scored_1, response_1 = _judged(first, rule, OUTCOME_VISITS[0])
    due, scored_2, response_2 = _judged(first, rule, OUTCOME_VISITS[1])
    both, missing = scored_1 & scored_2, scored_1 & ~scored_2 & due
    complete = flow_between(response_1[both], response_2[both])
    # each row would show counts that a public release rounds
    if complete.n < max(min_cell, 1) or fewer_than(int(missing.sum()), min_cell) or release != "internal":
        return pd.DataFrame(columns=TIPPING_COLUMNS), HIDDEN_TIPPING_POINT
    table, tips = tipping_point(complete, int((missing & response_1).sum()), int((missing & ~response_1).sum()), level)
    return as_printed(table, "shares"), tips


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


def patients_left_out(first: pd.DataFrame, min_cell: int, release: str = "internal") -> pd.DataFrame:
    """Return who is left out of which result, and why."""
    baseline = first["baseline"].to_numpy()
    usable = ~np.isnan(baseline)
    awaited = usable & first["not_expected"].to_numpy()
    no_end, no_later = (usable & first[visit].isna().to_numpy() for visit in OUTCOME_VISITS)
    no_later &= ~awaited
    percentages = "rates, by_group, flow, curve (percentages)"
    zero = "baseline pain is 0, of which no percentage can be taken"
    return left_out_frame(
        [
            ("rates, by_group, flow, curve", "baseline score missing", "patients", int((~usable).sum())),
            (percentages, zero, "patients", int((baseline == 0).sum())),
            ("rates, curve (complete cases)", "no score at the end of infusion", "patients", int(no_end.sum())),
            ("rates, curve (complete cases)", "no follow-up score in the window", "patients", int(no_later.sum())),
            ("rates, by_group, flow, curve", "follow-up not planned or not due", "patients", int(awaited.sum())),
            ("flow (complete cases)", "not both scores", "patients", int((no_end | no_later).sum())),
            ("tipping", "no score at the end of infusion", "patients", int(no_end.sum())),
        ],
        min_cell,
        release,
    )
