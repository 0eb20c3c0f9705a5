"""Start of a report's kernel: this interpreter, without the user's own settings."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager

from analysis.reporting.kernel.fork_client import ForkProvisioner


class _ShellChannel(AsyncZMQSocketChannel):
    """A channel that sees the messages that arrive while it sends one (jupyter/nbclient issue 312).

    nbclient answers to output widgets while it waits for the reply of a cell; ZeroMQ announces that reply only once.
    """

    def send(self, msg: dict[str, Any]) -> None:
        """Send a message, then look for messages that have arrived."""
        super().send(msg)
        self.socket.get(zmq.EVENTS)


class _OutputChannel(AsyncZMQSocketChannel):
    """A channel whose outputs a notebook can store: a form of the wrong type, such as None for HTML, becomes empty."""

    async def get_msg(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the next message."""
        message = await super().get_msg(*args, **kwargs)
        if message["msg_type"] in ("display_data", "execute_result", "update_display_data"):
            forms = message["content"]["data"]
            forms |= {mime: "" for mime, form in forms.items() if not (isinstance(form, (str, list)) or "json" in mime)}
        return message


class ReportKernelClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel answers.

    Gain: 0.2 s of each report. The plain way is AsyncKernelClient, which waits 0.2 s without a message;
    tests/test_reporting_kernels.py compares the notebooks of both.
    """

    shell_channel_class, iopub_channel_class = _ShellChannel, _OutputChannel

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered and its outputs arrive. Raises RuntimeError if it doesn't."""
        deadline = time.monotonic() + (timeout or 60)
        requests: set[str] = set()
        answered = False
        while time.monotonic() < deadline:
            try:
                if not answered:
                    requests.add(self.kernel_info())
                    reply = await self.shell_channel.get_msg(timeout=1)
                    answered = reply["parent_header"].get("msg_id") in requests
                    self._handle_kernel_info_reply(reply)
                # a kernel welcomes each new subscriber; older ones at least report that they handled the request
                await self.iopub_channel.get_msg(timeout=0.2)
                return
            except Empty:
                answered = False
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel did not respond within {timeout or 60:g} seconds")


def find_kernel(name: str) -> KernelSpec:
    """Return the spec of a kernel; of `python3`, ipykernel in this interpreter. Raises NoSuchKernel."""
    spec = None if name in (NATIVE_KERNEL_NAME, "python") else KernelSpecManager().get_kernel_spec(name)
    if spec is None or spec.argv[:3] == [sys.executable, "-m", "ipykernel_launcher"]:
        return KernelSpec(**get_kernel_dict())
    return spec


class ReportKernelManager(AsyncKernelManager):
    """Starts the kernel of the notebook; `python3` is this interpreter, whatever the user's kernel spec points to."""

    environment: dict[str, str]  # these three are set in a subclass for each run
    kernels: list[Any]
    note: Callable[[str], None]
    client_class = f"{__name__}.ReportKernelClient"
    client_factory = ReportKernelClient

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        # messages may hold data of patients: other users of the machine must not read them
        self.folder = _own_folder()
        if self.folder:
            self.transport = "ipc"
            self.ip = str(Path(self.folder.name) / "kernel")  # prefix of the names of its sockets
            self.connection_file = f"{self.ip}.json"
        elif self.has_trait("transport_encryption") and zmq.has("curve"):
            self.transport_encryption = "auto"

    @property
    def kernel_spec(self) -> KernelSpec:
        """The spec of the kernel. Raises NoSuchKernel."""
        return find_kernel(self.kernel_name)

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        if self.provisioner is None:
            self.kernel_id = self.kernel_id or str(uuid.uuid4())
            self.provisioner = ForkProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        # the kernel's own messages, such as at its end, must not appear among the lines of the batch
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return await super()._async_pre_start_kernel(**{**kw, **quiet, "env": type(self).environment})

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart)
        if self.folder and not restart:
            self.folder.cleanup()

    cleanup_resources = _async_cleanup_resources


def _own_folder() -> tempfile.TemporaryDirectory[str] | None:
    """Return a folder for Unix sockets that only this user can open; None where such sockets can't be used."""
    if os.name != "posix" or not zmq.has("ipc"):
        return None
    folder = tempfile.TemporaryDirectory(prefix="crps-", ignore_cleanup_errors=True)
    probe = Path(folder.name) / "kernel-probe"
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(probe))  # fails if the path is longer than about 100 bytes, and on some file systems
        probe.unlink()
    except OSError:
        folder.cleanup()
        return None
    return folder
