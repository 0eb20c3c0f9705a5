"""The batch on a real Dask cluster on this machine: the same bytes, one worker killed in the middle, none lost."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from reporting_samples import SAMPLE, common, sample, spec

from analysis.__main__ import main
from analysis.paths import ROOT, resolve
from analysis.reporting.batch import build, cluster
from analysis.reporting.batch.plan import read
from analysis.reporting.run import Spec

pytestmark = pytest.mark.slow

pytest.importorskip("distributed")

WORKERS = 2


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """Address of a scheduler, and its two worker processes, of one thread each and without a nanny."""
    folder = tmp_path_factory.mktemp("dask")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}

    def start(*words: str) -> subprocess.Popen:
        with (folder / "log").open("a") as log:
            command = [sys.executable, "-m", "dask", *words]
            return subprocess.Popen(command, env=settings, cwd=folder, stdout=log, stderr=log)

    address = f"tcp://127.0.0.1:{port}"
    started = [start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-jupyter")]
    for number in range(WORKERS):
        started.append(
            start("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", str(number))
        )
    yield address, started[1:]
    for process in reversed(started):  # a worker says goodbye to its scheduler
        process.terminate()
        process.wait(20)


def plan_of(folder: Path, count: int, pause: float = 0.0) -> Path:
    """A list of so many reports; each waits a little, so that a worker can be killed while it is at one."""
    cells = [
        nbformat.v4.new_markdown_cell("# Slow"),
        nbformat.v4.new_code_cell("number: int = 0  # which one it is", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(f"import time; time.sleep({pause}); print(number)"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "slow.ipynb")
    entry = f"{{notebook: {folder}/slow.ipynb, name: slow, matrix: {{number: {list(range(1, count + 1))}}}}}"
    (folder / "batch.yml").write_text(
        f"formats: [html]\nreports: [{entry}, {{notebook: {SAMPLE}, formats: [html, pdf]}}]"
    )
    return folder / "batch.yml"


def test_all_reports_arrive_though_a_worker_is_killed(workers, tmp_path):
    address, processes = workers
    heard = []

    class Killer(build.Watcher):
        def finished(self, outcome):
            heard.append(outcome.entry["name"])
            if len(heard) == 2:
                processes[0].send_signal(signal.SIGKILL)

    plan = read(plan_of(tmp_path, 6, pause=0.5))
    outcomes = build.run(plan, tmp_path / "out", common(), watcher=Killer(), scheduler=address)
    assert {outcome.entry["name"]: outcome.entry["reason"] for outcome in outcomes} == dict.fromkeys(
        [*(f"slow-number-{n}" for n in range(1, 7)), "sample"], ""
    )
    assert sorted(heard) == sorted(set(heard)), "none twice"
    for name, content in sample().files.items():
        assert (tmp_path / "out/sample" / name).read_bytes() == content, name
    again = build.run(plan, tmp_path / "out", common(), scheduler="tcp://127.0.0.1:1")
    assert all(outcome.unchanged for outcome in again), "nothing to build needs no cluster"


def test_what_kills_its_process_costs_its_own_report(workers, tmp_path):
    address, _ = workers
    code = "import os, signal; os.kill(int(os.environ['JPY_PARENT_PID']), signal.SIGKILL); import time; time.sleep(30)"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), tmp_path / "killer.ipynb")
    (tmp_path / "batch.yml").write_text(
        f"formats: [html]\nreports: [{{notebook: {tmp_path}/killer.ipynb}}, {{notebook: {SAMPLE}}}]"
    )
    killer, good = build.run(read(tmp_path / "batch.yml"), tmp_path / "out", common(), scheduler=address)
    assert killer.entry["reason"] == "its process ended without a word (killed, crashed or out of memory)"
    assert good.ok


def test_no_cluster_is_wrong_use(tmp_path):
    (tmp_path / "batch.yml").write_text(f"reports: [{{notebook: {SAMPLE}}}]")
    command = ["batch", str(tmp_path / "batch.yml"), "--output", str(tmp_path / "out"), "--scheduler"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "CONNECT_SECONDS", 0.3)
        done = CliRunner().invoke(main, [*command, "tcp://127.0.0.1:1"])
    assert done.exit_code == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in done.output


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(cluster.NoCluster, match=r"needs dask.distributed: pip install '.\[cluster\]'"):
        cluster.Cluster("tcp://127.0.0.1:1", [])


def test_the_archive_holds_library_data_notebooks_and_named_files(tmp_path):
    cell = nbformat.v4.new_code_cell(
        'cohort: str = "data/cohorts/synthetic-example.csv"  # a table', metadata={"tags": ["parameters"]}
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "visits.ipynb")
    (tmp_path / "clinic.csv").write_text("patients")
    visits = Spec("v", str(tmp_path / "visits.ipynb"), {"cohort": str(tmp_path / "clinic.csv")}, common=common())
    archive = cluster.pack([spec(), visits])
    assert archive == cluster.pack([spec(), visits])
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    assert {"project/analysis/paths.py", "project/data/arms.csv", "project/data/references.bib"} <= set(names)
    assert f"project/{SAMPLE}" in names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("project/data/cohorts", "/"))]
    moved, places = cluster.portable(visits)
    assert {moved.notebook, *places.values()} <= set(names)
    assert list(places) == [str(tmp_path / "clinic.csv")]
    assert places[str(tmp_path / "clinic.csv")].endswith("/clinic.csv")
    assert cluster.portable(spec())[0].notebook == f"project/{SAMPLE}"


def test_a_file_that_stands_elsewhere_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("KETAMINE_CRPS_MOVED", json.dumps({"visits.csv": str(tmp_path / "x.csv")}))
    assert resolve("visits.csv") == tmp_path / "x.csv"
    assert resolve("data") == ROOT / "data"


def test_other_versions_on_a_worker_fail_the_report(tmp_path):
    old = dataclasses.replace(spec(), common={**common(), "versions": {**common()["versions"], "pandas": "0.1"}})
    made = pickle.loads(cluster.build_here(cluster.pack([old]), pickle.dumps(cluster.portable(old))))
    import pandas

    assert made.reason == f"the worker has other versions than this machine: pandas {pandas.__version__}"
