"""Outcomes other than pain, opioids and harms, from the optional columns of a cohort."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import as_printed, check_min_cell, hide_small, released
from analysis.outcomes.cohort.disclosure.open_scores import FEW
from analysis.outcomes.cohort.form import measures
from analysis.outcomes.cohort.scores import course_of_visit, course_scores, describe, is_visit
from analysis.outcomes.cohort.table import Cohort
from analysis.statistics.intervals import clopper_pearson, wilson
from analysis.tabular.schema import Field

_OPIOIDS = "omedd"
_CHANGE = ["before", "after", "change", "low", "high", "improved", "unchanged", "worse", "share_low", "share_high"]
_COUNTS, _DOSES = ["improved", "unchanged", "worse"], ["none", "lower", "same", "higher"]
_SHARES = {"share_low": "shares", "share_high": "shares"}
_NOTHING = (np.empty(0), np.empty(0))
_GROUPS = ("some before", "none before")


@dataclass(frozen=True)
class OtherOutcomes(ClinicResult):
    """Outcomes other than pain at the follow-up visit; each patient once, with the first course.

    Attributes
    ----------
    measures : DataFrame
        Columns measure, title, unit, better, n (patients with both scores; a scale of change needs the later one),
        before, after (means), change, low, high (Student), improved, unchanged, worse (by the important difference;
        missing for a measure without one), share_low, share_high (Wilson, of the improved), important (the difference
        or value), citation, hidden.
    opioids : DataFrame
        Columns group (some before, none before), n, none, lower, same, higher (dose later), hidden; no rows if the
        file has no doses.
    harms : DataFrame
        All courses: event, courses (with it), asked, rate, low, high (Clopper-Pearson), hidden; no rows if nothing was
        asked.
    """

    measures: pd.DataFrame
    opioids: pd.DataFrame
    harms: pd.DataFrame
    follow_up_weeks: float
    level: float
    left_out: pd.DataFrame

    @property
    def measured(self) -> tuple[str, ...]:
        """What the file has beside pain, in the words of the summary."""
        found = set(self.measures["measure"])
        names = {
            "harms": bool(len(self.harms)),
            "function": bool(found & {"bpi_interference", "promis_pain_interference", "eq5d_index", "eq5d_vas"}),
            "opioids": bool(len(self.opioids)),
        }
        return tuple(name for name, there in names.items() if there)


def other_outcomes(
    cohort: Cohort,
    *,
    follow_up_weeks: float = 4.0,
    window_weeks: float = 2.0,
    level: float = 0.95,
    min_cell: int = 5,
    release: str = "internal",
) -> OtherOutcomes:
    """Return what the optional columns say; a cohort with pain scores alone gives tables without rows.

    Parameters
    ----------
    follow_up_weeks, window_weeks : float
        Time of the later score after the end of infusion, and its tolerance, in weeks.
    release : {"internal", "public"}
        Level of disclosure control: a public release shows no harms, opioids or shares of few patients.
    """
    check_min_cell(min_cell)
    fields = [field for field in measures() if field.name in cohort.measures]
    first = ~cohort.courses["patient"].duplicated().to_numpy()
    scores = {field.name: _both(cohort, field.name, follow_up_weeks, window_weeks, first) for field in fields}
    rows = [_measure(field, *scores[field.name], level) for field in fields if field.name != _OPIOIDS]
    columns = ["measure", "title", "unit", "better", "n", *_CHANGE, "important", "citation"]
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(("n", *_COUNTS), "Int64"))
    table = _public(hide_small(table, "n", _CHANGE, min_cell), _COUNTS, min_cell, release)
    return OtherOutcomes(
        measures=as_printed(table, 1, **_SHARES),
        opioids=_public(_opioids(*scores.get(_OPIOIDS, _NOTHING), min_cell), _DOSES, min_cell, release),
        harms=as_printed(_public(_harms(cohort.courses, level, min_cell), ["courses"], min_cell, release), "shares"),
        follow_up_weeks=follow_up_weeks,
        level=level,
        synthetic=cohort.synthetic,
        min_cell=min_cell,
        left_out=pd.DataFrame(columns=["result", "why", "unit", "n"]),
    )


def _public(table: pd.DataFrame, counts: list[str], min_cell: int, release: str) -> pd.DataFrame:
    """Return the table as it may be published: small counts hide their row, the others are rounded."""
    if release == "internal":
        return table
    few = table[counts].apply(lambda column: (column > 0) & (column < min_cell)).any(axis=1).fillna(False)
    table = table.assign(hidden=table["hidden"] | few)
    numbers = [name for name in table.select_dtypes("number") if name != "important"]
    table[numbers] = table[numbers].mask(table["hidden"])
    whole = [name for name in numbers if pd.api.types.is_integer_dtype(table[name])]
    table[whole] = table[whole].apply(released, release=release)
    return table


def _both(
    cohort: Cohort, name: str, follow_up_weeks: float, window_weeks: float, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of a measure at baseline and at follow-up, of first courses."""
    values = cohort.visits[name].to_numpy(dtype="float64")
    later = course_scores(replace(cohort, visits=cohort.visits.assign(nrs=values)), follow_up_weeks, window_weeks)
    before = np.full(len(cohort.courses), np.nan)
    at = is_visit(cohort, "baseline")
    before[course_of_visit(cohort)[at]] = values[at]
    return before[first], later["follow_up"].to_numpy()[first]


def _measure(field: Field, before: np.ndarray, after: np.ndarray, level: float) -> dict[str, object]:
    row: dict[str, object] = {"measure": field.name, "title": field.title, "unit": field.unit, "better": field.better}
    row |= {"citation": field.citation, "important": np.nan}
    known = ~np.isnan(after) if field.improved_at is not None else ~np.isnan(before) & ~np.isnan(after)
    before, after, n = before[known], after[known], int(known.sum())
    row |= {"n": n, "after": float(after.mean()) if n else np.nan}
    sign = -1 if field.better == "lower" else 1
    if field.improved_at is not None:  # a scale of change has no score before
        mirrored = field.minimum + field.maximum - field.improved_at
        improved, worse = sign * (after - field.improved_at) >= 0, sign * (after - mirrored) <= 0
        row["important"] = field.improved_at
    else:
        change = describe(after - before, level)
        row |= {"before": float(before.mean()) if n else np.nan, "change": change["mean"]}
        # the interval gives the SD, which with the mean may determine the scores of few patients
        row |= {"low": change["low"], "high": change["high"]} if n > FEW else {"low": np.nan, "high": np.nan}
        if field.important_difference is None:
            return row
        gain, least = sign * (after - before), field.important_difference - 1e-9
        improved, worse = gain >= least, gain <= -least
        row["important"] = field.important_difference
    counts = int(improved.sum()), int(worse.sum())
    row |= {"improved": counts[0], "worse": counts[1], "unchanged": n - sum(counts)}
    if n:
        row["share_low"], row["share_high"] = wilson(counts[0], n, level)
    return row


def _opioids(before: np.ndarray, after: np.ndarray, min_cell: int) -> pd.DataFrame:
    """Return doses later of those with some and with none before; nothing is converted."""
    known = ~np.isnan(before) & ~np.isnan(after)
    rows = []
    for group, part in zip(_GROUPS, (known & (before > 0), known & (before == 0)), strict=True):
        first, later = before[part], after[part]
        counts = (later == 0, (later > 0) & (later < first), (later > 0) & (later == first), later > first)
        if len(before):
            numbers = (int(count.sum()) for count in counts)
            rows.append({"group": group, "n": len(first)} | dict(zip(_DOSES, numbers, strict=True)))
    columns = ["group", "n", *_DOSES]
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:], "Int64"))
    return hide_small(table, "n", _DOSES, min_cell)


def _harms(courses: pd.DataFrame, level: float, min_cell: int) -> pd.DataFrame:
    """Return events with the courses asked as denominator: an empty cell was not asked, `none` was."""
    counts: list[tuple[str, pd.Series, pd.Series]] = []
    if "adverse_events" in courses:
        stated = courses["adverse_events"].astype(object)
        asked = stated.notna()
        events = stated[asked].map(lambda text: frozenset() if text == "none" else frozenset(text.split("; ")))
        counts.append(("any adverse event", events.map(len) > 0, asked))
        for event in sorted(frozenset().union(*events)):
            counts.append((event.replace("_", " "), events.map(lambda named, event=event: event in named), asked))
    if "adverse_worst" in courses:
        asked = courses["adverse_worst"].notna()
        severe = courses.loc[asked, "adverse_worst"]
        counts += [(f"worst: {word}", severe == word, asked) for word in ("moderate", "severe", "serious")]
    if "infusion_stopped" in courses:
        asked = courses["infusion_stopped"].notna()
        counts.append(("infusion stopped early", courses.loc[asked, "infusion_stopped"] == "yes", asked))
    rows = []
    for event, happened, asked in counts:
        n, number = int(asked.sum()), int(happened.sum())
        low, high = clopper_pearson(number, n, level) if n else (np.nan, np.nan)
        row = {"event": event, "courses": number, "asked": n, "rate": number / n if n else np.nan}
        rows.append(row | {"low": low, "high": high, "patients": courses.loc[asked, "patient"].nunique()})
    columns = ["event", "courses", "asked", "rate", "low", "high", "patients"]
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(("courses", "asked", "patients"), "Int64"))
    return hide_small(table, "patients", columns[1:6], min_cell).drop(columns="patients")
