"""How long the benefit lasts: every statement as an interval in weeks, milestones as disjoint groups of patients."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import grouped, in_order, numbered, values
from analysis.evidence.selection import Selection
from analysis.outcomes.context import CONTEXT_COLUMNS, source_row, with_context
from analysis.statistics.intervals import wilson

# from the least to the most demanding
BENEFITS = ("any_relief", "responder", "pain_free", "complete_remission")
BENEFIT_WORDS = {
    "any_relief": "any relief",
    "responder": "responder",
    "pain_free": "pain free",
    "complete_remission": "complete remission",
}
BENEFIT_STATES = {
    "any_relief": "with some relief",
    "responder": "responding",
    "pain_free": "pain free",
    "complete_remission": "in complete remission",
}
# from the surest to the least sure
ACCESS_LEVELS = ("full_text", "abstract", "secondary", "lay")
COUNT_BASES = ("reported", "inferred", "derived_from_percent", "nearest_to_percent")
SHOWN_AS = {
    "none": "no benefit",
    "exact": "exact",
    "range_of_patients": "between",
    "milestone": "at least",
    "ongoing": "at least",
    "mean": "group average",
    "median": "group average",
}
SHARED = [
    *CONTEXT_COLUMNS,
    *["route", "selected_by_outcome", "benefit", "statement", "group", "patients", "patients_treated"],
]
STATEMENT_COLUMNS = [
    *SHARED,
    *["weeks_low", "weeks_high", "shown_as", "level", "reported", "count_basis", "note"],
    *["access", "source_id", "locator", "row"],
]
RETAINED_COLUMNS = [
    *SHARED,
    *[
        "weeks",
        "percent_reported",
        "rate",
        "ci_low",
        "ci_high",
        "reported",
        "count_basis",
        "note",
        "access",
        "source_id",
        "locator",
        "row",
    ],
]
INTERVAL_COLUMNS = [
    *CONTEXT_COLUMNS,
    *["selected_by_outcome", "benefit", "patients", "patients_treated", "weeks_low", "weeks_high", "kind"],
    *["includes_zero", "rule", "count_basis", "access", "rows"],
]


def statements(selection: Selection) -> pd.DataFrame:
    """Every reported duration on one axis in weeks after the end of infusion, one row a statement.

    weeks_low to weeks_high: equal where the benefit ended then; weeks_high is infinite where it lasted at least so
    long; both missing where no time is given. shown_as: exact, between, at least, no benefit, group average (a mean
    or median: not the duration of any patient), group statement (said of a group without a count), no weeks.
    """
    frame = with_context(selection, "durations")
    columns = ("statement", "level", "weeks_low", "weeks_high")
    shown, ends = [], []
    for statement, level, low, high in values(frame, *columns):
        words = SHOWN_AS.get(statement)
        lasts = statement in ("milestone", "ongoing")
        if lasts and level == "group_level":
            words = "group statement"
        if np.isnan(low):
            words = "no weeks"
        endless = not np.isnan(low) and (lasts or (words == "group average" and np.isnan(high)))
        shown.append(words)
        ends.append(np.inf if endless else high)
    frame["shown_as"], frame["weeks_high"] = pd.array(shown, dtype="str"), np.array(ends, dtype="float64")
    return in_order(frame, "study_id", "arm_id", "weeks_low", "row")[STATEMENT_COLUMNS]


def retained_benefit(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Benefit kept over time: the share of all treated patients of an arm who still have it, with Wilson's interval.

    One row a milestone that counts patients: `patients` of `patients_treated` still had the benefit at `weeks`;
    rate and limits between 0 and 1. percent_reported: the same share as table responders prints it, where it does.
    """
    frame = _milestones(statements(selection)).rename(columns={"weeks_low": "weeks"})
    counts = [(int(patients), int(treated)) for patients, treated in values(frame, "patients", "patients_treated")]
    limits = [wilson(patients, treated, level) for patients, treated in counts]
    frame["rate"] = np.array([patients / treated for patients, treated in counts], dtype="float64")
    frame["ci_low"] = np.array([low for low, _ in limits], dtype="float64")
    frame["ci_high"] = np.array([high for _, high in limits], dtype="float64")
    frame["percent_reported"] = _printed_percentages(selection, frame)
    return in_order(frame, "regimen_class", "study_id", "arm_id", "benefit", "weeks")[RETAINED_COLUMNS]


def _printed_percentages(selection: Selection, frame: pd.DataFrame) -> np.ndarray:
    printed = {
        (arm, weeks, count, n): percent
        for arm, weeks, count, n, percent in values(
            selection.evidence.responders, "arm_id", "weeks_from_end", "responders", "n", "percent_reported"
        )
        if pd.notna(percent) and pd.notna(weeks)
    }
    keys = values(frame, "arm_id", "weeks", "patients", "patients_treated")
    return np.array([printed.get(key, np.nan) for key in keys], dtype="float64")


@dataclass(frozen=True)
class PatientIntervals:
    """Durations of single patients as intervals.

    table: one row a group of patients with the same interval: benefit, patients, weeks_low, weeks_high, kind
    (exact, interval or right-censored), includes_zero (the patients may never have had the benefit), rule (in
    words), count_basis, rows (where the numbers stand). An interval is open below and closed above, as for
    Turnbull's estimate. left_out: statements and patients that give no interval, each with `why`.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame = field(repr=False)


def intervals(selection: Selection) -> PatientIntervals:
    """Turn statements into disjoint groups of patients, each patient counted once.

    The rule, arm by arm. Milestones of one benefit are nested, so neighbouring ones part the patients: of N treated
    with a, b, c still having the benefit at weeks r < s < t, N - a never had it or lost it by r, a - b lost it
    between r and s, b - c between s and t, and c still had it at t (right-censored there). With r = 0, N - a are
    exact zeros. Where an arm has milestones of several benefits, the one with most times speaks for it (then the
    more demanding). Patients without any benefit (statement none) are exact zeros and part of the N - a. An arm
    without counted milestones gives its exact, between and ongoing statements. Averages, statements about groups,
    statements without a count or without weeks are left out with the reason, and so are treated patients of whom no
    duration is told.
    """
    table = statements(selection)
    arms = grouped((row.arm_id, row) for row in table.itertuples(index=False) if isinstance(row.arm_id, str))
    found: list[dict] = []
    left: list[tuple] = []
    for rows in arms.values():
        judged = [(row, _why_unusable(row)) for row in rows]
        usable = [row for row, why in judged if not why]
        milestones = [row for row in usable if row.statement == "milestone"]
        left += [(row, why) for row, why in judged if why]
        if milestones:
            chosen = chosen_benefit([row.benefit for row in milestones], [row.weeks_low for row in milestones])
            series = sorted((row for row in milestones if row.benefit == chosen), key=lambda row: row.weeks_low)
            zeros = [row for row in usable if row.statement == "none"]
            groups = _from_milestones(series, zeros)
            why = f"the milestones of {BENEFIT_WORDS[chosen]} speak for this arm"
            spoken = {row.row for row in (*series, *zeros)}
            left += [(row, why) for row in usable if row.row not in spoken]
        else:
            groups = [_from_statement(row) for row in usable]
        found += groups
        left += _unreported(rows, usable, groups)
    groups = pd.DataFrame(found, columns=INTERVAL_COLUMNS)
    groups = groups[groups["patients"] > 0].reset_index(drop=True)
    left_out = pd.DataFrame([(*row, why) for row, why in left], columns=[*STATEMENT_COLUMNS, "why"])
    return PatientIntervals(groups, left_out.astype(table.dtypes.to_dict() | {"why": "str"}))


def _milestones(table: pd.DataFrame) -> pd.DataFrame:
    columns = ("statement", "level", "patients", "patients_treated", "weeks_low")
    counted = [
        statement == "milestone" and level == "patient_level" and all(pd.notna(number) for number in numbers)
        for statement, level, *numbers in values(table, *columns)
    ]
    return numbered(table[np.array(counted, dtype=bool)])


def _why_unusable(row) -> str:
    if row.shown_as == "group average":
        return "an average of the group, not durations of patients"
    if row.level == "group_level":
        return "said of the group, not of patients"
    if np.isnan(row.weeks_low):
        return "no time given"
    if pd.isna(row.patients):
        return "number of patients not stated"
    return "number of treated patients not stated" if pd.isna(row.patients_treated) else ""


def chosen_benefit(benefits: Iterable[str], weeks: Iterable[float]) -> str:
    """Of several benefits counted in one arm the one with the most times, then the more demanding."""
    times = grouped(zip(benefits, weeks, strict=True))
    return max(times, key=lambda benefit: (len(set(times[benefit])), BENEFITS.index(benefit)))


def _from_milestones(rows: list, zeros: list) -> list[dict]:
    treated, first = int(rows[0].patients_treated), rows[0]
    never = min(sum(int(row.patients) for row in zeros), treated - int(first.patients))
    rest = treated - int(first.patients) - never
    state = BENEFIT_STATES[first.benefit]
    found = []
    if first.weeks_low == 0:
        places = [*(row.row for row in zeros), first.row] if never else [first.row]
        rule = f"{treated} treated; {int(first.patients)} {state} at the end of infusion"
        found.append(_group(first, never + rest, 0, 0, "exact", True, rule, places))
    else:
        if never:
            rule = f"{never} of {treated} without any benefit"
            found.append(_group(first, never, 0, 0, "exact", True, rule, [row.row for row in zeros]))
        rule = f"{treated} treated; {int(first.patients)} {state} at {first.weeks_low:g} weeks"
        found.append(_group(first, rest, 0, first.weeks_low, "interval", True, rule, [first.row]))
    for before, after in pairwise(rows):
        lost = int(before.patients) - int(after.patients)
        now = f"{int(after.patients)} at {after.weeks_low:g}"
        rule = f"{int(before.patients)} {state} at {before.weeks_low:g} weeks, {now}"
        places = [before.row, after.row]
        group = _group(after, lost, before.weeks_low, after.weeks_low, "interval", False, rule, places)
        basis = max(before.count_basis, after.count_basis, key=COUNT_BASES.index)
        access = max(before.access, after.access, key=ACCESS_LEVELS.index)
        found.append(group | {"count_basis": basis, "access": access})
    last = rows[-1]
    rule = f"{int(last.patients)} {state} at {last.weeks_low:g} weeks, the last count"
    found.append(_group(last, int(last.patients), last.weeks_low, np.inf, "right-censored", False, rule, [last.row]))
    return found


def _from_statement(row) -> dict:
    kind = {"exact": "exact", "none": "exact", "range_of_patients": "interval"}.get(row.statement, "right-censored")
    high = np.inf if kind == "right-censored" else row.weeks_high
    zero = row.statement == "none" or (kind == "interval" and row.weeks_low == 0)
    return _group(row, int(row.patients), row.weeks_low, high, kind, zero, row.reported, [row.row])


def _group(row, patients, low, high, kind, zero, rule, places) -> dict:
    note = f" ({row.note})" if isinstance(row.note, str) and "not described" in row.note else ""
    return {
        name: getattr(row, name)
        for name in (*CONTEXT_COLUMNS, "selected_by_outcome", "benefit", "count_basis", "access")
    } | {
        "patients": patients,
        "patients_treated": int(row.patients_treated),
        "weeks_low": float(low),
        "weeks_high": float(high),
        "kind": kind,
        "includes_zero": zero,
        "rule": rule + note,
        "rows": source_row("durations", " and ".join(str(place) for place in sorted(set(places)))),
    }


def _unreported(rows: list, usable: list, groups: list[dict]) -> list[tuple]:
    """The treated patients of an arm of whom no duration is told, with the reason, if there are any."""
    treated = max((int(row.patients_treated) for row in rows if pd.notna(row.patients_treated)), default=0)
    missing = treated - sum(group["patients"] for group in groups)
    if missing <= 0 or not usable:
        return []
    others = usable[0]._replace(
        statement="",
        shown_as="",
        reported="",
        weeks_low=np.nan,
        weeks_high=np.nan,
        group="the other treated patients",
        patients=missing,
    )
    return [(others, f"no duration is told of {missing} of {treated} treated patients")]
