"""A clinic's responder rates against the prediction intervals of published studies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from analysis.cohort_wording import RULE_WORDS
from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, escape
from analysis.exhibit.row_picture import (
    Bar,
    KeyEntry,
    Mark,
    Point,
    Row,
    RowHeading,
    RowPicture,
    Span,
    Stroke,
    interval_marks,
    percent_axis,
)
from analysis.figures.cohort.clinic_figure import ClinicFrame
from analysis.wording import counted, interval_words, percent, percent_interval, percent_pair, upper_first

_UNJUDGED = "can't be judged"
_VISIT_WORDS = {"end_of_infusion": "end of infusion", "follow_up": "follow-up"}
_VERDICT_WORDS = {
    "within": "within what studies show",
    "above": "above what studies show",
    "below": "below what studies show",
    "can't be told apart": "at the edge of what studies show: can't be told",
}
_KEY = (
    KeyEntry((Bar(0, 1, fill="band"),), "one more study is expected here"),
    KeyEntry((Span(0, 1, "unknown"), Stroke(0.5, "unknown")), "published rate"),
    KeyEntry((Span(0, 1), Point(0.5)), "this clinic"),
)


def benchmark_forest(
    compared: pd.DataFrame,
    studies: Iterable[Iterable[str]] = (),
    level: float = 0.95,
    synthetic: bool = False,
) -> Figure:
    """Return the clinic's responder rates with their intervals on the published prediction intervals.

    Parameters
    ----------
    compared : DataFrame
        Table of `benchmark.compare`: one row per outcome, with the clinic's and the published estimate.
    studies : iterable of iterables of str
        Ids of the published studies, row by row.
    level : float
        Confidence level of the intervals in `compared`.
    synthetic : bool
        Whether the patients are invented.

    Returns
    -------
    Figure
        Its data are `compared`. A single study has no prediction interval, so only its confidence interval is drawn.
        Outcomes without a clinic's or a published estimate are listed in the notes.
    """
    caption = (
        f"Blue: this clinic, with its {interval_words(level)}. Grey: published rate with its interval. Pale bar: where "
        "one more study is expected (three studies or more). Being inside the bar means typical of published studies, "
        "not caused by ketamine."
    )
    shown = compared[
        compared["estimate"].notna() & compared["published"].notna() & (compared["measured_in"] == "share")
    ]
    unpaired = compared.drop(shown.index)
    notes = [f"Not drawn: {escape(outcome_words(r.outcome))}, {escape(str(r.why))}." for r in each(unpaired)]
    frame = ClinicFrame("benchmark", caption, tuple(notes), synthetic)
    if shown.empty:
        return frame.empty("No published rate could be set beside one of this clinic.")
    rows: list[Row | RowHeading] = []
    # outcomes that can be judged come first
    order = shown.sort_values("verdict", key=lambda verdicts: verdicts == _UNJUDGED, kind="stable")
    for heading, some in order.groupby("outcome", sort=False):
        rows.append(RowHeading(upper_first(outcome_words(heading))))
        for row in each(some):
            here = f"{_rate(row.estimate, row.ci_low, row.ci_high)} of {int(row.n)}"
            detail = f"{counted(int(row.k), 'study', 'studies')}, {_published(row)}"
            rows.append(Row(row.definition, detail, _marks(row), here, _verdict(row)))
    picture = RowPicture(tuple(rows), percent_axis(), _KEY)
    ids = tuple(dict.fromkeys(study for row in studies for study in row))
    return frame.row_figure(picture, compared, _alt(shown, level), studies=ids)


def outcome_words(outcome: str) -> str:
    """Return the words of an outcome of `benchmark.clinic_results`: `pain fell by 30% or more, end of infusion`."""
    rule, _, visit = str(outcome).partition(" at ")
    return f"{RULE_WORDS[rule]}, {_VISIT_WORDS.get(visit, visit)}" if rule in RULE_WORDS else str(outcome)


def _marks(row: Any) -> tuple[Mark, ...]:
    """Return the marks of a row, in percent: published intervals and rate, and the clinic's rate on them."""
    marks: list[Mark] = []
    if pd.notna(row.pi_low):
        marks.append(Bar(100 * row.pi_low, 100 * row.pi_high, fill="band"))
    if pd.notna(row.published_ci_low):
        marks.append(Span(100 * row.published_ci_low, 100 * row.published_ci_high, "unknown"))
    marks.append(Stroke(100 * row.published, "unknown"))
    return (*marks, *interval_marks(100 * row.ci_low, 100 * row.estimate, 100 * row.ci_high))


def _rate(value: float, low: float, high: float) -> str:
    return percent(value) + (f" ({percent_pair(low, high)})" if pd.notna(low) else "")


def _verdict(row: Any) -> str:
    if row.verdict == _UNJUDGED and row.k < 3:
        return "too few studies to judge"
    return _VERDICT_WORDS.get(row.verdict, row.verdict)


def _published(row: Any) -> str:
    rate = _rate(row.published, row.published_ci_low, row.published_ci_high)
    return rate + (
        f", one more expected in {percent_interval(row.pi_low, row.pi_high)}" if pd.notna(row.pi_low) else ""
    )


def _alt(shown: pd.DataFrame, level: float) -> str:
    parts = [
        f"{outcome_words(row.outcome)}: {_rate(row.estimate, row.ci_low, row.ci_high)} of {int(row.n)} here; "
        f"{_published(row)} in {counted(int(row.k), 'study', 'studies')} ({row.definition}); {_verdict(row)}"
        for row in each(shown)
    ]
    return (
        f"The clinic against published studies, with its {interval_words(level)}. {'. '.join(map(upper_first, parts))}."
    )
