"""Build reports on a Dask cluster, on machines that share no disk with this one.

Each worker needs this project and its dependencies installed, in the same versions: otherwise its reports fail and say
so. Files outside the project (a clinic's table) travel as bytes, and the report's files come back as bytes; on a worker
they are deleted after each report.
"""

from __future__ import annotations

import atexit
import logging
import os
import pickle
import queue
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.parameters import find_notebook
from analysis.paths import DATA, ROOT
from analysis.reporting import Refused
from analysis.reporting.batch.pool import WORKER_EXITED, Workers, WorkersLost
from analysis.reporting.provenance import code_hash, input_files, input_hashes, published_hashes, sha256, versions
from analysis.reporting.resources import scratch_folder
from analysis.reporting.run import Built, Spec, build_report

CONNECT_SECONDS, CLOSE_SECONDS = 10, 2
_HOST = "from analysis.reporting.batch.cluster import serve_worker; serve_worker()"


class NoCluster(Refused):
    """The cluster can't be used."""


class ClusterWorkers(Workers):
    """The workers of the Dask scheduler at an address. `check`, `jobs` and `executor` raise NoCluster.

    insecure: send the table of a clinic also where the connection is not encrypted.
    """

    def __init__(self, address: str, insecure: bool = False) -> None:
        self.address, self.insecure = address, insecure
        self.client: Any = None

    def check(self, specs: Iterable[Spec]) -> None:
        """Raise NoCluster if a clinic's table would travel without encryption."""
        if self.insecure or self.address.startswith(("tls://", "wss://")):
            return
        for spec in specs:
            notebook = find_notebook(spec.notebook)
            if own := [
                name for name in notebook.files if spec.overrides.get(name) not in (None, notebook.defaults[name])
            ]:
                what = f"{spec.name}: the file of {own[0]!r} would travel to {self.address} without encryption."
                advice = "Use a scheduler with TLS (--scheduler tls://HOST:8786), or allow it with --insecure."
                raise NoCluster([f"{what} {advice}"])

    def _connect(self) -> Any:
        if self.client is not None:
            return self.client
        try:
            from distributed import Client
        except ImportError:
            raise NoCluster(["--scheduler needs dask.distributed: pip install '.[cluster]'."]) from None
        for name in ("distributed", "distributed.client"):  # the reports say what failed
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            client = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise NoCluster([f"no Dask scheduler answers at {self.address} ({type(error).__name__})."]) from None
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except Exception:
            client.close()
            message = f"the scheduler at {self.address} has no worker; start one: dask worker {self.address}."
            raise NoCluster([message]) from None
        self.client = client
        return client

    def jobs(self) -> int:
        """Return two for each thread of the cluster, so that no thread waits for its next report."""
        return 2 * sum(self._connect().nthreads().values())

    def executor(self, jobs: int) -> Executor:
        """Return an executor that sends each spec to the cluster."""
        return _ClusterExecutor(self._connect())

    def __exit__(self, *_: object) -> None:
        if self.client is not None:
            self.client.close(timeout=CLOSE_SECONDS)


class _ClusterExecutor(Executor):
    """Sends specs to the cluster, where `build_on_worker` is called instead of `build_report`."""

    def __init__(self, client: Any) -> None:
        self.client, self.inner = client, client.get_executor(pure=False)

    def submit(self, build: Any, /, spec: Spec) -> Future[Built]:
        if self.client.status != "running":
            raise WorkersLost(f"the Dask scheduler at {self.client.scheduler.address} no longer answers")
        spec, expected, contents = to_send(spec)
        # each content travels once to each worker, so that none is lost with one; in a dictionary its path would be its
        # key, also after a change
        sent = {path: self.client.scatter(content, hash=True, broadcast=True) for path, content in contents.items()}
        return self.inner.submit(build_on_worker, spec, expected, sent)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.inner.shutdown(wait=wait and not cancel_futures)


def to_send(spec: Spec) -> tuple[Spec, dict[str, str], dict[str, bytes]]:
    """Return what a worker needs.

    Returns
    -------
    spec: with the paths of the notebook and of the inputs relative to the project, if they are in the project.
    expected: SHA-256 of what the worker must have: code (key "code"), versions of packages, files of the project.
    contents: absolute path -> content of each file outside the project.
    """
    notebook = find_notebook(spec.notebook)
    values = {**notebook.defaults, **spec.overrides}
    paths = input_files(notebook, values)
    inside = {str(path): path.resolve().relative_to(ROOT).as_posix() for path in paths if _in_project(path)}
    data = {f"{DATA.name}/{name}": digest for name, digest in spec.common["data"]["files"].items()}
    files = {name: sha256((ROOT / name).read_bytes()) for name in inside.values()}
    expected = {"code": spec.common["code"]["hash"], **spec.common["versions"], **data, **files}
    contents = {str(path): path.read_bytes() for path in paths if not _in_project(path)}
    place = str(notebook.path)
    resolved = {str(path.resolve()): inside.get(str(path), str(path)) for path in paths}
    inputs = {resolved.get(path, path): digest for path, digest in spec.inputs.items()}
    published = published_hashes(notebook, values, spec.inputs or input_hashes(notebook, values))
    return replace(spec, notebook=inside.get(place, place), inputs=inputs, published=published), expected, contents


def _in_project(path: Path) -> bool:
    return path.resolve().is_relative_to(ROOT)


# ---- on a worker

_hosts: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()


def build_on_worker(spec: Spec, expected: dict[str, str], contents: dict[str, bytes]) -> Built:
    """Return the report, built in a separate process, so that a crash does not end the worker.

    Raises BrokenProcessPool if that process ends: the report is then built once more, alone.
    """
    try:
        host = _hosts.get_nowait()
    except queue.Empty:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
        environment["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-c", _HOST]
        host = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        atexit.register(_end, host)
    try:
        pickle.dump((spec, expected, contents), host.stdin)
        host.stdin.flush()
        built = pickle.load(host.stdout)
    except (OSError, EOFError, pickle.UnpicklingError):
        _end(host)
        raise BrokenProcessPool(WORKER_EXITED) from None
    if built.abandoned:
        _end(host)
    else:
        _hosts.put(host)
    return built


def _end(host: subprocess.Popen[bytes]) -> None:
    """End a process that builds reports; it deletes its files."""
    host.terminate()
    try:
        host.wait(CLOSE_SECONDS)
    except subprocess.TimeoutExpired:
        host.kill()
        host.wait()


def serve_worker() -> None:
    """Build the reports requested on standard input until it is closed; runs in the worker's process."""
    from analysis.reporting.command_end import orderly_end
    from analysis.reporting.kernel.template_process import forked_kernels

    if hasattr(select, "poll"):
        threading.Thread(target=_end_with_worker, daemon=True).start()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # printed text must not come between the answers
    with orderly_end(), forked_kernels(scratch_folder()):
        installed = versions()
        while sys.stdin.buffer.peek(1):
            spec, expected, contents = pickle.load(sys.stdin.buffer)
            different = differences(expected, installed)
            if different:
                built = Built(spec.name, {}, reason=f"the worker differs from this machine in: {', '.join(different)}")
            else:
                with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                    built = build_report(_with_files(spec, contents, Path(folder)))
            pickle.dump(built, answers)
            answers.flush()


def _end_with_worker() -> None:
    """End this process, also while it builds a report, when standard input is closed: the worker was killed."""
    closed = select.poll()
    closed.register(0, 0)
    closed.poll()
    os.kill(os.getpid(), signal.SIGTERM)


def differences(expected: dict[str, str], installed: dict[str, str]) -> list[str]:
    """Return the names of missing or different items on this machine. expected: see `to_send`."""
    here = {"code": code_hash(), **installed}
    for name in expected:
        if name not in here and (ROOT / name).is_file():
            here[name] = sha256((ROOT / name).read_bytes())
    return [
        f"{name} {installed[name]}" if name in installed else name
        for name, value in expected.items()
        if here.get(name) != value
    ]


def _with_files(spec: Spec, contents: dict[str, bytes], folder: Path) -> Spec:
    """Write the files that were sent; return the spec with their paths on this machine."""
    moved = {}
    for path, content in contents.items():
        target = folder / sha256(content)[:16] / Path(path).name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        moved[path] = str(target)
    overrides = {
        name: moved.get(value, value) if isinstance(value, str) else value for name, value in spec.overrides.items()
    }
    inputs = {str(Path(moved.get(path, ROOT / path)).resolve()): digest for path, digest in spec.inputs.items()}
    notebook = moved.get(spec.notebook, str(ROOT / spec.notebook))
    return replace(spec, notebook=notebook, overrides=overrides, inputs=inputs)
