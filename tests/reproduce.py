"""Builds the reports twice, each time from a fresh clone, and says how many are the same byte by byte.

The two clones lie at paths of different length and are built with another time zone, language, hash seed and number of
jobs, the second on a later day (where the program `faketime` is installed). Compared are all files of all reports, the
index, the RO-Crate and the manifest but for its block of times. Uncommitted changes are not part of a clone.

    python tests/reproduce.py [--only PATTERN] [--plan FILE]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
WORLDS = (
    {"TZ": "UTC", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
    {"TZ": "Pacific/Kiritimati", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "4242"},
)
PLACES = ("first", "second clone, with spaces and a much longer name")
JOBS = ("2", "3")
LATER = "+40d"


def clone(target: Path) -> Path:
    """A fresh clone of the last commit."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(target)], check=True)
    return target


def build(folder: Path, world: dict[str, str], jobs: str, arguments: list[str], *, later: bool) -> Path:
    """All reports of a clone, by this interpreter; gives their folder. Raises CalledProcessError if one fails."""
    shift = ["faketime", "-f", LATER] if later else []
    command = [*shift, sys.executable, "-m", "analysis", "batch", *arguments, "--jobs", jobs, "--quiet"]
    environment = {**os.environ, **world, "PYTHONPATH": str(folder), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    environment.pop("SOURCE_DATE_EPOCH", None)
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return folder / "reports" / "output"


def compare(first: Path, second: Path) -> tuple[list[str], list[str]]:
    """The reports of the first folder, and every file that is not the same in both."""
    manifests = [json.loads((folder / "manifest.json").read_text(encoding="utf-8")) for folder in (first, second)]
    for manifest in manifests:
        del manifest["times"]
    names = [{p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} for folder in (first, second)]
    differing = sorted(names[0] ^ names[1])
    differing += [
        name
        for name in sorted(names[0] & names[1] - {"manifest.json"})
        if (first / name).read_bytes() != (second / name).read_bytes()
    ]
    differing += ["manifest.json"] if manifests[0] != manifests[1] else []
    return [entry["name"] for entry in manifests[0]["reports"]], differing


@click.command(help=__doc__)
@click.option("--only", default="", help="Only reports whose name fits.")
@click.option("--plan", default="", help="Another list of reports than reports/batch.yml.")
def main(only: str, plan: str) -> None:
    """Clone, build, compare, tell; exit status 1 if anything differs."""
    arguments = [*([plan] if plan else []), *(["--only", only] if only else [])]
    later = shutil.which("faketime") is not None
    with tempfile.TemporaryDirectory(prefix="reproduce-") as place:
        clones = [clone(Path(place) / name) for name in PLACES]
        outputs = [
            build(folder, world, jobs, arguments, later=later and number == 1)
            for number, (folder, world, jobs) in enumerate(zip(clones, WORLDS, JOBS, strict=True))
        ]
        reports, differing = compare(*outputs)
    changed = {name.split("/")[0] for name in differing}
    for name in differing:
        click.echo(f"differs: {name}")
    if not later:
        click.echo("Both were built today: the program faketime is not installed.")
    click.echo(f"{len(reports) - len(changed & set(reports))} of {len(reports)} reports identical.")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
