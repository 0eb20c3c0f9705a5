"""The sample notebook, executed once for all processes, and its files, opened once, for the tests of reports."""

from __future__ import annotations

import functools
import io
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import nbformat
import pypdf
from bs4 import BeautifulSoup
from pdf_words import all_words
from session_cache import cache

from analysis.parameters import check_values, find_notebook
from analysis.reporting import provenance
from analysis.reporting.batch.pool import Workers
from analysis.reporting.run import Built, Spec, build_report

SAMPLE = "tests/notebooks/sample.ipynb"


class ThreadWorkers(Workers):
    """Builds reports in threads of the test's own process."""

    def executor(self, jobs: int) -> Executor:
        return ThreadPoolExecutor(jobs)


@functools.cache
def common() -> dict[str, Any]:
    """Return the provenance that all reports share."""
    return provenance.shared()


def spec(name: str = "sample", **overrides: Any) -> Spec:
    """A spec of the sample notebook with checked values."""
    values = check_values(find_notebook(SAMPLE), overrides)
    return Spec(name, SAMPLE, {key: values[key] for key in overrides}, common=common())


@functools.cache
def sample() -> Built:
    """The sample report with its defaults."""
    return cache.once("sample", lambda: _built(spec()))


@functools.cache
def synthetic() -> Built:
    """The sample report, marked as made from invented patients, with another level."""
    title = 'Invented <patients> & #hash *stars* "quotes"'
    return cache.once("synthetic", lambda: _built(spec("other", synthetic=True, level=0.9, title=title)))


def _built(wanted: Spec) -> Built:
    built = build_report(wanted)
    assert built.ok, built.reason
    return built


@functools.cache
def page() -> BeautifulSoup:
    """The sample's HTML."""
    return BeautifulSoup(sample().files["report.html"], "html.parser")


@functools.cache
def pdf() -> pypdf.PdfReader:
    """The sample's PDF."""
    return pypdf.PdfReader(io.BytesIO(sample().files["report.pdf"]))


def pdf_text() -> str:
    """Words of the sample's PDF."""
    return all_words(sample().files["report.pdf"])


def notebook_of(built: Built) -> nbformat.NotebookNode:
    """The executed notebook."""
    return nbformat.reads(built.files["report.ipynb"].decode(), as_version=4)
