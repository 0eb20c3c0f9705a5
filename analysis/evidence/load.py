"""Load the evidence tables, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import paths
from analysis.evidence import cells, dictionary, files, joins
from analysis.evidence.dictionary import DICTIONARY, Dictionary, Table
from analysis.evidence.within import Tables
from analysis.tabular.problems import DataError, Problem

DTYPES = {"string": "str", "number": "float64", "integer": "Int64"}
TABLES = (
    "sources",
    "studies",
    "arms",
    "pain_scores",
    "responders",
    "durations",
    "reported_tests",
    "adverse_events",
    "reviews",
    "pharmacology",
    "patient_level",
    "conflicts",
)


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """The evidence tables. Columns, units and allowed values are described in data/datapackage.yaml.

    Each table has the columns of the dictionary in its order, text as `str` (missing = NaN), numbers as float64, whole
    numbers as Int64, and last `row`, the row number as a spreadsheet shows it (the header is row 1).

    sources        one row for each page or paper read
    studies        one row for each primary study
    arms           one row for each treatment arm, course or subgroup
    pain_scores    pain intensity at one time
    responders     how many improved, at one time and by one definition
    durations      one statement on how long the benefit lasted
    reported_tests one printed test or other statistic
    adverse_events one event in one group
    reviews        one number of a guideline, meta-analysis or systematic review
    pharmacology   one parameter
    patient_level  one value of one patient
    conflicts      one contradiction between sources

    texts: the cells as they stand in the files, table -> row -> column -> text: there 61.0 keeps its zero.
    folder: where they came from; hashes: SHA-256 of each file that counts; hash: one for all of them.
    """

    sources: pd.DataFrame
    studies: pd.DataFrame
    arms: pd.DataFrame
    pain_scores: pd.DataFrame
    responders: pd.DataFrame
    durations: pd.DataFrame
    reported_tests: pd.DataFrame
    adverse_events: pd.DataFrame
    reviews: pd.DataFrame
    pharmacology: pd.DataFrame
    patient_level: pd.DataFrame
    conflicts: pd.DataFrame
    texts: dict[str, dict[int, dict[str, str]]]
    folder: Path
    hashes: dict[str, str]
    hash: str

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(getattr(self, name))} {name}" for name in TABLES)
        return f"Evidence({sizes}; hash {self.hash[:12]})"


def load(folder: str | Path = "data") -> Evidence:
    """The evidence tables of a folder, after every check.

    folder: absolute, or relative to the working directory or to the repository.

    Raises DataError, which lists every problem of every table at once: form of the files, dictionary (types, allowed
    values, required and unique values, keys, both ways) and the rules of `within` and `joins`.
    """
    folder = paths.resolve(folder, paths.DATA, marker=DICTIONARY)
    if not folder.is_dir():
        problem = Problem(
            str(folder.name),
            None,
            "",
            "",
            "the evidence tables lie in a folder",
            f"name the folder that holds {DICTIONARY}; there is none at {folder}",
        )
        raise DataError([problem], str(folder))
    package = dictionary.read(folder)
    records, texts, problems = _checked(folder, package)
    if problems:
        raise DataError(_sorted(problems, package), str(folder))
    hashes = _hashes(folder, package)
    together = hashlib.sha256("".join(f"{value}  {name}\n" for name, value in hashes.items()).encode()).hexdigest()
    frames = {name: _frame(package.tables[name], records[name]) for name in TABLES}
    return Evidence(**frames, texts=texts, folder=folder, hashes=hashes, hash=together)


def _checked(
    folder: Path, package: Dictionary
) -> tuple[dict[str, list[cells.Record]], dict[str, dict[int, dict[str, str]]], list[Problem]]:
    """Records and texts of all tables, and all that is wrong.

    A table that can't be read doesn't hide the problems of the others.
    """
    problems = [
        Problem(
            DICTIONARY,
            None,
            name,
            "",
            "the dictionary describes every table of the evidence",
            f"put the entry of {name} back (git checkout {DICTIONARY})",
        )
        for name in TABLES
        if name not in package.tables
    ]
    problems += files.unlisted(folder, package)
    all_rows: dict[str, files.Rows] = {}
    for name, table in package.tables.items():
        rows, found = files.read_table(folder, table)
        problems += found
        if rows is not None:
            all_rows[name] = rows
    records: dict[str, list[cells.Record]] = {}
    for name, rows in all_rows.items():
        table = package.tables[name]
        records[name], found = cells.read_cells(table, rows)
        problems += [*found, *cells.repeated(table, rows), *cells.orphans(table, rows, package.tables, all_rows)]
    texts = {name: {row.number: row.cells for row in rows.rows} for name, rows in all_rows.items()}
    tables = Tables(records, {name: table.file for name, table in package.tables.items()}, texts)
    problems += joins.problems(tables)
    problems += joins.the_other_value_has_a_place(tables, {name: table.names for name, table in package.tables.items()})
    known = cells.known_keys(all_rows, (("studies", "study_id"), ("reviews", "review_id")))
    if known is not None:
        problems += joins.study_or_review(tables, known)
    for file in package.files.values():
        keys, found = files.bibliography(folder, file)
        problems += found
        if keys is not None and known is not None:
            problems += joins.one_reference_each(tables, keys, file)
    return records, texts, problems


def _sorted(problems: list[Problem], package: Dictionary) -> list[Problem]:
    """In the order of the dictionary, then of the rows and columns."""
    order = {DICTIONARY: -1}
    for table in package.tables.values():
        order[table.file] = len(order)
    columns = {
        (table.file, name): position for table in package.tables.values() for position, name in enumerate(table.names)
    }
    return sorted(
        problems,
        key=lambda problem: (
            order.get(problem.file, len(order)),
            problem.file,
            problem.row or 0,
            columns.get((problem.file, problem.column), -1),
        ),
    )


def _frame(table: Table, records: list[cells.Record]) -> pd.DataFrame:
    data = {
        column.name: pd.array([record[column.name] for record in records], dtype=DTYPES[column.type])
        for column in table.columns
    }
    return pd.DataFrame({**data, "row": pd.array([record["row"] for record in records], dtype="int64")})


def _hashes(folder: Path, package: Dictionary) -> dict[str, str]:
    names = {DICTIONARY, *package.files.values(), *(table.file for table in package.tables.values())}
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(names)}
