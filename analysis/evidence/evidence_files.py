"""The files of the evidence: the text of each table, and missing and unlisted files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.paths import read_file
from analysis.tabular import advice
from analysis.tabular.data_package import DICTIONARY
from analysis.tabular.formats import read_table
from analysis.tabular.header import header_problems, no_names_problem, schema_problems, too_few_rows
from analysis.tabular.origin import CURATED_TABLES
from analysis.tabular.problems import Problem
from analysis.tabular.schema import DataPackage, TableSchema
from analysis.tabular.separated import decode
from analysis.tabular.text_table import TextTable, without_empty_rows

MOST_BYTES = 5_000_000  # 60 times the largest table of today
_MOST_ROWS = 10_000


def read_evidence_table(folder: Path, schema: TableSchema) -> tuple[TextTable | None, list[Problem]]:
    """Return the text of a table (None if no row can be read) and the problems of its file and header."""
    path = folder / schema.file
    content, problems = _content(path)
    if content is None:
        return None, problems
    known = set(schema.names)
    table, problems = read_table(content, schema.file, known.__contains__, CURATED_TABLES)
    if table is None:
        return None, problems
    if len(table) > _MOST_ROWS:
        rule = f"a table of the evidence has at most {_MOST_ROWS:,} rows; this one has {len(table):,}"
        what_to_do = f"delete the rows that do not belong to it, or put the file back (git checkout {path})"
        return None, [*problems, Problem(schema.file, None, "", "", rule, what_to_do)]
    if not known.intersection(table.names):
        return None, [*problems, no_names_problem(table, schema.names, known.__contains__, CURATED_TABLES)]
    table, more = without_empty_rows(table)
    problems += [*more, *header_problems(table, CURATED_TABLES), *schema_problems(table, schema, DICTIONARY)]
    if len(table) < schema.min_rows:
        problems.append(too_few_rows(schema.file, schema.min_rows, CURATED_TABLES))
    return table, problems


def read_text(path: Path) -> tuple[str | None, list[Problem]]:
    """Return the text of a file (None if it is missing), and the problem of its encoding or absence."""
    content, problems = _content(path)
    return (None, problems) if content is None else decode(content, path.name)


def unlisted_files(folder: Path, package: DataPackage) -> Iterator[Problem]:
    """Yield a problem for each table or bibliography in the folder that the dictionary does not list."""
    known = {schema.file for schema in package.tables.values()} | set(package.files.values())
    for path in sorted(folder.iterdir()):
        is_table = path.suffix.lower() in (".csv", ".bib") and path.is_file()
        if is_table and not path.name.startswith((".", "~")) and path.name not in known:
            what_to_do = advice.unlisted_file(DICTIONARY, folder.name)
            yield Problem(path.name, None, "", "", f"every table has an entry in {DICTIONARY}", what_to_do)


def _content(path: Path) -> tuple[bytes | None, list[Problem]]:
    try:
        return read_file(path, MOST_BYTES), []
    except FileNotFoundError:
        return None, [_missing_file(path)]
    except OSError as error:
        what_to_do = f"put a file in its place that can be read; {error.strerror}"
        return None, [Problem(path.name, None, "", "", "the file is part of the evidence tables", what_to_do)]


def _missing_file(path: Path) -> Problem:
    siblings = path.parent.iterdir() if path.parent.is_dir() else []
    similar = [other.name for other in siblings if other.is_file() and other.stem.lower() == path.stem.lower()]
    rule = "the file is part of the evidence tables"
    return Problem(path.name, None, "", "", rule, advice.missing_file(path.name, str(path.parent), similar))
