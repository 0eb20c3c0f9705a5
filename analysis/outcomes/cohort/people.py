"""Characteristics of the patients, and missing scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import (
    as_printed,
    check_min_cell,
    cross_table,
    hide_small,
    is_merged,
    is_one_sided,
    merge_small,
    released,
    shown_summary,
    small_counts,
)
from analysis.outcomes.cohort.due_visits import STATUSES, due_visits, expected_scores
from analysis.outcomes.cohort.judging import judged_scores
from analysis.outcomes.cohort.planned import planned_visits
from analysis.outcomes.cohort.scores import GROUPINGS, describe, grouping, left_out_frame
from analysis.outcomes.cohort.table import Cohort
from analysis.statistics.intervals import newcombe_independent, wilson
from analysis.statistics.summaries import welch_interval

_MEASURES = {
    "baseline": ("pain at baseline", "points (0-10)"),
    "age": ("age", "years"),
    "disease_duration_years": ("duration of the disease", "years"),
}
_WITH, _WITHOUT = "with a follow-up score", "without a follow-up score"


@dataclass(frozen=True)
class People(ClinicResult):
    """Characteristics of the patients of a cohort.

    Attributes
    ----------
    sizes : DataFrame
        Columns item, n, hidden.
    groups : DataFrame
        Columns by, group, patients, courses, share (of all patients), merged, hidden. A patient whose courses differ
        counts in each of the groups.
    site_by_regimen : DataFrame
        First courses: site, regimen_class, patients, hidden.
    measures : DataFrame
        First courses: measure, words, measured_in, n, missing, mean, sd, median, q1, q3, hidden.
    missing : DataFrame
        First courses: position, visit, weeks, label, patients, and of these recorded, empty, no_row, not_due, unknown
        (see `DueVisits`), hidden.
    own_times : bool
        Whether patients were seen at times of their own.
    follow_up_planned : bool
        Whether a visit near the follow-up time was planned for everybody: else who has no score then is not missing.
    until : Timestamp or NaT
        Last day of the data.
    who_is_missing : DataFrame
        Patients with and without a follow-up score: group, patients, baseline_n, baseline_mean, baseline_sd,
        baseline_low, baseline_high (Student), judged (at the end of infusion), responders, rate, ci_low, ci_high
        (Wilson), hidden.
    who_differs : DataFrame
        Without minus with a follow-up score: measure (baseline, response_end_of_infusion), difference, low, high
        (Welch, Newcombe), hidden.
    """

    sizes: pd.DataFrame
    groups: pd.DataFrame
    site_by_regimen: pd.DataFrame
    measures: pd.DataFrame
    missing: pd.DataFrame
    own_times: bool
    follow_up_planned: bool
    until: pd.Timestamp
    who_is_missing: pd.DataFrame
    who_differs: pd.DataFrame
    release: str
    level: float
    left_out: pd.DataFrame


def people(
    cohort: Cohort,
    *,
    responder_rule: str = "ge_30_percent",
    follow_up_weeks: float = 4.0,
    window_weeks: float = 2.0,
    level: float = 0.95,
    min_cell: int = 5,
    release: str = "internal",
) -> People:
    """Return the characteristics of the patients; fewer than `min_cell` patients are merged or hidden.

    Raises
    ------
    ValueError
        For an unknown rule or an impossible time, window or min_cell.
    """
    check_min_cell(min_cell)
    courses = expected_scores(cohort, follow_up_weeks, window_weeks, min_cell)
    first = courses[courses["first"]]
    visits = planned_visits(cohort, min_cell)
    due = due_visits(cohort, visits)
    expected = first[~first["not_expected"]]
    groups, differs, left_out = _who_is_missing(expected, responder_rule, level, min_cell, release)
    site_by_regimen = cross_table(grouping(first, "site"), grouping(first, "regimen_class"), min_cell)
    site_by_regimen = site_by_regimen.rename(columns={"row": "site", "column": "regimen_class"})
    far, surplus = (0, 0) if due.own_times else (visits.far, visits.surplus)
    unplaced = [
        ("missing", "the visit lies near no planned week", "visits", far),
        ("missing", "another visit of the course stands for that week", "visits", surplus),
    ]
    return People(
        sizes=_sizes(cohort, courses, min_cell, release),
        groups=pd.concat([_groups(courses, by, min_cell, release) for by in GROUPINGS], ignore_index=True),
        site_by_regimen=site_by_regimen.assign(patients=released(site_by_regimen["patients"], release)),
        measures=_measures(first, level, min_cell, release),
        missing=_missing(due.table, min_cell, release),
        own_times=due.own_times,
        follow_up_planned=bool(courses["follow_up_planned"].all()),
        until=due.until,
        who_is_missing=groups,
        who_differs=differs,
        level=level,
        synthetic=cohort.synthetic,
        min_cell=min_cell,
        release=release,
        left_out=pd.concat([left_out_frame(unplaced, min_cell, release), left_out], ignore_index=True),
    )


def _sizes(cohort: Cohort, courses: pd.DataFrame, min_cell: int, release: str) -> pd.DataFrame:
    patients, several = int(courses["first"].sum()), courses.loc[~courses["first"], "patient"].nunique()
    rows = [
        ("patients", patients, patients),
        ("courses", len(courses), patients),
        ("patients with more than one course", several, several),
        ("visits", len(cohort.visits), patients),
        ("visits with a score", int(cohort.visits["nrs"].notna().sum()), patients),
        ("sites", courses["site"].nunique(), 0),
        ("regimens", courses["regimen_class"].nunique(), 0),
    ]
    table = pd.DataFrame(rows, columns=["item", "n", "behind"]).astype({"n": "Int64", "behind": "Int64"})
    counts = table["behind"] > 0
    table["n"] = table["n"].mask(counts, released(table["n"], release))
    return hide_small(table, "behind", ["n"], min_cell).drop(columns="behind")


def _groups(courses: pd.DataFrame, by: str, min_cell: int, release: str) -> pd.DataFrame:
    group = merge_small(grouping(courses, by), courses["patient"].to_numpy(), min_cell)
    frame = pd.DataFrame({"group": group, "patient": courses["patient"]})
    counts = frame.groupby("group", observed=True)["patient"].agg(["nunique", "size"])
    table = pd.DataFrame(
        {
            "by": by,
            "group": counts.index.astype(object),
            "patients": counts["nunique"].astype("Int64").to_numpy(),
            "courses": counts["size"].astype("Int64").to_numpy(),
            "share": np.nan,
            "merged": [is_merged(label, min_cell) for label in counts.index],
        }
    )
    table = hide_small(table, "patients", ["courses"], min_cell)
    table[["patients", "courses"]] = table[["patients", "courses"]].apply(released, release=release)
    # a patient whose courses differ counts in several groups
    total = released(int(courses["first"].sum()), release)
    table["share"] = table["patients"].astype("float64") / max(total, 1)
    return as_printed(table, "shares")


def _measures(first: pd.DataFrame, level: float, min_cell: int, release: str) -> pd.DataFrame:
    rows = []
    for measure, (words, measured_in) in _MEASURES.items():
        values = first[measure].to_numpy(dtype="float64")
        statistics = shown_summary(describe(values, level), min_cell, span=(0, 10) if measure == "baseline" else ())
        rows.append({"measure": measure, "words": words, "measured_in": measured_in, **statistics})
    frame = pd.DataFrame(rows).drop(columns=["low", "high"]).astype({"n": "Int64"})
    frame.insert(4, "missing", pd.array(len(first) - frame["n"], dtype="Int64"))
    few = small_counts(frame["missing"].to_numpy(dtype=np.int64), min_cell)
    # n and missing add up to all patients: a hidden n hides both
    table = hide_small(frame, "n", ["missing", "mean", "sd", "median", "q1", "q3"], min_cell)
    table["missing"] = table["missing"].mask(few)
    table[["n", "missing"]] = table[["n", "missing"]].apply(released, release=release)
    return as_printed(table, 1)


def _missing(table: pd.DataFrame, min_cell: int, release: str) -> pd.DataFrame:
    """Return the visits as they may be shown: parts without a score of few patients are one part, `together`."""
    shown = hide_small(table.astype({"patients": "Int64"}), "recorded", STATUSES[1:], min_cell)
    shown["hidden"] |= shown["patients"] < min_cell
    shown["patients"] = shown["patients"].mask(shown["patients"] < min_cell)
    absent = shown[list(STATUSES[1:])]
    few = ((absent > 0) & (absent < min_cell)).any(axis=1)
    shown["together"] = absent.sum(axis=1).where(few).astype("Int64")
    shown[list(STATUSES[1:])] = absent.mask(few)
    shown["together"] = shown["together"].mask(shown["together"] < min_cell)
    counts = ["patients", *STATUSES, "together"]
    shown[counts] = shown[counts].apply(released, release=release)
    return as_printed(shown, 1)


def _who_is_missing(
    first: pd.DataFrame, responder_rule: str, level: float, min_cell: int, release: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return patients with and without a follow-up score, their differences, and who is left out.

    If one group is too small to be shown the other is hidden too, because both add up to the total.
    """
    baseline, end = first["baseline"].to_numpy(), first["end_of_infusion"].to_numpy()
    _, judged, response = judged_scores(baseline, end, responder_rule)
    scored = first["follow_up"].notna().to_numpy()
    rows, one_sided = [], []
    for label, part in ((_WITH, scored), (_WITHOUT, ~scored)):
        baseline_row = shown_summary(describe(baseline[part], level), min_cell, level=level)
        n, events = int((judged & part).sum()), int((response & part).sum())
        one_sided.append(is_one_sided(events, n, min_cell, release))
        n, events = released(n, release), released(events, release)
        low, high = wilson(events, n, level) if n else (np.nan, np.nan)
        rows.append(
            {
                "group": label,
                "patients": int(part.sum()),
                **{f"baseline_{name}": baseline_row[name] for name in ("n", "mean", "sd", "low", "high")},
                "judged": n,
                "responders": events,
                "rate": events / n if n else np.nan,
                "ci_low": low,
                "ci_high": high,
            }
        )
    counts = dict.fromkeys(("patients", "baseline_n", "judged", "responders"), "Int64")
    frame = pd.DataFrame(rows).astype(counts)
    differs = _differences(rows, level)
    smallest = frame[["patients", "baseline_n", "judged"]]
    few = bool(((smallest > 0) & (smallest < min_cell)).any(axis=None)) or any(one_sided)
    frame["hidden"], differs["hidden"] = few, few
    if few:
        # both groups add up to the total, so one would reveal the other
        for name in frame.columns.drop(["group", "patients", "hidden"]):
            frame[name] = frame[name].mask(frame["hidden"])
        frame["patients"] = frame["patients"].mask((frame["patients"] < min_cell) & (frame["patients"] > 0))
        differs[["difference", "low", "high"]] = np.nan
    counts = frame[["patients", "baseline_n"]]
    frame[["patients", "baseline_n"]] = counts.apply(released, release=release)
    frame = as_printed(frame, 1, rate="shares", ci_low="shares", ci_high="shares")
    is_points = differs["measure"] == "baseline"
    differs = pd.concat([as_printed(differs[is_points], 1), as_printed(differs[~is_points], "shares")])
    left_out = left_out_frame(
        [
            ("who_is_missing", "baseline score missing", "patients", int(np.isnan(baseline).sum())),
            ("who_is_missing", "response at the end of infusion can't be judged", "patients", int((~judged).sum())),
        ],
        min_cell,
        release,
    )
    return frame, differs, left_out


def _differences(rows: list[dict], level: float) -> pd.DataFrame:
    with_, without = rows
    entries = [("baseline", np.nan, np.nan, np.nan), ("response_end_of_infusion", np.nan, np.nan, np.nan)]
    means = [(row["baseline_mean"], row["baseline_sd"], row["baseline_n"]) for row in (without, with_)]
    if min(means[0][2], means[1][2]) > 1 and not np.isnan([mean for mean, _, _ in means]).any():
        entries[0] = ("baseline", means[0][0] - means[1][0], *welch_interval(*means[0], *means[1], level))
    if with_["judged"] and without["judged"]:
        counts = (without["responders"], without["judged"], with_["responders"], with_["judged"])
        entries[1] = (
            "response_end_of_infusion",
            without["rate"] - with_["rate"],
            *newcombe_independent(*counts, level),
        )
    return pd.DataFrame(entries, columns=["measure", "difference", "low", "high"])
