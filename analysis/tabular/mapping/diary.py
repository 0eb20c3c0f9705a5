"""Visits from the windows of days of a diary."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.tabular.mapping.entries import VISIT_ORDER, Entries, patient_codes
from analysis.tabular.mapping.mapped_cells import MappedCells
from analysis.tabular.mapping.source_table import SourceTable
from analysis.wording import counted


def visits_of_diary(cells: MappedCells, entries: Entries, infusions: SourceTable) -> None:
    """Replace the entries of a diary by one visit for each window and course; a visit's score is the mean of its days.

    A day's score is the mean of its entries. With fewer days than `least_days` the visit has no score. A window
    that ends after data_until makes no visit.
    """
    use, frame = cells.map, entries.frame
    courses = _courses(cells, infusions)
    if courses is None:
        return
    scored = frame[frame["score"].notna() & frame["date"].notna()]
    undated = int(frame["date"].isna().sum())
    if undated:
        entries.left_out["diary entry without a day"] += undated
    unscored = int((frame["score"].isna() & frame["date"].notna()).sum())
    if unscored:
        entries.left_out["diary entry without a score"] += unscored
    unknown = ~frame["patient"].isin(courses["patient"])
    parts, used = [], set()
    first_row = pd.concat([scored, frame]).groupby("patient")["row"].first().to_dict()
    by_patient = dict(list(scored.groupby("patient", sort=False)))
    for course in courses.itertuples():
        own = by_patient.get(course.patient)
        for place, window in enumerate(use.windows):
            anchor = course.end if window.after_end else course.start
            days = (window.first, window.last) if window.after_end else (-window.last, -window.first)
            low, high = (anchor + np.timedelta64(day, "D") for day in days)
            if high > np.datetime64(use.data_until):
                continue
            inside = pd.DataFrame() if own is None else own[own["date"].between(pd.Timestamp(low), pd.Timestamp(high))]
            used.update(inside["row"] if len(inside) else ())
            daily = inside.groupby("date")["score"].mean() if len(inside) else pd.Series(dtype=float)
            parts.append(
                {
                    "row": int(inside["row"].iloc[0]) if len(inside) else first_row.get(course.patient, -1),
                    "patient": course.patient,
                    "use": place,
                    "visit": VISIT_ORDER[window.visit],
                    "planned": np.nan if window.planned_week is None else window.planned_week,
                    "score": daily.mean() if len(daily) >= window.least_days else np.nan,
                    "date": anchor if window.visit != "follow_up" else low + (high - low) // 2,
                    "course": course.course,
                    "weeks": np.nan,
                }
            )
    outside = ~scored["row"].isin(used) & scored["patient"].isin(courses["patient"])
    if outside.any():
        entries.left_out["diary entry outside the windows"] += int(outside.sum())
    if unknown.any():
        entries.left_out["diary entry of a patient without an infusion"] += int(
            (unknown & frame["score"].notna() & frame["date"].notna()).sum()
        )
    entries.frame = pd.DataFrame(parts, columns=frame.columns)
    entries.frame["date"] = entries.frame["date"].astype("datetime64[s]")


def _courses(cells: MappedCells, infusions: SourceTable) -> pd.DataFrame | None:
    second = cells.map.second_file
    names = infusions.table.names
    for name in (second.patient_id, second.start, second.end):
        if name not in names:
            cells.problem(("second_file",), f"{second.file} has no column {name}", "correct second_file: in the map")
            return None
    other = MappedCells(infusions, cells.map)
    frame = pd.DataFrame(
        {
            "patient": patient_codes(infusions.table, second.patient_id),
            "start": other.days(second.start, (), ("second_file", "start_of_infusion")),
            "end": other.days(second.end, (), ("second_file", "end_of_infusion")),
        }
    )
    cells.problems += other.problems
    wrong = frame["start"].isna() | frame["end"].isna() | (frame["end"] < frame["start"])
    if wrong.any():
        rule = f"{counted(int(wrong.sum()), 'row')} of {second.file} without two days in order"
        cells.problem(("second_file",), rule, "correct the days there")
        return None
    frame = frame.sort_values(["patient", "start"], kind="stable")
    frame["course"] = frame.groupby("patient").cumcount() + 1.0
    frame["start"] = frame["start"].astype("datetime64[s]")
    frame["end"] = frame["end"].astype("datetime64[s]")
    return frame.sort_index()
