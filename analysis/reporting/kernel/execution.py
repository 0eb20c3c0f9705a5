"""Execute a notebook with parameters, and say why it failed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from warnings import filterwarnings

from analysis.parameters import Notebook
from analysis.reporting.kernel.engine import ReportEngine  # before papermill: it imports nbformat its own way
from analysis.reporting.kernel.manager import find_kernel
from analysis.reporting.kernel.normalization import normalize, one_line
from analysis.tabular.problems import in_one_line

# isort: split
import nbformat
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager, NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.execute import remove_error_markers
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

filterwarnings("ignore", module="nbformat")  # about ids of cells, which `normalize` sets
_PRECISION = 0.1  # seconds by which a limit may be reached early


@dataclass(frozen=True)
class Execution:
    """An executed and normalized notebook; None if no kernel started. reason: why it failed; empty if it didn't."""

    notebook: Any
    reason: str = ""
    warnings: tuple[str, ...] = ()


def execute(
    source: Notebook,
    overrides: dict[str, Any],
    environment: dict[str, str],
    timeout: float,
    on_cell: Callable[[Any, int], None] = lambda notebook, index: None,
    clock: Callable[[], float] = time.monotonic,
) -> Execution:
    """Execute a notebook in its own folder, in the kernel that it names.

    Parameters
    ----------
    source: the notebook.
    overrides: values of parameters that differ from the defaults.
    environment: variables of the kernel.
    timeout: seconds that the start of the kernel and all cells may take together.
    on_cell: called with the notebook and the index of each executed cell.
    clock: seconds from any origin.
    """
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in overrides.items()}
    executed: list[Any] = []
    errors: dict[int, dict[str, Any]] = {}
    warnings = [source.remark] if source.remark else []
    reason = ""
    end = clock() + timeout
    # the steps of papermill.execute_notebook except the last, which writes the executed notebook to a file
    content = nbformat.reads(source.content.decode("utf-8-sig"), as_version=4)
    stated = content["metadata"].items()  # null is nothing; widgets stored in the file are those of an earlier run
    content["metadata"] = {key: value for key, value in stated if value is not None and key != "widgets"}
    for cell in content["cells"]:
        if not isinstance(cell["metadata"].get("tags", []), list):
            del cell["metadata"]["tags"]
    notebook = load_notebook_node(nbformat.from_dict(content))  # one of version 3 has another kind of dictionary
    kernel = notebook.metadata.get("kernelspec", {}).get("name") or "python3"
    try:
        find_kernel(kernel)
    except NoSuchKernel:
        there = ", ".join(sorted({NATIVE_KERNEL_NAME, *KernelSpecManager().find_kernel_specs()}))
        advice = "to choose one: in Jupyter, Kernel > Change Kernel, then save"
        return Execution(None, one_line(f"no kernel named {kernel!r}; there are: {there}; {advice}"))
    if values:
        notebook = parameterize_notebook(notebook, values, kernel_name="python3", language="python")
    try:
        ReportEngine.execute_notebook(
            remove_error_markers(notebook),
            kernel,
            progress_bar=False,
            resources={"metadata": {"path": str(source.path.parent.resolve())}},
            executed=executed,
            environment=environment,
            on_cell=on_cell,
            on_error=errors.__setitem__,
            note=warnings.append,
            timeout_func=lambda cell: max(end - clock(), 0.01),
            iopub_timeout=math.ceil(timeout),  # a kernel may reply long before the last of its outputs is read
        )
    except DeadKernelError:
        reason = "the kernel died (killed, crashed or out of memory)"
        _add_error(executed, "DeadKernel", reason)
    except CellTimeoutError:
        reason = too_long(timeout) if clock() > end - _PRECISION else "the kernel sent no end of its outputs"
        _add_error(executed, "Timeout", reason)
    if not executed:
        return Execution(None, one_line(reason), tuple(warnings))
    cells = enumerate(executed[0].cells)
    failed = next((n for n, cell in cells if cell.metadata.get("papermill", {}).get("exception")), None)
    if failed is not None and not reason:
        shown = [output for output in executed[0].cells[failed].outputs if output.output_type == "error"]
        # an error while IPython formats a result is only among the outputs
        error = errors.get(failed, {}) if errors.get(failed, {}).get("ename") != "NoneType" else shown[-1]
        name, value = (str(error.get(key, "")) for key in ("ename", "evalue"))
        if (name, value) in (("SystemExit", ""), ("SystemExit", "0")):  # as papermill, this is no failure
            warnings.append(f"cell {failed + 1} ended the notebook (SystemExit); no cell after it ran")
        else:
            reason = f"{name}: {value}".removesuffix(": ")
        if name == "DataError" and (invalid := in_one_line(value)):
            return Execution(normalize(executed[0]), one_line(invalid), tuple(warnings))
    if reason:
        reason = f"cell {_last_started(executed[0])}: {reason}"
    return Execution(normalize(executed[0]), one_line(reason), tuple(warnings))


def too_long(timeout: float) -> str:
    """Return the reason for a report that took longer than its time limit, in seconds."""
    return f"stopped: the report took longer than {timeout:g} s (`timeout` in the list of reports)"


def _add_error(executed: list[Any], name: str, reason: str) -> None:
    """Add an error that the kernel could not send to the cell that was running."""
    if executed:
        cell = executed[0].cells[_last_started(executed[0]) - 1]
        error = nbformat.v4.new_output("error", ename=name, evalue=reason, traceback=[f"{name}: {reason}"])
        cell.setdefault("outputs", []).append(error)


def _last_started(notebook: Any) -> int:
    """Return the number of the last cell that was started, counted from 1 among all cells."""
    started = [n for n, cell in enumerate(notebook.cells, 1) if cell.metadata.get("papermill", {}).get("start_time")]
    return started[-1] if started else 1
