"""Words about a clinic's own patients that pages, tables and figures share."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.wording import REGIMEN_WORDS, count_cell, counted, number_of_weeks, out_of, percent

FEW_PATIENTS = 20  # patients below which numbers stand in place of rates
RULE_WORDS = {
    "ge_2_points": "pain fell by 2 points or more",
    "ge_30_percent": "pain fell by 30% or more",
    "ge_50_percent": "pain fell by 50% or more",
}
HANDLING_WORDS = {"complete_cases": "patients with a score", "non_responder_imputation": "all; no score = no response"}
VISIT_HEADINGS = {"end_of_infusion": "End of infusion", "follow_up": "Follow-up"}
GROUP_HEADINGS = {
    "site": "Site",
    "regimen_class": "Regimen",
    "sex": "Sex",
    "year": "Year of baseline",
    "course_group": "Course",
    "course": "Course",
    "all": "All",
}


def hundred_words(responders: int, n: int, rate: float, unit: str = "") -> str:
    """Return a rate of 100 patients as `58`, with a unit as `58 of 100`; below 20 patients as `11 of 19`."""
    return out_of(responders, n) if n < FEW_PATIENTS else f"{percent(rate)[:-1]}{unit}"


def step_words(step: str, weeks: float) -> str:
    """Return who is counted in a step of `Response.steps`."""
    later = f"{number_of_weeks(weeks)} later"
    return {
        "table": "Treated, in the table",
        "baseline": "Pain before treatment known",
        "end_of_infusion": "… and at the end of infusion",
        "follow_up": f"… and {later}",
        "both": f"… and at the end and {later}",
    }[step]


def step_use(step: str) -> str:
    """Return what a step of `Response.steps` is the denominator of."""
    return {
        "table": "each patient once, with the first course",
        "baseline": "a change can be judged",
        "both": "who kept, lost and gained the response",
    }.get(step, "")


def without_words(step: Any, min_cell: int, planned: bool) -> str:
    """Return how many patients a step of `Response.steps` leaves out: `64 of 295 without`.

    planned: whether the follow-up visit was planned for everybody; if so, who was not expected was not due.
    """
    if step.hidden:
        return f"fewer than {min_cell} left"
    few = f"fewer than {min_cell}"
    if pd.isna(step.without):
        lost = f"{few} without"
    else:
        lost = f"{out_of(step.without, step.of)} without" if step.without else ""
    number = few if pd.isna(step.not_expected) else step.not_expected and count_cell(step.not_expected)
    late = f"{number} not {'due' if planned else 'planned'}" if number else ""
    return "; ".join(filter(None, (lost, late)))


def visit_words(weeks: float) -> str:
    """Return a visit by its week after the end of infusion: `at the end of infusion`, `at week 4`."""
    return "at the end of infusion" if weeks == 0 else f"at week {weeks:g}"


def group_name(group: object, longest: int = 60) -> str:
    """Return the name of a clinic's group (site, regimen class, …) in one line, cut to `longest` characters."""
    text = " ".join(REGIMEN_WORDS.get(str(group), str(group)).split())
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def few_words(n: object, what: str, below: int) -> str:
    """Return a count in words: `12 patients`; `fewer than 5 patients` where it is hidden (missing)."""
    return f"fewer than {below} {what}s" if pd.isna(n) else counted(int(n), what)


def p_words(p: float) -> str:
    """Return a computed P value: `P = 0.034`, `P < 0.001`."""
    return "P < 0.001" if p < 0.001 else f"P = {p:.3f}"


def p_cell(p: float) -> str:
    """Return a computed P value for a column: `0.034`, `< 0.001`, – if missing."""
    return "–" if pd.isna(p) else p_words(p).removeprefix("P ").removeprefix("= ")


def left_out_words(table: pd.DataFrame, *results: str) -> str:
    """Return what a result leaves out: `Left out: 7 patients: baseline score missing.`; empty if nothing.

    The table is from `scores.left_out_frame`. With `results`, only rows whose result names one of them count.
    """
    rows = [row for row in table.itertuples() if not results or any(name in row.result for name in results)]
    parts = dict.fromkeys(f"{few_words(row.n, row.unit.removesuffix('s'), row.below)}: {row.why}" for row in rows)
    return f"Left out: {'; '.join(parts)}." if parts else ""
