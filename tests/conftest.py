"""Fixtures that several test modules use."""

from __future__ import annotations

import csv
import gc
import io
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import session_cache
from hypothesis import HealthCheck, settings

from analysis import evidence as evidence_tables
from analysis import paths
from analysis.evidence import DataError, Evidence
from analysis.reporting.batch import pool
from analysis.reporting.kernel import lean_nbformat, template_process

lean_nbformat.import_nbformat()  # for all tests; seconds in each process

# No verdict depends on the time that an example takes, or on chance: `all` draws the same examples each time.
# `make test ARGS="--hypothesis-profile thorough"` draws more, and others each time.
settings.register_profile(
    "thorough",
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("all", settings.get_profile("thorough"), max_examples=30, derandomize=True)
settings.register_profile("quick", settings.get_profile("all"), max_examples=10)
settings.load_profile("all")


gc.disable()  # what collection makes stays; to search it for garbage takes a quarter of its 4.6 s a process


def pytest_collection_finish() -> None:
    """Leave modules and tests out of all later searches for garbage."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let all processes of this test run use one folder; those of pytest-xdist have folders of their own in it."""
    base = tmp_path_factory.getbasetemp()
    session_cache.cache.folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(autouse=True)
def private_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> None:
    """Give each test a folder of the user's own, with its own key and no record of earlier batches."""
    name = f"home-{zlib.crc32(request.node.nodeid.encode()):x}"
    for variable in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path_factory.getbasetemp() / name))


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a template process; empty where there is no fork."""
    started = template_process.new_template(str(tmp_path_factory.mktemp("kernels")))
    yield started.address if started else ""
    if started:
        started.close()


@pytest.fixture(scope="module")
def forked(kernels: str) -> Iterator[None]:
    """Fork the kernels of all reports of a module, also of its commands and pools of workers, from one template."""
    shared = SimpleNamespace(address=kernels, close=lambda: None) if kernels else None
    with pytest.MonkeyPatch.context() as patch:
        for module in (pool, template_process):
            patch.setattr(module, "new_template", lambda home: shared)
        template_process.use_template(kernels)
        yield
        template_process.use_template("")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return paths.ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of the evidence tables. Read only: change a `data_copy`."""
    return paths.DATA


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    """The evidence tables, loaded once."""
    return evidence_tables.load(paths.DATA)


class DataCopy:
    """A copy of data/ that a test may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, file: str) -> list[list[str]]:
        text = (self.folder / file).read_text(encoding="utf-8")
        return list(csv.reader(io.StringIO(text, newline="")))

    def write_rows(self, file: str, rows: list[list[str]]) -> None:
        with (self.folder / file).open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows(rows)

    def row(self, file: str, **match: str) -> int:
        """Spreadsheet row of the only row that has these values."""
        rows = self.rows(file)
        wanted = {rows[0].index(column): value for column, value in match.items()}
        found = [n for n, row in enumerate(rows, start=1) if all(row[i] == value for i, value in wanted.items())]
        assert len(found) == 1, (file, match, found)
        return found[0]

    def edit(self, file: str, match: dict[str, str], changes: dict[str, str]) -> int:
        """Write other values into the matching row; return its spreadsheet row."""
        number = self.row(file, **match)
        rows = self.rows(file)
        for column, value in changes.items():
            rows[number - 1][rows[0].index(column)] = value
        self.write_rows(file, rows)
        return number

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace a text that occurs once in the file."""
        text = (self.folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, (file, old, text.count(old))
        (self.folder / file).write_text(text.replace(old, new), encoding="utf-8", newline="")

    def row_of_line(self, file: str, text: str) -> int:
        """Return the number of the only line with a text, for tables that can't be split into cells."""
        lines = (self.folder / file).read_text(encoding="utf-8").splitlines()
        (number,) = [n for n, line in enumerate(lines, start=1) if text in line]
        return number

    def load(self) -> Evidence:
        return evidence_tables.load(self.folder)

    def problems(self) -> pd.DataFrame:
        """All problems of the copy; none is an empty table."""
        try:
            self.load()
        except DataError as error:
            return error.problems
        return DataError([]).problems

    def only_problem(self) -> pd.Series:
        """Return the only problem of the copy: one mistake gives one message."""
        problems = self.problems()
        assert len(problems) == 1, "\n" + problems.to_string()
        return problems.iloc[0]


@pytest.fixture
def data_copy(tmp_path: Path) -> DataCopy:
    folder = tmp_path / "data"
    shutil.copytree(paths.DATA, folder)
    return DataCopy(folder)
