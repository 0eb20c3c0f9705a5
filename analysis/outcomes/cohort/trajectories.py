"""Pain scores from visit to visit: summary statistics, changes, lines of single patients, and densities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.disclosure import check_min_cell, hide_in_row, hide_small, merge_small
from analysis.outcomes.cohort.planned import BASELINE, PlannedVisits, planned_visits
from analysis.outcomes.cohort.scores import (
    FIRST_COURSES,
    STATISTICS,
    course_of_visit,
    course_scores,
    describe,
    left_out_frame,
)

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

_SCALE_MAX = 10
CHANGES = tuple(f"change_{name}" for name in STATISTICS)
_SCORES = ["n", "mean", "sd", "ci_low", "ci_high", "median", "q1", "q3"]
_COLUMNS = ["group", "position", "visit", "weeks", "label", *_SCORES]
_COLUMNS += ["change_n", *CHANGES, "hidden", "change_hidden"]


@dataclass(frozen=True)
class Trajectories:
    """Pain scores of a cohort by planned visit.

    Attributes
    ----------
    visits : DataFrame, one row per planned visit
        Columns group (all), position (on the axis), visit, weeks, label; n, mean, sd, ci_low, ci_high (Student),
        median, q1, q3 of the scores; change_n and change_mean, change_sd, change_low, change_high, change_median,
        change_q1, change_q3 of the change from baseline of patients with both scores (negative is less pain); hidden,
        change_hidden.
    by_course : DataFrame
        The same for each group of courses; no rows if all are first courses.
    lines : DataFrame, one row per patient in random order
        One column per position, with scores or NaN. No rows above `most_lines` or below `min_cell` patients; no scores
        at a visit of fewer than `min_cell`.
    density : DataFrame
        If there are no lines: position, weeks, label, nrs (0 to 10, rounded half up), n, share (of the scores at the
        visit), hidden.
    planned : tuple of float
        The planned weeks; rule says how visits were grouped.
    patients : int
        Number of patients with a score.
    unit : str
        Who is counted, in words.
    min_cell : int
    left_out : DataFrame
        Columns result, why, unit, n.
    """

    visits: pd.DataFrame
    by_course: pd.DataFrame
    lines: pd.DataFrame
    density: pd.DataFrame
    planned: tuple[float, ...]
    rule: str
    patients: int
    unit: str
    min_cell: int
    left_out: pd.DataFrame


def trajectories(
    cohort: Cohort, *, level: float = 0.95, min_cell: int = 5, most_lines: int = 100, seed: int = 1
) -> Trajectories:
    """Return the scores at each planned visit, for first courses and for groups of courses.

    Parameters
    ----------
    cohort : Cohort
    level : float
        Confidence level.
    min_cell : int
        Smallest number of patients that may be shown.
    most_lines : int
        Largest number of patients shown as single lines.
    seed : int
        Seed of the random order of lines.

    Returns
    -------
    Trajectories

    Raises
    ------
    ValueError
        For an impossible min_cell.
    """
    check_min_cell(min_cell)
    visits, courses = planned_visits(cohort, min_cell), course_scores(cohort)
    matrix = _score_matrix(cohort, visits)
    first = courses["first"].to_numpy()
    group = merge_small(pd.Categorical(courses["course_group"]), courses["patient"].to_numpy(), min_cell)
    by_course = [_by_visit(matrix[group == label], visits, label, level, min_cell) for label in group.categories]
    first_scores = matrix[first]
    with_score = ~np.isnan(first_scores).all(axis=1)
    lines = _lines(first_scores[with_score], min_cell, most_lines, seed)
    left_out = [
        ("visits", "the visit lies near no planned week", "visits", visits.far),
        ("visits", "another visit of the course stands for that week", "visits", visits.surplus),
        ("visits", "no score at any visit", "patients", int((~with_score).sum())),
        ("change", "baseline score missing", "patients", int((with_score & np.isnan(first_scores[:, BASELINE])).sum())),
    ]
    return Trajectories(
        visits=_by_visit(first_scores, visits, "all", level, min_cell),
        by_course=pd.concat(by_course if len(by_course) > 1 else [pd.DataFrame(columns=_COLUMNS)], ignore_index=True),
        lines=lines,
        density=_density(first_scores, visits, min_cell).iloc[: 0 if len(lines) else None],
        planned=visits.weeks,
        rule=visits.rule,
        patients=int(with_score.sum()),
        unit=FIRST_COURSES,
        min_cell=min_cell,
        left_out=left_out_frame(left_out),
    )


def _score_matrix(cohort: Cohort, visits: PlannedVisits) -> np.ndarray:
    """Return the score of each course of `cohort.courses` (row) at each planned position (column)."""
    matrix = np.full((len(cohort.courses), len(visits.axis)), np.nan)
    placed = np.flatnonzero(visits.place >= 0)
    matrix[course_of_visit(cohort)[placed], visits.place[placed]] = cohort.visits["nrs"].to_numpy()[placed]
    return matrix


def _by_visit(matrix: np.ndarray, visits: PlannedVisits, label: str, level: float, min_cell: int) -> pd.DataFrame:
    rows = []
    for planned_visit in visits.axis.itertuples(index=False):
        scores = describe(matrix[:, planned_visit.position], level)
        changes = describe(matrix[:, planned_visit.position] - matrix[:, BASELINE], level)
        row = {"group": label, **planned_visit._asdict(), **scores}
        if planned_visit.position != BASELINE:
            row |= {f"change_{name}": value for name, value in changes.items()}
        rows.append(row)
    table = pd.DataFrame(rows).rename(columns={"low": "ci_low", "high": "ci_high"})
    table = table.reindex(columns=_COLUMNS).astype({"n": "Int64", "change_n": "Int64"})
    table = hide_small(table, "change_n", CHANGES, min_cell, "change_hidden")
    return hide_small(table, "n", _SCORES[1:], min_cell)


def _lines(matrix: np.ndarray, min_cell: int, most_lines: int, seed: int) -> pd.DataFrame:
    shown = matrix if min_cell <= len(matrix) <= most_lines else matrix[:0]
    # visits of too few patients are not shown
    shown = np.where((~np.isnan(shown)).sum(axis=0) >= min_cell, shown, np.nan)
    # sorted by score first, so that the random order does not reveal the order of the file
    order = np.lexsort(shown.T[::-1])
    order = order[np.random.default_rng(seed).permutation(len(order))]
    return pd.DataFrame(shown[order], columns=range(matrix.shape[1]))


def _density(matrix: np.ndarray, visits: PlannedVisits, min_cell: int) -> pd.DataFrame:
    frames = []
    for planned_visit in visits.axis.itertuples(index=False):
        scores = matrix[:, planned_visit.position]
        rounded = np.floor(scores[~np.isnan(scores)] + 0.5 + 1e-9).astype(np.int64)
        counts = np.bincount(rounded, minlength=_SCALE_MAX + 1)
        few = 0 < counts.sum() < min_cell
        hidden = np.full(len(counts), True) if few else hide_in_row(counts, min_cell)
        frames.append(
            pd.DataFrame(
                {
                    "position": planned_visit.position,
                    "weeks": planned_visit.weeks,
                    "label": planned_visit.label,
                    "nrs": np.arange(len(counts)),
                    "n": pd.array(counts, dtype="Int64"),
                    "share": counts / max(counts.sum(), 1),
                    "hidden": hidden,
                }
            )
        )
    table = pd.concat(frames, ignore_index=True)
    table[["n", "share"]] = table[["n", "share"]].mask(table["hidden"])
    return table
