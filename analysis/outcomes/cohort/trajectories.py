"""Pain scores from visit to visit: summary statistics and changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import (
    as_printed,
    check_min_cell,
    gives_absent_away,
    hide_small,
    released,
    shown_summary,
)
from analysis.outcomes.cohort.planned import BASELINE, PlannedVisits, planned_visits
from analysis.outcomes.cohort.scores import STATISTICS, course_of_visit, course_scores, describe, left_out_frame
from analysis.outcomes.cohort.table import Cohort

_SCALE_MAX = 10
CHANGES = tuple(f"change_{name}" for name in STATISTICS)
_SCORES = ["n", "mean", "sd", "ci_low", "ci_high", "median", "q1", "q3"]
_COLUMNS = ["group", "position", "visit", "weeks", "label", *_SCORES]
_COLUMNS += ["change_n", *CHANGES, "hidden", "change_hidden"]


@dataclass(frozen=True)
class Trajectories(ClinicResult):
    """Pain scores of a cohort by planned visit.

    Attributes
    ----------
    visits : DataFrame, one row per planned visit
        Columns group (all), position (on the axis), visit, weeks, label; n, mean, sd, ci_low, ci_high (Student),
        median, q1, q3 of the scores; change_n and change_mean, change_sd, change_low, change_high, change_median,
        change_q1, change_q3 of the change from baseline of patients with both scores (negative is less pain); hidden,
        change_hidden.
    planned : tuple of float
        The planned weeks; rule says how visits were grouped.
    patients : int
        Number of patients with a score.
    """

    visits: pd.DataFrame
    planned: tuple[float, ...]
    rule: str
    patients: int
    level: float
    left_out: pd.DataFrame


def trajectories(cohort: Cohort, *, level: float = 0.95, min_cell: int = 5, release: str = "internal") -> Trajectories:
    """Return the scores at each planned visit, of first courses.

    Raises
    ------
    ValueError
        For an impossible min_cell.
    """
    check_min_cell(min_cell)
    visits, courses = planned_visits(cohort, min_cell), course_scores(cohort)
    matrix = _score_matrix(cohort, visits)
    first = courses["first"].to_numpy()
    first_scores = matrix[first]
    with_score = ~np.isnan(first_scores).all(axis=1)
    left_out = [
        ("visits", "the visit lies near no planned week", "visits", visits.far),
        ("visits", "another visit of the course stands for that week", "visits", visits.surplus),
        ("visits", "no score at any visit", "patients", int((~with_score).sum())),
        ("change", "baseline score missing", "patients", int((with_score & np.isnan(first_scores[:, BASELINE])).sum())),
    ]
    return Trajectories(
        visits=_by_visit(first_scores, visits, "all", level, min_cell, release),
        planned=visits.weeks,
        rule=visits.rule,
        patients=released(int(with_score.sum()), release),
        level=level,
        synthetic=cohort.synthetic,
        min_cell=min_cell,
        left_out=left_out_frame(left_out, min_cell, release),
    )


def _score_matrix(cohort: Cohort, visits: PlannedVisits) -> np.ndarray:
    """Return the score of each course of `cohort.courses` (row) at each planned position (column)."""
    matrix = np.full((len(cohort.courses), len(visits.axis)), np.nan)
    placed = np.flatnonzero(visits.place >= 0)
    matrix[course_of_visit(cohort)[placed], visits.place[placed]] = cohort.visits["nrs"].to_numpy()[placed]
    return matrix


def _by_visit(
    matrix: np.ndarray, visits: PlannedVisits, label: str, level: float, min_cell: int, release: str
) -> pd.DataFrame:
    rows = []
    for planned_visit in visits.axis.itertuples(index=False):
        scores = describe(matrix[:, planned_visit.position], level)
        changes = describe(matrix[:, planned_visit.position] - matrix[:, BASELINE], level)
        scores = shown_summary(scores, min_cell, level=level)
        changes = shown_summary(changes, min_cell, level=level, span=(-_SCALE_MAX, _SCALE_MAX))
        if gives_absent_away(int((~np.isnan(matrix[:, BASELINE])).sum()), int(changes["n"]), min_cell):
            changes |= dict.fromkeys(STATISTICS, np.nan)
        row = {"group": label, **planned_visit._asdict(), **scores}
        if planned_visit.position != BASELINE:
            row |= {f"change_{name}": value for name, value in changes.items()}
        rows.append(row)
    table = pd.DataFrame(rows).rename(columns={"low": "ci_low", "high": "ci_high"})
    table = table.reindex(columns=_COLUMNS).astype({"n": "Int64", "change_n": "Int64"})
    table = hide_small(table, "change_n", CHANGES, min_cell, "change_hidden")
    table = hide_small(table, "n", _SCORES[1:], min_cell)
    table[["n", "change_n"]] = table[["n", "change_n"]].apply(released, release=release)
    return as_printed(table, 1)
