"""What changed between two versions of the tables, and which answers changed because of which row."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import findings
from analysis.evidence.bibliography import bibliography_entries
from analysis.evidence.load import Evidence, load
from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection, select
from analysis.exhibit import plain
from analysis.outcomes import computed_certainty, synthesis
from analysis.paths import DATA, ROOT, TABLES, resolve
from analysis.revision import git
from analysis.tabular.data_package import DICTIONARY

# Tables whose rows reach no answer: they are shown as printed, or are the log.
_WITHOUT_ANSWER = (
    "reviews",
    "pharmacology",
    "patient_level",
    "planned_outcomes",
    "searches",
    "screening",
    "extraction",
)
_OWNERS = {"studies": "study_id", "arms": "arm_id", "sources": "source_id", "outcomes": "outcome_id"}
_SHARES = ("rate", "ci_low", "ci_high", "pi_low", "pi_high")
_LINK = re.compile(r"\]\(#[^)]*\)")


_Rows = Mapping[Any, Mapping[str, str]]


class NoVersion(Exception):
    """The name of a version that is neither a folder of tables nor a revision; the message says what to do."""


@dataclass(frozen=True)
class ChangedRow:
    """A row that came, went or changed: its id, study, and the cells as column -> (old, new).

    Entries of the bibliography count as rows, and the dictionary as one; their id is the name of the file.
    """

    row_id: str
    change: str  # added, removed, changed
    study: str
    cells: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class ChangedAnswer:
    """An answer with its old and new wording, and the ids of the rows without which it would not have changed so."""

    question: str
    old: str
    new: str
    because_of: tuple[str, ...]


@dataclass(frozen=True)
class ChangedRate:
    """A pooled rate that came, went or changed: what is pooled, and its old and new numbers (None without it)."""

    what: str
    old: dict[str, float] | None
    new: dict[str, float] | None


@dataclass(frozen=True)
class Difference:
    """All changed rows, answers and pooled rates between two versions; `answers` is the number of compared answers."""

    old: str
    new: str
    rows: tuple[ChangedRow, ...]
    changed: tuple[ChangedAnswer, ...]
    rates: tuple[ChangedRate, ...]
    answers: int

    @property
    def sentence(self) -> str:
        """Return the sentence that stands first."""
        if not self.changed:
            return "No answer changed."
        return f"{len(self.changed)} of {self.answers} answers changed."

    def as_json(self) -> dict:
        """Return the difference as JSON."""
        return {"sentence": self.sentence, **asdict(self)}


@contextmanager
def version(name: str) -> Iterator[Evidence]:
    """Return the tables of a folder, or of a revision of this repository.

    Raises NoVersion for a name that is neither, and for a revision whose tables have no row ids; DataError for tables
    that are not valid.
    """
    folder = resolve(name)
    if folder.is_dir():
        yield load(folder)
        return
    archive = git("archive", "--format=tar", name, DATA.relative_to(ROOT).as_posix())
    if archive is None:
        raise NoVersion(f"{name!r} is neither a folder of tables nor a revision of this repository with {DATA.name}/.")
    with tempfile.TemporaryDirectory(prefix="crps-") as home:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(home, filter="data")
        tables = Path(home) / DATA.name
        dictionary = tables / DICTIONARY
        if not dictionary.is_file() or "name: row_id" not in dictionary.read_text(encoding="utf-8"):
            raise NoVersion(f"The tables of {name!r} have no row ids yet: name a later revision.")
        yield load(tables)


def difference(old: Evidence, new: Evidence, names: tuple[str, str] = ("old", "new")) -> Difference:
    """Return the changed rows, and the answers that changed with the rows behind each.

    A row stands behind a changed answer if the answer is another one when this row alone is as it was. Rows that only
    act together stand behind it together.
    names: what the two versions are called.
    """
    rows = tuple(_changed_rows(old, new))
    before, one = answers_and_rates(old)
    after, other = answers_and_rates(new) if rows else (before, one)
    questions = [question for question in {**before, **after} if before.get(question) != after.get(question)]
    acting = [row for row in rows if row.row_id.rpartition("-")[0] not in ("", *_WITHOUT_ANSWER)]
    because: dict[str, list[str]] = {question: [] for question in questions}
    for row in acting if questions else ():
        without, _ = answers_and_rates(_reverted(old, new, row, rows))
        for question in questions:
            if without.get(question) != after.get(question):
                because[question].append(row.row_id)
    changed = tuple(
        ChangedAnswer(
            question,
            _only_in(before.get(question, ()), after.get(question, ())),
            _only_in(after.get(question, ()), before.get(question, ())),
            tuple(because[question] or [row.row_id for row in acting]),
        )
        for question in questions
    )
    rates = tuple(
        ChangedRate(what, one.get(what), other.get(what))
        for what in {**one, **other}
        if one.get(what) != other.get(what)
    )
    return Difference(*names, rows, changed, rates, len({**before, **after}))


def answers_and_rates(evidence: Evidence) -> tuple[dict[str, tuple[str, ...]], dict[str, dict[str, float]]]:
    """Return what the default synthesis says.

    Returns
    -------
    answers : dict of str to tuple of str
        Question -> its answer in sentences: findings, pooled rates, certainty.
    rates : dict of str to dict
        What is pooled -> its numbers; rates and limits are shares with four decimals, or None.
    """
    selection = select(evidence)
    found = findings.evidence_findings(selection)
    told = {answer.question: _sentences(f"{answer.sentence} {answer.detail}") for answer in found}
    rates = _pooled(selection)
    told["Which rates are pooled?"] = tuple(f"{what}: {pooled_words(row)}." for what, row in rates.items())
    judged = computed_certainty.certainty(selection)
    computed = computed_certainty.computed_certainty(selection)
    levels = [f"{row.outcome}, {row.time}: {row.overall}" for row in each(judged)]
    numbers = [f"{row.outcome}, {row.time}, {row.domain}: {row.computed} ({row.why})" for row in each(computed)]
    told["How certain is each key outcome?"] = tuple(part.replace("_", " ") for part in [*levels, *numbers])
    return told, rates


def pooled_words(numbers: Mapping[str, float] | None) -> str:
    """Return a pooled rate with its limits in words: `58.31% (40.12% to 74.50%), …`."""
    if numbers is None:
        return "not pooled"
    shares = {name: "none" if numbers[name] is None else f"{100 * numbers[name]:.2f}%" for name in _SHARES}
    return (
        f"{shares['rate']} ({shares['ci_low']} to {shares['ci_high']}), next study {shares['pi_low']} to "
        f"{shares['pi_high']}; {numbers['responders']} of {numbers['patients']} patients, {numbers['k']} studies"
    )


def _pooled(selection: Selection) -> dict[str, dict[str, float]]:
    groups = synthesis.pooled_rates(selection).groups
    return {
        f"{row.definition_words}, {row.window} ({row.control}, {row.route})": {
            **{name: None if pd.isna(getattr(row, name)) else round(getattr(row, name), 4) for name in _SHARES},
            **{name: int(getattr(row, name)) for name in ("responders", "patients", "k")},
        }
        for row in each(groups)
    }


def _only_in(parts: tuple[str, ...], others: tuple[str, ...]) -> str:
    return " ".join(part for part in parts if part not in others)


def _sentences(markdown: str) -> tuple[str, ...]:
    words = plain(_LINK.sub("]", markdown).replace("[", "").replace("]", "")).strip()
    return tuple(re.split(r"(?<=\.) (?=[A-Z])", words))


def _changed_rows(old: Evidence, new: Evidence) -> Iterator[ChangedRow]:
    for table in TABLES:
        yield from _changed(old.texts[table], new.texts[table], f"{table}-{{}}")
    for file in sorted({*old.hashes, *new.hashes} - {f"{table}.csv" for table in TABLES}):
        one, other = ((version.folder / file).read_text(encoding="utf-8-sig") for version in (old, new))
        if file != DICTIONARY:
            yield from _changed(bibliography_entries(one), bibliography_entries(other), file)
        elif one != other:
            yield ChangedRow(file, "changed", "", {})


def _changed(before: _Rows, after: _Rows, row_id: str) -> Iterator[ChangedRow]:
    for key in sorted({**before, **after}):
        one, other = before.get(key, {}), after.get(key, {})
        columns = [name for name in {**one, **other} if name != "row_id" and one.get(name) != other.get(name)]
        cells = {name: (one.get(name, ""), other.get(name, "")) for name in columns}
        cells = {name: both for name, both in cells.items() if any(both)}
        if not cells:  # nothing, or a column that came or went and is empty in this row
            continue
        change = "changed" if one and other else "added" if other else "removed"
        shown = other or one
        study = next((shown[name] for name in ("study_id", "review_id", "outcome_id") if shown.get(name)), "")
        yield ChangedRow(row_id.format(key), change, study or (key if isinstance(key, str) else ""), cells)


def _reverted(old: Evidence, new: Evidence, row: ChangedRow, rows: tuple[ChangedRow, ...]) -> Evidence:
    """Return the new version with one row as it was, and the rows that refer to a row that comes or goes."""
    units = [row]
    table = row.row_id.rpartition("-")[0]
    if table in _OWNERS and row.change != "changed":
        column = _OWNERS[table]
        name = next(value for value in row.cells[column] if value)
        units += [other for other in rows if other is not row and name in other.cells.get(column, ())]
    frames = {}
    for unit in units:
        table, _, number = unit.row_id.rpartition("-")
        frame = frames.get(table, getattr(new, table))
        before = getattr(old, table)
        parts = [frame[frame["row"] != int(number)], before[before["row"] == int(number)]]
        joined = pd.concat([part for part in parts if len(part)] or parts)
        frames[table] = joined.sort_values("row", kind="stable", ignore_index=True)
    return replace(new, **frames)
