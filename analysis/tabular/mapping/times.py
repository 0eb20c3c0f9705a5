"""Weeks from the end of infusion, and courses from infusions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.tabular.mapping.entries import Entries, rows_listed
from analysis.tabular.mapping.mapped_cells import MappedCells
from analysis.wording import counted

_BASELINE, _END, _FOLLOW_UP = range(3)


def count_weeks(cells: MappedCells, entries: Entries) -> None:
    """Fill in the weeks of each entry: from its date, its planned week, or the column that states them."""
    use, frame = cells.map, entries.frame
    follow_up = (frame["visit"] == _FOLLOW_UP).to_numpy()
    weeks = np.where(frame["visit"] == _END, 0.0, np.nan)
    if use.weeks_from == "column":
        weeks[follow_up] = frame["weeks"].to_numpy()[follow_up]
        lacking = follow_up & np.isnan(weeks)
        if lacking.any():
            rule = (
                f"{counted(int(lacking.sum()), 'follow-up')} without weeks: {rows_listed(cells, frame['row'][lacking])}"
            )
            cells.problem(("weeks",), rule, "fill them in, or take the weeks from dates")
    elif use.weeks_from == "planned_week":
        weeks[follow_up] = frame["planned"].to_numpy()[follow_up]
    else:
        weeks = _from_dates(cells, entries, weeks, follow_up)
        frame, follow_up = entries.frame, (entries.frame["visit"] == _FOLLOW_UP).to_numpy()
    frame["weeks"] = weeks


def _from_dates(cells: MappedCells, entries: Entries, weeks: np.ndarray, follow_up: np.ndarray) -> np.ndarray:
    use, frame = cells.map, entries.frame
    keys = list(zip(frame["patient"], frame["course"], strict=True))
    ends = {
        key: day
        for key, visit, day in zip(keys, frame["visit"], frame["date"].to_numpy("datetime64[D]"), strict=True)
        if visit == _END and not np.isnat(day)
    }
    end = np.array([ends.get(key, np.datetime64("NaT")) for key in keys], dtype="datetime64[D]")
    days = frame["date"].to_numpy("datetime64[D]")
    since = (days - end).astype("timedelta64[D]").astype("float64")
    since[np.isnat(days) | np.isnat(end)] = np.nan
    weeks[follow_up] = since[follow_up] / 7
    early = follow_up & (since <= 0)
    if early.any():
        what = f"{counted(int(early.sum()), 'follow-up')} on or before the day on which the infusion ended"
        rule = f"{what}: {rows_listed(cells, frame['row'][early])}"
        cells.problem(("weeks",), rule, "correct the dates, or say in visits which visit it is")
    lacking = follow_up & np.isnan(weeks)
    if use.if_no_date == "planned_week":
        weeks[lacking] = frame["planned"].to_numpy()[lacking]
        lacking = follow_up & np.isnan(weeks)
    if lacking.any() and use.if_no_date == "left_out":
        entries.drop(lacking, "follow-up without a date, so its weeks are not known")
        weeks = weeks[~lacking]
    elif lacking.any():
        rule = f"{counted(int(lacking.sum()), 'follow-up')} without a date of its own or of the end of infusion"
        advice = "fill the dates in, or write if_no_date: planned_week or if_no_date: left_out"
        cells.problem(("weeks", "if_no_date"), f"{rule}: {rows_listed(cells, frame['row'][lacking])}", advice)
    return weeks


def far_from_plan(cells: MappedCells, entries: Entries) -> str:
    """Return in words how many follow-ups are farther from their planned week than the map's limit; "" if none are."""
    limit, frame = cells.map.far_from_plan, entries.frame
    if limit is None:
        return ""
    far = int((np.abs(frame["weeks"] - frame["planned"]) > limit).sum())
    return f"{counted(far, 'follow-up')} more than {limit:g} weeks from the planned week" if far else ""


def number_courses(cells: MappedCells, entries: Entries) -> None:
    """Number the courses of a list of events by their infusions; add each course's end and baseline.

    Infusions within `same_course_within_days` of the one before are one course, whose end is the last of them. An event
    belongs to the last course that ended before it. The score of an earlier course is never carried over, except for
    one within `last_score_within_days_before` days of the first infusion.
    """
    use = cells.map
    starts = np.array([line.starts_course for line in use.visits] + [False])
    parts: list[pd.DataFrame] = []
    reasons = np.full(len(entries.frame), "", dtype=object)
    frame = entries.frame
    undated = frame["date"].isna().to_numpy()
    if undated.any():
        rule = f"{counted(int(undated.sum()), 'event')} without a date: {rows_listed(cells, frame['row'][undated])}"
        cells.problem(("courses",), rule, "fill the dates in; without them an event belongs to no course")
        return
    for _, rows in frame.sort_values(["date", "row"], kind="stable").groupby("patient", sort=False):
        infusions = rows[starts[rows["use"].to_numpy()]]
        if infusions.empty:
            reasons[rows.index] = "patient without an infusion"
            continue
        days = infusions["date"].to_numpy("datetime64[D]")
        gaps = np.diff(days).astype("timedelta64[D]").astype(int)
        number = np.concatenate([[0], np.cumsum(gaps > use.same_course_days)])
        others = rows.drop(infusions.index)
        parts += _courses_of_patient(cells, infusions, number, others, reasons)
    for reason in sorted({reason for reason in reasons if reason}):
        entries.left_out[reason] += int((reasons == reason).sum())
    entries.frame = pd.concat(parts, ignore_index=True) if parts else frame.iloc[:0]


def _courses_of_patient(
    cells: MappedCells, infusions: pd.DataFrame, number: np.ndarray, others: pd.DataFrame, reasons: np.ndarray
) -> list[pd.DataFrame]:
    lines = cells.map.visits
    parts = []
    dates = infusions["date"].to_numpy("datetime64[D]")
    first = np.array([dates[number == course].min() for course in range(number.max() + 1)])
    last = np.array([dates[number == course].max() for course in range(number.max() + 1)])
    own = others["date"].to_numpy("datetime64[D]")
    of_course = np.searchsorted(last, own, side="left") - 1  # the last course that ended before the event
    upcoming = np.searchsorted(first, own, side="left")  # the next course that begins on that day or later
    is_baseline = (others["visit"] == _BASELINE).to_numpy()
    same_day = np.isin(own, dates) & ~is_baseline
    reasons[others.index[same_day]] = "event on the day of an infusion: before or after it?"
    inside = (of_course + 1 < upcoming) & ~is_baseline & ~same_day
    reasons[others.index[inside]] = "event between two infusions of one course"
    before = (of_course < 0) & ~inside & ~is_baseline & ~same_day
    reasons[others.index[before]] = "event before the first infusion that is no baseline"
    late = is_baseline & (upcoming > number.max())
    reasons[others.index[late]] = "baseline after the last infusion"
    for course in range(number.max() + 1):
        members = infusions[number == course]
        end, start = members.iloc[[-1]].copy(), members.iloc[[0]].copy()
        asked_after = lines[int(end["use"].iloc[0])].score_is == "after"
        baselines = others[is_baseline & (upcoming == course)]
        follow_ups = others[(of_course == course) & ~is_baseline & ~inside & ~same_day]
        scored = baselines[baselines["score"].notna()]
        reasons[baselines.index] = "another baseline of the same course"
        if not baselines.empty:
            base = (scored if not scored.empty else baselines).iloc[[-1]].copy()
            reasons[base.index] = ""
        elif not asked_after:
            base = start.copy()
        else:
            base = start.assign(score=np.nan)
            days = cells.map.baseline_days
            recent = others[(own < first[course]) & (own >= first[course] - np.timedelta64(days, "D"))]
            recent = recent[recent["score"].notna() & ~is_baseline[others.index.get_indexer(recent.index)]]
            if days and not recent.empty:
                base = recent.iloc[[-1]].copy()
        if not asked_after:
            end["score"] = np.nan
        parts += [
            base.assign(visit=_BASELINE, planned=np.nan, course=float(course + 1)),
            end.assign(visit=_END, planned=np.nan, course=float(course + 1)),
            follow_ups.assign(course=float(course + 1)),
        ]
    return parts
