"""The list of reports in a YAML file, turned into one spec for each report. Everything wrong in it is found at once."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from analysis.parameters import WORDS, Notebook, ParameterError, check, find_notebook, nearest_word
from analysis.parameters.registry import File
from analysis.paths import DATA
from analysis.reporting.provenance import sha256, value_words
from analysis.reporting.run import FORMATS

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TOP = {"formats", "groups", "reports"}
_ENTRY = {"notebook", "name", "title", "group", "parameters", "matrix", "formats"}
_OUTCOMES = ("pain_scores", "responders", "durations", "adverse_events", "reported_tests")
_LONGEST_NAME = 80


class PlanError(Exception):
    """A list of reports that can't be built as it stands. `.problems`: one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Planned:
    """One report to be: its name (a folder), where the index lists it, and what it is made of."""

    name: str
    notebook: Notebook
    given: dict[str, Any]
    formats: tuple[str, ...]
    group: str
    title: str = ""


@dataclass(frozen=True)
class Plan:
    """All reports of one list. groups: key -> heading, in the order of the index."""

    reports: tuple[Planned, ...]
    groups: dict[str, str]


def studies_with_outcomes() -> list[str]:
    """Ids of the studies with a row in any outcome table, in the order of studies.csv: a new one appears by itself."""
    found: set[str] = set()
    for table in _OUTCOMES:
        found |= {row["study_id"] for row in _rows(table)}
    return [row["study_id"] for row in _rows("studies") if row["study_id"] in found]


def _rows(table: str) -> list[dict[str, str]]:
    with (DATA / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


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


def read(path: Path) -> Plan:
    """The plan in a YAML file. Raises PlanError with everything that is wrong in it."""
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
    reports: list[Planned] = []
    for number, entry in enumerate(content["reports"], start=1):
        where = f"{path.name}, report {number}"
        if not isinstance(entry, dict) or "notebook" not in entry:
            problems.append(f"{where}: needs a `notebook`.")
            continue
        wrong = _unknown(where, entry, _ENTRY)
        formats, bad = _formats(where, entry.get("formats", content.get("formats", list(FORMATS))))
        made, worse = _expand(where, entry, formats, groups)
        problems += wrong + bad + worse
        reports += made
    problems += _twice(reports)
    if problems:
        raise PlanError(list(dict.fromkeys(problems)))
    shown = [report.group for report in reports]
    listed = {key: groups.get(key, key) for key in [*(key for key in groups if key in shown), *shown]}
    return Plan(tuple(reports), listed)


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


def _expand(
    where: str, entry: dict[str, Any], formats: tuple[str, ...], groups: dict[str, str]
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
    if both := sorted(set(fixed) & set(matrix)):
        problems.append(f"{where}: {', '.join(both)}: stands both in `parameters` and in `matrix`.")
    axes, wrong = _axes(where, notebook, matrix)
    problems += wrong
    reports = []
    for values in itertools.product(*axes.values()):
        varied = dict(zip(axes, values, strict=True))
        given = {**fixed, **varied}
        try:
            checked = check(notebook, given)
        except ParameterError as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
            continue
        given = {key: checked[key] for key in given}
        label = str(name) if name else notebook.name
        shown = {key: given[key] for key in (varied if name else given)}
        reports.append(
            Planned(
                name=report_name(label, notebook, shown, keep=tuple(varied)),
                notebook=notebook,
                given=given,
                formats=formats,
                group=group,
                title=str(entry.get("title", "")) if not varied else "",
            )
        )
    return reports, problems


def _axes(where: str, notebook: Notebook, matrix: dict[str, Any]) -> tuple[dict[str, list[Any]], list[str]]:
    axes: dict[str, list[Any]] = {}
    problems = []
    for key, values in matrix.items():
        words = MATRIX_WORDS.get(key, {})
        if isinstance(values, str) and values in words:
            values = words[values]()
        if not isinstance(values, list) or not values:
            also = f" or one of: {', '.join(words)}" if words else ""
            problems.append(f"{where}: matrix {key}: a list of values{also} is needed, not {values!r}.")
            continue
        axes[key] = values
    return axes, problems


def report_name(label: str, notebook: Notebook, given: dict[str, Any], keep: tuple[str, ...] = ()) -> str:
    """The folder's name: the label and the values that differ from the defaults (those in `keep` always)."""
    known = {parameter.name: parameter for parameter in notebook.parameters}
    words = [label]
    for key, value in given.items():
        if key == "title" or (value == notebook.defaults[key] and key not in keep):
            continue
        text = Path(value).stem if isinstance(known[key].rule, File) else value_words(value) or "all"
        words.append(text if known[key].type in ("str", WORDS) and value else f"{key} {text}")
    name = "-".join(re.findall("[a-z0-9]+", " ".join(words).lower()))
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
