"""The batch on a Dask cluster on this machine: the same bytes, and no report lost if a worker is killed."""

from __future__ import annotations

import dataclasses
import shutil
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from dask_cluster import dask_cluster, tls_settings
from reporting_samples import SAMPLE, common, notebook_of, sample, spec

from analysis.__main__ import main
from analysis.paths import ROOT
from analysis.reporting.batch import build, cluster
from analysis.reporting.batch.plan import read_plan
from analysis.reporting.provenance import sha256
from analysis.reporting.run import Spec, build_report

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked")]

dask = pytest.importorskip("dask")
pytest.importorskip("distributed")

WORKERS = 2


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """Address of a scheduler, and its two worker processes, of one thread each and without a nanny.

    They speak TLS, as a clinic's must, where openssl can make a certificate.
    """
    folder = tmp_path_factory.mktemp("dask")
    protocol = "tls" if shutil.which("openssl") else "tcp"
    settings = tls_settings(folder) if protocol == "tls" else {}
    settings["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = "1"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.setattr(cluster, "CONNECT_SECONDS", 600)  # the limit only stops a test that hangs
        dask.config.refresh()  # reads the variables
        with dask_cluster(folder, WORKERS, protocol) as (address, processes):
            yield address, processes[1:]
    dask.config.refresh()


def plan_of(folder: Path, count: int) -> Path:
    """A list of so many reports; the second waits for the file `go`, so that its worker can be killed before."""
    cells = [
        nbformat.v4.new_markdown_cell("# Number"),
        nbformat.v4.new_code_cell("number: int = 0  # which one it is", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(WAIT.format(running=str(folder / "running"), go=str(folder / "go"))),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "number.ipynb")
    entry = f"{{notebook: {folder}/number.ipynb, name: number, matrix: {{number: {list(range(1, count + 1))}}}}}"
    (folder / "batch.yml").write_text(
        f"formats: [html]\nreports: [{entry}, {{notebook: {SAMPLE}, formats: [html, pdf]}}]"
    )
    return folder / "batch.yml"


WAIT = """
import os, time
print(number)
if number == 2:
    worker = int(open(f"/proc/{{os.environ['JPY_PARENT_PID']}}/stat").read().rsplit(")", 1)[1].split()[1])
    open({running!r}, "a").write(f"{{worker}}\\n")
    while not os.path.exists({go!r}):
        time.sleep(0.01)
"""


def test_all_reports_arrive_though_a_worker_is_killed(workers, tmp_path):
    address, processes = workers
    heard = []

    class Heard(build.Watcher):
        def finished(self, outcome):
            heard.append(outcome.entry["name"])

    def kill_the_worker_of_the_second() -> None:
        while not (tmp_path / "running").exists() or not (tmp_path / "running").read_text().endswith("\n"):
            time.sleep(0.01)
        pid = int((tmp_path / "running").read_text().split()[0])
        (worker,) = [process for process in processes if process.pid == pid]
        worker.kill()
        worker.wait()
        (tmp_path / "go").touch()

    killer = threading.Thread(target=kill_the_worker_of_the_second, daemon=True)
    killer.start()
    plan = read_plan(plan_of(tmp_path, 2))
    with cluster.ClusterWorkers(address) as dask:
        outcomes = build.build_batch(plan, tmp_path / "out", common(), dask, watcher=Heard())
    killer.join()
    assert {outcome.entry["name"]: outcome.entry["reason"] for outcome in outcomes} == dict.fromkeys(
        [*(f"number-number-{n}" for n in (1, 2)), "sample"], ""
    )
    assert sorted(heard) == sorted(set(heard)), "none twice"
    for name, content in sample().files.items():
        assert (tmp_path / "out/sample" / name).read_bytes() == content, name
    nowhere = cluster.ClusterWorkers("tcp://127.0.0.1:1")
    again = build.build_batch(plan, tmp_path / "out", common(), nowhere)
    assert all(outcome.unchanged for outcome in again), "nothing to build needs no cluster"


def test_what_kills_its_process_costs_its_own_report(workers, tmp_path):
    address, _ = workers
    code = "import os, signal; os.kill(int(os.environ['JPY_PARENT_PID']), signal.SIGKILL); signal.pause()"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), tmp_path / "killer.ipynb")
    (tmp_path / "batch.yml").write_text(
        f"formats: [html]\nreports: [{{notebook: {tmp_path}/killer.ipynb}}, {{notebook: {SAMPLE}}}]"
    )
    with cluster.ClusterWorkers(address) as dask:
        plan = read_plan(tmp_path / "batch.yml")
        killer, good = build.build_batch(plan, tmp_path / "out", common(), dask)
    assert killer.entry["reason"] == "worker exited unexpectedly (killed, crashed or out of memory)"
    assert good.ok


@pytest.fixture
def visits(tmp_path):
    """A spec of a notebook and a table outside the project."""
    cell = nbformat.v4.new_code_cell(
        'cohort: str = "data/cohorts/synthetic-example.csv"  # a table', metadata={"tags": ["parameters"]}
    )
    code = nbformat.v4.new_code_cell("from analysis.paths import resolve; print(resolve(cohort).read_text(), cohort)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell, code]), tmp_path / "visits.ipynb")
    (tmp_path / "clinic.csv").write_text("patients")
    overrides = {"cohort": str(tmp_path / "clinic.csv")}
    return Spec("v", str(tmp_path / "visits.ipynb"), overrides, ("html",), common())


def test_files_outside_the_project_travel(workers, visits, monkeypatch):
    here = build_report(visits)
    assert here.reason == ""
    address, _ = workers
    with cluster.ClusterWorkers(address) as dask:
        if address.startswith("tls:"):
            dask.check([visits])
        there = dask.executor(1).submit(build_report, visits).result()
    assert there.files == here.files
    assert notebook_of(there).cells[-1].outputs[0].text == "patients clinic.csv\n"


def test_what_is_sent_to_a_worker(visits, tmp_path):
    sent, expected, contents = cluster.to_send(visits)
    assert contents == {name: Path(name).read_bytes() for name in (visits.notebook, str(tmp_path / "clinic.csv"))}
    assert sent.published["cohort"].startswith("salted:"), "the worker has another key"
    assert dataclasses.replace(sent, published={}) == visits
    assert expected["code"] == common()["code"]["hash"]
    assert expected["data/arms.csv"] == sha256((ROOT / "data/arms.csv").read_bytes())
    sent, expected, contents = cluster.to_send(spec())
    assert (sent.notebook, contents) == (SAMPLE, {})
    assert expected[SAMPLE] == sha256((ROOT / SAMPLE).read_bytes())


def test_a_clinics_table_travels_encrypted_or_not_at_all(visits):
    plain, safe = cluster.ClusterWorkers("tcp://host:8786"), cluster.ClusterWorkers("tls://host:8786")
    with pytest.raises(cluster.NoCluster, match=r"v: the file of 'cohort' would travel .* allow it with --insecure"):
        plain.check([spec(), visits])
    plain.check([spec(), dataclasses.replace(visits, overrides={})])
    safe.check([visits])
    cluster.ClusterWorkers("tcp://host:8786", insecure=True).check([visits])


def test_a_process_that_builds_reports_leaves_no_file(workers, visits, tmp_path, monkeypatch):
    """The table that was sent is deleted after the report, and all else when the process ends."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    spec, expected, contents = cluster.to_send(visits)
    assert cluster.build_on_worker(spec, expected, contents).reason == ""
    host = cluster._hosts.get_nowait()
    assert not [path for path in tmp_path.rglob("*.csv") if path.name != "clinic.csv" or path.parent != tmp_path]
    cluster._end(host)
    assert not list(tmp_path.glob("crps-*"))


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
        cluster.ClusterWorkers("tcp://127.0.0.1:1").jobs()


def test_another_version_on_a_worker_fails_the_report(workers):
    import pandas

    old = dataclasses.replace(
        spec(),
        common={
            **common(),
            "code": {**common()["code"], "hash": "other"},
            "versions": {**common()["versions"], "pandas": "0.1", "absent": "1"},
            "data": {**common()["data"], "files": {**common()["data"]["files"], "arms.csv": "other"}},
        },
    )
    address, _ = workers
    with cluster.ClusterWorkers(address) as dask:
        built = dask.executor(1).submit(build_report, old).result()
    different = f"code, pandas {pandas.__version__}, absent, data/arms.csv"
    assert built.reason == f"the worker differs from this machine in: {different}"
    assert built.files == {}
