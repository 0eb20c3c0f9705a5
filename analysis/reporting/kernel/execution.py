"""Execute a notebook with parameters, and say why it failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from analysis.paths import ROOT
from analysis.reporting.kernel.engine import ReportEngine  # before papermill: it imports nbformat its own way
from analysis.reporting.kernel.normalization import PAPERMILL_MARKER, normalize, one_line

# isort: split
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors, remove_error_markers
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook


def execute(
    path: Path,
    overrides: dict[str, Any],
    environment: dict[str, str],
    timeout: float,
    on_cell: Callable[[Any, int], None] = lambda notebook, index: None,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Any, str]:
    """Return the executed and normalized notebook (None if no kernel started), and why it failed (empty if it didn't).

    Parameters
    ----------
    path: the notebook file.
    overrides: values of parameters that differ from the defaults.
    environment: variables of the kernel.
    timeout: seconds that all cells may take together.
    on_cell: called with the notebook and the index of each executed cell.
    clock: seconds from any origin.
    """
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in overrides.items()}
    executed: list[Any] = []
    reason = ""
    end = clock() + timeout
    # the steps of papermill.execute_notebook except the last, which writes the executed notebook to a file
    notebook = load_notebook_node(str(path))
    if values:
        notebook = parameterize_notebook(notebook, values, kernel_name="python3", language="python")
    try:
        ReportEngine.execute_notebook(
            remove_error_markers(notebook),
            "python3",
            progress_bar=False,
            resources={"metadata": {"path": str(ROOT / "notebooks" if (ROOT / "notebooks").is_dir() else ROOT)}},
            executed=executed,
            environment=environment,
            on_cell=on_cell,
            timeout_func=lambda cell: max(end - clock(), 0.01),
        )
        raise_for_execution_errors(executed[0], None)
    except PapermillExecutionError as error:
        reason = f"{error.ename}: {error.evalue}"
    except DeadKernelError:
        reason = "the kernel died (killed, crashed or out of memory)"
        _add_error(executed, "DeadKernel", reason)
    except CellTimeoutError:
        reason = f"stopped: the report took longer than {timeout:g} s (`timeout` in the list of reports)"
        _add_error(executed, "Timeout", reason)
    if not executed:
        return None, one_line(reason)
    if reason:
        reason = f"cell {_last_started(executed[0])}: {reason}"
    return normalize(executed[0]), one_line(reason)


def _add_error(executed: list[Any], name: str, reason: str) -> None:
    """Add an error that the kernel could not send to the cell that was running."""
    if executed:
        cell = executed[0].cells[_last_started(executed[0]) - 1]
        error = new_output("error", ename=name, evalue=reason, traceback=[f"{name}: {reason}"])
        cell.setdefault("outputs", []).append(error)


def _last_started(notebook: Any) -> int:
    """Return the number of the last cell that was started, counted from 1 among all cells."""
    cells = [cell for cell in notebook.cells if PAPERMILL_MARKER not in cell.metadata.get("tags", [])]
    started = [n for n, cell in enumerate(cells, start=1) if cell.metadata.get("papermill", {}).get("start_time")]
    return started[-1] if started else 1
