"""The kernel a report runs in: this interpreter, with nothing of the user's own settings, and papermill's way to it."""

from __future__ import annotations

import logging
import os
import subprocess
from typing import Any

import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from papermill.engines import NBClientEngine, papermill_engines

from analysis.paths import ROOT

ENGINE = "ketamine-crps"


def environment(epoch: int, home: str) -> dict[str, str]:
    """The variables a report's kernel sees: those of this process, minus what would change its bytes.

    epoch: seconds since 1970 for everything that writes a date. home: an empty folder for IPython's own files.
    """
    import matplotlib as mpl

    python_path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(python_path),
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "SOURCE_DATE_EPOCH": str(epoch),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(mpl.get_data_path()),
        "IPYTHONDIR": home,
        # reports run side by side: each stays on its own core
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


class ReportKernelManager(AsyncKernelManager):
    """Starts this very interpreter, whatever a `python3` kernel spec of the user or the machine may point to."""

    environment: dict[str, str] = {}  # noqa: RUF012 (set in a subclass for each run)

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        # patients' data may pass between notebook and kernel: other users of the machine must not listen
        if self.has_trait("transport_encryption") and zmq.has("curve"):
            self.transport_encryption = "auto"

    @property
    def kernel_spec(self) -> KernelSpec:
        """ipykernel in this interpreter, keeping no history of commands."""
        spec = get_kernel_dict(extra_arguments=["--HistoryManager.enabled=False"])
        return KernelSpec(**spec)

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        # the kernel's own remarks (it says something whenever it is stopped) don't belong among the batch's lines
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return await super()._async_pre_start_kernel(**{**kw, **quiet, "env": type(self).environment})


class ReportEngine(NBClientEngine):
    """Papermill's own engine with our kernel; hands out the notebook even if a cell fails or the kernel dies."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
        """As in papermill; `keep` is a list that receives the notebook, `environment` what the kernel sees."""
        kwargs.pop("keep").append(nb_man.nb)
        manager = type("RunKernelManager", (ReportKernelManager,), {"environment": kwargs.pop("environment")})
        settings = {
            "kernel_manager_class": manager,
            "record_timing": False,
            "coalesce_streams": True,
            "shutdown_kernel": "immediate",  # its work is done; a graceful end costs 0.6 s and now and then 3 s
        }
        return super().execute_managed_notebook(nb_man, kernel_name, **settings, **kwargs)


# failures are told in the table of the batch; without a handler Python would print them as well
logging.getLogger("papermill").addHandler(logging.NullHandler())
papermill_engines.register(ENGINE, ReportEngine)
