"""Responders and completeness of follow-up by quarter of the baseline visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import as_printed, check_min_cell, is_one_sided, released
from analysis.outcomes.cohort.due_visits import expected_scores
from analysis.outcomes.cohort.judging import judged_scores
from analysis.outcomes.cohort.scores import course_of_visit, is_visit, left_out_frame
from analysis.outcomes.cohort.table import Cohort
from analysis.statistics.control_charts import (
    FEWEST_POINTS,
    RunSignals,
    binomial_limits,
    individuals_limits,
    run_signals,
)

_TAIL = 0.001  # on each side: 99.8% limits
_FALL_LIMITS = ("fall_mean", "fall_low", "fall_high")
_COLUMNS = ["start", "end", "n", "responders", "rate", "low", "high", "due", "seen", "fall"]


@dataclass(frozen=True)
class RunChart(ClinicResult):
    """A p-chart of responders at the end of infusion, by quarter; each patient once, with the first course.

    Attributes
    ----------
    points : DataFrame
        Columns start, end (first quarter and last quarter of a point, as `2020 Q1`), n (judged), responders,
        rate, low, high (99.8% limits of chance around the mean), due (patients whose follow-up visit was due;
        all, where none was planned), seen (of these with a score), fall (mean, in points, of patients with both
        scores), fall_mean, fall_low, fall_high (XmR limits of these means). Quarters below `min_cell` are merged with
        their neighbours. No rows below ten points.
    mean : float
        Responder rate of all points.
    signals : RunSignals or None
        Runs of the rates.
    outside : int
        Points beyond their limits.
    typical : int
        Median number of patients of a point.
    visible : (float, float)
        Rates of a point of that size below and above which it would lie outside.
    merged : int
        Points of more than one quarter.
    found : int
        Points that there would be.
    follow_up_planned : bool
        Whether a visit was planned at the time of the follow-up score.
    """

    points: pd.DataFrame
    mean: float
    signals: RunSignals | None
    outside: int
    typical: int
    visible: tuple[float, float]
    merged: int
    found: int
    follow_up_planned: bool
    follow_up_weeks: float
    left_out: pd.DataFrame


def run_chart(
    cohort: Cohort,
    *,
    responder_rule: str = "ge_30_percent",
    follow_up_weeks: float = 4.0,
    window_weeks: float = 2.0,
    min_cell: int = 5,
    release: str = "internal",
) -> RunChart:
    """Return the responders at the end of infusion by quarter of the baseline visit, with limits and rules.

    Parameters
    ----------
    min_cell : int
        Smallest number of patients of a point.
    """
    check_min_cell(min_cell)
    courses = expected_scores(cohort, follow_up_weeks, window_weeks, min_cell)
    baseline, end = courses["baseline"].to_numpy(), courses["end_of_infusion"].to_numpy()
    _, judged, response = judged_scores(baseline, end, responder_rule)
    frame = courses.assign(judged=judged, response=response & judged, fall=baseline - end)
    frame["due"] = ~frame["not_expected"] | ~frame["follow_up_planned"]
    frame["quarter"] = _quarters(cohort, len(courses))
    first = frame[frame["first"]]
    dated = first[first["quarter"].notna()]
    points = _points(dated, min_cell, release)
    mean = float(points["responders"].sum() / points["n"].sum()) if len(points) else np.nan
    undated = [("run_chart", "no date at baseline", "patients", len(first) - len(dated))]
    left_out = left_out_frame(undated, min_cell, release)
    shared = {"synthetic": cohort.synthetic, "min_cell": min_cell, "left_out": left_out}
    planned = bool(courses["follow_up_planned"].all())
    shared |= {"found": len(points), "follow_up_planned": planned, "follow_up_weeks": follow_up_weeks}
    if len(points) < FEWEST_POINTS:
        return RunChart(points.iloc[:0], mean, None, 0, 0, (np.nan, np.nan), 0, **shared)
    points["low"], points["high"] = binomial_limits(points["n"].to_numpy(), mean, _TAIL)
    for name, value in zip(_FALL_LIMITS, individuals_limits(points["fall"].to_numpy()), strict=True):
        points[name] = value
    typical = int(points["n"].median())
    visible = tuple(float(limit[0]) for limit in binomial_limits(np.array([typical]), mean, _TAIL))
    outside = (points["rate"] < points["low"]) | (points["rate"] > points["high"])
    return RunChart(
        points=as_printed(points, "shares", **dict.fromkeys(("fall", *_FALL_LIMITS), 1)),
        mean=mean,
        signals=run_signals(points["rate"].to_numpy(), mean),
        outside=int(outside.sum()),
        typical=typical,
        visible=visible,
        merged=int((points["start"] != points["end"]).sum()),
        **shared,
    )


def _quarters(cohort: Cohort, size: int) -> np.ndarray:
    """Return the quarter of the baseline of each course, counted from year 0; NaN without a date."""
    dated = is_visit(cohort, "baseline") & cohort.visits["date"].notna().to_numpy()
    day = cohort.visits.loc[dated, "date"].dt
    quarters = np.full(size, np.nan)
    quarters[course_of_visit(cohort)[dated]] = 4 * day.year + day.quarter - 1
    return quarters


def _points(dated: pd.DataFrame, min_cell: int, release: str) -> pd.DataFrame:
    """Return one row per quarter; one of fewer than `min_cell` judged patients joins the next, or the last before."""
    groups: list[list[float]] = []
    waiting: list[float] = []
    judged = dated[dated["judged"]].groupby("quarter")["response"].agg(["size", "sum"])
    for quarter in sorted(dated["quarter"].unique()):
        waiting.append(quarter)
        n, events = map(int, judged.reindex(waiting).sum())
        if n >= min_cell and not is_one_sided(events, n, min_cell, release):
            groups.append(waiting)
            waiting = []
    if waiting and groups:
        groups[-1] += waiting
    rows = []
    for quarters in groups:
        part = dated[dated["quarter"].isin(quarters)]
        n, events = (released(int(part[name].sum()), release) for name in ("judged", "response"))
        rows.append(
            {
                "start": _words(quarters[0]),
                "end": _words(quarters[-1]),
                "n": n,
                "responders": events,
                "rate": events / n,
                "due": released(int(part["due"].sum()), release),
                "seen": released(int(part["follow_up"].notna().sum()), release),
                "fall": float(part["fall"].mean()),
            }
        )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _words(quarter: float) -> str:
    return f"{int(quarter) // 4} Q{int(quarter) % 4 + 1}"
