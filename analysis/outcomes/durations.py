"""Duration of benefit: reported durations as intervals in weeks, and milestones as disjoint groups of patients."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import grouped, values
from analysis.evidence.selection import Selection
from analysis.exhibit.places import source_row
from analysis.outcomes.context import CONTEXT_COLUMNS, with_context
from analysis.result_view import ResultView
from analysis.statistics.intervals import wilson
from analysis.wording import BENEFIT_STATES, BENEFIT_WORDS

# from the least to the most demanding definition
_BENEFITS = ("any_relief", "responder", "pain_free", "complete_remission")
# from the most to the least reliable
ACCESS_LEVELS = ("full_text", "abstract", "secondary", "lay")
COUNT_BASES = ("reported", "inferred", "derived_from_percent", "nearest_to_percent")
_SHOWN_AS = {
    "none": "no benefit",
    "exact": "exact",
    "range_of_patients": "between",
    "milestone": "at least",
    "ongoing": "at least",
    "mean": "group average",
    "median": "group average",
}
_SHARED = [*CONTEXT_COLUMNS]
_SHARED += "route selected_by_outcome benefit statement group patients patients_treated".split()
_STATEMENT_COLUMNS = [*_SHARED]
_STATEMENT_COLUMNS += """weeks_low weeks_high shown_as level percent_reported reported count_basis note access
    source_id locator row""".split()
_RETAINED_COLUMNS = [*_SHARED]
_RETAINED_COLUMNS += """weeks percent_reported rate ci_low ci_high reported count_basis note access source_id
    locator row""".split()
_INTERVAL_COLUMNS = [*CONTEXT_COLUMNS]
_INTERVAL_COLUMNS += """selected_by_outcome benefit patients patients_treated weeks_low weeks_high kind
    includes_zero rule count_basis access rows""".split()


def statements(selection: Selection) -> pd.DataFrame:
    """Return every reported duration in weeks after the end of infusion.

    Returns
    -------
    DataFrame, one row per statement
        Columns study_id, citation, arm_id, label, role, regimen_class, control, route, selected_by_outcome, benefit,
        statement, group, patients, patients_treated, weeks_low, weeks_high, shown_as, level, percent_reported,
        reported, count_basis, note, access, source_id, locator, row. percent_reported is the same share as
        table responders prints it, else missing. weeks_low and weeks_high (weeks) are equal where the benefit ended
        then; weeks_high is infinite where it lasted at least that long; both are missing where no time is given.
        shown_as is `exact`, `between`, `at least`, `no benefit`, `group average` (a mean or median, not the duration of
        any patient), `group statement` (about a group, without a count) or `no weeks`.
    """
    frame = with_context(selection, "durations")
    columns = ("statement", "level", "weeks_low", "weeks_high")
    shown, ends = [], []
    for statement, level, low, high in values(frame, *columns):
        words = _SHOWN_AS.get(statement)
        lasts = statement in ("milestone", "ongoing")
        if lasts and level == "group_level":
            words = "group statement"
        if np.isnan(low):
            words = "no weeks"
        endless = not np.isnan(low) and (lasts or (words == "group average" and np.isnan(high)))
        shown.append(words)
        ends.append(np.inf if endless else high)
    frame["percent_reported"] = _printed_percentages(selection, frame)
    frame["shown_as"], frame["weeks_high"] = pd.array(shown, dtype="str"), np.array(ends, dtype="float64")
    return frame.sort_values(["study_id", "arm_id", "weeks_low", "row"], kind="stable", ignore_index=True)[
        _STATEMENT_COLUMNS
    ]


def reported_words(row) -> str:
    """Return a printed duration; a review's words about a group are not those of the study."""
    second_hand = row.access == "secondary" and row.level == "group_level"
    return f"in a secondary account: {row.reported}" if second_hand else row.reported


def retained_benefit(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Return the share of all treated patients who still have the benefit over time, with Wilson's interval.

    Returns
    -------
    DataFrame, one row per milestone that counts patients
        Columns study_id, citation, arm_id, label, role, regimen_class, control, route, selected_by_outcome, benefit,
        statement, group, patients, patients_treated, weeks, percent_reported, rate, ci_low, ci_high, reported,
        count_basis, note, access, source_id, locator, row. `patients` of `patients_treated` still have the benefit at
        `weeks`; rate, ci_low and ci_high lie between 0 and 1, missing for patients selected by their outcome;
        percent_reported is the same share as table responders prints it, else missing.
    """
    frame = _milestones(statements(selection)).rename(columns={"weeks_low": "weeks"})
    counts = [(int(patients), int(treated)) for patients, treated in values(frame, "patients", "patients_treated")]
    limits = [wilson(patients, treated, level) for patients, treated in counts]
    frame["rate"] = np.array([patients / treated for patients, treated in counts], dtype="float64")
    frame["ci_low"] = np.array([low for low, _ in limits], dtype="float64")
    frame["ci_high"] = np.array([high for _, high in limits], dtype="float64")
    frame.loc[frame["selected_by_outcome"].notna(), ["rate", "ci_low", "ci_high"]] = np.nan
    return frame.sort_values(
        ["regimen_class", "study_id", "arm_id", "benefit", "weeks"], kind="stable", ignore_index=True
    )[_RETAINED_COLUMNS]


def _printed_percentages(selection: Selection, frame: pd.DataFrame) -> np.ndarray:
    printed = {
        (arm, weeks, count, n): percent
        for arm, weeks, count, n, percent in values(
            selection.evidence.responders, "arm_id", "weeks_from_end", "responders", "n", "percent_reported"
        )
        if pd.notna(percent) and pd.notna(weeks)
    }
    keys = values(frame, "arm_id", "weeks_low", "patients", "patients_treated")
    return np.array([printed.get(key, np.nan) for key in keys], dtype="float64")


@dataclass(frozen=True)
class PatientIntervals(ResultView):
    """Durations of single patients as intervals.

    Attributes
    ----------
    table : DataFrame, one row per group of patients with the same interval
        Columns study_id, citation, arm_id, label, role, regimen_class, control, selected_by_outcome, benefit, patients,
        patients_treated, weeks_low, weeks_high, kind, includes_zero, rule, count_basis, access, rows. The interval
        (weeks_low, weeks_high] is open below and closed above, as for Turnbull's estimate; kind is `exact`, `interval`
        or `right-censored`; includes_zero says that the patients may never have had the benefit; rule is in words; rows
        says where the numbers are stored.
    left_out : DataFrame
        Statements and patients without an interval, in the columns of `statements`, and why.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame = field(repr=False)


def intervals(selection: Selection) -> PatientIntervals:
    """Return disjoint groups of patients derived from the statements, so that each patient counts once.

    The rule for one arm:

    - Milestones of one benefit are nested. Of N treated patients, a, b and c still have the benefit at weeks r < s < t.
      Then N - a never had it or lost it by r, a - b lost it between r and s, b - c lost it between s and t, and c still
      had it at t (right-censored). With r = 0, N - a are exact zeros.
    - If an arm has milestones of several benefits, the benefit with the most times is used, then the more demanding
      one.
    - Patients without any benefit (statement `none`) are exact zeros and part of the N - a.
    - An arm without counted milestones contributes its exact, between and ongoing statements.
    - Averages, statements about groups, and statements without a count or without weeks are left out with the reason,
      and so are treated patients whose duration is not reported.
    """
    table = statements(selection)
    arms = grouped((row.arm_id, row) for row in table.itertuples(index=False) if isinstance(row.arm_id, str))
    entries: list[dict] = []
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
            used = {row.row for row in (*series, *zeros)}
            left += [(row, why) for row in usable if row.row not in used]
        else:
            groups = [_from_statement(row) for row in usable]
        entries += groups
        left += _unreported(rows, usable, groups)
    groups = pd.DataFrame(entries, columns=_INTERVAL_COLUMNS)
    groups = groups[groups["patients"] > 0].reset_index(drop=True)
    left_out = pd.DataFrame([(*row, why) for row, why in left], columns=[*_STATEMENT_COLUMNS, "why"])
    return PatientIntervals(groups, left_out.astype(table.dtypes.to_dict() | {"why": "str"}))


def _milestones(table: pd.DataFrame) -> pd.DataFrame:
    columns = ("statement", "level", "patients", "patients_treated", "weeks_low")
    counted = [
        statement == "milestone" and level == "patient_level" and all(pd.notna(number) for number in numbers)
        for statement, level, *numbers in values(table, *columns)
    ]
    return table[np.array(counted, dtype=bool)].reset_index(drop=True)


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
    """Return the benefit that represents an arm: the one counted at most times, then the more demanding."""
    times = grouped(zip(benefits, weeks, strict=True))
    return max(times, key=lambda benefit: (len(set(times[benefit])), _BENEFITS.index(benefit)))


def _from_milestones(rows: list, zeros: list) -> list[dict]:
    treated, first = int(rows[0].patients_treated), rows[0]
    never = min(sum(int(row.patients) for row in zeros), treated - int(first.patients))
    rest = treated - int(first.patients) - never
    state = BENEFIT_STATES[first.benefit]
    entries = []
    if first.weeks_low == 0:
        places = [*(row.row for row in zeros), first.row] if never else [first.row]
        rule = f"{treated} treated; {int(first.patients)} {state} at the end of infusion"
        entries.append(_group(first, never + rest, 0, 0, "exact", True, rule, places))
    else:
        if never:
            rule = f"{never} of {treated} without any benefit"
            entries.append(_group(first, never, 0, 0, "exact", True, rule, [row.row for row in zeros]))
        rule = f"{treated} treated; {int(first.patients)} {state} at {first.weeks_low:g} weeks"
        entries.append(_group(first, rest, 0, first.weeks_low, "interval", True, rule, [first.row]))
    for before, after in pairwise(rows):
        lost = int(before.patients) - int(after.patients)
        now = f"{int(after.patients)} at {after.weeks_low:g}"
        rule = f"{int(before.patients)} {state} at {before.weeks_low:g} weeks, {now}"
        places = [before.row, after.row]
        group = _group(after, lost, before.weeks_low, after.weeks_low, "interval", False, rule, places)
        basis = max(before.count_basis, after.count_basis, key=COUNT_BASES.index)
        access = max(before.access, after.access, key=ACCESS_LEVELS.index)
        entries.append(group | {"count_basis": basis, "access": access})
    last = rows[-1]
    rule = f"{int(last.patients)} {state} at {last.weeks_low:g} weeks, the last count"
    entries.append(_group(last, int(last.patients), last.weeks_low, np.inf, "right-censored", False, rule, [last.row]))
    return entries


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
        "rows": source_row("durations", *sorted(set(places))),
    }


def _unreported(rows: list, usable: list, groups: list[dict]) -> list[tuple]:
    """Return the treated patients of an arm whose duration is not reported, with the reason, if there are any."""
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
