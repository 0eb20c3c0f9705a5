"""What does not stop a report of a cohort, but its reader must know."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.columns import Layout
from analysis.outcomes.cohort.raw import Raw
from analysis.outcomes.cohort.table import VISITS, course_keys
from analysis.tabular.problems import Problem, listed
from analysis.wording import counted, percent, time_words

MISSING_SHARE = 0.2
_MOST_WEEKS = 20
FEWEST_FOR_CONSTANT = 3
MOST_WEEKS_APART = 4


def cautions(raw: Raw, layout: Layout, visits: pd.DataFrame, courses: pd.DataFrame) -> list[Problem]:
    """The warnings of a valid cohort, the weightiest first. None names a patient."""
    found = [
        *_size(raw, visits, courses),
        *_visits_there(raw, visits, courses),
        *_missing(raw, visits, courses),
        *_constant(raw, visits),
        *_weeks_and_dates(raw, visits),
        *_patients(raw, courses),
        *_alike(raw, courses),
    ]
    if layout.unused:
        rule = f"columns that are not used: {listed(layout.unused)}"
        found.append(_warning(raw, "", rule, "nothing, if that is meant; else give them a name of the format"))
    return found


def decimal_comma(raw: Raw, example: tuple[str, str]) -> Problem:
    """Decimal commas were read as such: told, because a comma may also separate thousands."""
    rule = f"decimal commas were read as decimal points: {example[0]} is {example[1]}"
    return _warning(raw, "", rule, "nothing, if the commas are decimal commas; a point leaves no doubt")


def alike_patients(raw: Raw, number: int) -> Problem:
    """Identifiers that differ only in capitals count as different patients: told, and left as they are."""
    rule = f"{number} identifiers differ from another one only in capitals; they count as different patients"
    return _warning(raw, "patient_id", rule, "write the identifier of a patient in one way")


def _size(raw: Raw, visits: pd.DataFrame, courses: pd.DataFrame) -> Iterator[Problem]:
    if courses["patient"].nunique() == 1:
        yield _warning(raw, "patient_id", "one patient is no cohort", "read no rate of this report as a rate")
    single = int((visits.groupby(["patient", "course"], sort=False).size() == 1).sum())
    if single:
        rule = f"{counted(single, 'course')} of {len(courses)} with one visit only: no change can be seen there"
        yield _warning(raw, "visit", rule, "add the visits that took place")


def _visits_there(raw: Raw, visits: pd.DataFrame, courses: pd.DataFrame) -> Iterator[Problem]:
    for visit, says in (("end_of_infusion", "the end of infusion"), ("follow_up", "follow-up")):
        if not (visits["visit"] == visit).any():
            rule = f"no visit at {says} stands in the file: nothing can be said about it"
            yield _warning(raw, "visit", rule, f"add the rows with the visit {visit}, if there are such visits")


def _missing(raw: Raw, visits: pd.DataFrame, courses: pd.DataFrame) -> Iterator[Problem]:
    advice = "the report shows who is missing; add the scores that were recorded elsewhere"
    scored = visits[visits["nrs"].notna()]
    for visit, says in zip(VISITS, ("baseline", "the end of infusion", "any follow-up"), strict=True):
        if visit != "baseline" and not (visits["visit"] == visit).any():
            continue
        there = len(scored.loc[scored["visit"] == visit, ["patient", "course"]].drop_duplicates())
        lost = len(courses) - there
        if lost > MISSING_SHARE * len(courses):
            share = percent(lost / len(courses))
            rule = f"no score at {says} in {lost} of {counted(len(courses), 'course')} ({share})"
            yield _warning(raw, "nrs", rule, advice)
        elif visit == "baseline" and lost:
            rule = f"no score at baseline in {lost} of {counted(len(courses), 'course')}: no change can be computed"
            yield _warning(raw, "nrs", rule, advice)
    later = visits[visits["visit"] == "follow_up"]
    if later["weeks"].nunique() <= _MOST_WEEKS:
        for weeks, rows in later.groupby("weeks")["nrs"]:
            lost, total = int(rows.isna().sum()), len(rows)
            if lost > MISSING_SHARE * total:
                share = percent(lost / total)
                rule = f"{time_words(weeks)} the score is empty in {lost} of {counted(total, 'row')} ({share})"
                yield _warning(raw, "nrs", rule, advice)


def _constant(raw: Raw, visits: pd.DataFrame) -> Iterator[Problem]:
    for visit in VISITS:
        scores = visits.loc[visits["visit"] == visit, "nrs"].dropna()
        if len(scores) >= FEWEST_FOR_CONSTANT and scores.nunique() == 1:
            rule = f"all {len(scores)} scores of the visit {visit} are {scores.iloc[0]:g}"
            yield _warning(raw, "nrs", rule, "look whether the scores were copied down by mistake")


def _weeks_and_dates(raw: Raw, visits: pd.DataFrame) -> Iterator[Problem]:
    """Follow-up visits whose date is far from the end of infusion plus their weeks."""
    dated = visits[visits["date"].notna() & (visits["visit"] != "baseline")]
    keys = course_keys(dated)
    is_end = (dated["visit"] == "end_of_infusion").to_numpy()
    ends = pd.Series(dated["date"].to_numpy()[is_end], index=keys[is_end])
    since = (dated["date"].to_numpy() - ends.reindex(keys).to_numpy()) / np.timedelta64(7, "D")
    far = int((np.abs(since - dated["weeks"].to_numpy()) > MOST_WEEKS_APART).sum())
    if far:
        rule = f"weeks_from_end and date differ by more than {MOST_WEEKS_APART} weeks in {counted(far, 'visit')}"
        yield _warning(raw, "weeks_from_end", rule, "compare them; the report uses weeks_from_end")


def _patients(raw: Raw, courses: pd.DataFrame) -> Iterator[Problem]:
    """Patients whose sex differs between courses."""
    stated = courses[courses["sex"].notna()]
    several = int((stated.groupby("patient")["sex"].nunique() > 1).sum())
    if several:
        rule = f"sex differs between the courses of {counted(several, 'patient')}"
        yield _warning(raw, "sex", rule, "look whether one patient_id stands for two patients")


def _alike(raw: Raw, courses: pd.DataFrame) -> Iterator[Problem]:
    """Sites that differ only in capitals or spaces count as different sites: told, and left as they are."""
    sites = courses["site"].cat.categories
    plain = pd.Series(sites, dtype="str").str.casefold().str.split().str.join(" ")
    several = int(plain.duplicated(keep=False).sum())
    if several:
        rule = f"{several} sites have names that differ only in capitals or spaces; they count as different sites"
        yield _warning(raw, "site", rule, "write each site in one way")


def _warning(raw: Raw, column: str, rule: str, advice: str) -> Problem:
    return Problem(raw.file, None, column, "", rule, advice)
