"""Warnings about a valid cohort."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.cohort_wording import few_words
from analysis.outcomes.cohort.disclosure import fewer_than
from analysis.outcomes.cohort.table import VISITS, course_keys
from analysis.tabular.mapping.heading_words import says_millimetres
from analysis.tabular.problems import Problem, listed
from analysis.wording import counted, percent, time_words

MISSING_SHARE = 0.2
_MOST_WEEKS = 20
FEWEST_FOR_CONSTANT = 3
MOST_WEEKS_APART = 4
MOST_DAYS_TO_END = 61
SAME_SHARE, FEWEST_FOR_SAME = 0.8, 10
_Caution = tuple[str, str, str]  # column, rule, advice


def cautions(
    file: str,
    unused: Sequence[str],
    visits: pd.DataFrame,
    courses: pd.DataFrame,
    min_cell: int = 1,
    scale_stated: bool = False,
) -> list[Problem]:
    """Return the warnings about a valid cohort, the most important first; they never identify a patient.

    unused: columns that are not used. min_cell: 1 names all numbers. scale_stated: whether a map states the scale.
    """
    found = [
        *_size(visits, courses, min_cell),
        *_visits_there(visits),
        *_missing(visits, courses, min_cell),
        *_constant(visits, min_cell),
        *_scale(file, visits, scale_stated),
        *_weeks_and_dates(visits, min_cell),
        *_other_units(visits),
        *_late_end(visits, min_cell),
        *_patients(courses, min_cell),
        *_alike(courses),
    ]
    if unused:
        rule = f"columns that are not used: {listed(unused)}"
        found.append(("", rule, "nothing, if that is meant; else a map says what they are"))
    return [_warning(file, *words) for words in found]


def decimal_comma_caution(file: str, example: tuple[str, str] | tuple[()]) -> Problem:
    """Return the warning that commas were read as decimal points, since a comma may also separate thousands."""
    rule = "decimal commas were read as decimal points" + (f": {example[0]} is {example[1]}" if example else "")
    return _warning(file, "", rule, "nothing, if the commas are decimal commas; a point leaves no doubt")


def alike_patients(file: str, number: int) -> Problem:
    """Return the warning that identifiers differ only in capitals; they are treated as different patients."""
    rule = f"{number} identifiers differ from another one only in capitals; they count as different patients"
    return _warning(file, "patient_id", rule, "write the identifier of a patient in one way")


def _size(visits: pd.DataFrame, courses: pd.DataFrame, min_cell: int) -> Iterator[_Caution]:
    if courses["patient"].nunique() == 1 and min_cell == 1:
        yield "patient_id", "one patient is no cohort", "read no rate of this report as a rate"
    single = int((visits.groupby(["patient", "course"], sort=False).size() == 1).sum())
    if single:
        rule = f"{_part(single, courses, 'course', min_cell)} with one visit only: no change can be seen there"
        yield "visit", rule, "add the visits that took place"


def _visits_there(visits: pd.DataFrame) -> Iterator[_Caution]:
    for visit, says in (("end_of_infusion", "the end of infusion"), ("follow_up", "follow-up")):
        if not (visits["visit"] == visit).any():
            rule = f"no visit at {says} stands in the file: nothing can be said about it"
            yield "visit", rule, f"add the rows with the visit {visit}, if there are such visits"


def _missing(visits: pd.DataFrame, courses: pd.DataFrame, min_cell: int) -> Iterator[_Caution]:
    advice = "the report shows who is missing; add the scores that were recorded elsewhere"
    scored = visits[visits["nrs"].notna()]
    for visit, says in zip(VISITS, ("baseline", "the end of infusion", "any follow-up"), strict=True):
        if visit != "baseline" and not (visits["visit"] == visit).any():
            continue
        there = len(scored.loc[scored["visit"] == visit, ["patient", "course"]].drop_duplicates())
        lost = len(courses) - there
        if lost > MISSING_SHARE * len(courses):
            share = "" if fewer_than(lost, min_cell) else f" ({percent(lost / len(courses))})"
            rule = f"no score at {says} in {_part(lost, courses, 'course', min_cell)}{share}"
            yield "nrs", rule, advice
        elif visit == "baseline" and lost:
            part = _part(lost, courses, "course", min_cell)
            rule = f"no score at baseline in {part}: no change can be computed"
            yield "nrs", rule, advice
    later = visits[visits["visit"] == "follow_up"]
    if later["weeks"].nunique() <= _MOST_WEEKS:
        for weeks, rows in later.groupby("weeks")["nrs"]:
            lost, total = int(rows.isna().sum()), len(rows)
            # weeks counted from dates are seldom the same twice
            if lost > MISSING_SHARE * total and 2 * total >= len(courses):
                share = "" if fewer_than(lost, min_cell) else f" ({percent(lost / total)})"
                rule = (
                    f"{time_words(round(weeks, 1))} the score is empty in {_part(lost, rows, 'row', min_cell)}{share}"
                )
                yield "nrs", rule, advice


def _constant(visits: pd.DataFrame, min_cell: int) -> Iterator[_Caution]:
    for visit in VISITS:
        scores = visits.loc[visits["visit"] == visit, "nrs"].dropna()
        if len(scores) < FEWEST_FOR_CONSTANT:
            continue
        same = int(scores.value_counts().iloc[0])
        if scores.nunique() == 1:
            rule = f"all {len(scores)} scores of the visit {visit} are {scores.iloc[0]:g}"
            rule = rule if min_cell == 1 else f"all scores of the visit {visit} are the same"
            yield "nrs", rule, "look whether the scores were copied down by mistake"
        elif same >= SAME_SHARE * len(scores) and len(scores) >= FEWEST_FOR_SAME:
            rule = f"{same} of {len(scores)} scores of the visit {visit} are {scores.mode().iloc[0]:g}"
            rule = rule if min_cell == 1 else f"most scores of the visit {visit} are the same"
            yield "nrs", rule, "look whether the scores were copied down by mistake"


def _weeks_and_dates(visits: pd.DataFrame, min_cell: int) -> Iterator[_Caution]:
    """Yield a warning about follow-up visits whose date does not agree with their weeks."""
    dated = visits[visits["date"].notna() & (visits["visit"] != "baseline")]
    keys = course_keys(dated)
    is_end = (dated["visit"] == "end_of_infusion").to_numpy()
    ends = pd.Series(dated["date"].to_numpy()[is_end], index=keys[is_end])
    since = (dated["date"].to_numpy() - ends.reindex(keys).to_numpy()) / np.timedelta64(7, "D")
    far = int((np.abs(since - dated["weeks"].to_numpy()) > MOST_WEEKS_APART).sum())
    if far:
        rule = (
            f"weeks_from_end and date differ by more than {MOST_WEEKS_APART} weeks in {_named(far, 'visit', min_cell)}"
        )
        yield "weeks_from_end", rule, "compare them; the report uses weeks_from_end"


def _other_units(visits: pd.DataFrame) -> Iterator[_Caution]:
    """Yield a warning about weeks that would be usual as days or months, where no date can tell."""
    weeks = sorted(visits.loc[visits["visit"] == "follow_up", "weeks"].unique())
    if len(weeks) < 2 or visits["date"].notna().any():
        return
    days = all(week % 7 == 0 and week >= 14 for week in weeks)
    months = weeks[0] == 1 and set(weeks) <= {1, 3, 6, 9, 12, 24}
    if days or months:
        times = listed(f"{week:g}" for week in weeks)
        rule = f"follow-up at {times} weeks: is the unit {'days' if days else 'months'}?"
        yield "weeks_from_end", rule, "nothing, if these are weeks; else convert them with a map"


def _late_end(visits: pd.DataFrame, min_cell: int) -> Iterator[_Caution]:
    """Yield a warning about infusions that end long after the baseline."""
    days = visits[visits["date"].notna() & (visits["visit"] != "follow_up")]
    by_course = days.groupby(["patient", "course"])["date"].agg(["min", "max"])
    late = int(((by_course["max"] - by_course["min"]) / np.timedelta64(1, "D") > MOST_DAYS_TO_END).sum())
    if late:
        courses_named = _named(late, "course", min_cell)
        rule = f"the infusion ended more than {MOST_DAYS_TO_END} days after the baseline in {courses_named}"
        yield "date", rule, "look whether both visits belong to the same course"


def _scale(file: str, visits: pd.DataFrame, stated: bool) -> Iterator[_Caution]:
    """Yield a warning about scores that may have another scale than 0 to 10."""
    scores = visits["nrs"].dropna()
    if not stated and says_millimetres(file):
        rule = "the name of the file says VAS or mm, and nrs is read as 0 to 10"
        yield "nrs", rule, "nothing, if the scale is 0 to 10; else a map with scale: 0 to 100"
    elif len(scores) >= FEWEST_FOR_SAME and 0 < scores.max() < 1:
        rule = f"all {len(scores)} scores are below 1"
        yield "nrs", rule, "look whether the scale is 0 to 10; a score of 80% is no 0.8"


def _patients(courses: pd.DataFrame, min_cell: int) -> Iterator[_Caution]:
    """Yield a warning about patients whose sex differs between courses."""
    stated = courses[courses["sex"].notna()]
    several = int((stated.groupby("patient")["sex"].nunique() > 1).sum())
    if several:
        rule = f"sex differs between the courses of {_named(several, 'patient', min_cell)}"
        yield "sex", rule, "look whether one patient_id stands for two patients"


def _alike(courses: pd.DataFrame) -> Iterator[_Caution]:
    """Yield a warning about sites whose names differ only in capitals or spaces; they are different sites."""
    sites = courses["site"].cat.categories
    plain = pd.Series(sites, dtype="str").str.casefold().str.split().str.join(" ")
    several = int(plain.duplicated(keep=False).sum())
    if several:
        rule = f"{several} sites have names that differ only in capitals or spaces; they count as different sites"
        yield "site", rule, "write each site in one way"


def _named(count: int, what: str, min_cell: int) -> str:
    return few_words(pd.NA if fewer_than(count, min_cell) else count, what, min_cell)


def _part(count: int, table: pd.DataFrame | pd.Series, what: str, min_cell: int) -> str:
    shown = f"fewer than {min_cell}" if fewer_than(count, min_cell) else str(count)
    return f"{shown} of {counted(len(table), what)}"


def _warning(file: str, column: str, rule: str, advice: str) -> Problem:
    return Problem(file, None, column, "", rule, advice)
