"""Duration of benefit: one row for each study on one axis of weeks, under its regimen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, paragraphs
from analysis.exhibit.places import source_row
from analysis.exhibit.row_picture import Axis, Bar, KeyEntry, Mark, Point, Row, RowHeading, RowPicture, Stroke, Words
from analysis.figures.row_figure import rows_figure
from analysis.figures.study_rows import marked_study, not_drawn, present_in_order, several_patients, source_columns
from analysis.figures.style import nothing
from analysis.outcomes.context import PLACEBO
from analysis.outcomes.durations import reported_words
from analysis.wording import (
    BENEFIT_WORDS,
    REGIMEN_WORDS,
    counted,
    number_of_weeks,
    out_of,
    percent,
    study_name,
    upper_first,
    weeks_cell,
)

_NAME = "durations-of-benefit"
_TICKS = (0, 4, 8, 13, 26, 39, 52, 78, 104, 208)
_KEY = (
    KeyEntry((Bar(0, 1, fill="band"), Stroke(0.5)), "counted, with the share of all treated"),
    KeyEntry((Bar(0, 1, "unknown", "hatched"),), "nobody counted: not known"),
    KeyEntry((Bar(0, 1, fill="dashed"),), "benefit ended in this time"),
)
_COUNTED = ("at least", "exact", "between")


def duration_lanes(statements: pd.DataFrame, horizon_weeks: float = 52) -> Figure:
    """Return how long each study followed a benefit, and what it counted, one row for each study.

    Its data have one row per statement: patients of all treated, lowest and highest weeks, kind of statement
    (`shown_as`), row of durations.csv. The figure draws one arm and benefit of each study: the one counted at most
    times; among equals, the one with most patients treated. A time beyond the axis is printed beside the row.

    Parameters
    ----------
    statements : DataFrame
        Table of `durations.statements`: one row per statement.
    horizon_weeks : float
        Largest end of the axis, above 0.

    Raises
    ------
    ValueError
        If `horizon_weeks` is not above 0.
    """
    if not horizon_weeks > 0:
        raise ValueError(f"horizon_weeks is {horizon_weeks}: the axis must end after week 0")
    caption = (
        "One row per study, in weeks after the end of infusion. Studies treat different patients and define benefit "
        "differently, so regimens cannot be ranked."
    )
    if statements.empty:
        return nothing(_NAME, "No duration of benefit is reported in the evidence that counts here.", caption)
    statements, single = several_patients(statements, "patients_treated")
    lanes = {study: _Lane(rows) for study, rows in statements.groupby("study_id", sort=False)}
    axis = _axis(lanes.values(), horizon_weeks)
    rows: list[Row | RowHeading] = []
    for regimen in present_in_order(statements["regimen_class"], REGIMEN_WORDS):
        rows.append(RowHeading(upper_first(REGIMEN_WORDS.get(regimen, regimen))))
        some = [lane for lane in lanes.values() if lane.regimen == regimen]
        rows += [lane.row(axis.high) for lane in sorted(some, key=lambda lane: (not lane.controlled, -lane.size))]
    title = _title(lanes.values())
    picture = RowPicture(tuple(rows), axis, _KEY)
    other = statements[statements["shown_as"] == "no weeks"]
    untimed = not_drawn(((row, reported_words(row)) for row in each(other)), "Without a usable time")
    notes = paragraphs(untimed, not_drawn((row, "a single patient") for row in each(single)))
    return rows_figure(_NAME, picture, statements, _data(statements), title, _alt(rows, title), caption, notes)


def _axis(lanes, horizon: float) -> Axis:
    last = max([lane.last for lane in lanes], default=0.0)
    end = max(min(horizon, last + 3), 8.0)
    return Axis(0, end, {week: str(week) for week in _TICKS if week <= end}, "weeks after the end of infusion")


def _extent(course: list[Any]) -> tuple[int, float, float]:
    """Return how much a course says: times counted, patients, last week."""
    treated = [row.patients_treated for row in course if pd.notna(row.patients_treated)]
    return len(course), max(treated, default=-1), course[-1].weeks_low


class _Lane:
    """The statements of one study: those about the benefit that is drawn, and the others."""

    def __init__(self, rows: pd.DataFrame) -> None:
        told = list(each(rows))
        counts: dict[tuple[str, str, float], Any] = {}  # of several counts at one time the largest
        known = [row for row in told if row.shown_as in _COUNTED and pd.notna(row.patients)]
        for row in sorted(known, key=lambda row: -row.patients):
            if isinstance(row.arm_id, str):
                counts.setdefault((row.arm_id, row.benefit, row.weeks_low), row)
        courses: dict[tuple[str, str], list[Any]] = {}
        for row in sorted(counts.values(), key=lambda row: row.weeks_low):
            courses.setdefault((row.arm_id, row.benefit), []).append(row)
        self.counts = max(courses.values(), key=_extent, default=[])
        self.benefit = self.counts[0].benefit if self.counts else rows["benefit"].iloc[0]
        self.none, self.average, self.group, self.untimed = (
            [row for row in told if row.shown_as == kind]
            for kind in ("no benefit", "group average", "group statement", "no weeks")
        )
        self.any = told[0]
        self.regimen = self.any.regimen_class
        self.controlled = self.any.control == PLACEBO
        treated = rows["patients_treated"].dropna()
        self.size = int(treated.max()) if len(treated) else 0
        self.selected = bool(rows["selected_by_outcome"].notna().any())
        self.places = source_row("durations", *rows["row"])

    @property
    def last(self) -> float:
        """Return the last week at which patients or a group were counted."""
        ends = [row.weeks_high if np.isfinite(row.weeks_high) else row.weeks_low for row in [*self.counts, *self.group]]
        return max([0.0, *(float(end) for end in ends if pd.notna(end))])

    def row(self, end: float) -> Row:
        """Return the row of the study on an axis that ends at `end` weeks."""
        benefit = BENEFIT_WORDS.get(self.benefit, self.benefit)
        patients = counted(self.size, "patient") if self.size else "number of patients not stated"
        marks, value, more = self._content(end)
        name = marked_study(self.any) + (", placebo-controlled" if self.controlled else "")
        known = not self.selected and bool(self.counts or self.group or self.none or self.average)
        return Row(name, f"{benefit}; {patients}", tuple(marks), value, more, known, self.controlled, self.places)

    def _content(self, end: float) -> tuple[list[Mark], str, str]:
        unknown = Bar(0, end, "unknown", "hatched")
        if self.selected:
            row = self.counts[-1]
            chosen = f"{number_of_weeks(row.weeks_low)} in {out_of(row.patients, row.patients_treated)}"
            return [unknown], "no rate", f"patients may have been chosen by response: at least {chosen}"
        averages = [f"mean {number_of_weeks(row.weeks_low)}" for row in self.average]
        if not self.counts and not self.group and self.none:
            lost = self.none[0]
            words = Words(
                0, f"\u00d7 {out_of(lost.patients, lost.patients_treated)} had no benefit", anchor="start", inside=True
            )
            return [words], "none", ""
        if not self.counts and not self.group:
            reported = reported_words(self.untimed[0]) if self.untimed else ""
            return [unknown, *self._averages(end)], "no usable time" if reported else "not counted", reported
        if not self.counts:
            row = self.group[-1]
            marks: list[Mark] = [
                Bar(0, min(row.weeks_low, end), fill="band"),
                Bar(row.weeks_low, end, "unknown", "hatched"),
                Stroke(row.weeks_low),
                Words(0.2, "group result; nobody counted", "ink", "start", inside=True),
            ]
            return marks, f"{number_of_weeks(row.weeks_low)}, as a group", reported_words(row)
        marks = self._counts(end) + self._averages(end)
        return marks, self._counted(), "; ".join(averages)

    def _counts(self, end: float) -> list[Mark]:
        weeks = [float(row.weeks_low) for row in self.counts]
        final = self.counts[-1]
        ended = final.shown_as in ("exact", "between")
        start = 0.0 if ended else weeks[0]
        marks: list[Mark] = [Bar(0, start, "unknown", "hatched")] if start else []
        if start < weeks[-1]:
            marks.append(Bar(start, min(weeks[-1], end), fill="band"))
        if final.shown_as == "between":
            marks.append(Bar(weeks[-1], min(float(final.weeks_high), end), fill="dashed"))
        if not ended and weeks[-1] < end:
            marks.append(Bar(weeks[-1], end, "unknown", "hatched"))
        for row, week in zip(self.counts, weeks, strict=True):
            if row.shown_as == "at least":
                marks.append(Stroke(min(week, end)))
            share = share_words(row)
            marks.append(
                Words(0.0 if ended else min(week, end), share, "ketamine", "start" if week == 0 or ended else "middle")
            )
        return marks

    def _averages(self, end: float) -> list[Mark]:
        marks: list[Mark] = []
        for row in self.average:
            if row.weeks_low <= end:
                marks.append(Point(row.weeks_low, "ketamine", "hollow"))
                marks.append(Words(row.weeks_low, f"mean {weeks_cell(row.weeks_low)}"))
        return marks

    def _counted(self) -> str:
        final = self.counts[-1]
        if final.shown_as == "between":
            return f"lost by {number_of_weeks(final.weeks_high)}"
        if final.shown_as == "exact":
            return f"lost at {number_of_weeks(final.weeks_low)}"
        return f"counted to {number_of_weeks(final.weeks_low)}" if len(self.counts) > 1 else "counted once"


def share_words(row) -> str:
    """Return the share of all treated patients with a benefit as printed or computed, or the count if it is small."""
    total = row.patients_treated
    if pd.isna(total) or total < 10:
        return out_of(row.patients, total) if pd.notna(total) else str(int(row.patients))
    return f"{row.percent_reported:g}%" if pd.notna(row.percent_reported) else percent(row.patients / total)


def _data(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["study_id", "citation", "arm_id", "label", "regimen_class", "control", "benefit", "shown_as", "group"]
    columns += ["patients", "patients_treated", "weeks_low", "weeks_high", "level", "reported"]
    return table[columns].assign(**source_columns(table, "durations"))


def _title(lanes) -> str:
    """Return the last week at which any study counted patients."""
    lanes = list(lanes)
    studies = [lane for lane in lanes if lane.counts and not lane.selected]
    if not studies:
        return "Nobody counted how many patients kept the benefit"
    last = max(float(row.weeks_low) for lane in studies for row in lane.counts)
    if len(studies) == 1:
        lane = studies[0]
        return f"{study_name(lane.any.citation)}: benefit {lane._counted()}"
    times = max(len(lane.counts) for lane in studies)
    more = "" if times > 1 else "; each study counted once"
    return f"Beyond {number_of_weeks(last)} nobody counted who still benefits, whatever the regimen{more}"


def _alt(rows: list[Row | RowHeading], title: str) -> str:
    parts = [f"{row.label}: {row.value}" for row in rows if isinstance(row, Row)]
    return f"{title}. {'; '.join(parts)}."
