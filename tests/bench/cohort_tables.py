"""Time and memory of all tables of the cohort report, for 10,000 to 1,000,000 visits, in one process each."""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from analysis.outcomes.cohort import Cohort

SIZES = (10_000, 100_000, 1_000_000)
MOST_SECONDS, MOST_MEMORY, MOST_GROWTH = 20.0, 12.0, 1.2
PLANNED = (4, 12, 26)


def cohort(rows: int) -> Cohort:
    """A seeded cohort: five visits a course, days around the planned weeks, a fifth of the patients treated twice,
    eight sites (one tiny), three regimens, benefits that fade, a tenth of the scores missing."""
    from analysis.outcomes.cohort import Cohort
    from analysis.outcomes.cohort.table import VISITS
    from analysis.tabular.problems import DataError

    random = np.random.default_rng(5)
    count = rows // (2 + len(PLANNED))
    second = np.zeros(count, dtype=bool)
    second[5::6] = True
    patient = (np.cumsum(~second) - 1).astype(np.int32)
    course = (1 + second).astype(np.int16)
    baseline = np.clip(np.round(random.normal(7, 1.4, count)), 2, 10)
    fall = np.where(random.random(count) < 0.6, random.uniform(0.3, 0.9, count), random.uniform(-0.1, 0.3, count))
    lasting = random.weibull(0.9, count) * 14
    days = np.round(7 * np.array(PLANNED) + random.normal(0, 4, (count, len(PLANNED))))
    weeks = np.column_stack([np.full(count, np.nan), np.zeros(count), np.sort(days, axis=1) / 7])
    share = fall[:, None] * np.exp(-np.nan_to_num(weeks[:, 1:]) / lasting[:, None])
    scores = np.round(np.column_stack([baseline, baseline[:, None] * (1 - share)]), 1).clip(0, 10)
    scores[random.random(scores.shape) < 0.1] = np.nan
    visit = np.tile([0, 1, *[2] * len(PLANNED)], count).astype(np.int8)
    each = 2 + len(PLANNED)
    visits = pd.DataFrame(
        {
            "patient": np.repeat(patient, each),
            "course": np.repeat(course, each),
            "visit": pd.Categorical.from_codes(visit, categories=list(VISITS)),
            "weeks": weeks.ravel(),
            "nrs": scores.ravel(),
            "date": np.full(count * each, np.datetime64("NaT"), dtype="datetime64[us]"),
            "row": np.arange(2, count * each + 2, dtype=np.int32),
        }
    )
    site = np.where(patient < 3, 7, patient % 7)
    words = {"site": site, "regimen_class": patient % 3, "sex": (patient % 4 > 0).astype(int)}
    names = {"site": [f"Site {i}" for i in range(8)], "regimen_class": ["oral", "other", "topical"]}
    columns = {
        name: pd.Categorical.from_codes(codes, categories=names.get(name, ["female", "male"]))
        for name, codes in words.items()
    }
    courses = pd.DataFrame({"patient": patient, "course": course, **columns})
    courses["age"], courses["disease_duration_years"] = 18.0 + patient % 60, 0.5 + patient % 173 / 10
    courses["year"] = pd.array(2015 + patient % 10, dtype="Int16")
    courses["baseline"] = scores[:, 0]
    return Cohort("big", "big.csv", True, "0" * 64, visits, courses, DataError([]).problems)


def tables(patients: Cohort) -> dict[str, float]:
    """All tables of the report; seconds of each part."""
    from analysis.outcomes.cohort import benchmark, durations, fall_without_effect, people, response, trajectories

    seconds = {}

    def timed(name, work):
        begin = time.process_time()  # of one core, whatever else the machine is doing
        found = work()
        seconds[name] = time.process_time() - begin
        return found

    timed("people", lambda: people.people(patients))
    timed("trajectories", lambda: trajectories.trajectories(patients))
    responders = timed("response", lambda: response.response(patients))
    lasting = timed("durations", lambda: durations.durations(patients))
    timed("benchmark", lambda: (benchmark.clinic_results(responders, lasting), benchmark.funnel(patients)))
    timed("fall without effect", lambda: fall_without_effect.regression_to_the_mean(patients))
    return seconds


def measure(path: Path) -> dict[str, object]:
    """Return seconds, bytes of the tables, and the growth of this process in bytes during the computation."""
    tables(cohort(1000))  # imports are not counted
    with path.open("rb") as handle:
        patients = pickle.load(handle)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = tables(patients)
    rise = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    table = sum(int(part.memory_usage(deep=True).sum()) for part in (patients.visits, patients.courses))
    return {"seconds": sum(seconds.values()), "parts": seconds, "table": table, "rise": rise}


def lines() -> Iterator[str]:
    """Return one line per size; the goals are those of a million rows on one core."""
    smallest = 0.0
    one_core = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        for rows in SIZES:
            path = Path(folder) / f"{rows}.pickle"
            path.write_bytes(pickle.dumps(cohort(rows)))
            # a process of its own: memory that making the cohort took would hide what the tables take
            command = [sys.executable, __file__, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=one_core)
            found = json.loads(done.stdout)
            smallest = smallest or found["seconds"]
            growth = found["seconds"] / smallest / (rows / SIZES[0])
            times = found["rise"] / found["table"]
            told = f"{found['seconds']:9.2f} s    all tables of a cohort of {rows:,} visits"
            told += f"   memory {times:.1f} × table   growth {growth:.2f} × linear"
            if rows == SIZES[-1]:
                met = found["seconds"] <= MOST_SECONDS and times <= MOST_MEMORY and growth <= MOST_GROWTH
                goal = f"{MOST_SECONDS:g} s, {MOST_MEMORY:g} × table, {MOST_GROWTH:g} × linear"
                told += f"   goal {goal}: {'met' if met else 'NOT met here'}"
            yield told


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
