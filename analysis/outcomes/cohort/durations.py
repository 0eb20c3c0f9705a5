"""Duration of benefit in a cohort: Turnbull's estimate, medians and two-group tests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import stacked
from analysis.outcomes.cohort.benefit import KINDS, NEVER, ONGOING, benefit_intervals, group_comparison, interval_counts
from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import as_printed, check_min_cell, is_merged, merge_small, shown_steps
from analysis.outcomes.cohort.disclosure.digits import WEEK_DECIMALS
from analysis.outcomes.cohort.judging import check_rule
from analysis.outcomes.cohort.planned import planned_visits
from analysis.outcomes.cohort.scores import grouping
from analysis.outcomes.cohort.shown_durations import (
    duration_notes,
    durations_left_out,
    shown_counts,
    shown_medians,
    shown_tests,
)
from analysis.outcomes.cohort.table import Cohort
from analysis.statistics.survival import bootstrap, median, npmle, survival_at

ALL_PATIENTS, RESPONDERS = "all", "initial_responders"
_WHO = (ALL_PATIENTS, RESPONDERS)
_COMPARED = ("all", "site", "regimen_class", "course")
_FIRST, _NEXT = "first course", "next course"
# largest and smallest number of bootstrap draws; above 1,000 patients inversely proportional to their number
DRAWS_OF_ONE, DRAWS_OF_SEVERAL, FEWER_BEYOND = (1000, 200), (400, 100), 1000
_MOST_BANDS = 12
_CURVE_COLUMNS = ["who", "by", "group", "time", "low", "high", "band_low", "band_high"]
_DRAWS_RULE = (
    f"Bands and limits: {DRAWS_OF_ONE[0]:,} draws of as many patients with replacement, {DRAWS_OF_SEVERAL[0]} for each "
    f"of several groups; beyond {FEWER_BEYOND:,} patients fewer, inversely to their number, at least {DRAWS_OF_ONE[1]} "
    f"and {DRAWS_OF_SEVERAL[1]}; none where more than {_MOST_BANDS} groups are compared."
)
_PAIRED = (
    "Patients with a next course stand in both groups, and they are those who were treated again: the test takes the "
    "groups as different patients, and a difference may come from who was treated again."
)


@dataclass(frozen=True)
class Durations(ClinicResult):
    """Duration of response, in weeks after the end of infusion.

    Attributes
    ----------
    rule : str
        One of RESPONDER_RULES.
    counts : DataFrame
        Columns who, by, group, patients, never, ended, ongoing, without_follow_up (ongoing patients without a follow-up
        score), median_followed (last scored follow-up visit of ongoing patients), merged, hidden.
    curves : DataFrame
        At the end of infusion, planned visits and the horizon, where `min_cell` patients (or none) lost the benefit
        since the time before. Columns who, by, group, time, low, high (probability of a longer benefit; they differ
        only inside an innermost interval), band_low, band_high (pointwise bootstrap bands; missing without draws).
    medians : DataFrame
        Columns who, by, group, patients, median_low, median_high (the median lies in (low, high]; infinite if not
        reached; planned or whole weeks), limit_low, limit_high (bootstrap; missing without draws), draws, merged,
        hidden.
    tests : DataFrame
        Columns who, by, group_1, group_2, n_1, n_2, p_value, method (exact, monte_carlo or, above 10,000 patients,
        normal), time_ratio, ratio_low, ratio_high (durations of the second group as a multiple of the first),
        distribution (of that fit), note; only for exactly two groups, neither of them merged.
    draws_rule : str
        The number of draws, in words.
    notes : tuple of str
        Sentences for the notes of the tables.

    Notes
    -----
    Values of the key columns:

    - who: `all` (judged at the end of infusion; no response then is a duration of 0) or `initial_responders`.
    - by: `all`, `site`, `regimen_class` (first courses) or `course` (each patient's first course in the table and the
      next).
    """

    rule: str
    horizon_weeks: float
    counts: pd.DataFrame
    curves: pd.DataFrame
    medians: pd.DataFrame
    tests: pd.DataFrame
    draws_rule: str
    notes: tuple[str, ...]
    level: float
    left_out: pd.DataFrame


def durations(
    cohort: Cohort,
    *,
    responder_rule: str = "ge_30_percent",
    horizon_weeks: float = 52.0,
    level: float = 0.95,
    min_cell: int = 5,
    release: str = "internal",
    seed: int = 1,
    progress: Callable[[Collection], Iterator] = iter,
) -> Durations:
    """Return the duration of benefit.

    Parameters
    ----------
    horizon_weeks : float
        End of the curves, in weeks, above 0.
    seed : int
        Seed of bootstrap and permutation.
    progress : callable
        Iterates over the comparisons and may show progress (`analysis.exhibit.progress_bar`).

    Raises
    ------
    ValueError
        For an unknown rule, an impossible min_cell or a horizon that is not above 0.
    """
    check_rule(responder_rule)
    check_min_cell(min_cell)
    if not 0 < horizon_weeks < np.inf:
        raise ValueError(f"horizon_weeks is {horizon_weeks}: must be a number of weeks above 0")
    courses = benefit_intervals(cohort, responder_rule)
    courses["nth"] = courses.groupby("patient").cumcount()
    first = courses["first"].to_numpy()
    weeks = np.array([0.0, *planned_visits(cohort, min_cell).weeks])
    times = np.union1d(weeks[weeks < horizon_weeks], horizon_weeks)
    counts, curves, medians, tests = [], [], [], []
    of_all: dict[str, tuple] = {}  # `course` reuses the estimate of `all` for first courses
    for who, by, part in progress(list(_comparisons(courses, min_cell))):
        labels = part["group"].cat.categories
        several = DRAWS_OF_SEVERAL if len(labels) <= _MOST_BANDS else (0, 0)
        most, least = DRAWS_OF_ONE if by == "all" else several
        for label in labels:
            members = part[part["group"] == label]
            key = {"who": who, "by": by, "group": label}
            merged = is_merged(label, min_cell)
            counts.append(key | _counts(members) | {"merged": merged})
            if by == "course" and label == _FIRST:
                estimate, curve = of_all[who]
            else:
                draws = (
                    int(np.clip(most * FEWER_BEYOND // len(members), least, most)) if len(members) >= min_cell else 0
                )
                estimate, curve = _estimate(members, times, level, draws, seed)
                of_all.setdefault(who, (estimate, curve))
            medians.append(key | estimate | {"merged": merged})
            if len(members) >= min_cell:
                steps = shown_steps(curve["low"].to_numpy() * len(members), len(members), min_cell)
                steps[0] |= who == RESPONDERS  # all of them have the benefit at the end of infusion
                curves.append(curve[steps].assign(**key))
        if len(labels) == 2 and not any(is_merged(label, min_cell) for label in labels):
            note = _PAIRED if by == "course" else ""
            tests.append({"who": who, "by": by, "note": note} | group_comparison(part, level, seed))
    return Durations(
        rule=responder_rule,
        horizon_weeks=horizon_weeks,
        counts=shown_counts(counts, min_cell, release),
        curves=as_printed(stacked(curves, _CURVE_COLUMNS), "shares", time=WEEK_DECIMALS),
        medians=shown_medians(medians, min_cell, release, weeks),
        tests=shown_tests(tests, min_cell, release),
        draws_rule=_DRAWS_RULE,
        notes=duration_notes(courses[first], min_cell),
        level=level,
        synthetic=cohort.synthetic,
        min_cell=min_cell,
        left_out=durations_left_out(courses[first], min_cell, release),
    )


def _comparisons(courses: pd.DataFrame, min_cell: int) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield who, by and the judged courses of each comparison with their groups, merged to `min_cell`."""
    judged = courses[courses["kind"].notna()]
    for who in _WHO:
        part = judged if who == ALL_PATIENTS else judged[judged["kind"] != NEVER]
        for by in _COMPARED:
            members = part[part["nth"] <= 1] if by == "course" else part[part["first"]]
            if members.empty:
                continue
            if by == "all":
                group = pd.Categorical(["all"] * len(members))
            elif by == "course":
                group = pd.Categorical.from_codes(members["nth"], categories=[_FIRST, _NEXT])
            else:
                group = grouping(members, by)
            group = merge_small(group, members["patient"].to_numpy(), min_cell)
            # one group repeats `all`
            if by == "all" or len(group.categories) > 1:
                yield who, by, members[["patient", "kind", "lower", "upper", "followed"]].assign(group=group)


def _counts(part: pd.DataFrame) -> dict[str, object]:
    kind = part["kind"].cat.codes.to_numpy()
    followed = part["followed"][kind == KINDS.index(ONGOING)]
    return {
        "patients": len(part),
        **dict(zip(KINDS, np.bincount(kind, minlength=len(KINDS)).tolist(), strict=True)),
        "without_follow_up": int(followed.isna().sum()),
        "median_followed": float(followed.median()),
    }


def _estimate(
    part: pd.DataFrame, times: np.ndarray, level: float, draws: int, seed: int
) -> tuple[dict[str, object], pd.DataFrame]:
    known = interval_counts(part["lower"].to_numpy(), part["upper"].to_numpy())
    columns = known["lower"], known["upper"], known["patients"]
    estimate = {"patients": len(part), "draws": draws}
    if not draws:
        table = npmle(*columns)
        low, high = median(table)
        curve = survival_at(table, times).assign(band_low=np.nan, band_high=np.nan)
        limits = (np.nan, np.nan)
    else:
        drawn = bootstrap(*columns, draws=draws, seed=seed)
        low, high, *limits = drawn.quantile(0.5, level)
        curve = drawn.bands(times, level)
    estimate |= {"median_low": low, "median_high": high, "limit_low": limits[0], "limit_high": limits[1]}
    return estimate, curve
