"""Finding on the reduction of pain and its time."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each, grouped, values
from analysis.evidence.selection import Selection
from analysis.exhibit import Finding, cite, sourced
from analysis.exhibit.places import source_row
from analysis.outcomes import trajectories
from analysis.outcomes.context import PLACEBO, controls
from analysis.wording import counted, group_sizes, half_up, interval_words, number_interval, p_text, series, time_words

_MEASURED = re.compile(r"pain|function")  # outcomes whose tests stand beside the difference


def pain_finding(selection: Selection, level: float = 0.95, horizon_weeks: float = 52) -> Finding:
    """Return the reduction of pain against a control group, then without one; the two are never pooled.

    Its detail states the means of both groups, the trials' own tests and the studies without a control group.
    """
    differences = [row for row in each(trajectories.between_arms(selection, level)) if row.weeks <= horizon_weeks]
    compared = {row.study_id for row in differences}
    within = [
        row
        for row in each(trajectories.changes(selection, level))
        if row.role == "ketamine" and row.weeks <= horizon_weeks and row.study_id not in compared
    ]
    tests = [row for row in each(selection.evidence.reported_tests) if _MEASURED.search(row.outcome.lower())]
    own = [row for row in tests if row.study_id in compared]
    without_size = _without_size(selection, tests, compared)
    lead = [_against_control(row, level) for row in differences]
    detail = [_values(row) for row in differences]
    if own:
        lead.append(f"The trial's own tests: {'; '.join(map(_test, own))}.")
    which = "A second placebo-controlled trial" if differences else "A placebo-controlled trial"
    lead += [
        f"{which} ({cite(study, citation)}{_analysed(selection, study)}) prints no size; reported: "
        f"{'; '.join(_test(row, compared=True) for row in found)}."
        for (study, citation), found in without_size.items()
    ]
    if within:
        lead.append(_without_control(within))
        cites = [cite(study, citation) for study, citation in {row.study_id: row.citation for row in within}.items()]
        detail.append(
            f"The falls without a control group are from {series(cites)}; part of such a fall is "
            "to be expected without any treatment."
        )
    if not lead:
        lead.append("No study in this selection prints a pain score before and after treatment, or in two groups.")
    elif not differences:
        one = len(selection.evidence.studies) == 1
        which = "This study does not print" if one else "No study in this selection prints"
        detail.append(f"{which} pain scores of a control group.")
    shown = [*own, *(row for found in without_size.values() for row in found)]
    rows = [*(row.rows for row in differences), *(row.rows for row in within), *map(_test_place, shown)]
    studies = dict.fromkeys(row.study_id for row in (*differences, *within, *shown))
    return Finding(
        "How much does pain fall, and how soon?", " ".join(lead), tuple(studies), tuple(rows), " ".join(detail)
    )


def _without_size(selection: Selection, tests: list, compared: set[str]) -> dict[tuple[str, str], list]:
    """Return the tests of placebo-controlled trials whose scores are not printed, by study."""
    control = controls(selection.evidence)
    citations = dict(values(selection.evidence.studies, "study_id", "citation"))
    found = [row for row in tests if row.study_id not in compared and control.get(row.study_id) == PLACEBO]
    return grouped(((row.study_id, citations[row.study_id]), row) for row in found)


def _analysed(selection: Selection, study: str) -> str:
    """Return how many patients were enrolled and how many stand behind the counts, where these are fewer."""
    evidence = selection.evidence
    enrolled = dict(values(evidence.studies, "study_id", "n_enrolled"))[study]
    access = dict(values(evidence.sources, "source_id", "access"))
    counts = [row for row in each(evidence.adverse_events) if row.study_id == study and pd.notna(row.n)]
    analysed = sum({row.arm_id: int(row.n) for row in counts}.values())
    if not counts or pd.isna(enrolled) or analysed >= enrolled:
        return ""
    second_hand = all(access[row.source_id] in ("secondary", "lay") for row in counts)
    words = f"{int(enrolled)} enrolled, {analysed} in the results"
    words += " according to a secondary source" if second_hand else ""
    return f"; {sourced(words, *(source_row('adverse_events', row.row) for row in counts))}"


def _test(row, compared: bool = False) -> str:
    printed = pd.notna(row.p_value)
    parts = [row.outcome, row.comparison if compared or not printed else ""]
    parts.append(p_text(row.p_operator, row.p_value) if printed else "")
    return sourced(", ".join(filter(None, parts)), _test_place(row))


def _test_place(row) -> str:
    return source_row("reported_tests", row.row)


def _against_control(row, level: float) -> str:
    lower = "lower" if row.difference < 0 else "higher"
    points = sourced(f"{half_up(abs(row.difference), 1)} points", row.rows)
    patients = sourced(group_sizes(row.n_ketamine, row.n_control), row.rows)
    return (
        f"**Against {_control(row)}, pain was {points} {lower} on the 0–10 scale** "
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
            readings.append(f"{sourced(number_interval(*limits), row.rows)}{unlabelled}")
    return f"{interval_words(level)} {', '.join(readings)}" if readings else "no interval can be computed"


def _without_control(within: list) -> str:
    ends = [(row.change_low, row.change_high) if row.interval == "span" else (row.change,) for row in within]
    falls = [-change for pair in ends for change in pair if pd.notna(change)]
    low, high = half_up(min(falls), 1), half_up(max(falls), 1)
    first, last = min(row.weeks for row in within), max(row.weeks for row in within)
    time = time_words(first) if first == last else f"between {_time(first)} and {last:g} weeks"
    sizes: dict[str, int] = {}
    for row in within:
        sizes[row.arm_id] = max(sizes.get(row.arm_id, 0), row.n if pd.notna(row.n) else 0)
    places = [row.rows for row in within]
    points = sourced(f"{low if low == high else f'{low} to {high}'} points", *places)
    studies = len({row.study_id for row in within})
    people = sourced(f"{counted(studies, 'study', 'studies')}, {counted(sum(sizes.values()), 'patient')}", *places)
    return f"Without a control group, average pain fell by {points} {sourced(time, *places)} ({people})."


def _time(value: float) -> str:
    return "the end of infusion" if value == 0 else f"{value:g}"
