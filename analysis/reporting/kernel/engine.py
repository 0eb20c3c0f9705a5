"""Papermill's way to the kernel of a report.

Papermill loads this module by its entry point while it is being imported itself, so whoever imports it here imports
papermill first: the other way round each would wait for the other.
"""

from __future__ import annotations

import logging
from typing import Any

from papermill.engines import NBClientEngine, papermill_engines

from analysis.reporting.kernel.manager import ReportKernelManager

ENGINE = "ketamine-crps"


class ReportEngine(NBClientEngine):
    """Papermill's own engine with our kernel; hands out the notebook even if a cell fails or the kernel dies."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        keep: list[Any] | None = None,
        environment: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> Any:
        """As in papermill; `keep` is a list that receives the notebook, `environment` what the kernel sees.

        Without an environment (`papermill --engine ketamine-crps`) the kernel sees this process's own.
        """
        if keep is not None:
            keep.append(nb_man.nb)
        manager = type("RunKernelManager", (ReportKernelManager,), {"environment": environment})
        settings = {
            "kernel_manager_class": manager,
            "record_timing": False,
            "coalesce_streams": keep is None,  # run.tidy does it, and better
            "shutdown_kernel": "immediate",  # its work is done; a graceful end costs 0.6 s and now and then 3 s
        }
        return super().execute_managed_notebook(nb_man, kernel_name, **settings, **kwargs)


# failures are told in the table of the batch; without a handler Python would print them as well
logging.getLogger("papermill").addHandler(logging.NullHandler())
papermill_engines.register(ENGINE, ReportEngine)
