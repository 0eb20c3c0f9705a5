"""How many patients responded at the end of infusion and at follow-up, and what missing scores could change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.disclosure import check_min_cell, hide_small, is_merged, merge_small
from analysis.outcomes.cohort.judging import (
    LEAST_FALL_POINTS,
    RESPONDER_RULES,
    ROUNDING_TOLERANCE,
    RULE_WORDS,
    can_be_judged,
    check_rule,
    percent_fall,
    responds,
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
from analysis.wording import count

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

OUTCOME_VISITS = ("end_of_infusion", "follow_up")
COMPLETE, IMPUTED = "complete_cases", "non_responder_imputation"
HANDLINGS = (COMPLETE, IMPUTED)
_COMPARED = ("site", "regimen_class", "year", "course_group")
_RATE_COLUMNS = ["responders", "n", "rate", "ci_low", "ci_high"]
_FLOW_COLUMNS = ["first", "second", "kept", "lost", "gained", "neither", "rate_first", "rate_second"]
_FLOW_COLUMNS += ["difference", "difference_low", "difference_high", "p_value"]


@dataclass(frozen=True)
class Response:
    """Responders of a cohort, each patient once, with the first course that the table holds.

    complete_cases counts patients with a score at the visit, non_responder_imputation all whose baseline can be
    judged, a missing score as no response. Rates and limits lie between 0 and 1.

    rates: rule, visit, handling, responders, n, rate, ci_low, ci_high (Wilson), hidden. by_group: the same for
    `rule`, by (site, regimen_class, year, course_group) and group, with merged; by course_group each course counts,
    so that a patient can stand in several groups. flow: rule, handling, n, first, second, kept, lost, gained,
    neither, rate_first, rate_second, difference (follow-up minus end of infusion), difference_low, difference_high
    (Newcombe, paired), p_value (McNemar, exact), hidden; complete cases have both scores. curve: the cumulative
    proportion of responders (Farrar et al. 2006, J Pain Symptom Manage 31:369): visit, cutoff (pain fell by so many
    percent or more; 0 = did not rise), responders, n_complete, rate_complete, low_complete, high_complete, n_all,
    rate_imputed, low_imputed, high_imputed, hidden. tipping, tips: see `tipping_point`. notes: sentences that belong
    under the tables. left_out: result, why, unit, n.
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
    """Count responders by three rules; see `Response`. `responder_rule` is the one of by_group and the tipping point.

    ValueError for an unknown rule or an impossible time, window or min_cell.
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
    """Rows with what `rate_row` gives as a table, hidden where fewer than `min_cell` patients stand behind."""
    return hide_small(_whole(pd.DataFrame(rows), ["responders", "n"]), "n", _RATE_COLUMNS, min_cell)


def shown_flows(rows: list[dict], min_cell: int) -> pd.DataFrame:
    """Rows with n and what `flow_row` gives as a table, hidden where fewer than `min_cell` patients stand behind."""
    return hide_small(_whole(pd.DataFrame(rows), ["n", *_FLOW_COLUMNS[:6]]), "n", _FLOW_COLUMNS, min_cell)


def rate_row(events: int, n: int, level: float) -> dict[str, float]:
    """responders, n, rate and Wilson's limits (0 to 1); missing where there are no patients."""
    low, high = wilson(events, n, level) if n else (np.nan, np.nan)
    return {"responders": events, "n": n, "rate": events / n if n else np.nan, "ci_low": low, "ci_high": high}


def flow_row(flow: PairedCounts, level: float) -> dict[str, float]:
    """Counts, both rates, their difference with Newcombe's limits, McNemar's exact p-value."""
    first, second = flow.kept + flow.lost, flow.kept + flow.gained
    row = dict(zip(_FLOW_COLUMNS, (first, second, flow.kept, flow.lost, flow.gained, flow.neither), strict=False))
    if not flow.n:
        return row | dict.fromkeys(_FLOW_COLUMNS[6:], np.nan)
    told = (first / flow.n, second / flow.n, *flow.difference(level), mcnemar(flow.lost, flow.gained, "exact"))
    return row | dict(zip(_FLOW_COLUMNS[6:], map(float, told), strict=True))


def flow_between(first: np.ndarray, second: np.ndarray) -> PairedCounts:
    """Who responded at both times, at one, at none."""
    parts = (first & second, first & ~second, ~first & second, ~first & ~second)
    return PairedCounts(*(int(part.sum()) for part in parts))


def _whole(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(names, "Int64"))


def _judged(courses: pd.DataFrame, rule: str, visit: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whose baseline can be judged, who of them has a score at the visit, who of these responds."""
    baseline, score = courses["baseline"].to_numpy(), courses[visit].to_numpy()
    usable = can_be_judged(baseline, rule)
    scored = usable & ~np.isnan(score)
    return usable, scored, scored & responds(baseline, score, rule)


def _rates(courses: pd.DataFrame, rule: str, level: float) -> list[dict]:
    rows = []
    for visit in OUTCOME_VISITS:
        usable, scored, response = _judged(courses, rule, visit)
        for handling, whole in ((COMPLETE, scored), (IMPUTED, usable)):
            rows.append(
                {
                    "rule": rule,
                    "visit": visit,
                    "handling": handling,
                    **rate_row(int(response.sum()), int(whole.sum()), level),
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
            # merged by the patients with a score: the others add nothing that could be told of them
            patients = part["patient"].to_numpy()[usable]
            group = merge_small(grouping(part[usable], by), patients, min_cell, scored[usable])
            parts = {name: mask[usable] for name, mask in ((COMPLETE, scored), (IMPUTED, usable), ("", response))}
            sums = {name: np.bincount(group.codes, mask).astype(int).tolist() for name, mask in parts.items()}
            for code, label in enumerate(group.categories):
                for handling in HANDLINGS:
                    place = {"by": by, "group": label, "visit": visit, "handling": handling}
                    rate = rate_row(sums[""][code], sums[handling][code], level)
                    rows.append(place | rate | {"merged": is_merged(label, min_cell)})
    columns = ["by", "group", "visit", "handling", *_RATE_COLUMNS, "merged"]
    found = _whole(pd.DataFrame(rows, columns=columns), ["responders", "n"]).astype({"merged": bool})
    return hide_small(found, "n", _RATE_COLUMNS, min_cell)


def _flows(first: pd.DataFrame, rule: str, level: float) -> list[dict]:
    usable, scored_1, response_1 = _judged(first, rule, OUTCOME_VISITS[0])
    _, scored_2, response_2 = _judged(first, rule, OUTCOME_VISITS[1])
    rows = []
    for handling, whole in ((COMPLETE, scored_1 & scored_2), (IMPUTED, usable)):
        flow = flow_between(response_1[whole], response_2[whole])
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
            (events, whole): wilson(events, whole, level) if whole else (np.nan, np.nan)
            for events in np.unique(reached).tolist()
            for whole in (len(falls), usable)
        }
        for cutoff, events in zip(cutoffs.tolist(), reached.tolist(), strict=True):
            row = {"visit": visit, "cutoff": cutoff, "responders": events}
            for n, name, whole in (("n_complete", "complete", len(falls)), ("n_all", "imputed", usable)):
                low, high = limits[events, whole]
                rate = events / whole if whole else np.nan
                row |= {n: whole, f"rate_{name}": rate, f"low_{name}": low, f"high_{name}": high}
            rows.append(row)
    found = _whole(pd.DataFrame(rows), ["responders", "n_complete", "n_all"])
    others = [name for name in found if name not in ("visit", "cutoff", "n_complete")]
    return hide_small(found, "n_complete", others, min_cell)


def _notes(first: pd.DataFrame) -> tuple[str, ...]:
    low = int((first["baseline"] < LEAST_FALL_POINTS).sum())
    if not low:
        return ()
    who, points = count(low, "patient"), f"{LEAST_FALL_POINTS:g}"
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
