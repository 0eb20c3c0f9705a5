"""Load the evidence tables, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import paths
from analysis.evidence import joins
from analysis.evidence.bibliography import bibliography_keys, one_reference_each
from analysis.evidence.evidence_files import read_evidence_table, read_text, unlisted_files
from analysis.evidence.records import Record, Tables, records_of, texts_of
from analysis.tabular.data_package import DICTIONARY, read_package
from analysis.tabular.keys import orphans, repeated_keys
from analysis.tabular.problems import DataError, Problem, merged, sort_problems
from analysis.tabular.schema import DataPackage, TableSchema
from analysis.tabular.text_table import TextTable

_DTYPES = {"string": "str", "number": "float64", "integer": "Int64"}
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
    """Return the evidence tables of a folder, after every check.

    Parameters
    ----------
    folder : str or Path
        Absolute, or relative to the working directory or to the repository.

    Raises
    ------
    DataError
        With all problems of all tables: of the files, against the dictionary (types, allowed values, required and
        unique values, keys, both ways), and of the rules of `within`, `percent_counts`, `joins` and `bibliography`.
    """
    folder = paths.resolve(folder, paths.DATA, marker=DICTIONARY)
    if not folder.is_dir():
        advice = f"name the folder that holds {DICTIONARY}; there is none at {folder}"
        problem = Problem(folder.name, None, "", "", "the evidence tables lie in a folder", advice)
        raise DataError([problem], str(folder))
    package = read_package(folder)
    tables, problems = _checked(folder, package)
    if problems:
        names = {schema.file: schema.names for schema in package.tables.values()}
        raise DataError(sort_problems(merged(problems), [DICTIONARY, *names], names), str(folder))
    hashes = _hashes(folder, package)
    together = hashlib.sha256("".join(f"{value}  {name}\n" for name, value in hashes.items()).encode()).hexdigest()
    frames = {name: _frame(package.tables[name], tables[name]) for name in TABLES}
    return Evidence(**frames, texts=tables.texts, folder=folder, hashes=hashes, hash=together)


def _checked(folder: Path, package: DataPackage) -> tuple[Tables, list[Problem]]:
    """All tables, and the problems of all of them: an unreadable table doesn't hide the problems of the others."""
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
    problems += unlisted_files(folder, package)
    texts: dict[str, TextTable] = {}
    for name, schema in package.tables.items():
        table, found = read_evidence_table(folder, schema)
        problems += found
        if table is not None:
            texts[name] = table
    records: dict[str, list[Record]] = {}
    for name, table in texts.items():
        schema = package.tables[name]
        records[name], found = records_of(table, schema)
        problems += [*found, *repeated_keys(table, schema), *orphans(table, schema, texts)]
    tables = Tables(
        records,
        {name: schema.file for name, schema in package.tables.items()},
        {name: texts_of(table, package.tables[name]) for name, table in texts.items()},
    )
    problems += joins.problems(tables)
    names = {name: schema.names for name, schema in package.tables.items()}
    problems += joins.the_other_value_has_a_place(tables, names)
    known = _known_names(texts)
    if known is not None:
        problems += joins.study_or_review(tables, known)
    for file in package.files.values():
        text, found = read_text(folder / file)
        problems += found
        if text is not None:
            keys, found = bibliography_keys(text, file)
            problems += found
            problems += one_reference_each(tables, keys, file) if known is not None else []
    return tables, problems


def _known_names(texts: dict[str, TextTable]) -> set[str] | None:
    """Return the names of all studies and reviews, or None if one of their tables can't be read."""
    names: set[str] = set()
    for table, column in (("studies", "study_id"), ("reviews", "review_id")):
        if table not in texts or column not in texts[table].names:
            return None
        names.update(texts[table][column].texts())
    return names - {""}


def _frame(schema: TableSchema, records: list[Record]) -> pd.DataFrame:
    data = {
        field.name: pd.array([record[field.name] for record in records], dtype=_DTYPES[field.type])
        for field in schema.fields
    }
    return pd.DataFrame({**data, "row": pd.array([record["row"] for record in records], dtype="int64")})


def _hashes(folder: Path, package: DataPackage) -> dict[str, str]:
    names = {DICTIONARY, *package.files.values(), *(schema.file for schema in package.tables.values())}
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(names)}
