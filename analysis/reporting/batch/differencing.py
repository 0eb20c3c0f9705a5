"""Refuse a batch whose reports, with those of earlier batches, leave a few patients by subtraction.

Compared are all patients of each report, and those with scores at each visit, all and by group. Those of earlier
batches are in `ledger.json` of the private folder, as keyed hashes: of a report in an output folder, and of each
patient's first course. An internal report is replaced where the same folder is built again; public ones remain, since
others may have them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.cohort_wording import GROUP_HEADINGS
from analysis.outcomes.cohort import Cohort, load
from analysis.outcomes.cohort.disclosure import least_cell, smallest_difference
from analysis.outcomes.cohort.disclosure.release import INTERNAL, PUBLIC
from analysis.outcomes.cohort.group_patients import shown_groups
from analysis.reporting.batch.axes import COHORT_COLUMNS
from analysis.reporting.private_folder import keyed, private_folder, read_private
from analysis.tabular.mapping.map_problems import MapError
from analysis.tabular.problems import DataError

LEDGER = "ledger.json"
_ALL = ""  # the name of all patients of a report
_GROUPS_LEFT = (
    "{file}: subtracting one internal report from another leaves fewer than {least} patients in a group{where}: "
    "give others one report only, or public ones."
)


def why_differenced(reports: Iterable[Any], output: Path) -> tuple[list[str], list[str], dict[str, Any]]:
    """Return why the reports of cohorts can't be published together, remarks, and the new content of the ledger.

    Of internal reports the groups by sex, year, regimen, site or course may leave few, which is a remark.

    Parameters
    ----------
    reports : iterable of PlannedReport
        Those of cohorts have a parameter `cohort`; others, and those with a problem, are ignored.
    output : Path
        The folder of the batch.
    """
    ledger = read_private(LEDGER)
    by_file: dict[tuple[str, str], list[Any]] = {}
    for report in reports:
        values = {**report.notebook.defaults, **report.overrides}
        if not report.problem and {"cohort", "sites", "min_cell"} <= values.keys():
            by_file.setdefault((values["cohort"], values.get("cohort_map", "")), []).append((report.name, values))
    problems: list[str] = []
    remarks: list[str] = []
    for (file, cohort_map), planned in by_file.items():
        try:
            whole = load(file, cohort_map)
        except (DataError, MapError):
            continue  # each report says so
        marks = patient_marks(whole)
        least = max(least_cell(values.get("release", INTERNAL), values["min_cell"]) for _, values in planned)
        shown = {name: _shown(whole, values, marks, least) for name, values in planned}
        chosen = dict(planned)
        own = {_entry(output, name): name for name in shown}
        earlier = {key: entry for key, entry in ledger.items() if key not in own or entry["release"] == PUBLIC}
        known = set(marks)
        related = [
            {_ALL: entry["patients"], **entry.get("shown", {})}
            for entry in earlier.values()
            if not known.isdisjoint(entry["patients"])
        ]
        internal = all(values.get("release", INTERNAL) == INTERNAL for _, values in planned)
        remarked = {group for sets in shown.values() for group in sets if internal and _column(group)}
        checked = [{group: sets[group] for group in sets if group not in remarked} for sets in shown.values()]
        rest = [{group: sets[group] for group in sets if group in remarked} for sets in shown.values()]
        if few := _few(checked, [], least):
            problems.append(_together(whole, file, marks, planned, least, few[0]))
        elif related and _few([_hashed(sets) for sets in checked], related, least):
            problems.append(_with_earlier(file, least))
        elif few := _few(rest, [], least):
            remarks.append(_GROUPS_LEFT.format(file=Path(file).name, least=least, where=_where(few[0])))
        for key, name in own.items():
            release = chosen[name].get("release", INTERNAL)
            if release == PUBLIC:
                key = f"{key}:{keyed(json.dumps(sorted(shown[name][_ALL])).encode())[:16]}"
            sets = {group: sorted(patients) for group, patients in _hashed(shown[name]).items()}
            ledger[key] = {"release": release, "patients": sets.pop(_ALL), "shown": sets}
    return problems, remarks, ledger


def patient_marks(cohort: Cohort) -> np.ndarray:
    """Return a keyed hash of each patient's first course; equal ones are numbered, so that patients stay distinct."""
    first = cohort.courses.drop_duplicates("patient")
    dates = cohort.visits.drop_duplicates("patient").set_index("patient")["date"]
    columns = ["site", "regimen_class", "sex", "age", "disease_duration_years", "year", "baseline"]
    cells = [first[column].astype("string").fillna("") for column in columns]
    text = cells[0].str.cat(cells[1:], sep="\x1f")
    text += "\x1f" + dates.reindex(first["patient"]).astype("string").fillna("").to_numpy()
    text += "\x1f" + text.groupby(text).cumcount().astype("string")
    hashes = pd.Series([keyed(value.encode())[:16] for value in text], index=first["patient"])
    return hashes.reindex(range(int(first["patient"].max()) + 1), fill_value="").to_numpy()


def _shown(whole: Cohort, values: dict[str, Any], marks: np.ndarray, least: int) -> dict[str, frozenset[str]]:
    """Return the patients of a report, and of each group in it that it shows, by name of the group."""
    chosen = whole.only(values["sites"], values["cohort_regimens"], [int(year) for year in values["years"]])
    groups = shown_groups(chosen, marks, values["follow_up_weeks"], values["window_weeks"], least)
    everybody = frozenset(marks[np.unique(chosen.courses["patient"])])
    return {_ALL: everybody, **{json.dumps(name): patients for name, patients in groups.items()}}


def _few(reports: list[dict[str, Any]], earlier: list[dict[str, Any]], least: int) -> tuple[str, set[str]] | None:
    """Return the name and all patients of the first group of `reports` in which subtraction leaves below `least`."""
    for name in dict.fromkeys(name for shown in reports for name in shown):
        sets = [shown[name] for shown in (*reports, *earlier) if name in shown]
        if len(smallest_difference(sets)) < least:
            return name, {mark.partition("/")[0] for patients in sets for mark in patients}
    return None


def _hashed(shown: dict[str, Any]) -> dict[str, Any]:
    """Return the groups by names that tell nothing."""
    return {keyed(name.encode())[:16] if name else _ALL: patients for name, patients in shown.items()}


def _column(name: str) -> str:
    """Return the column that a group is one of; empty for all patients."""
    return json.loads(name)[1] if name else ""


def _entry(output: Path, name: str) -> str:
    return keyed(f"{output.resolve()}\n{name}".encode())[:32]


def _together(
    whole: Cohort, file: str, marks: np.ndarray, planned: list[tuple[str, Any]], least: int, group: str
) -> str:
    names = [name for name, _ in planned]
    reports = f"the reports {', '.join(names[:6])}{' …' if len(names) > 6 else ''}" if len(names) > 1 else names[0]
    words = (
        f"{Path(file).name}: {reports} together show fewer than {least} patients, or leave "
        f"them if one report is subtracted from another{_where(group)}."
    )
    for parameter in COHORT_COLUMNS:
        if offered := _mergers(whole, [values for _, values in planned], parameter, marks, least):
            lists = ", ".join(json.dumps(group, ensure_ascii=False) for group in offered)
            return f"{words} Merge small groups: matrix: {{{parameter}: [{lists}]}}."
    return f"{words} Leave out the reports of the smallest groups."


def _mergers(
    whole: Cohort, planned: list[dict[str, Any]], parameter: str, marks: np.ndarray, least: int
) -> list[list[str]]:
    """Return the values of a parameter in groups whose reports can be published together; none if there are no such."""
    apart = next((values for values in planned if values[parameter]), None)
    if apart is None:
        return []
    others = [values for values in planned if not values[parameter]]
    internal = all(values.get("release", INTERNAL) == INTERNAL for values in planned)
    courses = whole.courses.dropna(subset=[COHORT_COLUMNS[parameter]])
    by_value = courses.groupby(courses[COHORT_COLUMNS[parameter]].astype("string"), observed=True)["patient"]
    members = {value: set(marks[patients]) for value, patients in by_value}
    parts = [[value] for value in sorted(members)]
    while len(parts) > 1:
        trial = [*others, *({**apart, parameter: part} for part in parts)]
        shown = [_shown(whole, values, marks, least) for values in trial]
        if internal:
            shown = [{name: sets[name] for name in sets if not _column(name)} for sets in shown]
        if (few := _few(shown, [], least)) is None:
            return parts
        inside = {value: len(few[1] & patients) for value, patients in members.items()}
        parts.sort(reverse=True)
        parts.sort(key=lambda part, inside=inside: sum(map(inside.get, part)))
        parts = sorted([sorted(parts[0] + parts[1]), *parts[2:]])
    return []


def _where(name: str) -> str:
    """Return the visit and the groups of a group, without its own name."""
    if name == _ALL:
        return ""
    visit, by = json.loads(name)[0], _column(name)
    groups = f", by {GROUP_HEADINGS[by].lower()}" if by else ""
    return f" (those with a score at {visit.replace('_', ' ')}{groups})"


def _with_earlier(file: str, least: int) -> str:
    return (
        f"{Path(file).name}: an earlier batch, or another file of this one, described some of these patients; "
        f"subtracting one report from another would leave fewer than {least}. Build into the folder of that batch, "
        f"which replaces it, or wait until {least} patients differ. If nobody else has the earlier reports, delete "
        f"{private_folder() / LEDGER}."
    )
