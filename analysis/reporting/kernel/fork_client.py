"""Kernels forked from a process that has everything imported: a report starts at once, and still in its own process.

A batch owns such a template process while it runs (`Template`). A plain `papermill -k ketamine-crps` finds the one that
an earlier call left behind, which ends when nobody has asked for some minutes, or leaves one for the next call. Where
there is none or no fork (Windows, macOS), a kernel is started the ordinary way and makes the same bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from analysis.paths import ROOT

IDLE_SECONDS = 300
# what is read from the environment when a library is imported: a template of another one would make other bytes
_IMPORT_TIME = ("PYTHON", "MPL", "MATPLOTLIB", "LC_", "LANG", "TZ", "OMP_", "OPENBLAS_", "MKL_", "IPYTHON")
# a template has one thread: Arrow's allocator would start a second as soon as pandas imports it
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"} | {
    "JE_ARROW_MALLOC_CONF": "background_thread:false"
}
_CODE = "import sys; sys.path[:] = [p for p in sys.path if p]; from analysis.reporting.kernel import fork_server as t; "

_address = ""


def available() -> bool:
    """Whether kernels can be forked here; macOS has fork, but its own libraries don't survive it."""
    return hasattr(os, "fork") and hasattr(socket, "AF_UNIX") and sys.platform != "darwin"


def use(address: str) -> None:
    """From now on the kernels of this process are forked by the template there; empty = by none."""
    global _address
    _address = address


class Template:
    """A template process of one's own; it ends with this process, or when closed. address: where it listens."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.folder = tempfile.mkdtemp(prefix="crps-")  # open to this user alone
        self.address = str(Path(self.folder) / "kernels")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(64)  # who asks while it still loads waits here, and hears at once if it fails
            self.process = subprocess.Popen(
                [sys.executable, "-c", f"{_CODE}t.serve_inherited({listener.fileno()})"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**environment, **_ONE_THREAD},
                cwd=self.folder,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C at the terminal is this process's business
            )

    def close(self) -> None:
        """Ends it, and all kernels that still run; at once, if it is still loading."""
        self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def left_behind(environment: dict[str, str]) -> str:
    """Address of the template that earlier calls of this user left for the same code, versions and settings."""
    from jupyter_client.connect import jupyter_runtime_dir

    told = hashlib.sha256(f"{sys.executable} {sys.prefix} {ROOT}".encode())
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    for path in [*sorted((ROOT / "analysis").rglob("*.py")), *map(Path, sorted(installed))]:
        with contextlib.suppress(OSError):
            told.update(f"{path} {path.stat().st_mtime_ns}\n".encode())
    for name in sorted(environment):
        if name.startswith(_IMPORT_TIME):
            told.update(f"{name}={environment[name]}\n".encode())
    return str(Path(jupyter_runtime_dir()) / f"crps-{told.hexdigest()[:16]}")


def leave_behind(address: str, environment: dict[str, str], idle: float = IDLE_SECONDS) -> None:
    """Starts a template that outlives this process; it appears at the address when it is loaded."""
    with contextlib.suppress(OSError):
        Path(address).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        subprocess.Popen(
            [sys.executable, "-c", f"{_CODE}t.serve_at({address!r}, {idle!r})"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environment, **_ONE_THREAD, "PYTHONPATH": _with_root(environment.get("PYTHONPATH", ""))},
            cwd="/",
        )


def _with_root(python_path: str) -> str:
    parts = python_path.split(os.pathsep)
    return python_path if str(ROOT) in parts else os.pathsep.join(filter(None, [*parts, str(ROOT)]))


class ForkedKernel:
    """A kernel that another process has forked; speaks like subprocess.Popen as far as jupyter_client listens."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.setblocking(False)
        self.pid = 0
        self.ready = False
        self.returncode: int | None = None
        self._heard = b""

    def _hear(self, part: bytes) -> None:
        self._heard += part
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            word, _, number = line.decode().partition(" ")
            if word == "pid":
                self.pid = int(number)
            elif word == "ready":
                self.ready = True
            elif word == "exit":
                self.returncode = int(number)
        if not part and self.returncode is None:
            self.returncode = -signal.SIGKILL  # the template is gone, and its kernels with it
        if self.returncode is not None:
            self.connection.close()

    async def started(self) -> bool:
        """Whether it came to life; waits until its ports are bound."""
        while not self.ready and self.returncode is None:
            self._hear(await self._part())
        return self.ready

    async def ended(self) -> int:
        """Its exit status, as soon as it has ended."""
        while self.returncode is None:
            self._hear(await self._part())
        return self.returncode

    async def _part(self) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self.connection, 4096)
        except OSError:
            return b""

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""
        while self.returncode is None:
            try:
                self._hear(self.connection.recv(4096))
            except BlockingIOError:
                break
            except OSError:
                self._hear(b"")
        return self.returncode

    def wait(self) -> int | None:
        """As poll: whoever calls this has waited."""
        return self.poll()

    def send_signal(self, signum: int) -> None:
        """To the process alone."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        """At once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Politely."""
        self.send_signal(signal.SIGTERM)


class WarmProvisioner(LocalProvisioner):
    """Forks the kernel from this process's template if there is one, else starts it as LocalProvisioner does."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """As in jupyter_client; the kernel's ports are bound when this returns, if it was forked."""
        environment = kwargs.get("env") or dict(os.environ)
        cwd = str(kwargs.get("cwd") or Path.cwd())
        if available() and cmd[:3] == [sys.executable, "-m", "ipykernel_launcher"]:
            kernel = await self._forked(cmd[2:], environment, cwd)
            if kernel is not None:
                self.process = kernel
                self.pid = self.pgid = kernel.pid  # it leads a group of its own; asking too early would give another's
                self.cwd = cwd
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)

    def _connected(self, environment: dict[str, str]) -> socket.socket | None:
        return _connect(_address) if _address else None

    async def _forked(self, arguments: list[str], environment: dict[str, str], cwd: str) -> ForkedKernel | None:
        connection = self._connected(environment)
        if connection is None:
            return None
        asked = {"argv": arguments, "env": {**environment, "JPY_PARENT_PID": str(os.getpid())}, "cwd": cwd}
        kernel = ForkedKernel(connection)
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(connection, (json.dumps(asked) + "\n").encode())
        if await kernel.started():
            return kernel
        connection.close()
        return None

    async def kill(self, restart: bool = False) -> None:
        """As in jupyter_client; a forked kernel has ended when this returns, so that nobody looks every 0.1 s."""
        await super().kill(restart)
        if isinstance(self.process, ForkedKernel):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.process.ended(), 5)

    async def wait(self) -> int | None:
        """As in jupyter_client, without looking every 0.1 s."""
        if not isinstance(self.process, ForkedKernel):
            return await super().wait()
        code = await self.process.ended()
        self.process = None
        return code


class LingeringProvisioner(WarmProvisioner):
    """Forks the kernel from the template that an earlier call left behind, or leaves one for the next call."""

    def _connected(self, environment: dict[str, str]) -> socket.socket | None:
        address = left_behind(environment)
        connection = _connect(address)
        if connection is None:
            leave_behind(address, environment)
        return connection


def _connect(address: str) -> socket.socket | None:
    """None if nobody listens there, or if it isn't this user's."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        if Path(address).stat().st_uid == os.getuid():
            connection.connect(address)
            return connection
    except OSError:
        pass
    connection.close()
    return None
