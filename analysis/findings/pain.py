"""How much pain falls and how soon, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.selection import Selection
from analysis.exhibit import Finding, cite, sourced
from analysis.outcomes import trajectories
from analysis.outcomes.context import PLACEBO, source_row
from analysis.wording import count, groups, half_up, interval, level_words, p_text, series, weeks


def pain(selection: Selection, level: float = 0.95, horizon_weeks: float = 52) -> Finding:
    """Against a control group first, then without one; the two are never put into one number."""
    differences = trajectories.between_arms(selection, level)
    differences = differences[differences["weeks"] <= horizon_weeks]
    changes = trajectories.changes(selection, level)
    within = changes[
        (changes["role"] == "ketamine")
        & (changes["weeks"] <= horizon_weeks)
        & ~changes["study_id"].isin(differences["study_id"])
    ]
    tests = selection.evidence.reported_tests
    tests = tests[
        tests["study_id"].isin(differences["study_id"])
        & tests["outcome"].str.contains("pain", case=False)
        & tests["p_value"].notna()
    ]
    lead = [_against_control(row, level) for row in differences.itertuples()]
    detail = [_values(row) for row in differences.itertuples()]
    if len(tests):
        told = [
            sourced(f"{row.outcome}, {p_text(row.p_operator, row.p_value)}", source_row("reported_tests", row.row))
            for row in tests.itertuples()
        ]
        detail.append(f"The trial's own tests: {'; '.join(told)}.")
    if len(within):
        lead.append(_without_control(within))
        cites = [cite(row.study_id, row.citation) for row in within.drop_duplicates("study_id").itertuples()]
        detail.append(
            f"The falls without a control group are from {series(cites)}; part of such a fall is "
            "to be expected without any treatment."
        )
    if not lead:
        lead.append("No study in this selection prints a pain score before and after treatment, or in two groups.")
    elif differences.empty:
        detail.append("No study in this selection prints pain scores of a control group.")
    rows = [*differences["rows"], *within["rows"], *(source_row("reported_tests", row) for row in tests["row"])]
    studies = dict.fromkeys([*differences["study_id"], *within["study_id"]])
    return Finding(
        "How much does pain fall, and how soon?", " ".join(lead), tuple(studies), tuple(rows), " ".join(detail)
    )


def _against_control(row, level: float) -> str:
    less = "less" if row.difference < 0 else "more"
    points = sourced(f"{half_up(abs(row.difference), 1)} points", row.rows)
    patients = sourced(groups(row.n_ketamine, row.n_control), row.rows)
    return (
        f"**Against {_control(row)}, pain was {points} {less} on the 0–10 scale** "
        f"({sourced(row.timepoint, row.rows)}, {patients}; {_readings(row, level)}; "
        f"{cite(row.study_id, row.citation)})."
    )


def _values(row) -> str:
    return (
        f"In {cite(row.study_id, row.citation)} average pain was {sourced(half_up(row.ketamine, 1), row.rows)} "
        f"with ketamine and {sourced(half_up(row.control_value, 1), row.rows)} with {_control(row)}."
    )


def _control(row) -> str:
    return "placebo" if row.control == PLACEBO else "the comparator"


def _readings(row, level: float) -> str:
    readings = []
    for reading, words in (("se", "standard error"), ("sd", "standard deviation")):
        limits = sorted(
            -limit for limit in (getattr(row, f"ci_low_if_{reading}"), getattr(row, f"ci_high_if_{reading}"))
        )
        if np.isfinite(limits).all():
            unlabelled = f" if the printed ± is a {words}" if row.spread_kind == "unlabelled" else ""
            readings.append(f"{sourced(interval(*limits), row.rows)}{unlabelled}")
    return f"{level_words(level)} {', '.join(readings)}" if readings else "no interval can be computed"


def _without_control(within: pd.DataFrame) -> str:
    spans = within[within["interval"] == "span"]
    falls = -pd.concat([within["change"].dropna(), spans["change_low"], spans["change_high"]])
    low, high = half_up(falls.min(), 1), half_up(falls.max(), 1)
    first, last = within["weeks"].min(), within["weeks"].max()
    time = weeks(first) if first == last else f"between {_time(first)} and {last:g} weeks"
    studies = within["study_id"].nunique()
    patients = int(within.groupby("arm_id")["n"].max().sum())
    points = sourced(f"{low if low == high else f'{low} to {high}'} points", *within["rows"])
    people = sourced(f"{count(studies, 'study', 'studies')}, {count(patients, 'patient')}", *within["rows"])
    return f"Without a control group, average pain fell by {points} {sourced(time, *within['rows'])} ({people})."


def _time(value: float) -> str:
    return "the end of infusion" if value == 0 else f"{value:g}"
