"""Reports per hour on a Dask cluster of one and of two workers on this machine, extrapolated to 50 machines.

    python tests/bench/cluster.py [--rounds N] [--output FILE]

The 20 reports of build.py, HTML and PDF. The first batch on new workers pays for their start; the later ones, of which
medians are shown, find them warm, as a long batch does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from batch import as_list, chosen, machine

sys.path.insert(0, str(Path(__file__).parent.parent))
from dask_cluster import dask_cluster

from analysis.reporting import provenance
from analysis.reporting.batch.build import build_batch
from analysis.reporting.batch.cluster import ClusterWorkers
from analysis.reporting.batch.plan import Plan, read_plan

ROUNDS, WORKERS = 5, (1, 2)
REPORTS, MACHINES = 10_000, 50  # of the estimate


@dataclass(frozen=True)
class Batch:
    """One batch: total seconds, seconds of the reports on the workers, and of the work on this machine."""

    whole: float
    building: float
    asking: float


def one(reports: Plan, folder: Path, common: dict[str, object], address: str) -> Batch:
    """Return the result of one batch of the complete list on the cluster."""
    begin, worked = time.perf_counter(), time.process_time()
    with ClusterWorkers(address) as cluster:
        outcomes = build_batch(reports, folder / "out", common, cluster, force=True)
    assert all(outcome.ok for outcome in outcomes), [outcome.entry["reason"] for outcome in outcomes]
    whole, asking = time.perf_counter() - begin, time.process_time() - worked
    return Batch(whole, sum(outcome.seconds for outcome in outcomes), asking)


def main() -> None:
    """Measure and print; `--output` writes the table too."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--output", type=Path, default=None)
    asked = options.parse_args()
    common = provenance.shared()
    found: dict[int, tuple[float, Batch]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "batch.yml").write_text(as_list(chosen()))
        reports = read_plan(folder / "batch.yml")
        count = len(reports.reports)
        for number in WORKERS:
            with dask_cluster(folder, number) as (address, _):
                first = one(reports, folder, common, address)
                later = [one(reports, folder, common, address) for _ in range(asked.rounds)]
            middle = Batch(*(statistics.median(getattr(b, part) for b in later) for part in Batch.__annotations__))
            found[number] = first.whole - middle.whole, middle
        came = sum(path.stat().st_size for path in (folder / "out").rglob("*") if path.is_file()) / count
    lines = [
        f"# {count} reports with HTML and PDF on a Dask cluster on one machine",
        "",
        f"{machine()}, distributed {metadata.version('distributed')}.",
        f"Medians of {asked.rounds} batches on warm workers; load of the machine at the end: {os.getloadavg()[0]:.1f}.",
        "",
        "| workers | seconds a batch | reports an hour | building a report, s | besides, a report and worker, s "
        "| the asker's own work, a report, s | start of new workers, s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for number, (start, b) in found.items():
        besides = (b.whole * number - b.building) / count
        lines.append(
            f"| {number} | {b.whole:.1f} | {3600 * count / b.whole:,.0f} | {b.building / count:.2f} | {besides:.2f} "
            f"| {b.asking / count:.3f} | {max(start, 0):.1f} |"
        )
    start, alone = found[WORKERS[0]]
    there = start + REPORTS / MACHINES * alone.whole / count
    here = REPORTS * alone.asking / count
    lines += [
        "",
        f"{came / 1e6:.1f} MB of files come back for each report.",
        "",
        f"On paper, {REPORTS:,} such reports on {MACHINES} machines with one worker each: {there / 60:.0f} minutes for "
        f"the workers ({start:.0f} s of start, then {REPORTS // MACHINES} reports each), {here / 60:.0f} minutes "
        f"of work for the one who asks and writes {REPORTS * came / 1e9:.0f} GB; both go on at the same time, so about "
        f"{max(there, here) / 60:.0f} minutes.",
    ]
    print("\n".join(lines))
    if asked.output:
        asked.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
