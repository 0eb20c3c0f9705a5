"""How a command ends: its exit status, its last message, and none of its processes left."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import NoReturn

import click

from analysis.reporting import Refused, ReportError
from analysis.reporting.kernel.supervisor import adopt_orphans
from analysis.reporting.resources import delete_scratch, why_refused

BUILT, FAILED, WRONG_USE = 0, 1, 2
_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stopped(KeyboardInterrupt):
    """A signal asks this process to end. status: the exit status, 1 for Ctrl-C and 128 + the signal for others."""

    def __init__(self, number: int) -> None:
        self.status = FAILED if number == signal.SIGINT else 128 + number
        super().__init__(signal.Signals(number).name)


@contextlib.contextmanager
def orderly_end() -> Iterator[None]:
    """Raise Stopped in the main thread for SIGINT, SIGTERM and SIGHUP; at the end, kill what this process started.

    On Linux that includes the processes that a notebook detached from its kernel: their parent becomes this process.
    """
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        received.append(number)
        for other in _ENDING:  # the end must not be interrupted
            signal.signal(other, signal.SIG_IGN)
        raise Stopped(number)

    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # such as nohup
            signal.signal(number, stop)
    adopt_orphans()
    status: object = 0
    try:
        yield
    except SystemExit as end:
        status = end.code
        raise
    except MemoryError:
        click.echo(f"The system refused: {why_refused(OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)))}", err=True)
        received, status = [0], FAILED
    finally:
        _kill_descendants()
        if received:  # a thread may still build a report; without memory Python can't end in order
            sys.stdout.flush()
            sys.stderr.flush()
            delete_scratch()
            os._exit(status if isinstance(status, int) else 1)


def _kill_descendants() -> None:
    with contextlib.suppress(MemoryError):
        import psutil

        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                # those of multiprocessing end by themselves, and one of them frees semaphores before
                if not any("multiprocessing" in word for word in process.cmdline()):
                    process.kill()


@contextlib.contextmanager
def refusals(stopped: Callable[[], str]) -> Iterator[None]:
    """End the command with a message and an exit status if nothing can be built. stopped: words for Ctrl-C."""
    try:
        yield
    except Refused as error:
        refuse(error.problems)
    except ReportError as error:
        click.echo(str(error), err=True)
        sys.exit(FAILED)
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader of the output has ended: click says nothing
            raise
        click.echo(f"The system refused: {why_refused(error)}", err=True)
        sys.exit(FAILED)
    except KeyboardInterrupt as stop:
        click.echo(stopped(), err=True)
        sys.exit(stop.status if isinstance(stop, Stopped) else FAILED)


def refuse(problems: Iterable[str]) -> NoReturn:
    """End the command because of wrong use: nothing is built."""
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(WRONG_USE)
