"""The template process from which kernels are forked: all libraries imported, one thread, no report executed in it.

A kernel is requested over a Unix socket, one connection for each kernel: one line of JSON with arguments, environment
and working directory. The answers are those of supervisor.py: each kernel is forked by a supervisor of its own, and
lives on if this process is killed. If the owner of this process ends (standard input ends), this process ends with all
its kernels. Only for systems with fork; the client is fork_client.py.
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
from analysis.reporting.kernel import supervisor

_LIBRARIES = """IPython.core.completer IPython.core.completerlib IPython.core.debugger IPython.core.logger
    IPython.core.oinspect IPython.core.pylabtools IPython.extensions.storemagic encodings.utf_8_sig faulthandler
    ipykernel.datapub ipykernel.debugger ipykernel.ipkernel ipykernel.kernelapp matplotlib.backends.backend_agg
    matplotlib.backends.backend_svg matplotlib.figure matplotlib.style numpy.random pandas pandas.core.methods.to_dict
    pandas.core.reshape.reshape pyarrow.pandas_compat scipy.optimize scipy.special scipy.stats
    tornado.platform.asyncio zmq.utils.garbage""".split()
_NOT_FOR_REPORTS = ("analysis.reporting", "analysis.explore", "analysis.curation", "analysis.__main__")
# these modules need IPython's shell at import, which does not exist yet: each kernel imports them itself
NEEDS_A_SHELL = ("matplotlib.pyplot", "matplotlib_inline.backend_inline")
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
    """Accepts connections and forks a supervisor for each. owner: file descriptor that ends with the owner."""

    def __init__(self, listener: socket.socket, owner: int) -> None:
        self.listener, self.owner = listener, owner
        self.selector = selectors.DefaultSelector()
        self.supervisors: set[int] = set()
        self.signals, self.signal_writer = socket.socketpair()
        for end in (self.listener, self.signals, self.signal_writer):
            end.setblocking(False)

    def run(self) -> None:
        """Serve until the owner has ended or SIGTERM arrives; then end all kernels."""
        self.running = True
        supervisor.adopt_orphans()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
        signal.set_wakeup_fd(self.signal_writer.fileno(), warn_on_full_buffer=False)
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.selector.register(self.signals, selectors.EVENT_READ, self._reap)
        self.selector.register(self.owner, selectors.EVENT_READ, self._read_owner)
        while self.running:
            for key, _ in self.selector.select():
                key.data(key.fileobj)
        for pid in self.supervisors:
            os.kill(pid, signal.SIGTERM)
        for pid in self.supervisors:
            os.waitpid(pid, 0)

    def _stop(self, *_: object) -> None:
        self.running = False

    def _read_owner(self, owner: int) -> None:
        self.running = bool(os.read(owner, 4096))

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # no resources for a process: the client starts its kernel the ordinary way
            connection, _ = listener.accept()
            with connection:
                pid = os.fork()
                if pid == 0:
                    self._supervise(connection)
                self.supervisors.add(pid)

    def _reap(self, signals: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            signals.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                known = ended[0] in self.supervisors
                self.supervisors.discard(ended[0])
                # a killed supervisor leaves what its kernel started to this process, and each of those its own children
                if ended[1] or not known:
                    for pid in supervisor.children(os.getpid()) - self.supervisors:
                        supervisor.end(pid)

    def _supervise(self, connection: socket.socket) -> None:
        """Become the supervisor of the requested kernel."""
        code = 1
        try:
            os.setsid()  # a signal to the supervisor's group must not reach the template
            signal.set_wakeup_fd(-1)
            self.selector.close()
            for other in (self.listener, self.signals, self.signal_writer):
                other.close()
            connection.setblocking(True)
            with connection.makefile() as lines:
                request = json.loads(lines.readline())
            supervisor.supervise(connection, lambda: _become_kernel(connection, request))
            code = 0
        finally:
            os._exit(code)


def _become_kernel(connection: socket.socket, request: dict[str, Any]) -> None:
    """Discard the state of the template except imported modules, and start the kernel; runs in the kernel's process."""
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
    app.parent_handle = os.getppid()  # it checks once a second whether its parent still runs
    app.initialize()
    with connection:
        connection.sendall(b"ready\n")
    app.start()


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
