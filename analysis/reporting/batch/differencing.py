"""Refuse a batch whose reports, with those of earlier batches, leave a few patients by subtraction.

Populations of earlier batches are in `ledger.json` of the private folder, as keyed hashes: of a report in an output
folder, and of each patient's first course. An internal report is replaced where the same folder is built again; public
ones remain, since others may have them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.outcomes.cohort import Cohort, load
from analysis.outcomes.cohort.disclosure import least_cell, merged_values, smallest_difference
from analysis.outcomes.cohort.disclosure.release import INTERNAL, PUBLIC
from analysis.reporting.batch.axes import COHORT_COLUMNS
from analysis.reporting.private_folder import keyed, private_folder, read_private
from analysis.tabular.mapping.map_problems import MapError
from analysis.tabular.problems import DataError

LEDGER = "ledger.json"


def why_differenced(reports: Iterable[Any], output: Path) -> tuple[list[str], dict[str, Any]]:
    """Return why the reports of cohorts can't be published together, and the new content of the ledger.

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
    problems = []
    for (file, cohort_map), planned in by_file.items():
        try:
            whole = load(file, cohort_map)
        except (DataError, MapError):
            continue  # each report says so
        marks = patient_marks(whole)
        populations = {name: _population(whole, values, marks) for name, values in planned}
        least = max(least_cell(values.get("release", INTERNAL), values["min_cell"]) for _, values in planned)
        chosen = dict(planned)
        own = {_entry(output, name): name for name in populations}
        earlier = {key: entry for key, entry in ledger.items() if key not in own or entry["release"] == PUBLIC}
        known = set(marks)
        related = [entry["patients"] for entry in earlier.values() if not known.isdisjoint(entry["patients"])]
        if len(smallest_difference(populations.values())) < least:
            problems.append(_together(whole, file, marks, planned, least))
        elif related and len(smallest_difference([*populations.values(), *related])) < least:
            problems.append(_with_earlier(file, least))
        for key, name in own.items():
            release = chosen[name].get("release", INTERNAL)
            if release == PUBLIC:
                key = f"{key}:{keyed(json.dumps(sorted(populations[name])).encode())[:16]}"
            ledger[key] = {"release": release, "patients": sorted(populations[name])}
    return problems, ledger


def patient_marks(cohort: Cohort) -> np.ndarray:
    """Return a keyed hash of each patient's first course; equal ones are numbered, so that patients stay distinct."""
    first = cohort.courses.drop_duplicates("patient")
    dates = cohort.visits.drop_duplicates("patient").set_index("patient")["date"]
    columns = ["site", "regimen_class", "sex", "age", "disease_duration_years", "year", "baseline"]
    text = first[columns].astype("string").fillna("").agg("\x1f".join, axis=1)
    text += "\x1f" + dates.reindex(first["patient"]).astype("string").fillna("").to_numpy()
    text += "\x1f" + text.groupby(text).cumcount().astype("string")
    hashes = pd.Series([keyed(value.encode())[:16] for value in text], index=first["patient"])
    return hashes.reindex(range(int(first["patient"].max()) + 1), fill_value="").to_numpy()


def _population(whole: Cohort, values: dict[str, Any], marks: np.ndarray) -> frozenset[str]:
    chosen = whole.only(values["sites"], values["cohort_regimens"], [int(year) for year in values["years"]])
    return frozenset(marks[np.unique(chosen.courses["patient"])])


def _entry(output: Path, name: str) -> str:
    return keyed(f"{output.resolve()}\n{name}".encode())[:32]


def _together(whole: Cohort, file: str, marks: np.ndarray, planned: list[tuple[str, Any]], least: int) -> str:
    names = [name for name, _ in planned]
    reports = f"the reports {', '.join(names[:6])}{' …' if len(names) > 6 else ''}" if len(names) > 1 else names[0]
    words = (
        f"{Path(file).name}: {reports} together show fewer than {least} patients, or leave "
        "them if one report is subtracted from another."
    )
    for parameter, column in COHORT_COLUMNS.items():
        split = [values[parameter] for _, values in planned if values[parameter]]
        if not split:
            continue
        groups = whole.courses.dropna(subset=[column]).groupby(whole.courses[column].astype("string"), observed=True)
        offered = merged_values({name: set(marks[part["patient"]]) for name, part in groups}, least)
        if len(offered) > 1:
            lists = ", ".join(json.dumps(group, ensure_ascii=False) for group in offered)
            return f"{words} Merge small groups: matrix: {{{parameter}: [{lists}]}}."
    return f"{words} Leave out the reports of the smallest groups."


def _with_earlier(file: str, least: int) -> str:
    return (
        f"{Path(file).name}: an earlier batch described some of these patients; subtracting one report from another "
        f"would leave fewer than {least}. Build into the folder of that batch, which replaces it, or wait "
        f"until {least} patients differ. If nobody else has the earlier reports, delete {private_folder() / LEDGER}."
    )
