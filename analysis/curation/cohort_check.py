"""What `check --cohort` prints: problems, a first look, a proposal, or what became what and the next command."""

from __future__ import annotations

import csv
import hashlib
import io
import shlex
from pathlib import Path

from analysis import paths
from analysis.cohort_wording import FEW_PATIENTS
from analysis.outcomes import cohort
from analysis.outcomes.cohort.clinic_file import load_table
from analysis.outcomes.cohort.disclosure import RELEASES
from analysis.outcomes.cohort.form import long_form
from analysis.outcomes.cohort.layout import has_form
from analysis.tabular.mapping.first_look import FirstLook, first_look
from analysis.tabular.mapping.map_problems import MapError
from analysis.tabular.mapping.map_text import ask_lines, first_words, map_text
from analysis.tabular.mapping.proposal import propose
from analysis.tabular.mapping.redcap import read_dictionary
from analysis.tabular.problems import DataError, Problem, as_sentence
from analysis.tabular.size_limits import MOST_TABLE_BYTES
from analysis.tabular.text_table import TextTable
from analysis.wording import counted


class WrongUse(Exception):
    """Options that do not fit each other, or a file that would be overwritten."""


def checked_cohort(file: str, cohort_map: str = "", write: str = "") -> tuple[bool, str]:
    """Return whether a clinic's table is valid, and what the command prints.

    file, cohort_map: as the user wrote them. write: where the table in the long form is written, if wanted.
    """
    if write and Path(write).exists():
        raise WrongUse(f"{write} is there already and is not overwritten; name another file: --write NAME")
    try:
        loaded, table = load_table(file, cohort_map)
    except MapError as error:
        return False, str(error)
    except DataError as error:
        if cohort_map:
            return False, f"{error}\n\nNothing was imported."
        return False, _without_map(file, error.with_traceback(None))  # which would keep the table
    parts = []
    if loaded.mapping is not None:
        parts.append(_changes_in_words(loaded))
    for warning in loaded.warnings.itertuples():
        place = f", column {warning.column}" if warning.column else ""
        rule, advice = as_sentence(warning.rule, warning.column), as_sentence(warning.advice)
        parts.append(f"Warning: {warning.file}{place}\n    {rule}\n    {advice}\n")
    courses = loaded.courses
    sizes = [
        counted(courses["patient"].nunique(), "patient"),
        counted(len(courses), "course"),
        counted(len(loaded.visits), "visit"),
        counted(courses["site"].nunique(), "site"),
    ]
    parts.append(f"Valid: {', '.join(sizes)}. Nothing was changed.{_few(loaded)}")
    if write:
        Path(write).write_text(_as_csv(table), encoding="utf-8")
        parts.append(f"Wrote {write}: the table in the long form, with the codes of the patients. Do not share it.")
    with_map = f" -p cohort_map={shlex.quote(cohort_map)}" if cohort_map else ""
    parts.append(f"Next: python -m analysis report cohort-report -p cohort={shlex.quote(file)}{with_map}")
    return True, "\n".join(parts)


def _few(loaded: cohort.Cohort) -> str:
    """Return what a report cannot show of so few patients, and that control patients stand apart."""
    treated, controls = (part.courses["patient"].nunique() for part in loaded.apart())
    words = f" {counted(controls, 'control patient')}: shown apart, in no rate." if controls else ""
    if treated < RELEASES["internal"]:
        return f"{words} Too few patients: a report shows no result of fewer than {RELEASES['internal']}."
    if treated < FEW_PATIENTS:
        return f"{words} Few patients: a report gives numbers in place of percentages below {FEW_PATIENTS}."
    return words


def proposed_map(file: str, name: str, dictionary: str = "") -> tuple[bool, str]:
    """Write the proposed map; return whether that was possible, and what the command prints. Raises WrongUse."""
    path = Path(name) if name else paths.resolve(file).with_suffix(".map.yml")
    if path.exists():
        raise WrongUse(
            f"{path} is there already and is not overwritten. Delete it, or name another file: --propose NAME"
        )
    content, look, problems = _look(file, dictionary)
    if look is None or problems or look.source.table.names == ():
        return False, f"{DataError(problems)}\n\nNothing was written."
    proposal = propose(look, long_form())
    if proposal.no_score:
        return False, f"{_heading(file)}\n{chr(10).join(first_words(proposal))}\n{_NO_SCORE}"
    shown = str(path if name else Path(file).with_name(path.name))
    text = map_text(proposal, hashlib.sha256(content).hexdigest(), shlex.quote(shown), shlex.quote(file))
    path.write_text(text, encoding="utf-8")
    lines = ask_lines(text)
    answers = f"{counted(len(lines), 'answer')} {'is' if len(lines) == 1 else 'are'} missing: "
    missing = f" {answers}line{'' if len(lines) == 1 else 's'} {', '.join(map(str, lines))} (ASK)." if lines else ""
    then = f"python -m analysis check --cohort {shlex.quote(file)} --map {shlex.quote(shown)}"
    return True, f"Wrote {shown}.{missing}\nNext: {'open it, answer, then: ' if lines else ''}{then}"


_NO_SCORE = (
    "What is missing: a column with pain scores (NRS or VAS) at each visit. A change or a rating of relief is no score."
)


def _without_map(file: str, error: DataError) -> str:
    """Return the problems of a table, or the first look at one that has neither form."""
    try:
        _, look, problems = _look(file, "")
    except DataError:
        return _listed(error)
    several = look is not None and "sheets" in look.asks
    propose_map = f"python -m analysis check --cohort {shlex.quote(file)} --propose"
    if look is None or (has_form(look.source.table.names) and look.reading.header_row == 1 and not several):
        can_map = look is not None and not problems
        advice = f"\nWhere codes or columns mean something else, a map can say so: {propose_map}"
        if look is None and Path(file).suffix.lower() in (".sav", ".zsav", ".dta"):  # read with a map only
            return _listed(DataError(problems))
        return f"{_listed(error)}{advice if can_map else ''}"
    if problems:
        return str(DataError(problems))
    proposal = propose(look, long_form())
    return "\n".join(
        [_heading(file), *first_words(proposal), _NO_SCORE if proposal.no_score else f"Next: {propose_map}"]
    )


def _listed(error: DataError) -> str:
    count = len(error.problems)
    return f"{error}\n\n{counted(count, 'problem')}. Nothing was changed."


def _heading(file: str) -> str:
    return f"{Path(file).name} is not in the format of data/cohorts/README.md. Nothing was read into a report."


def _look(file: str, dictionary: str) -> tuple[bytes, FirstLook | None, list[Problem]]:
    path = paths.resolve(file)
    content = _read(path)
    described = read_dictionary(_read(paths.resolve(dictionary)), Path(dictionary).name) if dictionary else None
    look, problems = first_look(content, path.name, described)
    return content, look, problems


def _read(path: Path) -> bytes:
    try:
        return paths.read_file(path, MOST_TABLE_BYTES)
    except OSError as error:
        advice = f"name a file that may be read; {path}: {error.strerror}"
        raise DataError([Problem(path.name, None, "", "", "the file can be read", advice)]) from None


def _changes_in_words(loaded: cohort.Cohort) -> str:
    """Return the table “what became what”, in columns."""
    rows = [("what", f"in {loaded.file}", "became"), *loaded.mapping.changes.itertuples(index=False)]
    first = max(len(row[0]) for row in rows) + 2
    second = min(max(len(row[1]) for row in rows), 46) + 2
    lines = []
    for what, source, became in rows:
        start = f"{what:<{first}}{source:<{second}}"
        lines.append(f"{start}{became}".rstrip() if len(start) == first + second else f"{start}  {became}".rstrip())
    return "\n".join([*lines, ""])


def _as_csv(table: TextTable) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows(zip(*(column.texts() for column in table.columns), strict=True))
    return out.getvalue()
