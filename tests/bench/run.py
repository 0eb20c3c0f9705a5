"""Speed of the library, as medians of several rounds (`make bench`). Goals, not tests, because machines differ."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable

import cohort_load
import cohort_tables
import exploring
import numpy as np

from analysis import evidence, findings
from analysis.evidence.selection import select
from analysis.outcomes import consistency
from analysis.statistics.paired import possible_paired_tables
from analysis.statistics.pooling import pool, pool_proportions
from analysis.statistics.survival import bootstrap_bands, npmle

ROUNDS = 7


def median_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median of several rounds after one that is not counted."""
    times = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


def intervals(distinct: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Seeded visits every few weeks: `rows` intervals among at most `distinct` different ones."""
    random = np.random.default_rng(1)
    lower = random.uniform(0, 52, distinct)
    upper = np.where(random.random(distinct) < 0.3, np.inf, lower + random.uniform(0.5, 13, distinct))
    chosen = np.concatenate([np.arange(distinct), random.integers(0, distinct, rows - distinct)])
    return lower[chosen], upper[chosen]


def main() -> None:
    """Print one line per task: median, goal, and whether this machine meets it."""
    everything = evidence.load()
    selection = select(everything)
    thousand, many, patients = intervals(1000, 1000), intervals(1000, 100_000), intervals(200, 200)
    estimates, variances = np.linspace(-1.2, 0.4, 10), np.linspace(0.02, 0.3, 10)
    events, totals = [30, 33, 25, 10, 5, 0, 52, 18, 13, 1], [48, 71, 33, 16, 5, 4, 52, 33, 20, 5]
    works: list[tuple[str, Callable[[], object], float | None]] = [
        ("Turnbull's estimate, 1,000 distinct intervals", lambda: npmle(*thousand), 0.5),
        ("the same, 100,000 rows of 1,000 distinct intervals", lambda: npmle(*many), 0.6),
        (
            "2,000 bootstrap bands of 200 patients",
            lambda: bootstrap_bands(*patients, weights=None, times=np.arange(0, 53, 4), draws=2000),
            5.0,
        ),
        ("possible paired tables, n = 500, one P value", lambda: possible_paired_tables(62, 48, 500, 0.03), 1.0),
        ("pooling 10 studies (REML, Hartung-Knapp)", lambda: pool(estimates, variances), 0.005),
        ("pooling 10 proportions (binomial-normal)", lambda: pool_proportions(events, totals), None),
        ("load and check the evidence", evidence.load, 0.5),
        ("choose what counts", lambda: select(everything), None),
        ("all answers in words", lambda: findings.evidence_findings(selection), None),
        ("consistency of every printed number", lambda: consistency.check(everything), None),
    ]
    print(f"Python {platform.python_version()}, {platform.machine()}, medians of {ROUNDS} rounds")
    for name, work, goal in works:
        seconds = median_seconds(work)
        told = "" if goal is None else f"   goal {goal:g} s: {'met' if seconds <= goal else 'NOT met here'}"
        print(f"{1000 * seconds:9.1f} ms   {name}{told}")
    for part in (exploring, cohort_load, cohort_tables):
        for line in part.lines():
            print(line)


if __name__ == "__main__":
    main()
