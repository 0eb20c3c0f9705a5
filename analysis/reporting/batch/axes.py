"""The values of a matrix in the list of reports: every study, every site of a cohort."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from analysis.paths import DATA

# parameter -> column of a cohort's courses; in a matrix: `sites: each_in_cohort`
COHORT_COLUMNS = {"sites": "site", "cohort_regimens": "regimen_class", "years": "year"}
EACH = "each_in_cohort"

Parts = list[list[str]]


class CohortUnusable(Exception):
    """A cohort can't be split into reports; the message is one line that says why."""


def every_study() -> list[str]:
    """Return the ids of all studies, in the order of studies.csv."""
    with (DATA / "studies.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row["study_id"] for row in csv.DictReader(file)]


def cohort_parts(path: Path, written: str, cohort_map: str = "") -> Parts:
    """Return the distinct [site, regimen class, year] of a cohort's courses as text (missing: empty), sorted.

    written: the path as the user wrote it, for messages. cohort_map: its map; "" without one. Raises CohortUnusable
    with the number of problems of the file, the first ones and the command that lists all.
    """
    from analysis.outcomes import cohort
    from analysis.tabular.problems import DataError, in_one_line

    try:
        courses = cohort.load(path, cohort_map).courses
    except DataError as error:
        raise CohortUnusable(in_one_line(str(error.without_values(written, cohort_map)))) from None
    parts = courses[list(COHORT_COLUMNS.values())].drop_duplicates().astype("string").fillna("")
    return sorted(parts.to_numpy().tolist())


def are_parts(value: Any) -> bool:
    """Return whether an object, which may have been edited by hand, has the form of the parts of a cohort."""
    rows = value if isinstance(value, list) else [None]
    texts = [row if isinstance(row, list) and len(row) == len(COHORT_COLUMNS) else [None] for row in rows]
    return all(isinstance(text, str) for row in texts for text in row)


def cohort_values(parts: Parts, parameters: Iterable[str]) -> list[dict[str, str]]:
    """Return each combination of these parameters' values that occurs in the cohort, without missing values."""
    columns = list(COHORT_COLUMNS)
    wanted = [(name, columns.index(name)) for name in parameters]
    combinations = {tuple(part[n] for _, n in wanted) for part in parts}
    chosen = sorted(
        (values for values in combinations if all(values)), key=lambda values: [(v.casefold(), v) for v in values]
    )
    return [{name: value for (name, _), value in zip(wanted, values, strict=True)} for values in chosen]
