"""Reports on a Dask cluster: the same specs, the same bytes, on machines that share no disk with this one.

Everything a report is made of travels once to each worker as one archive: the library, the data, the notebooks and the
files that parameters name. A worker needs this project and its dependencies installed, of the same versions as here
(otherwise the report fails and says so); the archive decides about numbers and text. There each report is built by a
process of its own kind (`host`), so that what kills it doesn't kill the worker. The files come back as bytes, and
whoever asked writes them.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import pickle
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.paths import DATA, MOVED, ROOT, resolve
from analysis.reporting.provenance import sha256
from analysis.reporting.run import Built, Spec

CONNECT_SECONDS = 10
_PROJECT, _FILES = "project", "files"
_HOST = "from analysis.reporting.batch.cluster import host; host()"


class NoCluster(Exception):
    """No scheduler there, or no way to speak to one; the message is one sentence."""


def pack(specs: Iterable[Spec]) -> bytes:
    """The archive: library, data, the specs' notebooks, and the files that their parameters name."""
    wanted = {
        path: path.relative_to(ROOT).as_posix()
        for folder in (ROOT / "analysis", DATA)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and (folder != DATA or path.parent == DATA)
    }
    packed: dict[str, bytes] = {f"{_PROJECT}/{place}": path.read_bytes() for path, place in wanted.items()}
    for spec in specs:
        for path in (Path(spec.notebook), *_named(spec).values()):
            packed[_place(path)] = path.read_bytes()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(packed):
            archive.writestr(zipfile.ZipInfo(name), packed[name], zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _named(spec: Spec) -> dict[str, Path]:
    """The files that a spec's parameters name: as they are written there -> where they are here."""
    from analysis.parameters import find_notebook

    notebook = find_notebook(spec.notebook)
    values = {**notebook.defaults, **spec.given}
    found = {values[name]: resolve(values[name]) for name in notebook.files}
    return {given: path for given, path in found.items() if path.is_file()}


def _place(path: Path) -> str:
    """Where a file stands in the archive: as in the project, or among others by the hash of its content."""
    resolved = path.resolve()
    if resolved.is_relative_to(ROOT):
        return f"{_PROJECT}/{resolved.relative_to(ROOT).as_posix()}"
    return f"{_FILES}/{sha256(resolved.read_bytes())[:16]}/{resolved.name}"


def portable(spec: Spec) -> tuple[Spec, dict[str, str]]:
    """The spec with its notebook's place in the archive, and the places of the files that its parameters name."""
    moved = {given: _place(path) for given, path in _named(spec).items()}
    return replace(spec, notebook=_place(Path(spec.notebook))), moved


class Cluster:
    """A Dask cluster, as a context. Raises NoCluster. Called with a number of jobs it gives an executor."""

    def __init__(self, address: str, specs: Iterable[Spec]) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise NoCluster("--scheduler needs dask.distributed: pip install '.[cluster]'.") from None
        try:
            self.client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise NoCluster(f"no Dask scheduler answers at {address} ({type(error).__name__}).") from None
        try:
            self.client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except Exception:
            self.client.close()
            raise NoCluster(f"the scheduler at {address} has no worker; start one: dask worker {address}.") from None
        self.archive = self.client.scatter(pack(specs), broadcast=True, hash=True)

    @property
    def jobs(self) -> int:
        """How many reports to have there at a time: two for each thread, so that none waits for its next one."""
        return 2 * sum(self.client.nthreads().values())

    def __call__(self, jobs: int) -> Executor:
        return _ClusterExecutor(self.client, self.archive)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()


class _ClusterExecutor(Executor):
    """Hands specs to the cluster. What it is asked to call is always `build`, over there."""

    def __init__(self, client: Any, archive: Any) -> None:
        self.inner, self.archive = client.get_executor(pure=False), archive

    def submit(self, build: Any, /, spec: Spec) -> Future[Built]:
        inner = self.inner.submit(build_here, self.archive, pickle.dumps(portable(spec)))
        outer: Future[Built] = Future()
        outer.add_done_callback(lambda done: inner.cancel() if done.cancelled() else None)

        def hand_on(done: Future[bytes]) -> None:
            try:
                outer.set_result(pickle.loads(done.result()))
            except BaseException as error:
                outer.set_exception(error)

        inner.add_done_callback(hand_on)
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.inner.shutdown(wait=wait and not cancel_futures)


# ---- on a worker

_hosts: dict[str, queue.SimpleQueue[_Host]] = {}
_folders: dict[str, Path] = {}
_lock = threading.Lock()


def build_here(archive: bytes, asked: bytes) -> bytes:
    """On a worker: a pickled Built for a pickled (spec, places of files)."""
    key = sha256(archive)
    with _lock:
        if key not in _folders:
            folder = Path(tempfile.mkdtemp(prefix="crps-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            with zipfile.ZipFile(io.BytesIO(archive)) as packed:
                packed.extractall(folder)
            _folders[key], _hosts[key] = folder, queue.SimpleQueue()
    try:
        host = _hosts[key].get_nowait()
    except queue.Empty:
        host = _Host(_folders[key])
    made = host.build(asked)
    if made is not None:
        _hosts[key].put(host)
        return made
    from analysis.reporting.batch.pool import LOST

    return pickle.dumps(Built(pickle.loads(asked)[0].name, {}, reason=LOST))


class _Host:
    """A process that builds one report after the other from an unpacked archive."""

    def __init__(self, folder: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
        environment["PYTHONPATH"] = str(folder / _PROJECT)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _HOST],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder / _PROJECT,
            env=environment,
        )
        atexit.register(self.process.kill)

    def build(self, asked: bytes) -> bytes | None:
        """What it answers; None if it died."""
        try:
            _send(self.process.stdin, asked)
            return _receive(self.process.stdout)
        except (OSError, EOFError):
            self.process.kill()
            self.process.wait()
            return None


def host() -> None:
    """In the host's process: builds what is asked for on standard input until that ends, or the worker has gone."""
    from analysis.reporting import provenance
    from analysis.reporting.kernel import fork_client
    from analysis.reporting.kernel.environment import environment
    from analysis.reporting.run import build

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed may come between the answers
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    here = provenance.versions()
    template = None
    with contextlib.suppress(EOFError, OSError):
        while True:
            spec, moved = pickle.loads(_receive(sys.stdin.buffer))
            if template is None and fork_client.available():
                template = fork_client.Template(environment(int(spec.common["code"]["epoch"]), "/nonexistent"))
                fork_client.use(template.address)
            base = Path.cwd().parent
            os.environ[MOVED] = json.dumps({given: str(base / place) for given, place in moved.items()})
            if wrong := _other_versions(spec.common["versions"], here):
                made = Built(spec.name, {}, reason=f"the worker has other versions than this machine: {wrong}")
            else:
                made = build(replace(spec, notebook=str(base / spec.notebook)))
            _send(answers, pickle.dumps(made))
    if template:
        template.close()


def _other_versions(wanted: dict[str, str], here: dict[str, str]) -> str:
    return ", ".join(
        f"{name} {here.get(name, 'none')}" for name, version in wanted.items() if here.get(name) != version
    )


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _send(stream: Any, content: bytes) -> None:
    stream.write(len(content).to_bytes(8, "big") + content)
    stream.flush()


def _receive(stream: Any) -> bytes:
    size = stream.read(8)
    if len(size) < 8:
        raise EOFError
    content = stream.read(int.from_bytes(size, "big"))
    if len(content) < int.from_bytes(size, "big"):
        raise EOFError
    return content
