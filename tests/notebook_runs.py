"""The notebooks of the project, executed once for all tests: with their defaults and with other parameters."""

from __future__ import annotations

import functools
import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pypdf
from bs4 import BeautifulSoup
from pdf_words import all_words, page_words
from session_cache import cache

from analysis.parameters import all_notebooks, check_values, find_notebook
from analysis.paths import ROOT
from analysis.reporting import provenance
from analysis.reporting.batch.build import build_batch
from analysis.reporting.batch.plan import read_plan
from analysis.reporting.batch.pool import LocalWorkers, build_all
from analysis.reporting.run import Built, Spec

OUTPUT = ROOT / "reports" / "output"
NAMES = [notebook.name for notebook in all_notebooks()]  # those for use by hand are in test_lab.py
OTHER: dict[str, dict[str, Any]] = {
    "01-evidence-map": {"routes": ["topical", "oral"], "weight_kg": 60.0},
    "02-pain-trajectories": {"populations": ["crps", "crps_1", "mixed"], "access": ["abstract"], "level": 0.9},
    "03-responder-rates": {"definition_classes": ["complete_relief"], "access": [], "contained_arms": True},
    "04-durations-of-benefit": {"access": [], "routes": [], "horizon_weeks": 8.0},
    "05-consistency-checks": {"title": "Which numbers fit?"},
    "06-judgements": {"title": "Who judged?"},
    "evidence-report": {"studies": ["finch2009"], "routes": ["topical"]},
    "patients": {"level": 0.9},
    "study-report": {"study_id": "dahan2011"},
    "cohort-report": {"sites": ["Site E"], "years": ["2019", "2020"], "responder_rule": "ge_2_points", "level": 0.9},
}


@functools.cache
def _runs() -> tuple[dict[str, Built], dict[str, Built]]:
    """Return all reports of the notebooks, with defaults and with other parameters; once for all processes."""
    return cache.once("runs", _build)


def defaults() -> dict[str, Built]:
    """Each notebook as the batch builds it, with its defaults."""
    return _runs()[0]


def _build() -> tuple[dict[str, Built], dict[str, Built]]:
    """Build what the last `make report` did not build from the same inputs; a copy of its output tells the batch."""
    common = provenance.shared()
    specs = [Spec(name, name, _checked(name), formats=(), common=common) for name in NAMES]
    with tempfile.TemporaryDirectory() as place, LocalWorkers() as workers:
        output = Path(place) / "output"
        output.mkdir()
        for name in ("manifest.json", *NAMES):
            if (OUTPUT / name).is_file():
                shutil.copy(OUTPUT / name, output / name)
            elif (OUTPUT / name).is_dir():
                shutil.copytree(OUTPUT / name, output / name)
        (Path(place) / "batch.yml").write_text(f"reports: [{', '.join(f'{{notebook: {name}}}' for name in NAMES)}]")
        plan = read_plan(Path(place) / "batch.yml")
        outcomes = build_batch(plan, output, common, workers, jobs=2)
        default = {outcome.entry["name"]: _read(outcome.entry, output) for outcome in outcomes}
        return default, {built.name: built for built in build_all(specs, workers, jobs=2)}


def _read(entry: dict[str, Any], output: Path) -> Built:
    files = {name: (output / entry["name"] / name).read_bytes() for name in entry["files"]}
    told = {name: entry[name] for name in ("reason", "title", "subtitle", "question", "kicker", "synthetic")}
    return Built(entry["name"], files, record=entry, **told)


@functools.cache
def others() -> dict[str, nbformat.NotebookNode]:
    """Each notebook as the batch runs it, with another set of parameters; no pages are made."""
    notebooks = {}
    for name, built in _runs()[1].items():
        assert built.ok, (name, built.reason)
        notebooks[name] = nbformat.reads(built.files["report.ipynb"].decode(), as_version=4)
    return notebooks


@functools.cache
def run_elsewhere(name: str) -> nbformat.NotebookNode:
    """A notebook run by plain papermill with another set of parameters, in an empty working directory."""
    source = str(ROOT / "notebooks" / f"{name}.ipynb")
    with tempfile.TemporaryDirectory() as folder:
        target, given = str(Path(folder) / f"{name}.ipynb"), OTHER[name]
        return papermill.execute_notebook(source, target, given, cwd=folder, progress_bar=False, kernel_name="python3")


def _checked(name: str) -> dict[str, Any]:
    values = check_values(find_notebook(name), OTHER[name])
    return {parameter: values[parameter] for parameter in OTHER[name]}


@functools.cache
def page(name: str = "evidence-report") -> BeautifulSoup:
    """The HTML of a report."""
    return BeautifulSoup(defaults()[name].files["report.html"], "html.parser")


@functools.cache
def pdf(name: str = "evidence-report") -> pypdf.PdfReader:
    """The PDF of a report."""
    return pypdf.PdfReader(io.BytesIO(defaults()[name].files["report.pdf"]))


def pdf_pages(name: str = "evidence-report") -> tuple[str, ...]:
    """Words of each page of a report's PDF."""
    return page_words(defaults()[name].files["report.pdf"])


def pdf_text(name: str = "evidence-report") -> str:
    """Words of a report's PDF."""
    return all_words(defaults()[name].files["report.pdf"])
