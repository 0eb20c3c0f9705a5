"""Load and check a clinic's own patients."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from analysis import paths
from analysis.outcomes.cohort import parsing, rules
from analysis.outcomes.cohort.cautions import alike_patients, cautions, decimal_comma_caution
from analysis.outcomes.cohort.disclosure import RELEASES
from analysis.outcomes.cohort.extra_rows import without_extra_rows
from analysis.outcomes.cohort.form import long_form
from analysis.outcomes.cohort.layout import is_known, recognise
from analysis.outcomes.cohort.table import Cohort, FollowUpPlan
from analysis.tabular.advice import WRONG_COLUMN
from analysis.tabular.formats import read_table
from analysis.tabular.header import too_few_rows
from analysis.tabular.identifiers import identifier_problems
from analysis.tabular.mapping.application import MappingRecord, apply_map
from analysis.tabular.mapping.map_reader import read_map
from analysis.tabular.mapping.map_words import map_lines
from analysis.tabular.mapping.text_tree import MOST_MAP_BYTES
from analysis.tabular.origin import CLINIC_TABLES
from analysis.tabular.problems import DataError, Problem, sort_problems
from analysis.tabular.size_limits import MOST_TABLE_BYTES
from analysis.tabular.text_table import TextTable, without_empty_rows


def load(path: str | Path, cohort_map: str | Path = "") -> Cohort:
    """Return the checked patients of a clinic's own table.

    Nothing is dropped, imputed or converted silently; peculiarities of a valid table are in the cohort's warnings.

    Parameters
    ----------
    path : str or Path
        CSV (UTF-8; comma, semicolon or tab), Excel (.xlsx) or Parquet, in the long form (one row per visit) or the wide
        form (one row per course); data/cohorts/README.md describes both. Absolute, or relative to the working directory
        or to the repository. With a map also SPSS (.sav, .zsav) and Stata (.dta).
    cohort_map : str or Path
        Map (.yml) that turns the table into the long form; "" = the table has one of the two forms. No map is ever
        searched for.

    Raises
    ------
    DataError
        With all problems: of the file, of its columns, of single cells and across rows. In a report, whose messages go
        into files, without the values of cells.
    """
    return load_table(path, cohort_map)[0]


def load_table(path: str | Path, cohort_map: str | Path = "") -> tuple[Cohort, TextTable]:
    """Return the checked patients, and the table in one of the two forms that they were read from; raises as `load`."""
    try:
        cohort, _, table = _load(path, cohort_map)
        return cohort, table
    except DataError as error:
        if paths.is_in_report():
            raise error.without_values(path, cohort_map) from None
        raise


def load_patient(path: str | Path, code: str, cohort_map: str | Path = "") -> tuple[Cohort, int]:
    """Return the cohort and the number of the patient with this identifier, for a page that stays on this computer.

    Raises
    ------
    DataError
        As `load`.
    KeyError
        If the table has no such identifier; the message does not repeat it.
    """
    cohort, number, _ = _load(path, cohort_map, code)
    if number is None:
        raise KeyError(f"{cohort.file} has no patient with this identifier")
    return cohort, number


def _load(path: str | Path, cohort_map: str | Path, code: str = "") -> tuple[Cohort, int | None, TextTable]:
    """Return the cohort, the number of the patient with an identifier if one is given, and the table."""
    path, content = _content(path)
    file = path.name
    digest = hashlib.sha256(content).hexdigest()
    paths.record_read(path, digest)
    mapped = None
    if cohort_map:
        (table, mapped), problems = mapped_table(path, content, cohort_map), []
    else:
        table, problems = read_table(content, file, is_known, CLINIC_TABLES)
    del content
    if table is None:
        raise DataError(problems)
    table = table.complete_rows()
    layout, more = recognise(table)
    problems += more
    if layout is None:
        raise _error(problems, table)
    table, more = without_empty_rows(table)
    problems += more
    table, more = without_extra_rows(table, layout)
    problems += more
    if not len(table) and not problems:
        raise DataError([too_few_rows(file, 1, CLINIC_TABLES)])
    if "patient_id" in layout.names and mapped is None:
        wrong = identifier_problems(table, "patient_id", around=False)
        if wrong:  # what follows would compare visits of patients who may not be the same
            raise _error(problems + wrong, table)
    parsed, more = parsing.parse(table, layout)
    problems += more
    if any(problem.advice == WRONG_COLUMN for problem in more):  # most visits are unknown
        raise _error(problems, table)
    long, more = parsing.visits_of(table, layout, parsed)
    problems += more
    attributes = {}
    if long is not None:
        attributes, more = rules.attributes_are_constant(table, long, parsed.attributes(), parsed.words)
        problems += more
        if "age" in attributes:
            problems += rules.age_does_not_fall(table, long, attributes["age"])
    if problems:
        raise _error(problems, table)
    visits = parsing.visits_table(table, long, layout.measures())
    courses = parsing.courses_table(long, parsed.words, attributes)
    least = RELEASES["internal"] if paths.is_in_report() else 1
    compare = "compare it with the table “what became what” of check --map"
    warnings = [
        Problem(file, None, "", "", words, compare) for words in (mapped.remarks if mapped and least == 1 else ())
    ]
    warnings += [decimal_comma_caution(file, () if least > 1 else parsed.comma_example)] if parsed.comma_example else []
    warnings += [alike_patients(file, parsed.alike)] if parsed.alike else []
    warnings += cautions(file, layout.unused, visits, courses, least, mapped is not None)
    weeks = np.unique([] if long.planned_week is None else long.planned_week[~np.isnan(long.planned_week)]).tolist()
    number = parsing.number_of_code(table, parsed, code) if code else None
    plan = FollowUpPlan(tuple(weeks), mapped.data_until if mapped else None)
    cohort = Cohort(
        name=path.stem,
        file=file,
        synthetic="synthetic" in path.stem.lower(),
        hash=digest,
        visits=visits,
        courses=courses,
        warnings=DataError(warnings).problems,
        plan=plan,
        measures=layout.measures(),
        mapping=mapped,
    )
    return cohort, number, table


def mapped_table(path: Path, content: bytes, cohort_map: str | Path) -> tuple[TextTable, MappingRecord]:
    """Return the table that a map makes of a clinic's file, and what became what. Raises MapError or DataError."""
    map_path, map_content = _content(cohort_map, MOST_MAP_BYTES)
    digest = hashlib.sha256(content).hexdigest()
    use = read_map(map_content, map_path.name, long_form())
    paths.record_read(map_path, use.sha256)

    def beside(name: str) -> bytes:
        other, found = _content(path.parent / Path(name).name)
        paths.record_read(other, hashlib.sha256(found).hexdigest())
        return found

    table, record = apply_map(content, path.name, digest, use, long_form(), beside)
    lines = map_lines(use, record.rows, record.used_rows, record.left_out, table, RELEASES["public"])
    paths.record_mapping(map_path.name, use.sha256, lines)
    return table, record


def _content(path: str | Path, most: int = MOST_TABLE_BYTES) -> tuple[Path, bytes]:
    """Return the resolved path of the file, and its content."""
    try:
        path = paths.resolve(path)
        return path, paths.read_file(path, most)
    except FileNotFoundError:
        advice = f"name a file that is there; there is none at {path}"
    except (OSError, RuntimeError, ValueError) as error:  # a folder, no permission, unknown home, invalid name
        advice = f"name a file that may be read; {path}: {getattr(error, 'strerror', None) or error}"
    raise DataError([Problem(Path(path).name, None, "", "", "the cohort is a file that can be read", advice)])


def _error(problems: list[Problem], table: TextTable) -> DataError:
    return DataError(sort_problems(problems, [table.file], {table.file: table.names}))
