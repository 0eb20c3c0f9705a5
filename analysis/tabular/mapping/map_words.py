"""A map in words, for a report: what became what, without the counts of small groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.tabular.mapping.cohort_map import CohortMap
from analysis.tabular.mapping.map_keys import NOT_USED
from analysis.tabular.problems import listed
from analysis.tabular.text_table import TextTable


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
        lines.append((visit.visit, place, "" if visit.planned_week is None else f"planned week {visit.planned_week:g}"))
    for window in use.windows:
        anchor = "after the end" if window.after_end else "before the start"
        lines.append(
            (window.visit, f"days {window.first} to {window.last} {anchor}", f"at least {window.least_days} days")
        )
    if use.scores.scale:
        missing = f"; missing: {listed(use.scores.missing)}" if use.scores.missing else ""
        lines.append(("scores", f"scale {use.scores.scale}", f"{use.scores.meaning or 'not_stated'}{missing}"))
    lines += [("keep", column, listed(values, last=" or ")) for column, values in use.keep]
    lines += [("add", name, value) for name, value in use.add.items()]
    lines.append(("weeks", f"from {use.weeks_from}", f"day of the export {use.data_until}"))
    lines.append(("courses", f"from {use.courses_from}", ""))
    unused = [column.name for column in use.columns if column.role == NOT_USED]
    return [*lines, ("not used", listed(unused, 40), "")] if unused else lines


def _common_words(table: TextTable, name: str, least: int) -> set[str]:
    """Return the words of a column that `least` patients or more have."""
    words, identifiers = table[name].words.to_pylist(), table["patient_id"]
    pairs = np.unique(table[name].codes.astype(np.int64) * len(identifiers.words) + identifiers.codes)
    patients = np.bincount(pairs // len(identifiers.words), minlength=len(words))
    return {word for word, count in zip(words, patients.tolist(), strict=True) if count >= least}
