"""One patient's courses beside the clinic's first courses, for a page that stays on this computer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.fall_without_effect import regression_to_the_mean
from analysis.outcomes.cohort.judging import LEAST_FALL_PERCENT, percent_fall, responds
from analysis.outcomes.cohort.planned import BASELINE, planned_visits
from analysis.outcomes.cohort.scores import course_of_visit
from analysis.outcomes.cohort.table import Cohort
from analysis.outcomes.cohort.trajectories import trajectories

_RULE = "ge_30_percent"
SCORED, WITHOUT_SCORE, NOT_SEEN = "score", "no score", "no visit"


@dataclass(frozen=True)
class OnePatient:
    """One patient's scores, and what they are read against.

    Attributes
    ----------
    courses : DataFrame, one row per course
        The columns of `cohort.courses`.
    visits : DataFrame, one row per course and planned visit
        Columns course, position, weeks, label, state (score, no score, no visit), nrs, date, fall (percent below this
        course's baseline; negative is more pain), responds.
    band : DataFrame
        Of the clinic's first courses with ketamine: position, weeks, n, q1, q3; without visits of too few patients.
    chance : float
        Points by which two scores of one patient differ by chance alone, 95% of times (1.96 √2 SD within a patient).
    chance_basis : str
        Where that SD is from.
    threshold_percent : float
        Fall from baseline that counts as a response.
    """

    courses: pd.DataFrame
    visits: pd.DataFrame
    band: pd.DataFrame
    chance: float
    chance_basis: str
    threshold_percent: float


def one_patient(cohort: Cohort, number: int) -> OnePatient:
    """Return the courses of the patient with this number; other patients only as bands of 20 or more.

    Parameters
    ----------
    number : int
        As in `cohort.courses`.
    """
    planned = planned_visits(cohort)
    courses = cohort.courses[cohort.courses["patient"] == number].reset_index(drop=True)
    own = (cohort.visits["patient"] == number).to_numpy() & (planned.place >= 0)
    rows = cohort.visits[own].assign(position=planned.place[own], place=course_of_visit(cohort)[own])
    found = rows.set_index(["course", "position"])[["nrs", "date"]]
    table = pd.concat([planned.axis.assign(course=course) for course in courses["course"]], ignore_index=True)
    keys = list(zip(table["course"], table["position"], strict=True))
    has_row = np.array([key in found.index for key in keys])
    table = table.join(found, on=["course", "position"])
    table["state"] = np.where(table["nrs"].notna(), SCORED, np.where(has_row, WITHOUT_SCORE, NOT_SEEN))
    start = table["course"].map(table[table["position"] == BASELINE].set_index("course")["nrs"]).to_numpy()
    score = table["nrs"].to_numpy()
    table["fall"] = np.where(table["position"] == BASELINE, np.nan, percent_fall(start, score))
    table["responds"] = responds(start, score, _RULE) & table["fall"].notna() & (start > 0)
    treated, _ = cohort.apart()
    visits = trajectories(treated).visits.drop(columns="position").merge(planned.axis[["position", "weeks"]])
    central = regression_to_the_mean(treated).falls
    central = central[central["is_central"].astype(bool)]
    sd = float(central["within_patient_sd"].iloc[0]) if len(central) else np.nan
    return OnePatient(
        courses=courses,
        visits=table,
        band=visits.loc[visits["q1"].notna(), ["position", "weeks", "n", "q1", "q3"]].reset_index(drop=True),
        chance=1.96 * 2**0.5 * sd,
        chance_basis=str(central["basis"].iloc[0]) if len(central) else "",
        threshold_percent=LEAST_FALL_PERCENT[_RULE],
    )
