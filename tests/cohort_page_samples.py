"""An invented cohort and its results, computed once, for the tests of cohort figures, tables and sentences."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from cohort_samples import cohort

from analysis.outcomes.cohort import (
    benchmark,
    durations,
    fall_without_effect,
    people,
    response,
    run_charts,
    sites,
    trajectories,
)

PUBLISHED = pd.DataFrame(
    {
        "outcome": ["ge_30_percent at end_of_infusion", "ge_30_percent at follow_up", "ge_2_points at follow_up"],
        "definition": ["at least 30% less pain, within a week", "at least 30% less pain, later", "2 points, later"],
        "counted": ["“30%”", "“30%”", "“2 points”"],
        "alike": [True, True, True],
        "studies": ["A and B", "A and B", "C"],
        "k": [7, 7, 1],
        "patients": [200, 200, 40],
        "responders": [120, 100, 16],
        "estimate": [0.6, 0.92, 0.4],
        "ci_low": [0.4, 0.91, 0.3],
        "ci_high": [0.75, 0.94, 0.6],
        "pi_low": [0.25, 0.9, np.nan],
        "pi_high": [0.85, 0.95, np.nan],
    }
)


@functools.cache
def patients(count: int = 60, seed: int = 2) -> Any:
    """Return invented patients of two sites and two regimens, some with several courses or missing visits."""
    random = np.random.default_rng(seed)
    rows = []
    for patient in range(count):
        place = {"site": ["Bern", "Cork"][patient % 2], "regimen_class": ["anesthetic", "oral"][patient % 3 == 0]}
        for course in range(1, 2 + (patient % 4 == 0)):
            before = int(random.integers(5, 10))
            end = int(random.integers(0, before + 1))
            later = {week: int(min(10, end + random.integers(0, 3 + week // 4))) for week in (4, 12)}
            later = {week: score for week, score in later.items() if random.random() < 0.85}
            row = {"patient": patient, "course": course, "baseline": before, "end": end, "later": later, **place}
            who = {"sex": ["female", "male"][patient % 5 == 0], "age": 30.0 + patient % 40}
            rows.append(row | who | {"date": f"{2020 + patient % 12 // 4}-{3 * (patient % 4) + 1:02d}-15"})
    return cohort(*rows)


@functools.cache
def results() -> SimpleNamespace:
    """Every result of the invented patients, by the name of its module."""
    return _results(patients())


@functools.cache
def nobody() -> SimpleNamespace:
    """Return every result of three patients, which are too few to be shown."""
    return _results(cohort((8, 4, {4: 5}), (7, 7, {4: 7}), (9, 2, {})))


def _results(whole: Any) -> SimpleNamespace:
    found = SimpleNamespace(
        people=people.people(whole),
        trajectories=trajectories.trajectories(whole),
        response=response.response(whole),
        durations=durations.durations(whole),
        limits=fall_without_effect.regression_to_the_mean(whole),
        funnel=sites.funnel(whole),
        chart=run_charts.run_chart(whole),
    )
    found.compared = benchmark.compare(benchmark.clinic_results(found.response), PUBLISHED)
    return found
