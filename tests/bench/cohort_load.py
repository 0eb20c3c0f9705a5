"""Time and memory to load a cohort of 10,000, 100,000 and 1,000,000 visits, in one process each."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

SIZES = (10_000, 100_000, 1_000_000)
MOST_SECONDS, MOST_MEMORY, MOST_GROWTH = 10.0, 12.0, 1.2
WEEKS = (np.nan, 0, 4, 12, 26)


def write(rows: int, path: Path) -> None:
    """A seeded cohort of the long form with all columns: five visits a course, every fifth patient has two courses."""
    random = np.random.default_rng(5)
    courses = rows // len(WEEKS)
    second = np.zeros(courses, dtype=bool)
    second[5::6] = True
    patient = np.cumsum(~second)
    start = np.datetime64("2015-01-01") + (patient % 3000 + 400 * second).astype("timedelta64[D]")
    weeks = np.tile(WEEKS, courses)
    days = np.where(np.isnan(weeks), -5, 7 * weeks).astype("timedelta64[D]")
    scores = np.round(random.uniform(0, 10, courses * len(WEEKS)), 1)
    table = pd.DataFrame(
        {
            "patient_id": np.char.mod("P%07d", np.repeat(patient, len(WEEKS))),
            "course": np.repeat(1 + second, len(WEEKS)),
            "visit": np.tile(["baseline", "end_of_infusion", *["follow_up"] * 3], courses),
            "weeks_from_end": weeks,
            "nrs": np.where(random.random(len(scores)) < 0.1, np.nan, scores),
            "site": np.repeat(np.char.mod("Site %d", patient % 40), len(WEEKS)),
            "regimen_class": "subanesthetic_outpatient",
            "sex": np.repeat(np.where(patient % 4, "female", "male"), len(WEEKS)),
            "age": np.repeat(18 + patient % 60, len(WEEKS)),
            "disease_duration_years": np.repeat(np.round(0.5 + patient % 173 / 10, 1), len(WEEKS)),
            "date": np.repeat(start, len(WEEKS)) + days,
        }
    )
    table.to_csv(path, index=False, lineterminator="\n")


def measure(path: Path) -> dict[str, float]:
    """Return seconds, bytes of the tables, and the growth of this process in bytes during loading."""
    from analysis.outcomes import cohort

    with path.open(encoding="utf-8") as lines, path.with_name("small.csv").open("w", encoding="utf-8") as few:
        few.writelines(next(lines) for _ in range(11))
    cohort.load(path.with_name("small.csv"))  # imports are not counted
    before = _peak()
    begin = time.perf_counter()
    loaded = cohort.load(path)
    seconds = time.perf_counter() - begin
    rise = _peak() - before
    table = sum(int(part.memory_usage(deep=True).sum()) for part in (loaded.visits, loaded.courses))
    return {"seconds": seconds, "table": table, "rise": rise}


def _peak() -> int:
    """The most bytes this process has held. Linux tells it of the program; elsewhere a parent's peak may be in it."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return 1024 * int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def lines() -> Iterator[str]:
    """Return one line per size; the goals are those of a million rows on one core."""
    smallest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for rows in SIZES:
            path = Path(folder) / f"{rows}.csv"
            write(rows, path)
            # a process of its own: memory once taken would count for the next size
            done = subprocess.run([sys.executable, __file__, str(path)], capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            smallest = smallest or found["seconds"]
            growth = found["seconds"] / smallest / (rows / SIZES[0])
            times = found["rise"] / found["table"]
            told = f"{found['seconds']:9.2f} s    load and check a cohort of {rows:,} visits"
            told += f"   memory {times:.1f} × table   growth {growth:.2f} × linear"
            if rows == SIZES[-1]:
                met = found["seconds"] <= MOST_SECONDS and times <= MOST_MEMORY and growth <= MOST_GROWTH
                goal = f"{MOST_SECONDS:g} s, {MOST_MEMORY:g} × table, {MOST_GROWTH:g} × linear"
                told += f"   goal {goal}: {'met' if met else 'NOT met here'}"
            yield told


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
