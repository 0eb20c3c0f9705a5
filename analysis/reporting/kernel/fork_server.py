"""The process that kernels are forked from: everything imported once, one thread, no report ever run in it.

A kernel is asked for over a Unix socket, one connection a kernel:

    asked      one line of JSON: arguments, environment, working directory
    answered   "pid N", then "ready" when the kernel's ports are bound, then "exit CODE" when it has ended

If the asker goes away, its kernel is killed; if the owner of this process goes away (its standard input ends), or
nobody has asked for `idle` seconds, it ends and takes all kernels with it. Only for systems with fork;
see fork_client.py.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from analysis.paths import ROOT

_LIBRARIES = (
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "encodings.utf_8_sig",
    "faulthandler",
    "frictionless",
    "ipykernel.datapub",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "matplotlib.style",
    "numpy.random",
    "pandas",
    "pandas.core.methods.to_dict",
    "pandas.core.reshape.reshape",
    "pyarrow.pandas_compat",
    "scipy.optimize",
    "scipy.special",
    "scipy.stats",
    "tornado.platform.asyncio",
    "zmq.utils.garbage",
)
_NOT_FOR_REPORTS = ("analysis.reporting", "analysis.explore", "analysis.__main__")
# what looks for its shell when it is imported, which is not there yet: a kernel has to import it by itself
_NEEDS_A_SHELL = ("matplotlib.pyplot", "matplotlib_inline.backend_inline")
_PR_SET_PDEATHSIG = 1
_set_by_libraries: dict[str, str] = {}  # variables of the environment that came with them


def load_libraries() -> None:
    """Imports what reports use, as a kernel would."""
    import builtins
    from types import SimpleNamespace

    before = dict(os.environ)
    # pandas shows tables otherwise when it is imported outside of a kernel
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True, config={})
    try:
        for name in _LIBRARIES:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        for path in sorted((ROOT / "analysis").rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if not name.startswith(_NOT_FOR_REPORTS):
                importlib.import_module(name)
    finally:
        del builtins.get_ipython
    _set_by_libraries.update(dict(os.environ.items() - before.items()))
    _look_up()


def _look_up() -> None:
    """Finds out once what each report would find out again: how the dictionary reads, where the fonts are.

    Each is kept beside the text it was made of; a file that changes later is read anew.
    """
    from analysis.evidence import DataError, load
    from analysis.exhibit.typeface import register

    register()
    with contextlib.suppress(DataError):  # the reports will tell it
        load()


def threads() -> int:
    """How many threads this process has; forking is safe with one alone."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        import threading

        return threading.active_count()


def fit() -> bool:
    """Whether kernels can be forked from this process: one thread, and nothing imported that needs a shell."""
    return threads() == 1 and not any(name in sys.modules for name in _NEEDS_A_SHELL)


class Server:
    """Waits for askers and forks a kernel for each."""

    def __init__(self, listener: socket.socket, owner: int | None, idle: float | None) -> None:
        self.listener, self.owner, self.idle = listener, owner, idle
        self.selector = selectors.DefaultSelector()
        self.kernels: dict[int, socket.socket] = {}
        self.asking: dict[socket.socket, bytes] = {}
        self.alarm, self.bell = socket.socketpair()
        for end in (self.alarm, self.bell):
            end.setblocking(False)

    def run(self) -> None:
        """Serves until the owner is gone or nobody has asked for a while."""
        self.going, last = True, time.monotonic()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._told_to_end)
        signal.set_wakeup_fd(self.bell.fileno(), warn_on_full_buffer=False)
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.selector.register(self.alarm, selectors.EVENT_READ, self._reap)
        if self.owner is not None:
            self.selector.register(self.owner, selectors.EVENT_READ, self._owner_speaks)
        while self.going:
            events = self.selector.select(self.idle)
            if events or self.kernels:
                last = time.monotonic()
            elif self.idle is not None and time.monotonic() - last >= self.idle:
                break
            for key, _ in events:
                key.data(key.fileobj)
        for pid in list(self.kernels):
            _kill(pid)

    def _told_to_end(self, *_: object) -> None:
        self.going = False

    def _owner_speaks(self, owner: int) -> None:
        self.going = bool(os.read(owner, 4096))

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            self.asking[connection] = b""
            self.selector.register(connection, selectors.EVENT_READ, self._hear)

    def _hear(self, connection: socket.socket) -> None:
        try:
            part = connection.recv(1 << 16)
        except OSError:
            part = b""
        if not part:
            return self._gone(connection)
        if connection not in self.asking:
            return None
        self.asking[connection] += part
        if self.asking[connection].endswith(b"\n"):
            self._fork(connection, json.loads(self.asking.pop(connection)))
        return None

    def _gone(self, connection: socket.socket) -> None:
        """The asker has left: nobody will ever speak to its kernel again."""
        self.asking.pop(connection, None)
        for pid, other in self.kernels.items():
            if other is connection:
                _kill(pid)
        self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(connection)
        connection.close()

    def _reap(self, alarm: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            alarm.recv(4096)
        for pid in list(self.kernels):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                connection = self.kernels.pop(pid)
                with contextlib.suppress(OSError):
                    connection.sendall(f"exit {os.waitstatus_to_exitcode(status)}\n".encode())
                self._close(connection)

    def _fork(self, connection: socket.socket, asked: dict[str, Any]) -> None:
        template = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self._become_kernel(template, connection, asked)
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            except BaseException:
                code = 1
            finally:
                os._exit(code)
        self.kernels[pid] = connection
        with contextlib.suppress(OSError):
            connection.sendall(f"pid {pid}\n".encode())

    def _become_kernel(self, template: int, connection: socket.socket, asked: dict[str, Any]) -> None:
        """In the child: leaves everything of the template's behind but the imported modules, and starts the kernel."""
        os.setsid()
        _die_with(template)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.selector.close()
        for other in (*self.kernels.values(), *self.asking, self.listener, self.alarm, self.bell):
            other.close()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.close(nothing)
        os.environ.clear()
        os.environ.update({**_set_by_libraries, **asked["env"]})
        time.tzset()
        os.chdir(asked["cwd"])
        sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin, *asked["argv"][1:]]
        # random starts anew in a child by itself, numpy's does not
        if numpy := sys.modules.get("numpy"):
            numpy.random.seed()

        from ipykernel.kernelapp import IPKernelApp

        app = IPKernelApp.instance()
        app.parent_handle = template  # it looks once a second whether its parent is still there
        app.initialize()
        with connection:
            connection.sendall(b"ready\n")
        app.start()


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _die_with(parent: int) -> None:
    """Linux: the kernel of the operating system ends this process as soon as its parent has ended."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main(
    listener: socket.socket, owned: bool, idle: float | None = None, prepare: Callable[[], None] = load_libraries
) -> None:
    """Loads, then serves who has connected. owned: ends with its standard input. idle: seconds; None = for ever."""
    gc.disable()  # imports make hardly any garbage, and looking for it costs a fifth of their time
    prepare()
    if not fit():
        return  # whoever asked starts kernels the ordinary way
    gc.freeze()
    gc.enable()
    Server(listener, 0 if owned else None, idle).run()


def serve_inherited(number: int) -> None:
    """For one batch: its socket is this process's file `number`, and it ends with its standard input."""
    listener = socket.socket(fileno=number)
    address = Path(listener.getsockname())
    try:
        main(listener, owned=True)
    finally:
        with contextlib.suppress(OSError):  # whose folder this is may have been killed
            address.unlink()
            address.parent.rmdir()
    os._exit(0)  # nothing is left to be done, and taking all modules down would take 0.1 s


def serve_at(address: str, idle: float) -> None:
    """For whoever comes: appears at `address` when it is loaded, so that nobody waits for it; goes when idle."""
    os.setsid()
    path = Path(address)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(beside))
    listener.listen(64)
    mine = beside.stat().st_ino

    def appear() -> None:
        load_libraries()
        beside.rename(path)

    try:
        main(listener, owned=False, idle=idle, prepare=appear)
    finally:
        beside.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            if path.stat().st_ino == mine:
                path.unlink()
