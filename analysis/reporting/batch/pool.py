"""Build reports in parallel; a worker that ends unexpectedly fails only its own report."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from multiprocessing import connection, forkserver
from multiprocessing.process import BaseProcess

from analysis.reporting.kernel.template_process import Template, new_template, use_template
from analysis.reporting.resources import require_open_files, scratch_folder, why_refused
from analysis.reporting.run import Built, Spec, build_report

# imported once in the process that the workers are forked from
_PRELOAD = [
    "analysis.reporting.kernel.execution",
    "analysis.evidence",
    "analysis.reporting.page.pdf",
    "click",  # each worker imports the module of the command line again
    "matplotlib.ft2font",
]
_OPEN_FILES = 64  # that a process needs to build a report
WORKER_EXITED = "worker exited unexpectedly (killed, crashed or out of memory)"


class WorkersLost(Exception):
    """No more reports can be built; the message says why."""


class Workers:
    """Workers that build reports, as a context manager that ends all processes it started."""

    def check(self, specs: Iterable[Spec]) -> None:
        """Raise Refused if these reports must not be built here."""

    def jobs(self) -> int:
        """Return how many reports to build at a time."""
        return os.cpu_count() or 1

    def executor(self, jobs: int) -> Executor:
        """Return a new executor for this number of jobs."""
        raise NotImplementedError

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes started by this object."""


class LocalWorkers(Workers):
    """Processes on this machine; their kernels are forked from one template process, where there is fork."""

    def __init__(self) -> None:
        self.scratch = ""
        self.template: Template | None = None

    def __enter__(self) -> LocalWorkers:
        with contextlib.suppress(OSError):  # raised again by `start`
            scratch_folder()  # it deletes what killed runs left, also where there is nothing to build
        return self

    def start(self) -> None:
        """Start the processes from which workers and kernels are forked; `executor` does so too. Raises OSError."""
        if self.scratch:
            return
        require_open_files(_OPEN_FILES)
        self.scratch = scratch_folder()
        self.template = new_template(self.scratch)
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        self.context = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            self.context.set_forkserver_preload(_PRELOAD)
            # a terminal that is closed must not end the process that frees semaphores before this one
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
            try:
                forkserver.ensure_running()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def executor(self, jobs: int) -> Executor:
        """Return a new pool of processes."""
        self.start()
        address = self.template.address if self.template else ""
        arguments = (address, self.scratch)
        try:
            return ProcessPoolExecutor(jobs, mp_context=self.context, initializer=_begin_worker, initargs=arguments)
        except OSError as error:
            if error.filename or error.errno == errno.EMFILE or sys.platform != "linux":
                raise
            raise OSError(error.errno, f"no semaphore: {error.strerror}", "/dev/shm") from None

    def __exit__(self, *_: object) -> None:
        if self.template:
            self.template.close()


def _begin_worker(template: str, scratch: str) -> None:
    from analysis.reporting.page import pandoc, pdf

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process handles Ctrl-C
    tempfile.tempdir = scratch
    use_template(template)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for start in (pandoc.start_pandoc, pdf.start_typst):  # while the first kernel starts
        with contextlib.suppress(Exception):  # the report itself says what fails
            start()


def _end_with_parent() -> None:
    """End this worker when the main process is killed."""
    connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def build_all(
    specs: Iterable[Spec],
    workers: Workers,
    jobs: int | None = None,
    started: Callable[[Spec], None] = lambda spec: None,
) -> Iterator[Built]:
    """Yield each report as soon as it is built.

    At most `jobs` reports (default: the number of the workers) are submitted at a time. If a worker ends unexpectedly,
    each of these is built again in a separate pool to identify the report that caused it. started: called with each
    spec that is submitted.
    """
    waiting = list(reversed(list(specs)))
    if not waiting:
        return
    jobs = max(1, min(jobs or workers.jobs(), len(waiting)))
    while waiting:
        doubtful: list[Spec] = []
        try:
            yield from _build_in_pool(workers.executor(jobs), waiting, jobs, doubtful, started)
            while doubtful:
                lost: list[Spec] = []
                yield from _build_in_pool(workers.executor(1), [doubtful[-1]], 1, lost, lambda spec: None)
                spec = doubtful.pop()
                if lost:
                    yield Built(spec.name, {}, reason=WORKER_EXITED)
        except (OSError, WorkersLost) as error:
            # OSError: the system has no file, process or semaphore for a worker
            refused = isinstance(error, OSError)
            reason = f"no process could be started to build it: {why_refused(error)}" if refused else str(error)
            for spec in (*doubtful, *reversed(waiting)):
                yield Built(spec.name, {}, reason=reason)
            return


def _build_in_pool(
    pool: Executor, waiting: list[Spec], jobs: int, doubtful: list[Spec], started: Callable[[Spec], None]
) -> Iterator[Built]:
    """Yield the reports of `waiting`, from its end, until the pool breaks; `doubtful` then gets the running specs."""
    running: dict[Future[Built], Spec] = {}
    others = set(multiprocessing.active_children())  # a pool starts its processes when it receives its first task

    def submit() -> None:
        while waiting and len(running) < jobs and not doubtful:
            try:
                future = pool.submit(build_report, waiting[-1])
            except BrokenExecutor:
                break
            except EOFError:
                raise WorkersLost("the process that workers are forked from was killed") from None
            except RuntimeError as error:  # "can't start new thread"
                raise OSError(errno.EAGAIN, str(error)) from None
            running[future] = waiting.pop()
            started(running[future])

    try:
        submit()
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                spec = running.pop(future)
                try:
                    built = future.result()
                except (BrokenExecutor, CancelledError):  # cancelled: a scheduler is lost, or a worker with its data
                    doubtful.append(spec)
                    continue
                except Exception as error:  # raised by the executor, such as for a task that killed several workers
                    built = Built(spec.name, {}, reason=f"{WORKER_EXITED}: {type(error).__name__}")
                if built.abandoned and isinstance(pool, ProcessPoolExecutor):  # its process is lost: start all anew
                    waiting.extend(running.values())
                    running.clear()
                    _stop(pool, others)
                    yield built
                    return
                submit()
                yield built
    except BaseException:
        doubtful.extend(running.values())
        _stop(pool, others)
        raise
    pool.shutdown()


def _stop(pool: Executor, others: set[BaseProcess]) -> None:
    """End the pool and its processes at once, also the reports that it is building; `others` go on."""
    processes = set(multiprocessing.active_children()) - others
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
