"""A map in words, for a report: what became what, without the counts of small groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.tabular.mapping.cohort_map import CohortMap
from analysis.tabular.mapping.map_keys import NOT_USED
from analysis.tabular.problems import listed
from analysis.tabular.text_table import TextTable
from analysis.wording import counted

_WITHOUT_DATE = {"stop": "is refused", "left_out": "is left out", "planned_week": "counts at its planned week"}


def map_lines(
    use: CohortMap, rows: int, used: int, left_out: pd.DataFrame, table: TextTable, least: int
) -> list[tuple[str, str, str]]:
    """Return what, source and became of each part of a map.

    Counts of cells and groups are left out; those of rows are shown only if none of them is below `least`. Reasons for
    fewer rows and words of fewer patients are not named. left_out: columns reason and rows. table: in the long form.
    """
    open_counts = all(count >= least for count in (used, *left_out["rows"]))
    number = (
        f"{rows} = {used} used + {rows - used} left out" if open_counts else "numbers of small groups are not shown"
    )
    lines = [
        (
            "rows",
            number if len(left_out) else str(rows) if rows >= least else f"fewer than {least}",
            f"rows: {use.rows}",
        )
    ]
    few = left_out["rows"] < least  # a reason names a value of the table
    lines += [("left out", str(line.rows) if open_counts else "", line.reason) for line in left_out[~few].itertuples()]
    lines += [("left out", "", f"other reasons, fewer than {least} rows each")] if few.any() else []
    for column in (column for column in use.columns if column.used and column.role != "visit"):
        common = _common_words(table, column.role, least) if column.codes else ()
        details = [f"{code} is {word}" for code, word in column.codes.items() if word in common]
        rare = len(column.codes) - len(details)
        details += [f"{rare} of fewer than {least} patients"] if rare else []
        details += [column.meaning] if column.meaning else []
        details += [f"scale {column.scale}"] if column.scale else []
        details += [f"in {column.unit}"] if column.unit else []
        details += [f"missing: {listed(column.missing)}"] if column.missing else []
        lines.append((column.role, column.name, "; ".join(details)))
    for visit in use.visits:
        place = visit.code or listed(visit.columns)
        details = [] if visit.planned_week is None else [f"planned week {visit.planned_week:g}"]
        details += ["starts a course"] if visit.starts_course else []
        details += [f"score asked {visit.score_is} the infusion"] if visit.score_is else []
        lines.append((visit.visit, place, "; ".join(details)))
    for window in use.windows:
        anchor = "after the end" if window.after_end else "before the start"
        details = [f"at least {counted(window.least_days, 'day')}"]
        details += [] if window.planned_week is None else [f"planned week {window.planned_week:g}"]
        lines.append((window.visit, f"days {window.first} to {window.last} {anchor}", "; ".join(details)))
    if use.second_file:
        second = use.second_file
        lines.append(("infusions", second.file, f"start in {second.start}, end in {second.end}"))
    if use.scores.scale:
        missing = f"; missing: {listed(use.scores.missing)}" if use.scores.missing else ""
        lines.append(("scores", f"scale {use.scores.scale}", f"{use.scores.meaning or 'not_stated'}{missing}"))
    lines += [("keep", column, listed(values, last=" or ")) for column, values in use.keep]
    lines += [("add", name, value) for name, value in use.add.items()]
    details = [f"day of the export {use.data_until}"]
    if use.weeks_from == "dates":
        details.append(f"a visit without a date {_WITHOUT_DATE[use.if_no_date]}")
    if use.far_from_plan is not None:
        details.append(f"told if more than {use.far_from_plan:g} weeks from the plan")
    if use.date_missing:
        details.append(f"missing dates: {listed(use.date_missing)}")
    lines.append(("weeks", f"from {use.weeks_from}", "; ".join(details)))
    details = []
    if use.courses_from == "infusions":
        details.append(f"infusions within {counted(use.same_course_days, 'day')} of the one before are one course")
        details.append(f"baseline of a later course: last score within {counted(use.baseline_days, 'day')} before it")
    lines.append(("courses", f"from {use.courses_from}", "; ".join(details)))
    unused = [column.name for column in use.columns if column.role == NOT_USED]
    return [*lines, ("not used", listed(unused, 40), "")] if unused else lines


def _common_words(table: TextTable, name: str, least: int) -> set[str]:
    """Return the words of a column that `least` patients or more have."""
    words, identifiers = table[name].words.to_pylist(), table["patient_id"]
    pairs = np.unique(table[name].codes.astype(np.int64) * len(identifiers.words) + identifiers.codes)
    patients = np.bincount(pairs // len(identifiers.words), minlength=len(words))
    return {word for word, count in zip(words, patients.tolist(), strict=True) if count >= least}
