"""The key outcomes of ketamine against placebo at their fixed times, with the results that are printed on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.exhibit.places import places
from analysis.outcomes import safety, trajectories
from analysis.outcomes.consistency import possible_counts
from analysis.statistics.intervals import newcombe_independent

_ALPHA = 0.05
_JUDGED = {"very_low": 1, "low": 2, "moderate": 3, "high": 4}
_LIMITS = ("ci_low", "ci_high", "other_low", "other_high")
_COPIED = ("outcome_id", "title", "outcome", "time", "comparison", "measure", "unit")
_COLUMNS = [*_COPIED, "control", "ketamine", "difference", *_LIMITS]
_COLUMNS += "weeks counts tests studies citations patients certainty review rows".split()


@dataclass(frozen=True)
class PrintedTest:
    """A printed test without a size: what was compared, and the P value."""

    study_id: str
    comparison: str
    operator: str
    p: float

    @property
    def between_groups(self) -> bool:
        """Whether ketamine was compared with placebo, not a group with itself."""
        return "against placebo" in self.comparison

    @property
    def significant(self) -> bool:
        """Whether P is below 0.05, also as printed (`P < 0.05`); a test without a printed P value is not."""
        return self.p < _ALPHA or (self.operator == "<" and self.p == _ALPHA)

    @property
    def shows_difference(self) -> bool:
        """Whether ketamine and placebo differed, P < 0.05."""
        return self.between_groups and self.significant


def key_outcomes(selection: Selection, level: float = 0.95) -> pd.DataFrame:
    """Return the printed results on each key outcome of the selected studies.

    Returns
    -------
    DataFrame, one row per key outcome, and per pooled estimate of a review on it
        Columns outcome_id, title, outcome, time, comparison, measure, unit, control, ketamine, difference, ci_low,
        ci_high, other_low, other_high, weeks, counts, tests, studies, citations, patients, certainty, review, rows.

        - control, ketamine: means in points, or shares between 0 and 1; missing if not printed.
        - difference: ketamine minus control; negative is less. Its interval is the wider one where a spread is printed
          without a label; other_low and other_high are the other reading. The interval of a difference of shares
          (Newcombe 1998) rests on `counts`, the largest groups that give the printed percentages.
        - tests: printed tests (`PrintedTest`) without a size. studies: their ids. weeks: of the scores, after the end
          of infusion. patients: as counted for the judgement, or of the selected studies where not all are selected.
          certainty: 1 (very low) to 4 (high), 0 if not judged; settled by two readings. review: id of the review for a
          pooled estimate, else empty.
    """
    evidence = selection.evidence
    entries: list[dict[str, Any]] = []
    for row in each(evidence.outcomes):
        selected = evidence.studies[evidence.studies["study_id"].isin(str(row.studies).split(";"))]
        if selected.empty:
            continue
        every = len(selected) == len(str(row.studies).split(";"))
        patients = row.patients if every else selected["n_crps"].sum()
        shared = {name: getattr(row, name) for name in _COPIED} | {
            "studies": tuple(selected["study_id"]),
            "citations": tuple(selected["citation"]),
            "patients": patients,
            "review": "",
            "rows": row.rows if isinstance(row.rows, str) else "",
            "certainty": _certainty(evidence.certainty, row.outcome_id),
        }
        named = places(str(row.rows))
        entries.append(_blank() | shared | _result(selection, named, level))
        entries += [_blank() | shared | pooled for pooled in _pooled(evidence.reviews, named)]
    return pd.DataFrame(entries, columns=_COLUMNS)


def shows_difference(outcomes: pd.DataFrame, **where: str) -> bool:
    """Return whether a printed test on outcomes with some values (`measure="function"`) shows a difference."""
    rows = outcomes[(outcomes[list(where)] == pd.Series(where)).all(axis=1)]
    return any(test.shows_difference for row in each(rows) for test in row.tests)


def _blank() -> dict[str, Any]:
    numbers = dict.fromkeys(("control", "ketamine", "difference", "weeks", *_LIMITS), np.nan)
    return {**numbers, "counts": (), "tests": ()}


def _certainty(certainty: pd.DataFrame, outcome_id: str) -> int:
    settled = (certainty["domain"] == "overall") & (certainty["reader"] == "settled")
    judged = certainty[settled & (certainty["outcome_id"] == outcome_id)]["judgement"]
    return _JUDGED.get(judged.iloc[0], 0) if len(judged) else 0


def _result(selection: Selection, named: tuple[tuple[str, int], ...], level: float) -> dict[str, Any]:
    tables = {table for table, _ in named}
    if "pain_scores" in tables:
        return _difference_of_means(trajectories.between_arms(selection, level), named)
    if "adverse_events" in tables:
        return _difference_of_shares(safety.events(selection, level), named, level)
    return {"tests": _tests(selection.evidence.reported_tests, named)}


def _difference_of_means(differences: pd.DataFrame, named: tuple[tuple[str, int], ...]) -> dict[str, Any]:
    for row in each(differences):
        if set(places(row.rows)) <= set(named):
            readings = [(row.ci_low_if_se, row.ci_high_if_se), (row.ci_low_if_sd, row.ci_high_if_sd)]
            readings = sorted((pair for pair in readings if pd.notna(pair[0])), key=lambda pair: pair[0] - pair[1])
            limits = [limit for pair in (*readings, *[(np.nan, np.nan)] * 2)[:2] for limit in pair]
            values = {"control": row.control_value, "ketamine": row.ketamine, "difference": row.difference}
            values["weeks"] = row.weeks
            return values | dict(zip(_LIMITS, limits, strict=True))
    return {}


def _difference_of_shares(events: pd.DataFrame, named: tuple[tuple[str, int], ...], level: float) -> dict[str, Any]:
    chosen = events[[("adverse_events", number) in named for number in events["row"]]]
    arms = {row.role: row for row in each(chosen)}
    if not {"ketamine", "placebo"} <= arms.keys():
        return {}
    counts = {role: _largest_fit(arms[role]) for role in ("ketamine", "placebo")}
    shares = {role: _share(arms[role]) for role in counts}
    low, high = newcombe_independent(*counts["ketamine"], *counts["placebo"], level)
    return {
        "ketamine": shares["ketamine"],
        "control": shares["placebo"],
        "difference": shares["ketamine"] - shares["placebo"],
        "ci_low": low,
        "ci_high": high,
        "counts": (counts["ketamine"], counts["placebo"]),
    }


def _share(row) -> float:
    return row.percent_reported / 100 if pd.notna(row.percent_reported) else row.rate


def _largest_fit(row) -> tuple[int, int]:
    """Return the count and the largest group, at most that of the arm, that give the printed percentage."""
    if pd.isna(row.percent_reported):
        return int(row.events), int(row.n)
    for n in range(int(row.n), 0, -1):
        for count in possible_counts(row.percent_reported, n):
            if abs(100 * count / n - row.percent_reported) <= 0.5:  # rounded, not cut off
                return count, n
    return int(row.events), int(row.n)


def _tests(tests: pd.DataFrame, named: tuple[tuple[str, int], ...]) -> tuple[PrintedTest, ...]:
    chosen = tests[[("reported_tests", number) in named for number in tests["row"]]]
    return tuple(PrintedTest(row.study_id, row.comparison, row.p_operator, row.p_value) for row in each(chosen))


def _pooled(reviews: pd.DataFrame, named: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    """Return the pooled estimates of reviews on an outcome, each with its own certainty."""
    chosen = reviews[[("reviews", number) in named for number in reviews["row"]]]
    return [
        {
            "title": row.outcome,
            "difference": row.estimate,
            "ci_low": row.ci_low,
            "ci_high": row.ci_high,
            "patients": row.patients,
            "review": row.review_id,
            "citations": (row.citation,),
            "outcome": str(row.certainty or ""),
            "rows": f"reviews-{row.row}",
        }
        for row in each(chosen)
    ]
