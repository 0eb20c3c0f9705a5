"""Load and check the evidence tables."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analysis import paths
from analysis.evidence import cross_row_rules
from analysis.evidence.bibliography import bibliography_keys, one_reference_each, one_year_each
from analysis.evidence.evidence_files import MOST_BYTES, read_evidence_table, read_text, unlisted_files
from analysis.evidence.records import Record, Tables, records_of, texts_of
from analysis.evidence.row_ids import row_ids_are_used_once, row_number
from analysis.paths import TABLES
from analysis.tabular.data_package import DICTIONARY, read_package
from analysis.tabular.keys import orphans, repeated_keys
from analysis.tabular.problems import DataError, Problem, merged, sort_problems
from analysis.tabular.schema import DataPackage, TableSchema
from analysis.tabular.text_table import TextTable

_DTYPES = {"string": "str", "number": "float64", "integer": "Int64", "date": "str"}
_valid: dict[tuple[Path, str], Evidence] = {}  # the last tables without a problem, by folder and hash


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """The evidence tables. Columns, units and allowed values are described in data/datapackage.yaml.

    Each table has the columns of the dictionary in its order, text as `str` (missing = NaN), dates as ISO text, numbers
    as float64, whole numbers as Int64, and last `row`, the number in its row_id (`responders-27` has 27).

    Attributes
    ----------
    sources : DataFrame, one row per page or paper read
    studies : DataFrame, one row per primary study
    arms : DataFrame, one row per treatment arm, course or subgroup
    pain_scores : DataFrame, one row per arm and time
    responders : DataFrame, one row per arm, time and definition
    durations : DataFrame, one row per statement about the duration of benefit
    reported_tests : DataFrame, one row per printed test or other statistic
    adverse_events : DataFrame, one row per event and group
    reviews : DataFrame, one row per number of a guideline, meta-analysis or systematic review
    pharmacology : DataFrame, one row per parameter
    patient_level : DataFrame, one row per value of a patient
    conflicts : DataFrame, one row per contradiction between sources
    planned_outcomes : DataFrame, one row per outcome of a registry record or protocol
    risk_of_bias, certainty : DataFrame, one row per judgement of a reader, and per settled judgement
    outcomes : DataFrame, one row per key outcome
    searches, screening : DataFrame, one row per query, and per decision on a record
    extraction : DataFrame, one row per cell that two readers extracted
    texts : dict
        Text of the cells in the files (such as `61.0`): table -> number in the row_id -> column -> text.
    folder : Path
        Folder of the files.
    hashes : dict of str to str
        SHA-256 of each file.
    hash : str
        SHA-256 of all files.
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
    planned_outcomes: pd.DataFrame
    risk_of_bias: pd.DataFrame
    outcomes: pd.DataFrame
    certainty: pd.DataFrame
    searches: pd.DataFrame
    screening: pd.DataFrame
    extraction: pd.DataFrame
    texts: dict[str, dict[int, dict[str, str]]]
    folder: Path
    hashes: dict[str, str]
    hash: str

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(getattr(self, name))} {name}" for name in TABLES)
        return f"Evidence({sizes}; hash {self.hash[:12]})"


def load(folder: str | Path = "data") -> Evidence:
    """Return the checked evidence tables of a folder.

    Parameters
    ----------
    folder : str or Path
        Absolute, or relative to the working directory or to the repository.

    Tables that were valid are not checked again while the files stay the same, which takes a tenth of a study report:
    the reports of a batch inherit them. Each call returns tables of its own.

    Raises
    ------
    DataError
        With all problems of all tables: files, violations of the dictionary (columns, types, allowed values, required
        and unique values, keys) and of the rules of `row_rules`, `cross_row_rules`, `percent_counts`,
        `judgement_rules`, `row_ids` and `bibliography`.
    """
    folder = paths.resolve(folder, paths.DATA, marker=DICTIONARY)
    if not folder.is_dir():
        advice = f"name the folder that contains {DICTIONARY}; there is none at {folder}"
        problem = Problem(folder.name, None, "", "", "the evidence tables lie in a folder", advice)
        raise DataError([problem], str(folder))
    package = read_package(folder)
    hashes = _hashes(folder, package)
    together = hashlib.sha256("".join(f"{value}  {name}\n" for name, value in hashes.items()).encode()).hexdigest()
    if (folder, together) not in _valid or any(unlisted_files(folder, package)):
        tables, problems = _checked(folder, package)
        if hashes != _hashes(folder, package):  # a file changed while they were read
            return load(folder)
        if problems:
            names = {schema.file: schema.names for schema in package.tables.values()}
            raise DataError(sort_problems(merged(problems), [DICTIONARY, *names], names), str(folder))
        frames = {name: _frame(package.tables[name], tables[name]) for name in TABLES}
        texts = {
            name: {row_number(cells["row_id"]): cells for cells in rows.values()} for name, rows in tables.texts.items()
        }
        _valid.clear()
        _valid[folder, together] = Evidence(**frames, texts=texts, folder=folder, hashes=hashes, hash=together)
    for name, value in hashes.items():
        paths.record_read(folder / name, value)
    known = _valid[folder, together]
    return replace(known, **{name: getattr(known, name).copy() for name in TABLES})


def column_titles(folder: Path) -> dict[str, dict[str, str]]:
    """Return the title of each column of each table, in the order of the dictionary."""
    tables = read_package(folder).tables
    return {name: {field.name: field.title for field in table.fields} for name, table in tables.items()}


def _checked(folder: Path, package: DataPackage) -> tuple[Tables, list[Problem]]:
    """Return all tables and all problems; the problems of a table are reported even if another one is unreadable."""
    rule, advice = "the dictionary describes every table of the evidence", f"(git checkout {DICTIONARY})"
    lacking = (name for name in TABLES if name not in package.tables)
    problems = [Problem(DICTIONARY, None, name, "", rule, f"put the entry of {name} back {advice}") for name in lacking]
    problems += unlisted_files(folder, package)
    texts: dict[str, TextTable] = {}
    misread: set[str] = set()
    for name, schema in package.tables.items():
        table, more = read_evidence_table(folder, schema)
        problems += more
        misread |= {name} if more else set()
        if table is not None:
            texts[name] = table
    records: dict[str, list[Record]] = {}
    for name, table in texts.items():
        schema = package.tables[name]
        records[name], more = records_of(table, schema)
        problems += [*more, *repeated_keys(table, schema), *orphans(table, schema, texts)]
    tables = Tables(
        records,
        {name: schema.file for name, schema in package.tables.items()},
        {name: texts_of(table, package.tables[name]) for name, table in texts.items()},
    )
    problems += cross_row_rules.problems(tables)
    problems += row_ids_are_used_once(tables, package, misread)
    names = {name: schema.names for name, schema in package.tables.items()}
    problems += cross_row_rules.unused_value_has_a_place(tables, names)
    for file in package.files.values():
        text, more = read_text(folder / file)
        problems += more
        if text is not None:
            keys, more = bibliography_keys(text, file)
            problems += more
            problems += one_reference_each(tables, keys, file)
            problems += one_year_each(tables, text, file)
    return tables, problems


def _frame(schema: TableSchema, records: list[Record]) -> pd.DataFrame:
    data = {
        field.name: pd.array([record[field.name] for record in records], dtype=_DTYPES[field.type])
        for field in schema.fields
        if field.name != "row_id"
    }
    return pd.DataFrame({**data, "row": pd.array([row_number(r["row_id"]) for r in records], dtype="int64")})


def _hashes(folder: Path, package: DataPackage) -> dict[str, str]:
    names = {DICTIONARY, *package.files.values(), *(schema.file for schema in package.tables.values())}
    hashes = {}
    for name in sorted(names):
        with suppress(OSError):  # a file that is missing, too large or can't be read has its message from `_checked`
            hashes[name] = hashlib.sha256(paths.read_file(folder / name, MOST_BYTES)).hexdigest()
    return hashes
