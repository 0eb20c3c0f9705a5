"""Compare this checkout with an older commit: the same reports, in the same environment, in turn.

    python tests/bench/paired.py COMMIT [--rounds N] [--output FILE]

The commit is cloned into a temporary folder. Each round builds with both, A B A B: the 20 evidence and cohort reports
of batch.py, and the evidence report alone. Medians; goals, not tests.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from batch import GOAL_CELLS, GOAL_LOOP, as_list, chosen, machine

from analysis.paths import ROOT

ROUNDS = 5
GOAL_ALONE = 0.62  # of the older commit: 4 s instead of 6.4 s
HEADING = "## Against an older commit"
RESULTS = Path(__file__).parent / "RESULTS.md"
WORKS = {
    "20 evidence and cohort reports, HTML and PDF": ["batch", "batch.yml", "--force", "--quiet"],
    "the evidence report alone": ["report", "evidence-report"],
}


def clone(commit: str, folder: Path) -> str:
    """Check the commit out into the folder; return its short hash."""
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "checkout", "--quiet", commit], check=True)
    command = ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def seconds_of(arguments: list[str], checkout: Path, folder: Path) -> float:
    """Return the seconds of one command of the checkout, which writes below the folder."""
    words = [str(folder / word) if word == "batch.yml" else word for word in arguments]
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "analysis", *words, "--output", str(folder / "out")],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - begin


def measure(commit: str, rounds: int) -> list[str]:
    """Return the section of RESULTS.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = clone(commit, folder / "old")
        (folder / "batch.yml").write_text(as_list(chosen()))
        seconds: dict[str, list[tuple[float, float]]] = {work: [] for work in WORKS}
        for _ in range(rounds):
            for work, arguments in WORKS.items():
                pair = [seconds_of(arguments, checkout, folder) for checkout in (folder / "old", ROOT)]
                seconds[work].append((pair[0], pair[1]))
    lines = [
        HEADING,
        "",
        f"{machine()}.",
        f"{rounds} rounds, in each first {short}, then this checkout; load of the machine at the end: "
        f"{os.getloadavg()[0]:.1f}.",
        "",
        f"| what | {short}, s | this checkout, s | median ratio | ratios | goal |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for (work, pairs), goal in zip(seconds.items(), (1.0, GOAL_ALONE), strict=True):
        old, new = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = sorted(second / first for first, second in pairs)
        listed = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        lines.append(f"| {work} | {old:.1f} | {new:.1f} | {statistics.median(ratios):.2f} | {listed} | <= {goal:g} |")
    goals = f"Goals of the batch: {GOAL_LOOP:g} times the shell loop, {GOAL_CELLS:g} times the bare cells (above)."
    return [*lines, "", goals]


def main() -> None:
    """Measure and print; replace the section in RESULTS.md."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("commit")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--output", type=Path, default=RESULTS)
    arguments = options.parse_args()
    lines = measure(arguments.commit, arguments.rounds)
    print("\n".join(lines))
    before = arguments.output.read_text(encoding="utf-8") if arguments.output.exists() else ""
    other = before.partition(HEADING)[0].rstrip("\n")
    arguments.output.write_text("\n".join([*([other, ""] if other else []), *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
