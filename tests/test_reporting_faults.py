"""Batches that are stopped or run out of disk space: finished reports remain, without partial files or processes."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import faults
import nbformat
import pytest
from click.testing import CliRunner

from analysis.__main__ import main
from analysis.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes in /proc")]


@pytest.fixture(autouse=True)
def interruptible():
    """Let processes that are started here be interrupted, also where a shell started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def plan(tmp_path):
    """Three reports: a short one, one that writes a file and does not end, and one that would follow."""
    endless = f"import pathlib, signal; pathlib.Path({str(tmp_path / 'runs')!r}).touch(); signal.pause()"
    for name, code in (("short", "print(1)"), ("long", endless)):
        cells = [nbformat.v4.new_markdown_cell(f"# {name.capitalize()}"), nbformat.v4.new_code_cell(code)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    lines = [f"- {{notebook: {tmp_path}/{kind}.ipynb, name: {name}}}" for name, kind in NAMES.items()]
    (tmp_path / "batch.yml").write_text("formats: [html]\nreports:\n" + "\n".join(lines))
    return tmp_path


NAMES = {"first": "short", "second": "long", "third": "short"}


def command(folder: Path) -> list[str]:
    """Return the arguments of a batch of one job."""
    return ["batch", str(folder / "batch.yml"), "--output", str(folder / "out"), "--jobs", "1"]


def start(folder: Path, *options: str, **more) -> subprocess.Popen:
    """A batch in a process group of its own, as a terminal would start it."""
    return subprocess.Popen(
        [sys.executable, "-m", "analysis", *command(folder), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **more,
    )


def wait_until_second_runs(folder: Path, process: subprocess.Popen) -> None:
    """Wait for the file that the second report writes; fail if the batch ends before."""
    while not (folder / "runs").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)


def processes_of(batch: subprocess.Popen) -> dict[int, int]:
    """The process, its children, their children and so on, each with a descriptor that tells its end."""
    found = {}
    for pid in descendants(batch.pid):
        with contextlib.suppress(ProcessLookupError):
            found[pid] = os.pidfd_open(pid)
    return found


def wait_for_ends(processes: dict[int, int]) -> None:
    for descriptor in processes.values():
        select.select([descriptor], [], [])
        os.close(descriptor)


def descendants(pid: int) -> set[int]:
    """The process, its children, their children and so on."""
    parents = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(process.name)] = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found, more = set(), {pid}
    while more:
        found |= more
        more = {child for child, parent in parents.items() if parent in more} - found
    return found


def ready(folder: Path) -> list[str]:
    notes = folder / "out" / ".unfinished.jsonl"
    return [json.loads(line)["name"] for line in notes.read_text().splitlines()] if notes.exists() else []


def test_the_last_trial_of_every_fault_is_recorded():
    with faults.RESULTS.open(encoding="utf-8", newline="") as file:
        results = {row["fault"]: row["result"] for row in csv.DictReader(file)}
    assert list(results) == list(faults.FAULTS)
    assert {name for name, result in results.items() if result != "survived"} == set()


@pytest.mark.usefixtures("forked")
def test_a_batch_that_is_stopped_continues_where_it_was(plan):
    for how in (signal.SIGTERM, signal.SIGKILL):  # tests/faults.py tries more, at more moments
        (plan / "runs").unlink(missing_ok=True)
        process = start(plan)
        wait_until_second_runs(plan, process)
        assert ready(plan) == ["first"], how
        family = processes_of(process)
        assert len(family) >= 4, "the batch, a worker, the template, a kernel"
        if how == signal.SIGTERM:
            second = CliRunner().invoke(main, command(plan))
            assert "another run (a batch or a report) is writing there" in second.output
            assert second.exit_code == 2
        os.killpg(process.pid, how)  # as Ctrl-C at a terminal reaches the whole group
        told = process.communicate()[0]
        if how == signal.SIGTERM:
            assert process.returncode == 143
            assert "Stopped with 1 report finished; the next run builds the others." in told
        assert "Traceback" not in told
        wait_for_ends(family)
        assert sorted(path.name for path in (plan / "out").iterdir()) == [".unfinished.jsonl", "first"]

    (plan / "batch.yml").write_text(
        (plan / "batch.yml").read_text().replace(f"{plan}/long.ipynb", f"{plan}/short.ipynb")
    )
    again = CliRunner().invoke(main, command(plan))
    assert again.exit_code == 0, again.output
    assert "1 report is up to date." in again.output
    assert "3 of 3 reports built, 1 of them earlier and up to date." in again.output
    assert {*NAMES, "index.html", "manifest.json"} <= {path.name for path in (plan / "out").iterdir()}
    assert not [path.name for path in (plan / "out").iterdir() if path.name.startswith(".")]


def test_a_full_disk_fails_what_has_no_room_and_quiet_prints_that_alone(plan):
    cells = [nbformat.v4.new_markdown_cell("# Big"), nbformat.v4.new_code_cell("print(('x' * 79 + '\\n') * 40_000)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), plan / "long.ipynb")

    def small_disk():  # no file can grow larger than this
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    process = start(plan, "--quiet", preexec_fn=small_disk)
    told = process.communicate()[0]
    assert process.returncode == 1, told
    reason = "its files could not be written: File too large (the limit is 2000000 bytes; see ulimit -f)"
    assert told == f"second: {reason}\n"
    there = {path.name for path in (plan / "out").iterdir()}
    assert {"first", "third", "index.html", "manifest.json"} <= there
    assert "second" not in there
    assert not [name for name in there if name.startswith(".")]
    (entry,) = [e for e in json.loads((plan / "out/manifest.json").read_text())["reports"] if e["name"] == "second"]
    assert (entry["status"], entry["reason"]) == ("failed", reason)
    assert reason in (plan / "out/index.html").read_text()


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is forbidden to this user")
def test_a_folder_that_may_not_be_written(plan):
    (plan / "out").mkdir(mode=0o500)
    process = start(plan)
    assert "Not written: Permission denied" in process.communicate()[0]
    assert process.returncode == 1
