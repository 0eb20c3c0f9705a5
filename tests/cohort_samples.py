"""Small cohorts for tests, from rows as a clinic would write them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.outcomes.cohort import Cohort
from analysis.outcomes.cohort.table import VISITS
from analysis.tabular.problems import DataError


def cohort(*rows: dict | tuple, **shared: object) -> Cohort:
    """Return a cohort from one row per course: (baseline, end of infusion, {week: score}) or a dict.

    The dict has these as `baseline`, `end`, `later`, and `patient` (default: a new one), `course`, `site`,
    `regimen_class`, `sex`, `age`, `disease_duration_years`, `year`, `date` (of baseline and end). None is a visit
    with an empty score; a missing key is no visit.
    """
    visits, courses, patient = [], [], -1
    for row in rows:
        if not isinstance(row, dict):
            row = dict(zip(("baseline", "end", "later"), row, strict=False))
        row = shared | row
        patient = row.get("patient", patient + 1)
        key = {"patient": patient, "course": row.get("course", 1)}
        scores = [("baseline", np.nan, row["baseline"])] if "baseline" in row else []
        scores += [("end_of_infusion", 0.0, row["end"])] if "end" in row else []
        scores += [("follow_up", float(week), score) for week, score in sorted(row.get("later", {}).items())]
        day = pd.Timestamp(row["date"]) if "date" in row else pd.NaT
        row = row | {"year": day.year} if "date" in row else row
        for visit, weeks, score in scores:
            date = day if np.isnan(weeks) else day + pd.Timedelta(weeks * 7, "D")
            visits.append(key | {"visit": visit, "weeks": weeks, "nrs": score, "date": date})
        names = ("site", "regimen_class", "sex", "age", "disease_duration_years", "year", "baseline")
        courses.append(key | {name: row.get(name) for name in names})
    return build(pd.DataFrame(visits), pd.DataFrame(courses))


def build(visits: pd.DataFrame, courses: pd.DataFrame) -> Cohort:
    """A cohort from its two tables, with the types of the real one."""
    courses = courses.sort_values(["patient", "course"], kind="stable").reset_index(drop=True)
    visits = visits.sort_values(["patient", "course", "weeks"], na_position="first", kind="stable")
    visits = visits.reset_index(drop=True)
    visits["visit"] = pd.Categorical(visits["visit"], categories=list(VISITS))
    dates = visits["date"] if "date" in visits else pd.Series(pd.NaT, index=visits.index)
    visits["date"] = dates.astype("datetime64[us]")
    visits["row"] = np.arange(2, len(visits) + 2)
    types = {"patient": "int32", "course": "int16"}
    words = dict.fromkeys(("site", "regimen_class", "sex"), "category")
    numbers = dict.fromkeys(("age", "disease_duration_years", "baseline"), "float64")
    return Cohort(
        "sample",
        "sample.csv",
        False,
        "0" * 64,
        visits.astype(types | {"weeks": "float64", "nrs": "float64", "row": "int32"}),
        courses.astype(types | words | numbers | {"year": "Int16"}),
        DataError([]).problems,
    )
