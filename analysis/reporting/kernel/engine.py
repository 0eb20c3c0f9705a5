"""Papermill's engine for notebooks, with the kernel of reports."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from analysis.reporting.kernel import lean_nbformat

lean_nbformat.import_nbformat()  # papermill imports nbformat

from papermill.engines import NBClientEngine  # noqa: E402

from analysis.reporting.kernel.manager import ReportKernelManager  # noqa: E402


class ReportEngine(NBClientEngine):
    """Papermill's engine with ReportKernelManager; it returns the notebook even if a cell fails."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        executed: list[Any],
        environment: dict[str, str],
        on_cell: Callable[[Any, int], None],
        on_error: Callable[[int, dict[str, Any]], None],
        note: Callable[[str], None],
        **kwargs: Any,
    ) -> Any:
        """Execute the notebook as papermill does.

        Parameters
        ----------
        executed: a list that receives the notebook.
        environment: the variables of the kernel.
        on_cell: called with the notebook and the index of a cell when that cell has been executed.
        on_error: called with the index of a cell that raised an error, and the kernel's reply.
        note: called with a warning about the run.
        """
        executed.append(nb_man.nb)
        kernels: list[Any] = []
        attributes = {"environment": environment, "kernels": kernels, "note": staticmethod(note)}
        settings = {
            "kernel_manager_class": type("RunKernelManager", (ReportKernelManager,), attributes),
            "on_cell_executed": lambda cell, cell_index, execute_reply: on_cell(nb_man.nb, cell_index),
            "on_cell_error": lambda cell, cell_index, execute_reply: on_error(cell_index, execute_reply["content"]),
            "record_timing": False,
            "shutdown_kernel": "immediate",  # a graceful shutdown takes 0.6 s and saves nothing
        }
        try:
            return super().execute_managed_notebook(nb_man, kernel_name, **settings, **kwargs)
        finally:
            for kernel in kernels:  # nbclient leaves a kernel to which it could not connect
                kernel.abandon()


# the report itself says what failed; without a handler Python would print papermill's messages too
logging.getLogger("papermill").addHandler(logging.NullHandler())
