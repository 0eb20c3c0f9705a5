"""Build the reports twice, each time from a fresh clone, and compare them byte by byte.

The two clones lie at paths of different length and are built with another time zone, language, hash seed and number of
jobs, the second forty days later (where the Python package time-machine is installed). Compared are all files of all
reports, the index, the RO-Crate and the manifest without its block of times. What is not committed is not cloned.

    python tests/reproduce.py [--only PATTERN] [--plan FILE]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
WORLDS = (
    {"TZ": "UTC", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
    {"TZ": "Pacific/Kiritimati", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "4242"},
)
PLACES = ("first", "second clone, with spaces and a much longer name")
JOBS = ("2", "3")
# what Python does first in every process of the second build
LATER = """import datetime
import time_machine
time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=40), tick=True).start()
"""


def clone(target: Path) -> Path:
    """A fresh clone of the last commit."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(target)], check=True)
    return target


def build(folder: Path, world: dict[str, str], jobs: str, arguments: list[str], first: Path | None = None) -> Path:
    """All reports of a clone, by this interpreter; gives their folder. first: a folder whose sitecustomize.py runs
    before all else. Raises CalledProcessError if a report fails."""
    command = [sys.executable, "-m", "analysis", "batch", *arguments, "--jobs", jobs, "--quiet"]
    paths = [str(path) for path in (first, folder) if path] + list(filter(None, [os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, **world, "PYTHONPATH": os.pathsep.join(paths)}
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
    """Clone, build, compare and print; return exit status 1 if anything differs."""
    arguments = [*([plan] if plan else []), *(["--only", only] if only else [])]
    later = find_spec("time_machine") is not None
    with tempfile.TemporaryDirectory(prefix="reproduce-") as place:
        clones = [clone(Path(place) / name) for name in PLACES]
        clock = Path(place) / "clock"
        clock.mkdir()
        (clock / "sitecustomize.py").write_text(LATER if later else "", encoding="utf-8")
        outputs = [
            build(folder, world, jobs, arguments, first)
            for folder, world, jobs, first in zip(clones, WORLDS, JOBS, (None, clock), strict=True)
        ]
        reports, differing = compare(*outputs)
    changed = {name.split("/")[0] for name in differing}
    for name in differing:
        click.echo(f"differs: {name}")
    if not later:
        click.echo("Both were built today: the package time-machine is not installed.")
    click.echo(f"{len(reports) - len(changed & set(reports))} of {len(reports)} reports identical.")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
