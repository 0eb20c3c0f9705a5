"""The list of reports in a YAML file, turned into one spec for each report. Everything wrong in it is found at once."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from analysis.parameters import WORDS, Notebook, ParameterError, check, find_notebook, nearest_word
from analysis.paths import resolve
from analysis.reporting.batch.axes import (
    COHORT_COLUMNS,
    EACH,
    CohortUnusable,
    Parts,
    cohort_parts,
    cohort_values,
    slugs,
    studies_with_outcomes,
)
from analysis.reporting.page.paper import DEFAULT_PAPER, PAPERS
from analysis.reporting.provenance import sha256, value_words
from analysis.reporting.run import FORMATS, TIMEOUT

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TOP = {"formats", "timeout", "paper", "groups", "reports"}
_ENTRY = {"notebook", "name", "title", "group", "parameters", "matrix", "formats", "timeout"}
_LONGEST_NAME = 80
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")  # no folder can be called so on Windows


class PlanError(Exception):
    """A list of reports that can't be built as it stands. `.problems`: one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Planned:
    """One report to be: its name (a folder), where the index lists it, and what it is made of.

    timeout: seconds that its cells may take together.
    problem: why it can't be built though the list is sound, such as a cohort with wrong rows; empty if it can.
    """

    name: str
    notebook: Notebook
    given: dict[str, Any]
    formats: tuple[str, ...]
    group: str
    title: str = ""
    timeout: float = TIMEOUT
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """All reports of one list. groups: key -> heading, in the order of the index.

    cohorts: SHA-256 of each cohort that was split into reports -> its parts; who keeps them needn't load it again.
    paper: of all PDFs.
    """

    reports: tuple[Planned, ...]
    groups: dict[str, str]
    cohorts: dict[str, Parts] = field(default_factory=dict)
    paper: str = DEFAULT_PAPER


# Words that stand for a list of values in a matrix: parameter -> word -> function that finds the values.
MATRIX_WORDS: dict[str, dict[str, Callable[[], list[str]]]] = {"study_id": {"with_outcomes": studies_with_outcomes}}


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error and not the last one's victory."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


class _Cohorts:
    """The parts of cohorts, each file checked and loaded once, and not at all if its content is known."""

    def __init__(self, known: Callable[[], dict[str, Parts]]) -> None:
        self.known = functools.cache(known)
        self.parts: dict[str, Parts] = {}
        self.unusable: dict[str, CohortUnusable] = {}

    def of(self, path: Path, given: str) -> Parts:
        """Raises CohortUnusable."""
        key = sha256(path.read_bytes())
        if key in self.unusable:
            raise self.unusable[key]
        if key not in self.parts:
            try:
                self.parts[key] = self.known().get(key) or cohort_parts(path, given)
            except CohortUnusable as error:
                self.unusable[key] = error
                raise
        return self.parts[key]


def read(path: Path, known_cohorts: Callable[[], dict[str, Parts]] = dict) -> Plan:
    """The plan in a YAML file. Raises PlanError with everything that is wrong in it.

    known_cohorts: gives `cohorts` of an earlier plan, made by the same code. A cohort with wrong rows is no fault of
    the list: its reports stand in the plan with their problem, and all others can be built.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # a SafeLoader
    except OSError as error:
        raise PlanError([f"{path}: can't be read ({error.strerror})."]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PlanError([f"{path.name}: is no YAML ({' '.join(str(error).split())})."]) from None
    if not isinstance(content, dict) or not isinstance(content.get("reports"), list) or not content["reports"]:
        raise PlanError([f"{path.name}: needs a list `reports` with at least one entry."])
    problems = _unknown(path.name, content, _TOP)
    groups = content.get("groups") or {}
    if not isinstance(groups, dict) or not all(isinstance(text, str) for text in groups.values()):
        problems.append(f"{path.name}: `groups` is a mapping from a key to a heading.")
        groups = {}
    paper = content.get("paper", DEFAULT_PAPER)
    if paper not in PAPERS:
        problems.append(f"{path.name}: paper {paper!r} not allowed. Allowed: {', '.join(PAPERS)}.")
    reports: list[Planned] = []
    cohorts = _Cohorts(known_cohorts)
    for number, entry in enumerate(content["reports"], start=1):
        where = f"{path.name}, report {number}"
        if not isinstance(entry, dict) or "notebook" not in entry:
            problems.append(f"{where}: needs a `notebook`.")
            continue
        wrong = _unknown(where, entry, _ENTRY)
        formats, bad = _formats(where, entry.get("formats", content.get("formats", list(FORMATS))))
        timeout, slow = _timeout(where, entry.get("timeout", content.get("timeout", TIMEOUT)))
        made, worse = _expand(where, entry, formats, groups, cohorts)
        made = [replace(report, timeout=timeout) for report in made]
        problems += wrong + bad + slow + worse
        reports += made
    problems += _twice(reports)
    if problems:
        raise PlanError(list(dict.fromkeys(problems)))
    shown = [report.group for report in reports]
    listed = {key: groups.get(key, key) for key in [*(key for key in groups if key in shown), *shown]}
    return Plan(tuple(reports), listed, cohorts.parts, paper)


def _unknown(where: str, mapping: dict[str, Any], known: set[str]) -> list[str]:
    return [
        f"{where}: no such key {key!r}{nearest_word(str(key), sorted(known))}. There are: {', '.join(sorted(known))}."
        for key in mapping
        if key not in known
    ]


def _formats(where: str, given: Any) -> tuple[tuple[str, ...], list[str]]:
    words = given if isinstance(given, list) else [given]
    wrong = [word for word in words if word not in FORMATS]
    if wrong or not words:
        return FORMATS, [f"{where}: formats {given!r} not allowed. Allowed: {', '.join(FORMATS)}."]
    return tuple(name for name in FORMATS if name in words), []


def _timeout(where: str, given: Any) -> tuple[float, list[str]]:
    if isinstance(given, (int, float)) and not isinstance(given, bool) and 0 < given < float("inf"):
        return float(given), []
    return TIMEOUT, [f"{where}: timeout {given!r} not allowed. It is a number of seconds greater than 0."]


def _expand(
    where: str, entry: dict[str, Any], formats: tuple[str, ...], groups: dict[str, str], cohorts: _Cohorts
) -> tuple[list[Planned], list[str]]:
    """One report for each combination of the matrix."""
    problems: list[str] = []
    try:
        notebook = find_notebook(str(entry["notebook"]))
    except ParameterError as error:
        return [], [f"{where}: {problem}" for problem in error.problems]
    fixed, matrix = entry.get("parameters") or {}, entry.get("matrix") or {}
    if not isinstance(fixed, dict) or not isinstance(matrix, dict):
        return [], [f"{where}: `parameters` and `matrix` are mappings from a name to a value or to a list of values."]
    group = str(entry.get("group", notebook.title))
    if "group" in entry and group not in groups:
        problems.append(f"{where}: no group {group!r}{nearest_word(group, groups)}. There are: {', '.join(groups)}.")
    name = entry.get("name", "")
    if name and not (isinstance(name, str) and _SLUG.fullmatch(name)):
        problems.append(f"{where}: name {name!r}: only lower-case letters, digits and single hyphens.")
    elif name and _RESERVED.fullmatch(name):
        problems.append(f"{where}: name {name!r}: no folder can be called so on Windows; choose another.")
    if both := sorted(set(fixed) & set(matrix)):
        problems.append(f"{where}: {', '.join(both)}: stands both in `parameters` and in `matrix`.")
    split = [key for key, values in matrix.items() if key in COHORT_COLUMNS and values == EACH]
    axes, wrong = _axes(where, notebook, {key: values for key, values in matrix.items() if key not in split})
    problems += wrong
    label, problem, parts = str(name) if name else notebook.name, "", [{}]
    if split:
        given = fixed.get("cohort", notebook.defaults.get("cohort"))
        if not isinstance(given, str):
            return [], [*problems, f"{where}: {EACH} needs a notebook with the parameter `cohort`."]
        path = resolve(given)
        if not path.is_file():
            return [], [*problems, f"{where}: cohort {given!r}: there is no such file."]
        try:
            parts = _parts(path, given, split, cohorts)
        except CohortUnusable as error:
            problem = str(error)
    words = {key: slugs(part[key] for part in parts if key in part) for key in split}
    reports = []
    for *values, part in itertools.product(*axes.values(), parts):
        varied = {**dict(zip(axes, values, strict=True)), **{key: [value] for key, value in part.items()}}
        given = {**fixed, **varied}
        try:
            checked = check(notebook, given)
        except ParameterError as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
            continue
        given = {key: checked[key] for key in given}
        shown = {key: given[key] for key in (varied if name else given) if key not in part}
        reports.append(
            Planned(
                name=report_name(label, notebook, shown, tuple(varied), [words[key][part[key]] for key in part]),
                notebook=notebook,
                given=given,
                formats=formats,
                group=group,
                title=str(entry.get("title", "")) if not varied else "",
                problem=problem,
            )
        )
    return reports, problems


def _parts(path: Path, given: str, split: list[str], cohorts: _Cohorts) -> list[dict[str, str]]:
    """The values of the cohort that one report each is made of. Raises CohortUnusable."""
    found = cohort_values(cohorts.of(path, given), split)
    if not found:
        names = " and ".join(COHORT_COLUMNS[key] for key in split)
        raise CohortUnusable(f"the cohort {given} has no course with a {names}: nothing to split it by")
    return found


def _axes(where: str, notebook: Notebook, matrix: dict[str, Any]) -> tuple[dict[str, list[Any]], list[str]]:
    axes: dict[str, list[Any]] = {}
    problems = []
    for key, values in matrix.items():
        words = MATRIX_WORDS.get(key, {})
        if isinstance(values, str) and values in words:
            values = words[values]()
        if not isinstance(values, list) or not values:
            known = [*words, EACH] if key in COHORT_COLUMNS else [*words]
            also = f" or one of: {', '.join(known)}" if known else ""
            problems.append(f"{where}: matrix {key}: a list of values{also} is needed, not {values!r}.")
            continue
        axes[key] = values
    return axes, problems


def report_name(
    label: str, notebook: Notebook, given: dict[str, Any], keep: tuple[str, ...] = (), more: list[str] | None = None
) -> str:
    """The folder's name: the label, the values that differ from the defaults (those in `keep` always), more words."""
    known = {parameter.name: parameter for parameter in notebook.parameters}
    words = [label]
    for key, value in given.items():
        if key == "title" or (value == notebook.defaults[key] and key not in keep):
            continue
        text = Path(value).stem if key in notebook.files else value_words(value) or "all"
        words.append(text if known[key].type in ("str", WORDS) and value else f"{key} {text}")
    name = "-".join(re.findall("[a-z0-9]+", " ".join([*words, *(more or [])]).lower()))
    return (
        name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 9].rstrip('-')}-{sha256(name.encode())[:8]}"
    )


def _twice(reports: list[Planned]) -> list[str]:
    first: dict[str, Planned] = {}
    problems = []
    for report in reports:
        if report.name in first:
            problems.append(f"two reports would be written to {report.name!r}; give one a `name` of its own.")
        first.setdefault(report.name, report)
    return problems
