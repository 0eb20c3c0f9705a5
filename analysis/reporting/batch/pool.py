"""Reports side by side on any executor. One whose process dies costs nobody else anything."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from multiprocessing import connection, forkserver
from typing import Any

from analysis.reporting.kernel.environment import environment
from analysis.reporting.run import Built, Spec, build

# loaded once in the process that the workers are forked from; the first makes the others cheaper
_PRELOAD = [
    "analysis.reporting.kernel.preload",
    "analysis.evidence",
    "analysis.reporting.page.pdf",
    "papermill",  # before what papermill itself loads by its entry point
    "analysis.reporting.kernel.engine",
    "click",  # each worker loads the command line's module again
    "matplotlib.ft2font",
]
LOST = "its process ended without a word (killed, crashed or out of memory)"


class Processes:
    """Processes on this machine. Their kernels are forked from one template process, where there is fork.

    What both are forked from begins to load at once, side by side with whatever is done here. Called with a number of
    jobs it gives an executor. As a context it ends everything it has started: kernels too.
    """

    def __init__(self) -> None:
        from analysis.reporting.kernel import fork_client

        self.scratch = tempfile.mkdtemp(prefix="crps-")
        self.template = None
        if fork_client.available():
            with contextlib.suppress(OSError):  # no room for one more process: kernels start the ordinary way
                self.template = fork_client.Template(environment(0, self.scratch))  # each kernel is told its own epoch
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        self.context = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            self.context.set_forkserver_preload(_PRELOAD)
            forkserver.ensure_running()

    def __call__(self, jobs: int) -> Executor:
        address = self.template.address if self.template else ""
        return ProcessPoolExecutor(
            jobs, mp_context=self.context, initializer=_begin_worker, initargs=(address, self.scratch)
        )

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        if self.template:
            self.template.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def _begin_worker(template: str, scratch: str) -> None:
    from analysis.reporting.kernel import fork_client
    from analysis.reporting.page import pandoc, pdf

    gc.freeze()
    gc.enable()  # see preload
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of who asked
    tempfile.tempdir = scratch
    fork_client.use(template)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for start in (pandoc.start, pdf.start):  # while the first kernel loads
        with contextlib.suppress(Exception):  # a report will tell it
            start()


def _end_with_parent() -> None:
    """A batch that is killed leaves no worker behind."""
    connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def build_all(
    specs: Iterable[Spec],
    jobs: int | None = None,
    executor: Callable[[int], Executor] | None = None,
    started: Callable[[Spec], None] = lambda spec: None,
) -> Iterator[Built]:
    """Each report as soon as it is ready. `started` hears of each when it is handed out.

    executor: makes a concurrent.futures executor for a number of jobs; None = processes on this machine. No more than
    that many reports are handed out at a time: if a worker process dies, only these are in doubt. Each of them is built
    again in a process of its own, so that the one that kills its process is found, and the others go on.
    """
    specs = list(specs)
    jobs = max(1, min(jobs or os.cpu_count() or 1, len(specs) or 1))
    if not specs:
        return
    if executor is not None:
        yield from _rounds(specs, jobs, executor, started)
        return
    with Processes() as local:
        yield from _rounds(specs, jobs, local, started)


def _rounds(
    specs: list[Spec], jobs: int, executor: Callable[[int], Executor], started: Callable[[Spec], None]
) -> Iterator[Built]:
    waiting = list(reversed(specs))
    while waiting:
        doubtful: list[Spec] = []
        yield from _one_pool(waiting, doubtful, jobs, executor, started)
        for spec in doubtful:
            found: list[Spec] = []
            yield from _one_pool([spec], found, 1, executor, lambda spec: None)
            if found:
                yield Built(spec.name, {}, reason=LOST)


def _one_pool(
    waiting: list[Spec],
    doubtful: list[Spec],
    jobs: int,
    executor: Callable[[int], Executor],
    started: Callable[[Spec], None],
) -> Iterator[Built]:
    """Takes specs from the end of `waiting` until none is left or the pool breaks; then `doubtful` gets what it had."""
    pool = executor(jobs)
    running: dict[Future[Built], Spec] = {}

    def hand_out() -> None:
        while waiting and len(running) < jobs and not doubtful:
            spec = waiting.pop()
            try:
                running[pool.submit(build, spec)] = spec
            except BrokenExecutor:
                waiting.append(spec)
                break
            started(spec)

    try:
        hand_out()
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                spec = running.pop(future)
                try:
                    built = future.result()
                except BrokenExecutor:
                    doubtful.append(spec)
                    continue
                except Exception as error:  # the executor's own, such as a task that took its worker down thrice
                    built = Built(spec.name, {}, reason=f"{LOST}: {type(error).__name__}")
                hand_out()
                yield built
    except BaseException:
        _stop(pool)
        raise
    pool.shutdown()


def _stop(pool: Executor) -> None:
    """Ends it now, with what it is doing."""
    workers: list[Any] = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.kill()
    for worker in workers:
        worker.join()
