"""The batch: all reports that can be built, messages about the others, an index and a manifest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from processes import gone
from reporting_samples import SAMPLE, ThreadWorkers, common, sample

from analysis.reporting.batch import build, pool
from analysis.reporting.batch.folder import Folder
from analysis.reporting.batch.plan import read_plan
from analysis.reporting.batch.pool import LocalWorkers, Workers, build_all
from analysis.reporting.run import Built, Spec

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked")]

PLAN = f"""
formats: [html]
groups: {{pain: "How much does pain fall?", other: "What else?"}}
reports:
  - {{notebook: {SAMPLE}, group: other, name: bad, parameters: {{stop: true}}}}
  - {{notebook: {SAMPLE}, group: pain, formats: [html, pdf]}}
  - {{notebook: {SAMPLE}, group: other, name: narrow, title: "A <narrow> one", parameters: {{level: 0.8}}}}
"""


class Heard(build.Watcher):
    """Records the progress of a batch."""

    def __init__(self):
        self.to_build, self.unchanged, self.running, self.ready = [], 0, [], []

    def begin(self, to_build, unchanged):
        self.to_build, self.unchanged = to_build, unchanged

    def started(self, name):
        self.running.append(name)

    def finished(self, outcome):
        self.ready.append(outcome.entry["name"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, forked):
    """A batch of one failing and two good reports, built with two processes."""
    folder = tmp_path_factory.mktemp("batch")
    (folder / "batch.yml").write_text(PLAN)
    heard = Heard()
    plan = read_plan(folder / "batch.yml")
    with LocalWorkers() as workers:
        outcomes = build.build_batch(plan, folder / "out", common(), workers, jobs=2, watcher=heard)
    assert [outcome.entry["name"] for outcome in outcomes] == ["bad", "sample", "narrow"]
    assert (sorted(heard.to_build), heard.unchanged) == (["bad", "narrow", "sample"], 0)
    assert sorted(heard.running) == sorted(heard.ready) == ["bad", "narrow", "sample"]
    return folder / "out"


def manifest(folder) -> dict:
    return json.loads((folder / "manifest.json").read_text())


def test_one_failure_costs_no_other_report(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        *("bad", "index.html", "manifest.json", "narrow", "ro-crate-metadata.json", "sample")
    ]
    assert [path.name for path in (folder / "bad").iterdir()] == ["report.ipynb"]
    assert (folder / "sample" / "report.pdf").is_file()
    assert not (folder / "narrow" / "report.pdf").exists(), "only HTML was asked for"


def test_a_worker_makes_the_same_bytes_as_this_process(folder):
    for name, content in sample().files.items():
        assert (folder / "sample" / name).read_bytes() == content, name


def test_the_manifest_lists_the_inputs_of_each_report(folder):
    told = manifest(folder)
    bad, good, narrow = told["reports"]
    assert (bad["status"], bad["reason"]) == (
        "failed",
        "cell 14: ValueError: the table holds no study that reports a score",
    )
    assert (good["status"], good["reason"]) == ("built", "")
    assert narrow["parameters"]["level"] == 0.8
    assert narrow["changed"] == ["level"]
    assert good["data_hash"] == told["data"]["hash"] == common()["data"]["hash"]
    assert good["commit"] == common()["code"]["commit"]
    assert "pandas" in good["versions"]
    for name, digest in good["files"].items():
        assert hashlib.sha256((folder / "sample" / name).read_bytes()).hexdigest() == digest
    assert set(told["times"]["seconds"]) == {"bad", "sample", "narrow"}


def test_the_index_is_grouped_by_question_and_states_failures(folder):
    page = BeautifulSoup((folder / "index.html").read_text(), "html.parser")
    assert [" ".join(h.get_text().split()) for h in page.select(".body h2")] == [
        "How much does pain fall?",
        "What else?",
        "How these were made",
    ]
    failures = page.select_one(".failures").get_text(" ")
    assert "cell 14: ValueError: the table holds no study that reports a score" in failures
    assert [a["href"] for a in page.select(".failures a")] == ["bad/report.ipynb"]
    links = [a["href"] for a in page.select("a[href]") if not a["href"].startswith("#")]
    assert "sample/report.html" in links
    assert "sample/report.pdf" in links and "sample/results.json" in links
    assert all((folder / link).is_file() for link in links)
    assert "A <narrow> one" in page.get_text()
    assert "2 reports · information" in " ".join(page.get_text().split())
    assert "bad : cell 14" in " ".join(failures.split())


def test_only_some_reports_and_the_others_stay_in_index_and_manifest(folder):
    before = manifest(folder)
    plan = read_plan(folder.parent / "batch.yml")
    outcomes = build.build_batch(plan, folder, common(), ThreadWorkers(), jobs=1, only="nar*", force=True)
    assert [outcome.entry["name"] for outcome in outcomes] == ["narrow"]
    after = manifest(folder)
    assert after["reports"] == before["reports"]
    assert set(after["times"]["seconds"]) == {"bad", "sample", "narrow"}
    assert "sample/report.html" in (folder / "index.html").read_text()


def test_a_process_that_dies_costs_only_its_own_report(tmp_path):
    killer = tmp_path / "killer.ipynb"
    # kills the process that waits for its kernel
    code = "import os, signal; os.kill(int(os.environ['JPY_PARENT_PID']), signal.SIGKILL); signal.pause()"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), killer)
    plain = tmp_path / "plain.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Plain")]), plain)
    specs = [
        Spec("killer", str(killer), formats=("html",), common=common()),
        *(Spec(f"plain-{n}", str(plain), formats=("html",), common=common()) for n in range(3)),
    ]
    with LocalWorkers() as workers:
        built = {result.name: result for result in build_all(specs, workers, jobs=2)}
    assert built["killer"].reason == "worker exited unexpectedly (killed, crashed or out of memory)"
    assert [built[f"plain-{n}"].reason for n in range(3)] == ["", "", ""]
    assert len(built) == 4


def test_any_executor_is_accepted():
    spec = Spec("x", "no-such-notebook", common=common())
    (built,) = build_all([spec], ThreadWorkers())
    assert isinstance(built, Built)
    assert "No notebook 'no-such-notebook'" in built.reason


def test_nothing_to_build():
    assert list(build_all([], ThreadWorkers())) == []


def test_a_folder_that_takes_no_files_fails_the_report_and_not_the_batch(tmp_path, monkeypatch):
    (tmp_path / "batch.yml").write_text(f"reports: [{{notebook: {SAMPLE}, formats: [html]}}]")

    def full(folder, name, files, complete):
        raise OSError(28, "No space left on device", str(folder.path / name))

    monkeypatch.setattr(Folder, "write_report", full)
    monkeypatch.setattr(
        pool, "build_report", lambda spec: Built(spec.name, {"report.html": b"x"}, record=sample().record)
    )
    plan = read_plan(tmp_path / "batch.yml")
    (outcome,) = build.build_batch(plan, tmp_path / "out", common(), ThreadWorkers())
    assert outcome.entry["status"] == "failed"
    assert outcome.entry["reason"].startswith("its files could not be written: No space left on device")
    assert outcome.entry["files"] == {}
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_the_page_of_a_study_whose_process_died_costs_no_index(tmp_path, monkeypatch):
    """Nothing is recorded of its parameters."""
    reason = "worker exited unexpectedly (killed, crashed or out of memory)"
    monkeypatch.setattr(pool, "build_report", lambda spec: Built(spec.name, {}, reason=reason))
    (tmp_path / "batch.yml").write_text("reports: [{notebook: study-report, parameters: {study_id: correll2004}}]")
    (outcome,) = build.build_batch(read_plan(tmp_path / "batch.yml"), tmp_path / "out", common(), ThreadWorkers())
    assert (outcome.entry["status"], outcome.entry["parameters"]) == ("failed", {})
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert reason in page and "Correll et al. 2004" in page


def test_reports_are_built_in_the_order_of_need(tmp_path, monkeypatch):
    """First those that can't be built, then new ones, then the slowest of last time; ties in the order of the list."""
    monkeypatch.setattr(pool, "build_report", lambda spec: Built(spec.name, {}, record=sample().record))
    names = ("short", "new", "lost", "long", "other")
    reports = "".join(f"- {{notebook: {SAMPLE}, name: {name}}}\n" for name in names)
    (tmp_path / "batch.yml").write_text(f"reports:\n{reports}")
    plan = read_plan(tmp_path / "batch.yml")
    lost = dataclasses.replace(plan.reports[2], problem="the cohort has 3 problems")
    plan = dataclasses.replace(plan, reports=(*plan.reports[:2], lost, *plan.reports[3:]))
    (tmp_path / "out").mkdir()
    manifest = {"times": {"seconds": {"short": 1.0, "long": 9.0}}}
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest))
    heard = Heard()
    outcomes = build.build_batch(plan, tmp_path / "out", common(), ThreadWorkers(), jobs=1, watcher=heard)
    assert heard.ready == ["lost", "new", "other", "long", "short"]
    assert [outcome.entry["name"] for outcome in outcomes] == [*names], "the outcomes in the order of the list"


def test_a_report_that_cannot_be_planned_costs_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "build_report", lambda spec: Built(spec.name, {}, record=sample().record))
    (tmp_path / "batch.yml").write_text(PLAN)
    plan = read_plan(tmp_path / "batch.yml")
    reports = (dataclasses.replace(plan.reports[1], problem="the cohort x.csv has 3 problems"), plan.reports[2])
    plan = dataclasses.replace(plan, reports=reports)
    lost, built = build.build_batch(plan, tmp_path / "out", common(), ThreadWorkers())
    assert (lost.ok, lost.entry["reason"], lost.entry["files"]) == (False, "the cohort x.csv has 3 problems", {})
    assert built.ok
    assert "the cohort x.csv has 3 problems" in (tmp_path / "out" / "index.html").read_text()


class ForkedWorkers(Workers):
    """Processes that call `from_process` instead of building a report."""

    def executor(self, jobs):
        return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork"))


def from_process(spec: Spec) -> Built:
    """Return the process of a report; the export of "late" goes on, and "beside" waits until that is known."""
    if spec.name == "beside" and not Path(spec.notebook).exists():
        Path(spec.notebook).touch()
        time.sleep(600)
    while spec.name == "late" and not Path(spec.notebook).exists():
        time.sleep(0.01)
    return Built(spec.name, {}, record={"process": os.getpid()}, abandoned=spec.name == "late")


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
def test_after_an_abandoned_export_the_others_are_built_by_new_processes(monkeypatch, tmp_path):
    monkeypatch.setattr(pool, "build_report", from_process)
    specs = [Spec(name, str(tmp_path / "beside-runs")) for name in ("first", "beside", "late", "last")]
    built = {result.name: result for result in build_all(specs, ForkedWorkers(), jobs=2)}
    assert sorted(built) == ["beside", "first", "last", "late"]
    assert not any(result.reason for result in built.values()), "a report beside it is built again"
    lost = {built[name].record["process"] for name in ("first", "late")}
    new = {built[name].record["process"] for name in ("beside", "last")}
    assert not lost & new
    assert all(gone(process) for process in lost)
