"""The template process from which kernels are forked: all libraries imported, one thread, no report executed in it.

A kernel is requested over a Unix socket, one connection for each kernel:

    request    one line of JSON: arguments, environment, working directory
    response   "pid N", then "ready" when the kernel's ports are bound, then "exit CODE" when it has ended

If a client closes its connection, its kernel is killed. If the owner of this process ends (standard input ends), this
process ends with all its kernels. Only for systems with fork; the client is fork_client.py.
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
# these modules need IPython's shell at import, which does not exist yet: each kernel imports them itself
NEEDS_A_SHELL = ("matplotlib.pyplot", "matplotlib_inline.backend_inline")
_PR_SET_PDEATHSIG = 1
_set_by_libraries: dict[str, str] = {}  # environment variables that libraries set when they were imported


def load_libraries() -> None:
    """Import the modules that reports use, as a kernel imports them."""
    import builtins
    from types import SimpleNamespace

    before = dict(os.environ)
    # pandas chooses another display of tables if it is imported outside of a kernel
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
    _fill_caches()


def _fill_caches() -> None:
    """Fill the caches that each report would fill again: the parsed dictionary, the list of fonts.

    Each cache is keyed by the text it was computed from, so a file that changes later is read again.
    """
    from analysis.evidence import DataError, load
    from analysis.exhibit.typeface import register

    register()
    with contextlib.suppress(DataError):  # the reports show the problems
        load()


def thread_count() -> int:
    """Return how many threads this process has."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        import threading

        return threading.active_count()


def can_fork() -> bool:
    """Return whether kernels can be forked from this process: it has one thread and no module that needs a shell."""
    return thread_count() == 1 and not any(name in sys.modules for name in NEEDS_A_SHELL)


class Server:
    """Accepts connections and forks a kernel for each. owner: file descriptor that ends with the owner."""

    def __init__(self, listener: socket.socket, owner: int) -> None:
        self.listener, self.owner = listener, owner
        self.selector = selectors.DefaultSelector()
        self.kernels: dict[int, socket.socket] = {}
        self.requests: dict[socket.socket, bytes] = {}
        self.signals, self.signal_writer = socket.socketpair()
        for end in (self.signals, self.signal_writer):
            end.setblocking(False)

    def run(self) -> None:
        """Serve until the owner has ended or SIGTERM arrives; then kill all kernels."""
        self.running = True
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
        signal.set_wakeup_fd(self.signal_writer.fileno(), warn_on_full_buffer=False)
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.selector.register(self.signals, selectors.EVENT_READ, self._reap)
        self.selector.register(self.owner, selectors.EVENT_READ, self._read_owner)
        while self.running:
            for key, _ in self.selector.select():
                key.data(key.fileobj)
        for pid in list(self.kernels):
            _kill(pid)

    def _stop(self, *_: object) -> None:
        self.running = False

    def _read_owner(self, owner: int) -> None:
        self.running = bool(os.read(owner, 4096))

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            self.requests[connection] = b""
            self.selector.register(connection, selectors.EVENT_READ, self._read_request)

    def _read_request(self, connection: socket.socket) -> None:
        try:
            part = connection.recv(1 << 16)
        except OSError:
            part = b""
        if not part:
            return self._client_left(connection)
        if connection not in self.requests:
            return None
        self.requests[connection] += part
        if self.requests[connection].endswith(b"\n"):
            self._fork(connection, json.loads(self.requests.pop(connection)))
        return None

    def _client_left(self, connection: socket.socket) -> None:
        self.requests.pop(connection, None)
        for pid, other in self.kernels.items():
            if other is connection:
                _kill(pid)
        self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(connection)
        connection.close()

    def _reap(self, signals: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            signals.recv(4096)
        for pid in list(self.kernels):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                connection = self.kernels.pop(pid)
                with contextlib.suppress(OSError):
                    connection.sendall(f"exit {os.waitstatus_to_exitcode(status)}\n".encode())
                self._close(connection)

    def _fork(self, connection: socket.socket, request: dict[str, Any]) -> None:
        template = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self._become_kernel(template, connection, request)
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

    def _become_kernel(self, template: int, connection: socket.socket, request: dict[str, Any]) -> None:
        """Discard the state of the template except imported modules, and start the kernel; runs in the child."""
        os.setsid()
        _die_with(template)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.selector.close()
        for other in (*self.kernels.values(), *self.requests, self.listener, self.signals, self.signal_writer):
            other.close()
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.close(null)
        os.environ.clear()
        os.environ.update({**_set_by_libraries, **request["env"]})
        time.tzset()
        os.chdir(request["cwd"])
        sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin, *request["argv"][1:]]
        # a child reseeds `random` by itself, but not numpy
        if numpy := sys.modules.get("numpy"):
            numpy.random.seed()

        from ipykernel.kernelapp import IPKernelApp

        app = IPKernelApp.instance()
        app.parent_handle = template  # it checks once a second whether its parent still runs
        app.initialize()
        with connection:
            connection.sendall(b"ready\n")
        app.start()


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _die_with(parent: int) -> None:
    """End this process when its parent ends: on Linux at once, elsewhere by IPKernelApp's check."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def serve(number: int) -> None:
    """Import all libraries, then serve. number: file descriptor of the listening socket. Standard input: the owner."""
    listener = socket.socket(fileno=number)
    address = Path(listener.getsockname())
    try:
        gc.disable()  # imports make little garbage; searching for it takes 0.3 s, a fifth of the imports
        load_libraries()
        if can_fork():  # otherwise the client starts kernels the ordinary way
            gc.freeze()
            gc.enable()
            Server(listener, owner=0).run()
    finally:
        with contextlib.suppress(OSError):  # the owner may have been killed before it could remove its folder
            address.unlink()
            address.parent.rmdir()
    os._exit(0)  # destroying all modules would take 0.1 s
