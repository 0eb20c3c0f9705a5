"""The values of a matrix in the list of reports: every study, every site of a cohort.

The names of sites are text from a user's table; the folder named after one is always made of a-z, 0-9 and hyphens.
"""

from __future__ import annotations

import csv
import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from analysis.paths import DATA
from analysis.reporting.provenance import sha256

_LONGEST_SLUG = 48

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


def cohort_parts(path: Path, written: str) -> Parts:
    """Return the distinct [site, regimen class, year] of a cohort's courses as text (missing: empty), sorted.

    written: the path as the user wrote it, for messages. Raises CohortUnusable with the number of problems of the file,
    the first problem and the command that lists all.
    """
    from analysis.outcomes import cohort
    from analysis.tabular.problems import DataError

    try:
        courses = cohort.load(path).courses
    except DataError as error:
        raise CohortUnusable(_first_problem(written, error)) from None
    parts = courses[list(COHORT_COLUMNS.values())].drop_duplicates().astype("string").fillna("")
    return sorted(parts.to_numpy().tolist())


def _first_problem(written: str, error: Exception) -> str:
    """Return one line, without the value, which could identify a patient."""
    problems = error.problems
    first = problems.iloc[0]
    where = ", ".join(
        f"{name} {first[name]}" for name in ("row", "column") if str(first[name]) not in ("", "nan", "<NA>")
    )
    count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    what = f"{where}: {first['rule']}" if where else str(first["rule"])
    return (
        f"the cohort {written} has {count}; first: {what.rstrip('.')}. "
        f"All of them: python -m analysis check --cohort {shlex.quote(written)}"
    )


def cohort_values(parts: Parts, parameters: Iterable[str]) -> list[dict[str, str]]:
    """Return each combination of these parameters' values that occurs in the cohort, without missing values."""
    columns = list(COHORT_COLUMNS)
    wanted = [(name, columns.index(name)) for name in parameters]
    combinations = {tuple(part[n] for _, n in wanted) for part in parts}
    chosen = sorted(
        (values for values in combinations if all(values)), key=lambda values: [(v.casefold(), v) for v in values]
    )
    return [{name: value for (name, _), value in zip(wanted, values, strict=True)} for values in chosen]


def slugs(values: Iterable[str]) -> dict[str, str]:
    """Return a short name of a-z, 0-9 and hyphens for each text: unique and not empty.

    Letters lose their accents; texts that would get the same name (or none) get the start of their SHA-256 at the end.
    """
    values = list(dict.fromkeys(values))
    plain = {value: _slug(value) for value in values}
    marked = {value: f"{plain[value]}-{sha256(value.encode(errors='replace'))[:8]}".lstrip("-") for value in values}
    often = Counter(plain.values())
    chosen = {value: plain[value] if plain[value] and often[plain[value]] == 1 else marked[value] for value in values}
    return chosen if len(set(chosen.values())) == len(values) else marked


def _slug(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text[:1000]).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", letters))[:_LONGEST_SLUG].strip("-")
