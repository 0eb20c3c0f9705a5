"""The kernel a report runs in: this interpreter, with nothing of the user's own settings."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec

from analysis.reporting.kernel.fork_client import LingeringProvisioner, WarmProvisioner


class ReportKernelClient(AsyncKernelClient):
    """A client that begins as soon as the kernel listens: the original waits 0.2 s for silence."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Returns when the kernel has answered and its outputs arrive here. Raises RuntimeError if it won't."""
        deadline = time.monotonic() + (timeout or 60)
        asked: set[str] = set()
        answered = False
        while time.monotonic() < deadline:
            try:
                if not answered:
                    asked.add(self.kernel_info())
                    reply = await self.shell_channel.get_msg(timeout=1)
                    answered = reply["parent_header"].get("msg_id") in asked
                    self._handle_kernel_info_reply(reply)
                # a kernel greets each new listener; older ones tell at least that they were busy with our question
                await self.iopub_channel.get_msg(timeout=0.2)
                return
            except Empty:
                answered = False
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout or 60:g} seconds")


class ReportKernelManager(AsyncKernelManager):
    """Starts this very interpreter, whatever a `python3` kernel spec of the user or the machine may point to."""

    environment: dict[str, str] | None = None  # set in a subclass for each run
    client_class = f"{__name__}.ReportKernelClient"
    client_factory = ReportKernelClient

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        # patients' data may pass between notebook and kernel: other users of the machine must not listen
        self.folder = _own_folder()
        if self.folder:
            self.transport = "ipc"
            self.ip = str(Path(self.folder.name) / "kernel")  # what the names of its sockets begin with
            self.connection_file = f"{self.ip}.json"
        elif self.has_trait("transport_encryption") and zmq.has("curve"):
            self.transport_encryption = "auto"

    @property
    def kernel_spec(self) -> KernelSpec:
        """ipykernel in this interpreter, keeping no history of commands, and not asleep for 0.5 ms after each cell:
        that is for clients that don't wait for the outputs."""
        settings = ["--HistoryManager.enabled=False", "--IPythonKernel._execute_sleep=0.0"]
        spec = get_kernel_dict(extra_arguments=settings)
        return KernelSpec(**spec)

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        if self.provisioner is None:
            self.kernel_id = self.kernel_id or str(uuid.uuid4())
            kind = LingeringProvisioner if type(self).environment is None else WarmProvisioner
            self.provisioner = kind(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        # the kernel's own remarks (it says something whenever it is stopped) don't belong among the batch's lines
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = type(self).environment
        more = {} if environment is None else {"env": environment}
        return await super()._async_pre_start_kernel(**{**kw, **quiet, **more})

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart)
        if self.folder and not restart:
            self.folder.cleanup()

    cleanup_resources = _async_cleanup_resources


def _own_folder() -> tempfile.TemporaryDirectory[str] | None:
    """A folder open to this user alone, for Unix sockets: cheaper than ports with encryption. None = not to be had."""
    if os.name != "posix" or not zmq.has("ipc"):
        return None
    folder = tempfile.TemporaryDirectory(prefix="crps-", ignore_cleanup_errors=True)
    probe = Path(folder.name) / "kernel-probe"
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(probe))  # not if the path is longer than about 100 bytes, nor on every file system
        probe.unlink()
    except OSError:
        folder.cleanup()
        return None
    return folder
