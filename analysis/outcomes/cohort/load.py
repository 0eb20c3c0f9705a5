"""Load a clinic's own patients, checked."""

from __future__ import annotations

import hashlib
from pathlib import Path

from analysis import paths
from analysis.outcomes.cohort import build, rules
from analysis.outcomes.cohort.cautions import alike_patients, cautions, decimal_comma
from analysis.outcomes.cohort.columns import recognise
from analysis.outcomes.cohort.excel import read_xlsx
from analysis.outcomes.cohort.files import no_rows, read_csv
from analysis.outcomes.cohort.form import strange_rows
from analysis.outcomes.cohort.parquet import read_parquet
from analysis.outcomes.cohort.raw import SAME_RULE, Raw, without_empty_rows
from analysis.outcomes.cohort.table import Cohort
from analysis.tabular.problems import DataError, Problem

SPREADSHEETS = (b"PK\x03\x04", b"PK\x05\x06")
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
PARQUET = b"PAR1"
TEXT_ENDINGS = (".csv", ".tsv", ".txt")


def load(path: str | Path) -> Cohort:
    """The patients of a clinic's own table, after every check.

    path: CSV (UTF-8; comma, semicolon or tab), Excel (.xlsx) or Parquet, in the long form (one row a visit) or the wide
    form (one row a course); data/cohorts/README.md describes both. Absolute, or relative to the working directory or to
    the repository.

    Raises DataError, which lists every problem with file, row, column, value, rule and what to do: of the file, of its
    columns, of single cells and across rows. Nothing is dropped, imputed or converted silently; what a reader must know
    without the table being wrong stands in the cohort's warnings.
    """
    path, content = _bytes(path)
    file = path.name
    digest = hashlib.sha256(content).hexdigest()
    raw, problems = _read(content, path)
    del content
    if raw is None:
        raise DataError(problems)
    layout, found = recognise(raw)
    problems += found
    if layout is None:
        raise DataError(_sorted(problems, raw))
    raw, found = without_empty_rows(raw)
    problems += found
    raw, found = strange_rows(raw, layout)
    problems += found
    if not len(raw.rows) and not problems:
        raise DataError([no_rows(file)])
    parsed, found = build.parse(raw, layout)
    problems += found
    long, found = build.visits_of(raw, layout, parsed)
    problems += found
    attributes = {}
    if long is not None:
        attributes, found = rules.attributes_are_constant(raw, long, parsed.attributes(), parsed.words)
        problems += found
        if "age" in attributes:
            problems += rules.age_runs_forward(raw, long, attributes["age"])
    if problems:
        raise DataError(_sorted(problems, raw))
    visits = build.visits_table(raw, long)
    courses = build.courses_table(long, parsed.words, attributes)
    told = [decimal_comma(raw, parsed.comma)] if parsed.comma else []
    told += [alike_patients(raw, parsed.alike)] if parsed.alike else []
    told += cautions(raw, layout, visits, courses)
    synthetic = "synthetic" in path.stem.lower()
    return Cohort(path.stem, file, synthetic, digest, visits, courses, DataError(told).problems)


def _bytes(path: str | Path) -> tuple[Path, bytes]:
    """Where the file is, and its content."""
    try:
        path = paths.resolve(path)
        return path, path.read_bytes()
    except FileNotFoundError:
        advice = f"name a file that is there; there is none at {path}"
    except (OSError, RuntimeError, ValueError) as error:  # a folder, no permission; no such user's home; no such name
        advice = f"name a file that may be read; {path}: {getattr(error, 'strerror', None) or error}"
    raise DataError([Problem(Path(path).name, None, "", "", "the cohort is a file that can be read", advice)])


def _sorted(problems: list[Problem], raw: Raw) -> list[Problem]:
    """What concerns the whole file, then kind after kind, by the first row of each and by column."""
    places = {name.strip(): place for place, name in enumerate(raw.header)}

    def kind(problem: Problem) -> tuple[str, str]:
        return problem.column, problem.rule.partition(SAME_RULE)[2] or problem.rule

    first: dict[tuple[str, str], int] = {}
    for problem in problems:
        if SAME_RULE not in problem.rule:
            first.setdefault(kind(problem), problem.row or 0)
    return sorted(problems, key=lambda problem: (first.get(kind(problem), 0), places.get(problem.column, -1)))


def _read(content: bytes, path: Path) -> tuple[Raw | None, list[Problem]]:
    """The table of a file whose first bytes agree with its ending."""
    file, ending = path.name, path.suffix.lower()
    start = content[:4]
    is_spreadsheet, is_parquet = start in SPREADSHEETS, start == PARQUET
    rule = "a cohort is a .csv, .xlsx or .parquet file, and its content is what its ending says"
    if start == OLD_EXCEL:
        advice = "save it as .xlsx without a password: this is the format of Excel before 2007, or it is encrypted"
    elif ending == ".xlsx" and is_spreadsheet:
        return read_xlsx(content, file)
    elif ending == ".parquet" and is_parquet:
        return read_parquet(content, file)
    elif ending in TEXT_ENDINGS and not is_spreadsheet and not is_parquet:
        return read_csv(content, file)
    elif is_spreadsheet:
        advice = "if it is an Excel workbook, give it the ending .xlsx; else save it from its program as .xlsx or CSV"
    elif is_parquet:
        advice = "give it the ending .parquet"
    elif ending in (".xlsx", ".parquet"):
        advice = "if it is separated text, give it the ending .csv; else save it again from its program"
    else:
        advice = "save it from its program in one of these formats"
    return None, [Problem(file, None, "", "", rule, advice)]
