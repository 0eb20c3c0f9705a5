"""The engine of reports gives the outputs, errors and execution counts of papermill's default engine."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.asynchronous import AsyncKernelClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from package_fixtures import fixture_notebooks
from papermill.engines import NBClientEngine
from papermill.execute import remove_error_markers
from papermill.iorw import load_notebook_node

from analysis.parameters import BrokenNotebook, read_notebook
from analysis.reporting.kernel import execution
from analysis.reporting.kernel.environment import kernel_environment
from analysis.reporting.kernel.fork_client import ForkProvisioner
from analysis.reporting.kernel.manager import ReportKernelClient
from analysis.reporting.kernel.normalization import merged_streams
from analysis.reporting.kernel.template_process import forked_kernels

pytestmark = pytest.mark.slow

_ENDLESS = {"Interrupt.ipynb", "keyboard_interrupt.ipynb"}
_SLOWEST = "gcs-simple_notebook.ipynb"  # it sleeps for 14 s
_RANDOM = re.compile(r"\b[0-9a-f]{32}\b|0x[0-9a-f]+|(?<=ipykernel_)\d+/\d+|20\d\d-\d\d-\d\d[ T][\d:.]+")


class _ForkedKernels(AsyncKernelManager):
    """The default manager of kernels, which are forked since 47 ordinary starts take a minute.

    tests/test_reporting_warm.py compares forked and ordinary kernels.
    """

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        self.kernels = []
        self.provisioner = ForkProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kw)


def test_fixture_notebooks_have_the_outputs_of_the_default_engine(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "normalize", lambda notebook: notebook)
    # with the default channel the default engine waits at times for ever for widgets (jupyter/nbclient issue 312)
    monkeypatch.setattr(AsyncKernelClient, "shell_channel_class", ReportKernelClient.shell_channel_class)
    # one notebook calls papermill if it finds it, whose progress bar tells the time
    monkeypatch.setenv("PATH", os.defpath)
    environment = kernel_environment(0, str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    notebooks = sorted(
        [*fixture_notebooks("papermill"), *fixture_notebooks("nbclient")], key=lambda path: path.name != _SLOWEST
    )
    with forked_kernels(str(tmp_path)), ThreadPoolExecutor(6) as threads:
        runs = [
            (path.name, threads.submit(_engine_of_reports, path, environment), threads.submit(_default_engine, path))
            for path in notebooks
        ]
        results = [(name, made.result(), wanted.result()) for name, made, wanted in runs]
    different = [result for result in results if result[1] != result[2]]
    assert len(notebooks) >= 47  # all that the source packages of papermill 2.7 and nbclient 0.11 contain
    assert not different, f"{len(different)} of {len(notebooks)} notebooks differ"


def _engine_of_reports(path: Path, environment: dict[str, str]) -> Any:
    try:
        ran = execution.execute(read_notebook(path), {}, environment, _seconds(path))
    except BrokenNotebook:
        return "not valid"
    if ran.notebook is None:
        return re.sub(";.*", "", ran.reason)
    for cell in ran.notebook.cells:  # the error that says why the kernel did not finish is ours alone
        cell.outputs = [o for o in cell.get("outputs", []) if o.get("ename") not in ("DeadKernel", "Timeout")]
    end = re.sub("^cell .*: ", "", ran.reason) if "DeadKernel" in ran.reason else ""
    words = {"the kernel died": "DeadKernelError", "stopped: the report took": "CellTimeoutError"}
    return _result(next((kind for text, kind in words.items() if text in ran.reason), end), ran.notebook)


def _default_engine(path: Path) -> Any:
    try:
        notebook = remove_error_markers(load_notebook_node(str(path)))
    except Exception:
        return "not valid"
    name = notebook.metadata.get("kernelspec", {}).get("name", "python3")
    end = ""
    try:
        NBClientEngine.execute_notebook(
            notebook,
            name,
            progress_bar=False,
            resources={"metadata": {"path": str(path.parent)}},
            timeout=_seconds(path),
            record_timing=False,
            kernel_manager_class=_ForkedKernels,
        )
    except nbformat.ValidationError:
        return "not valid"
    except (DeadKernelError, CellTimeoutError) as error:
        end = type(error).__name__
        for cell in notebook.cells:  # the default engine interrupts the kernel in order to end it
            cell.outputs = [o for o in cell.get("outputs", []) if o.get("ename") != "KeyboardInterrupt"]
    except Exception as error:
        return f"no kernel named {name!r}" if "No such kernel" in str(error) else repr(error)
    return _result(end, notebook)


def _seconds(path: Path) -> int:
    return 2 if path.name in _ENDLESS else 120


def _result(end: str, notebook: Any) -> tuple[str, list[tuple[Any, ...]]]:
    """Return how a run ended and what a reader sees of each cell, with printed text merged and without random names."""
    started = [cell for cell in notebook.cells if cell.metadata.papermill.start_time]
    if end == "DeadKernelError":  # in either engine the kernel may end before it has sent the number of this cell
        started[-1].execution_count = None
    return end, [
        (
            cell.source,
            cell.get("execution_count"),
            bool(cell.metadata.papermill.exception),
            _RANDOM.sub("", json.dumps(merged_streams(cell.get("outputs", [])), sort_keys=True)),
        )
        for cell in notebook.cells
    ]
