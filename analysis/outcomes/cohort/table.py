"""The cohort: visits and courses of a clinic's patients, without identifiers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from analysis.tabular.mapping.application import MappingRecord
from analysis.tabular.problems import listed, nearest_word

CONTROL = "control"
VISITS = ("baseline", "end_of_infusion", "follow_up")


@dataclass(frozen=True)
class FollowUpPlan:
    """The follow-up that the clinic planned, as far as the file or its map states it.

    weeks: planned weeks after the end of infusion, ascending: those of the score columns of the wide form, of the
    column planned_week, or of the map; () = no plan is stated, so that each patient's own visits are all that was
    due.
    data_until: day on which the table was exported: a visit due later is not due rather than missing; None = not
    stated.
    """

    weeks: tuple[float, ...] = ()
    data_until: date | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Cohort:
    """The checked patients of one file, numbered 0, 1, … in order of appearance, without identifiers.

    Attributes
    ----------
    name, file : str
        File name without and with its ending, without the folder.
    synthetic : bool
        Whether the file name contains "synthetic".
    hash : str
        SHA-256 of the file.
    visits : DataFrame, one row per visit, sorted by patient, course and weeks, the baseline first
        Columns patient (int32), course (int16), visit (category of VISITS), weeks after the end of infusion (float64;
        NaN at baseline), nrs (0-10, float64; NaN = missing), date (datetime64; NaT), row (int32, as a spreadsheet shows
        it); then planned_week (float64; NaN), if the file or its map states a plan, and the `measures` (float64; NaN).
    courses : DataFrame, one row per patient and course, in the same order
        Columns patient, course, site, regimen_class, sex (categories; NaN = not stated), age and disease_duration_years
        (float64; NaN), those of the dictionary's course columns on treatment and safety that the file has (categories;
        float64), year of the baseline's date (Int16; NA), baseline (its score, float64; NaN = missing).
    warnings : DataFrame
        Warnings to be shown in reports; columns as in `DataError.problems`.
    plan : FollowUpPlan
        The planned follow-up and the day of the export.
    measures : tuple of str
        Outcomes other than pain that the file has; their units, ranges and directions are in `form.long_form()`.
    mapping : MappingRecord or None
        How the table was made from the clinic's file; None without a map.
    """

    name: str
    file: str
    synthetic: bool
    hash: str
    visits: pd.DataFrame
    courses: pd.DataFrame
    warnings: pd.DataFrame
    plan: FollowUpPlan = FollowUpPlan()
    measures: tuple[str, ...] = ()
    mapping: MappingRecord | None = None

    def __repr__(self) -> str:
        sizes = f"{self.courses['patient'].nunique()} patients, {len(self.courses)} courses, {len(self.visits)} visits"
        return f"Cohort({self.name}: {sizes}; hash {self.hash[:12]})"

    def apart(self) -> tuple[Cohort, Cohort]:
        """Return the cohort of the courses with ketamine, and that of the courses without (regimen class `control`)."""
        control = (self.courses["regimen_class"] == CONTROL).to_numpy(dtype=bool)
        return self._part(~control), self._part(control)

    def only(self, sites: Iterable[str] = (), regimen_classes: Iterable[str] = (), years: Iterable[int] = ()) -> Cohort:
        """Return the courses of these sites, regimen classes and years of baseline, with their visits; empty = all.

        Numbers of patients and warnings are those of the complete file. A course without a stated site, regimen class
        or year is not included if one is selected. Raises ValueError for a value that no course has.
        """
        keep = np.ones(len(self.courses), dtype=bool)
        for column, wanted in (("site", sites), ("regimen_class", regimen_classes), ("year", years)):
            wanted = list(wanted)
            if wanted:
                known = self.courses[column].dropna().unique()
                _all_known(column, wanted, known)
                keep &= self.courses[column].isin(wanted).to_numpy(dtype=bool)
        return self._part(keep)

    def _part(self, keep: np.ndarray) -> Cohort:
        """Return the courses of a mask, with their visits."""
        courses = self.courses[keep].reset_index(drop=True)
        for column in courses.select_dtypes("category"):
            courses[column] = courses[column].cat.remove_unused_categories()
        of_part = np.isin(course_keys(self.visits), course_keys(courses))
        return replace(self, visits=self.visits[of_part].reset_index(drop=True), courses=courses)


def _all_known(column: str, wanted: list, known: Collection) -> None:
    for value in wanted:
        if value not in known:
            advice = nearest_word(str(value), map(str, known))
            there = listed(sorted(map(str, known))) or "none: the column is empty or not there"
            raise ValueError(f"no course of this cohort has the {column} {value!r}{advice}. There are: {there}.")


def course_keys(table: pd.DataFrame) -> np.ndarray:
    """Return a number for each patient and course, which is the same for a course and its visits."""
    return table["patient"].to_numpy(dtype=np.int64) << 16 | table["course"].to_numpy(dtype=np.int64)
