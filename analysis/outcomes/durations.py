"""How long the benefit lasts: every statement as an interval in weeks, milestones as disjoint groups of patients."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

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
KEPT_COLUMNS = [
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
    frame = with_context(selection, "durations").reset_index(drop=True)
    frame["shown_as"] = frame["statement"].map(SHOWN_AS)
    lasts = frame["statement"].isin(["milestone", "ongoing"])
    frame.loc[lasts & (frame["level"] == "group_level"), "shown_as"] = "group statement"
    frame.loc[frame["weeks_low"].isna(), "shown_as"] = "no weeks"
    open_average = (frame["shown_as"] == "group average") & frame["weeks_high"].isna()
    endless = frame["weeks_low"].notna() & (lasts | open_average)
    frame.loc[endless, "weeks_high"] = np.inf
    return frame.sort_values(["study_id", "arm_id", "weeks_low", "row"], kind="stable").reset_index(drop=True)[
        STATEMENT_COLUMNS
    ]


def kept(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Benefit kept over time: the share of all treated patients of an arm who still have it, with Wilson's interval.

    One row a milestone that counts patients: `patients` of `patients_treated` still had the benefit at `weeks`;
    rate and limits between 0 and 1. percent_reported: the same share as table responders prints it, where it does.
    """
    frame = _milestones(statements(selection)).rename(columns={"weeks_low": "weeks"})
    limits = [wilson(int(r.patients), int(r.patients_treated), level) for r in frame.itertuples()]
    frame["rate"] = frame["patients"].astype("float64") / frame["patients_treated"].astype("float64")
    frame["ci_low"] = [low for low, _ in limits]
    frame["ci_high"] = [high for _, high in limits]
    frame["percent_reported"] = _printed_percentages(selection, frame)
    order = ["regimen_class", "study_id", "arm_id", "benefit", "weeks"]
    return frame.sort_values(order, kind="stable").reset_index(drop=True).reindex(columns=KEPT_COLUMNS)


def _printed_percentages(selection: Selection, frame: pd.DataFrame) -> list[float]:
    printed = selection.evidence.responders.dropna(subset=["percent_reported", "weeks_from_end"])
    keys = zip(printed["arm_id"], printed["weeks_from_end"], printed["responders"], printed["n"], strict=True)
    lookup = dict(zip(keys, printed["percent_reported"], strict=True))
    return [lookup.get((r.arm_id, r.weeks, r.patients, r.patients_treated), np.nan) for r in frame.itertuples()]


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
    found: list[dict] = []
    left: list[pd.DataFrame] = []
    for _, arm in table.groupby("arm_id", sort=False):
        usable, unusable = _usable(arm)
        left.append(unusable)
        milestones = _milestones(usable)
        if len(milestones):
            chosen = benefit_that_speaks(milestones["benefit"], milestones["weeks_low"])
            series = milestones[milestones["benefit"] == chosen].sort_values("weeks_low")
            zeros = usable[usable["statement"] == "none"]
            found += _from_milestones(series, zeros)
            spoken = usable.index.isin([*series.index, *zeros.index])
            left.append(usable[~spoken].assign(why=f"the milestones of {BENEFIT_WORDS[chosen]} speak for this arm"))
        else:
            found += [_from_statement(row) for row in usable.itertuples()]
        untold = _untold(usable, found, arm)
        if untold is not None:
            left.append(untold)
    groups = pd.DataFrame(found, columns=INTERVAL_COLUMNS)
    groups = groups[groups["patients"] > 0].reset_index(drop=True)
    left_out = pd.concat(left, ignore_index=True) if left else table.iloc[:0].assign(why="")
    return PatientIntervals(groups, left_out.reset_index(drop=True))


def _milestones(table: pd.DataFrame) -> pd.DataFrame:
    counted = (table["statement"] == "milestone") & (table["level"] == "patient_level")
    whole = table["patients"].notna() & table["patients_treated"].notna() & table["weeks_low"].notna()
    return table[counted & whole].copy()


def _usable(arm: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    why = pd.Series("", index=arm.index)
    why[arm["patients_treated"].isna()] = "number of treated patients not stated"
    why[arm["patients"].isna()] = "number of patients not stated"
    why[arm["weeks_low"].isna()] = "no time given"
    why[arm["level"] == "group_level"] = "said of the group, not of patients"
    why[arm["shown_as"] == "group average"] = "an average of the group, not durations of patients"
    return arm[why == ""], arm[why != ""].assign(why=why[why != ""])


def benefit_that_speaks(benefits: pd.Series, weeks: pd.Series) -> str:
    """Of several benefits counted in one arm the one with the most times, then the more demanding."""
    times = weeks.groupby(benefits).nunique()
    return max(times.index, key=lambda benefit: (times[benefit], BENEFITS.index(benefit)))


def _from_milestones(series: pd.DataFrame, zeros: pd.DataFrame) -> list[dict]:
    rows = list(series.itertuples())
    treated, first = int(rows[0].patients_treated), rows[0]
    never = min(int(zeros["patients"].sum()), treated - int(first.patients))
    rest = treated - int(first.patients) - never
    state = BENEFIT_STATES[first.benefit]
    found = []
    if first.weeks_low == 0:
        places = [*zeros["row"], first.row] if never else [first.row]
        rule = f"{treated} treated; {int(first.patients)} {state} at the end of infusion"
        found.append(_group(first, never + rest, 0, 0, "exact", True, rule, places))
    else:
        if never:
            rule = f"{never} of {treated} without any benefit"
            found.append(_group(first, never, 0, 0, "exact", True, rule, list(zeros["row"])))
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


def _untold(usable: pd.DataFrame, found: list[dict], arm: pd.DataFrame) -> pd.DataFrame | None:
    arm_id, treated = arm["arm_id"].iloc[0], arm["patients_treated"].dropna()
    told = sum(group["patients"] for group in found if group["arm_id"] == arm_id)
    missing = (int(treated.max()) if len(treated) else 0) - told
    if missing <= 0 or usable.empty:
        return None
    return usable.iloc[[0]].assign(
        statement="",
        shown_as="",
        reported="",
        weeks_low=np.nan,
        weeks_high=np.nan,
        group="the other treated patients",
        patients=missing,
        why=f"no duration is told of {missing} of {int(treated.max())} treated patients",
    )
