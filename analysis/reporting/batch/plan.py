"""Read the list of reports from a YAML file, and report everything that is wrong in it."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.parameters import BrokenNotebook, Notebook, ParameterError, check_values, find_notebook
from analysis.parameters.registry import shown_value
from analysis.paths import is_file, read_file, resolve
from analysis.reporting import Refused
from analysis.reporting.batch.axes import (
    COHORT_COLUMNS,
    EACH,
    CohortUnusable,
    Parts,
    cohort_parts,
    cohort_values,
    every_study,
)
from analysis.reporting.batch.entry_keys import NOT_SHOWN, checked_formats, checked_timeout, shown_texts, unknown_keys
from analysis.reporting.batch.naming import name_problem, repeated_names, report_name, slugs
from analysis.reporting.page.paper import DEFAULT_PAPER, PAPERS
from analysis.reporting.private_folder import keyed
from analysis.reporting.run import DEFAULT_FORMATS, TIMEOUT
from analysis.tabular.plain_yaml import MOST_YAML_BYTES, YamlError, read_yaml
from analysis.tabular.problems import nearest_word
from analysis.tabular.size_limits import MOST_TABLE_BYTES

_TOP = ("formats", "groups", "paper", "reports", "timeout")
_ENTRY = ("formats", "group", "matrix", "name", "notebook", "parameters", "timeout", "title")
MOST_REPORTS = 10_000


class PlanError(Refused):
    """The list of reports is not valid."""


@dataclass(frozen=True)
class PlannedReport:
    """A report that is to be built.

    name: its folder. overrides: checked values of parameters. group: the heading in the index.
    timeout: seconds that it may take.
    problem: why it can't be built although the list is valid, such as a cohort with wrong rows.
    """

    name: str
    notebook: Notebook
    overrides: dict[str, Any]
    formats: tuple[str, ...]
    group: str
    title: str = ""
    timeout: float = TIMEOUT
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """All reports of a list.

    groups: key -> heading, in the order of the index. paper: of all PDFs.
    cohorts: keyed hash of each cohort that was split into reports -> its parts, which the next batch need not load.
    """

    reports: tuple[PlannedReport, ...]
    groups: dict[str, str]
    cohorts: dict[str, Parts] = field(default_factory=dict)
    paper: str = DEFAULT_PAPER


# words for a list of values in a matrix: parameter -> word -> function that returns the values
MATRIX_WORDS: dict[str, dict[str, Callable[[], list[str]]]] = {"study_id": {"every_study": every_study}}


class _Cohorts:
    """The parts of cohorts: each file is loaded once, and not at all if its content is known."""

    def __init__(self, known: Callable[[], dict[str, Parts]]) -> None:
        self.known = functools.cache(known)
        self.parts: dict[str, Parts] = {}
        self.unusable: dict[str, CohortUnusable] = {}

    def parts_of(self, path: Path, written: str, cohort_map: str = "") -> Parts:
        """Return the parts. Raises CohortUnusable."""
        map_content = read_file(resolve(cohort_map), MOST_TABLE_BYTES) if cohort_map else b""
        key = keyed(read_file(path, MOST_TABLE_BYTES) + map_content)
        if key in self.unusable:
            raise self.unusable[key]
        if key not in self.parts:
            try:
                self.parts[key] = self.known().get(key) or cohort_parts(path, written, cohort_map)
            except CohortUnusable as error:
                self.unusable[key] = error
                raise
        return self.parts[key]


def read_plan(path: Path, known_cohorts: Callable[[], dict[str, Parts]] = dict) -> Plan:
    """Return the plan in a YAML file. Raises PlanError with everything that is wrong in it.

    A cohort with wrong rows is not an error of the list: its reports are in the plan with their problem, and all others
    can be built. known_cohorts: returns `cohorts` of an earlier plan made by the same code.
    """
    try:
        content = read_yaml(read_file(path, MOST_YAML_BYTES))
    except OSError as error:
        raise PlanError([f"{path}: can't be read ({error.strerror})."]) from None
    except YamlError as error:
        raise PlanError([f"{path.name}, {error}."]) from None
    if not isinstance(content, dict) or not isinstance(content.get("reports"), list) or not content["reports"]:
        raise PlanError([f"{path.name}: needs a list `reports` with at least one entry."])
    too_many = PlanError([f"{path.name}: a list makes at most {MOST_REPORTS:,} reports; divide it."])
    if len(content["reports"]) > MOST_REPORTS:
        raise too_many
    problems = unknown_keys(path.name, content, _TOP)
    groups = content.get("groups") or {}
    if not isinstance(groups, dict) or not all(isinstance(text, (str, int)) for text in groups.values()):
        problems.append(f"{path.name}: `groups` is a mapping from a key to a heading.")
        groups = {}
    groups = {key: NOT_SHOWN.sub("�", str(text)) for key, text in groups.items()}
    paper = content.get("paper", DEFAULT_PAPER)
    if not isinstance(paper, str) or paper not in PAPERS:
        problems.append(f"{path.name}: paper {shown_value(paper)} not allowed. Allowed: {', '.join(PAPERS)}.")
    reports: list[PlannedReport] = []
    cohorts = _Cohorts(known_cohorts)
    for number, entry in enumerate(content["reports"], start=1):
        where = f"{path.name}, report {number}"
        if not isinstance(entry, dict) or "notebook" not in entry:
            problems.append(f"{where}: needs a `notebook`.")
            continue
        entry, not_shown, wrong_texts = shown_texts(where, entry)
        problems += wrong_texts + unknown_keys(where, entry, _ENTRY)
        formats, wrong_formats = checked_formats(
            where, entry.get("formats", content.get("formats", list(DEFAULT_FORMATS)))
        )
        timeout, wrong_timeout = checked_timeout(where, entry.get("timeout", content.get("timeout", TIMEOUT)))
        expanded, wrong_values = ([], []) if wrong_texts else _expand(where, entry, groups, cohorts)
        problems += wrong_formats + wrong_timeout + wrong_values
        reports += [
            replace(report, formats=formats, timeout=timeout, problem=report.problem or not_shown)
            for report in expanded
        ]
        if len(reports) > MOST_REPORTS:
            raise too_many
    problems += repeated_names(report.name for report in reports)
    if problems:
        raise PlanError(list(dict.fromkeys(problems)))
    used = [report.group for report in reports]
    headings = {key: groups.get(key, key) for key in [*(key for key in groups if key in used), *used]}
    return Plan(tuple(reports), headings, cohorts.parts, paper)


def _expand(
    where: str, entry: dict[str, Any], groups: dict[str, str], cohorts: _Cohorts
) -> tuple[list[PlannedReport], list[str]]:
    """Return one report for each combination of the entry's matrix, and what is wrong."""
    try:
        notebook = find_notebook(entry["notebook"])
    except BrokenNotebook as error:  # costs this report, not the others
        notebook, name = error.notebook, report_name(entry.get("name") or error.notebook.name, error.notebook, {})
        group = entry.get("group", notebook.title)
        broken = PlannedReport(name, notebook, {}, DEFAULT_FORMATS, group, problem=" ".join(error.problems))
        return [broken], _labels(where, entry, groups)
    except ParameterError as error:
        return [], [f"{where}: {problem}" for problem in error.problems]
    fixed, matrix = entry.get("parameters") or {}, entry.get("matrix") or {}
    if not isinstance(fixed, dict) or not isinstance(matrix, dict):
        return [], [f"{where}: `parameters` and `matrix` are mappings from a name to a value or to a list of values."]
    group, name = entry.get("group", notebook.title), entry.get("name", "")
    problems = _labels(where, entry, groups)
    if both := sorted(set(fixed) & set(matrix)):
        problems.append(f"{where}: {', '.join(both)}: in both `parameters` and `matrix`.")
    split = [key for key, values in matrix.items() if key in COHORT_COLUMNS and values == EACH]
    axes, wrong = _axes(where, {key: values for key, values in matrix.items() if key not in split})
    problems += wrong
    problem, parts = "", [{}]
    if split:
        cohort = fixed.get("cohort", notebook.defaults.get("cohort"))
        if not isinstance(cohort, str):
            return [], [*problems, f"{where}: {EACH} needs a notebook with the parameter `cohort`."]
        path = resolve(cohort)
        if not is_file(path):
            return [], [*problems, f"{where}: cohort {shown_value(cohort)}: there is no such file."]
        cohort_map = fixed.get("cohort_map", "")
        if not isinstance(cohort_map, str) or (cohort_map and not is_file(resolve(cohort_map))):
            return [], [*problems, f"{where}: cohort_map {shown_value(cohort_map)}: there is no such file."]
        try:
            parts = _parts(path, cohort, split, cohorts, cohort_map)
        except CohortUnusable as error:
            problem = str(error)
    count = math.prod(map(len, axes.values())) * len(parts)
    if count > MOST_REPORTS:
        return [], [*problems, f"{where}: the matrix makes {count:,} reports; at most {MOST_REPORTS:,} are allowed."]
    words = {key: slugs(part[key] for part in parts if key in part) for key in split}
    reports = []
    for *values, part in itertools.product(*axes.values(), parts):
        varied = {**dict(zip(axes, values, strict=True)), **{key: [value] for key, value in part.items()}}
        overrides = {**fixed, **varied}
        try:
            checked = check_values(notebook, overrides)
        except ParameterError as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
            continue
        overrides = {key: checked[key] for key in overrides}
        named = {key: overrides[key] for key in (varied if name else overrides) if key not in part}
        label = name or notebook.name
        reports.append(
            PlannedReport(
                name=report_name(label, notebook, named, tuple(varied), [words[key][part[key]] for key in part]),
                notebook=notebook,
                overrides=overrides,
                formats=DEFAULT_FORMATS,
                group=group,
                title=entry.get("title", "") if not varied else "",
                problem=problem,
            )
        )
    return reports, problems


def _labels(where: str, entry: dict[str, Any], groups: dict[str, str]) -> list[str]:
    """Return what is wrong with the group and the name of an entry."""
    problems = []
    group, name = entry.get("group", ""), entry.get("name", "")
    if "group" in entry and group not in groups:
        problems.append(f"{where}: no group {group!r}{nearest_word(group, groups)}. There are: {', '.join(groups)}.")
    if name and (problem := name_problem(str(name))):
        problems.append(f"{where}: name {name!r}: {problem}")
    return problems


def _parts(path: Path, written: str, split: list[str], cohorts: _Cohorts, cohort_map: str) -> list[dict[str, str]]:
    """Return the values of the cohort that make one report each. Raises CohortUnusable."""
    values = cohort_values(cohorts.parts_of(path, written, cohort_map), split)
    if not values:
        names = " and ".join(COHORT_COLUMNS[key] for key in split)
        raise CohortUnusable(f"the cohort {Path(written).name} has no course with a {names}: nothing to split it by")
    return values


def _axes(where: str, matrix: dict[str, Any]) -> tuple[dict[str, list[Any]], list[str]]:
    axes: dict[str, list[Any]] = {}
    problems = []
    for key, values in matrix.items():
        words = MATRIX_WORDS.get(key, {})
        if isinstance(values, str) and values in words:
            values = words[values]()
        if not isinstance(values, list) or not values:
            known = [*words, EACH] if key in COHORT_COLUMNS else [*words]
            also = f" or one of: {', '.join(known)}" if known else ""
            problems.append(f"{where}: matrix {key}: a list of values{also} is needed, not {shown_value(values)}.")
            continue
        axes[key] = values
    return axes, problems
