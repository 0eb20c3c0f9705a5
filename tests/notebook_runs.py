"""The notebooks of the project, executed once for all tests: with their defaults and with other parameters."""

from __future__ import annotations

import functools
import io
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pypdf
from bs4 import BeautifulSoup

from analysis.parameters import all_notebooks, check_values, find_notebook
from analysis.paths import ROOT
from analysis.reporting import provenance
from analysis.reporting.batch.pool import LocalWorkers, build_all
from analysis.reporting.run import Built, Spec

NAMES = [notebook.name for notebook in all_notebooks()]  # those for use by hand are in test_lab.py
OTHER: dict[str, dict[str, Any]] = {
    "01-evidence-map": {"routes": ["topical", "oral"], "weight_kg": 60.0},
    "02-pain-trajectories": {"populations": ["crps", "crps_1", "mixed"], "access": ["abstract"], "level": 0.9},
    "03-responder-rates": {"definition_classes": ["complete_relief"], "access": [], "contained_arms": True},
    "04-durations-of-benefit": {"access": [], "routes": [], "horizon_weeks": 8.0},
    "05-consistency-checks": {"title": "Which numbers fit?"},
    "evidence-report": {"studies": ["finch2009"], "routes": ["topical"]},
    "study-report": {"study_id": "dahan2011"},
    "cohort-report": {"sites": ["Site E"], "years": ["2019", "2020"], "responder_rule": "ge_2_points", "level": 0.9},
}


@functools.cache
def defaults() -> dict[str, Built]:
    """Each notebook as the batch builds it, with its defaults."""
    common = provenance.shared()
    with LocalWorkers() as workers:
        specs = [Spec(name, name, common=common) for name in NAMES]
        return {built.name: built for built in build_all(specs, workers, jobs=2)}


@functools.cache
def others() -> dict[str, nbformat.NotebookNode]:
    """Each notebook run by plain papermill with another set of parameters, from a working directory of its own."""
    # processes, since papermill changes the working directory of the whole process
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        texts = pool.map(_run, NAMES, [folder] * len(NAMES))
        return {name: nbformat.reads(text, as_version=4) for name, text in zip(NAMES, texts, strict=True)}


def _run(name: str, folder: str) -> str:
    given = OTHER[name]
    check_values(find_notebook(name), given)
    source = ROOT / "notebooks" / f"{name}.ipynb"
    target = str(Path(folder) / f"{name}.ipynb")
    made = papermill.execute_notebook(str(source), target, given, cwd=folder, progress_bar=False, kernel_name="python3")
    return nbformat.writes(made)


@functools.cache
def page(name: str = "evidence-report") -> BeautifulSoup:
    """The HTML of a report."""
    return BeautifulSoup(defaults()[name].files["report.html"], "html.parser")


@functools.cache
def pdf(name: str = "evidence-report") -> pypdf.PdfReader:
    """The PDF of a report."""
    return pypdf.PdfReader(io.BytesIO(defaults()[name].files["report.pdf"]))


@functools.cache
def pdf_pages(name: str = "evidence-report") -> tuple[str, ...]:
    """The words of each page of a PDF, spaces made single."""
    return tuple(" ".join(page.extract_text().split()) for page in pdf(name).pages)


def pdf_text(name: str = "evidence-report") -> str:
    """The words of a PDF, spaces made single."""
    return " ".join(pdf_pages(name))
