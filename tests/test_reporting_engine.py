"""The engine of reports gives the outputs, errors and execution counts of papermill's default engine."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from package_fixtures import fixture_notebooks
from papermill.engines import NBClientEngine
from papermill.execute import remove_error_markers
from papermill.iorw import load_notebook_node

from analysis.parameters import BrokenNotebook, read_notebook
from analysis.reporting.kernel import execution
from analysis.reporting.kernel.environment import kernel_environment
from analysis.reporting.kernel.normalization import merged_streams
from analysis.reporting.kernel.template import forked_kernels

pytestmark = pytest.mark.slow

_ENDLESS = {"Interrupt.ipynb", "keyboard_interrupt.ipynb"}
# the default engine itself waits at times for ever at the `clear_output()` of an Output widget (seen in 1 of 2 runs)
_UNSTABLE = {"Output.ipynb"}
_RANDOM = re.compile(r"\b[0-9a-f]{32}\b|0x[0-9a-f]+|(?<=ipykernel_)\d+/\d+|20\d\d-\d\d-\d\d[ T][\d:.]+")


@pytest.mark.parametrize("package", ["papermill", "nbclient"])
def test_fixture_notebooks_have_the_outputs_of_the_default_engine(package, tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "normalize", lambda notebook: notebook)
    environment = kernel_environment(0, str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    notebooks = [path for path in fixture_notebooks(package) if path.name not in _UNSTABLE]
    with forked_kernels(str(tmp_path)), ThreadPoolExecutor(2) as threads:
        ours = [threads.submit(_engine_of_reports, path, environment) for path in notebooks]
        expected = [threads.submit(_default_engine, path) for path in notebooks]
        different = [
            (path.name, made.result(), wanted.result())
            for path, made, wanted in zip(notebooks, ours, expected, strict=True)
            if made.result() != wanted.result()
        ]
    assert len(notebooks) > 20
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
    return next((kind for text, kind in words.items() if text in ran.reason), end), _content(ran.notebook)


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
        )
    except nbformat.ValidationError:
        return "not valid"
    except (DeadKernelError, CellTimeoutError) as error:
        end = type(error).__name__
        for cell in notebook.cells:  # the default engine interrupts the kernel in order to end it
            cell.outputs = [o for o in cell.get("outputs", []) if o.get("ename") != "KeyboardInterrupt"]
    except Exception as error:
        return f"no kernel named {name!r}" if "No such kernel" in str(error) else repr(error)
    return end, _content(notebook)


def _seconds(path: Path) -> int:
    return 2 if path.name in _ENDLESS else 120


def _content(notebook: Any) -> list[tuple[Any, ...]]:
    """Return what a reader sees of each cell, with printed text merged and without random names."""
    return [
        (
            cell.source,
            cell.get("execution_count"),
            bool(cell.metadata.papermill.exception),
            _RANDOM.sub("", json.dumps(merged_streams(cell.get("outputs", [])), sort_keys=True)),
        )
        for cell in notebook.cells
    ]
