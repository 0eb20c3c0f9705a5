"""How pain went from visit to visit: means and medians, changes, single patients as lines, many as a density."""

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

SCALE_MAX = 10
CHANGES = tuple(f"change_{name}" for name in STATISTICS)
_COLUMNS = [
    "group",
    "position",
    "visit",
    "weeks",
    "label",
    "n",
    "mean",
    "sd",
    "ci_low",
    "ci_high",
    "median",
    "q1",
    "q3",
]
_COLUMNS += ["change_n", *CHANGES, "hidden", "change_hidden"]


@dataclass(frozen=True)
class Trajectories:
    """Pain scores of a cohort by planned visit.

    visits: one row a planned visit: group (all), position (its order on an axis), visit, weeks, label, n, mean, sd,
    ci_low, ci_high (Student), median, q1, q3 of the scores, change_n and change_ with mean, sd, low, high, median,
    q1, q3 of the change since baseline of those who have both scores (negative = less pain), hidden, change_hidden.
    by_course: the same for each group of courses (no rows if all are first courses). lines: one row a patient in an
    order that is drawn at random, one column a position, scores or missing; no rows where there are more than
    `most_lines` patients or fewer than `min_cell`, no scores at a visit of fewer than `min_cell`. density, where
    there are no lines: position, weeks, label, nrs (0 to 10, rounded half up), n, share (of the scores at the visit),
    hidden. planned, rule: how visits were grouped. patients: how many lines there would be. left_out: result, why,
    unit, n.
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
    """Describe the scores at each planned visit: first courses of all patients, and groups of courses side by side.

    ValueError for an impossible min_cell.
    """
    check_min_cell(min_cell)
    visits, courses = planned_visits(cohort, min_cell), course_scores(cohort)
    matrix = score_matrix(cohort, visits)
    first = courses["first"].to_numpy()
    group = merge_small(pd.Categorical(courses["course_group"]), courses["patient"].to_numpy(), min_cell)
    by_course = [_by_visit(matrix[group == label], visits, label, level, min_cell) for label in group.categories]
    mine = matrix[first]
    with_score = ~np.isnan(mine).all(axis=1)
    lines = _lines(mine[with_score], min_cell, most_lines, seed)
    left_out = [
        ("visits", "the visit lies near no planned week", "visits", visits.far),
        ("visits", "another visit of the course stands for that week", "visits", visits.surplus),
        ("visits", "no score at any visit", "patients", int((~with_score).sum())),
        ("change", "baseline score missing", "patients", int((with_score & np.isnan(mine[:, BASELINE])).sum())),
    ]
    return Trajectories(
        visits=_by_visit(mine, visits, "all", level, min_cell),
        by_course=pd.concat(by_course if len(by_course) > 1 else [_nothing()], ignore_index=True),
        lines=lines,
        density=_density(mine, visits, min_cell).iloc[: 0 if len(lines) else None],
        planned=visits.weeks,
        rule=visits.rule,
        patients=int(with_score.sum()),
        unit=FIRST_COURSES,
        min_cell=min_cell,
        left_out=left_out_frame(left_out),
    )


def score_matrix(cohort: Cohort, visits: PlannedVisits) -> np.ndarray:
    """The scores of each course (row, in the order of `cohort.courses`) at each planned position; missing as NaN."""
    matrix = np.full((len(cohort.courses), len(visits.axis)), np.nan)
    stands = np.flatnonzero(visits.place >= 0)
    matrix[course_of_visit(cohort)[stands], visits.place[stands]] = cohort.visits["nrs"].to_numpy()[stands]
    return matrix


def _by_visit(matrix: np.ndarray, visits: PlannedVisits, label: str, level: float, min_cell: int) -> pd.DataFrame:
    rows = []
    for place in visits.axis.itertuples(index=False):
        scores = describe(matrix[:, place.position], level)
        changes = describe(matrix[:, place.position] - matrix[:, BASELINE], level)
        rows.append(
            {"group": label, **place._asdict(), "n": scores["n"], "ci_low": scores["low"], "ci_high": scores["high"]}
            | {name: scores[name] for name in ("mean", "sd", "median", "q1", "q3")}
            | ({f"change_{name}": value for name, value in changes.items()} if place.position != BASELINE else {})
        )
    found = pd.DataFrame(rows).reindex(columns=_COLUMNS).astype({"n": "Int64", "change_n": "Int64"})
    found = hide_small(found, "change_n", CHANGES, min_cell, "change_hidden")
    return hide_small(found, "n", ["mean", "sd", "ci_low", "ci_high", "median", "q1", "q3"], min_cell)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=_COLUMNS)


def _lines(matrix: np.ndarray, min_cell: int, most_lines: int, seed: int) -> pd.DataFrame:
    shown = matrix if min_cell <= len(matrix) <= most_lines else matrix[:0]
    # a visit of too few patients is not drawn either
    shown = np.where((~np.isnan(shown)).sum(axis=0) >= min_cell, shown, np.nan)
    # sorted by their scores first: the order drawn must not lead back to the order of the file
    order = np.lexsort(shown.T[::-1])
    order = order[np.random.default_rng(seed).permutation(len(order))]
    return pd.DataFrame(shown[order], columns=range(matrix.shape[1]))


def _density(matrix: np.ndarray, visits: PlannedVisits, min_cell: int) -> pd.DataFrame:
    frames = []
    for place in visits.axis.itertuples(index=False):
        scores = matrix[:, place.position]
        rounded = np.floor(scores[~np.isnan(scores)] + 0.5 + 1e-9).astype(np.int64)
        counts = np.bincount(rounded, minlength=SCALE_MAX + 1)
        few = 0 < counts.sum() < min_cell
        hidden = np.full(len(counts), True) if few else hide_in_row(counts, min_cell)
        frames.append(
            pd.DataFrame(
                {
                    "position": place.position,
                    "weeks": place.weeks,
                    "label": place.label,
                    "nrs": np.arange(len(counts)),
                    "n": pd.array(counts, dtype="Int64"),
                    "share": counts / max(counts.sum(), 1),
                    "hidden": hidden,
                }
            )
        )
    found = pd.concat(frames, ignore_index=True)
    found[["n", "share"]] = found[["n", "share"]].mask(found["hidden"])
    return found
