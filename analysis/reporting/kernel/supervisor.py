"""The process above a kernel: it ends every process that the kernel started, also those that left its session.

The client of the kernel has the other end of a connection, on which it reads

    pid N        the process of the kernel
    ready        a forked kernel has bound its ports; any other kernel is about to start
    exit CODE    the kernel has ended, and all its descendants with it

If the client closes the connection or ends, the kernel and all its descendants are killed. If the supervisor is killed,
its kernel is killed by the system. No other report is affected by either.

Started as a script, with the file descriptor of the connection and a command, it supervises that command. It imports
the standard library only, since each kernel waits for it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def supervise(connection: socket.socket, start: Callable[[], None]) -> None:
    """Run `start` in a child process until it ends or the client has closed the connection; then end all its processes.

    connection: the child writes "ready" to it and closes it.
    """
    stopped: list[int] = []
    arrived, arrival = socket.socketpair()
    arrival.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    signal.set_wakeup_fd(arrival.fileno(), warn_on_full_buffer=False)
    adopt_orphans()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        arrived.close()
        arrival.close()
        _run(start, supervisor)
    _send(connection, f"pid {pid}\n")
    statuses: dict[int, int] = {}
    while pid not in statuses and not stopped:
        ready, _, _ = select.select([connection, arrived], [], [])
        if connection in ready:  # the client writes nothing: it has closed the connection
            break
        arrived.recv(4096)
        _reap(statuses)
    _end_children(pid, statuses)
    _send(connection, f"exit {os.waitstatus_to_exitcode(statuses[pid])}\n")


def _run(start: Callable[[], None], supervisor: int) -> None:
    """Call `start` in a session of its own and without the supervisor's streams and signals; then exit."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        _control_process(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            return
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.close(null)
        start()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        code = 1
    finally:
        os._exit(code)


def _send(connection: socket.socket, line: str) -> None:
    with contextlib.suppress(OSError):  # the client has ended
        connection.sendall(line.encode())


def _reap(statuses: dict[int, int], wait: bool = False) -> bool:
    """Add the status of each child that has ended, after waiting for one; return whether there are others."""
    flags = 0 if wait else os.WNOHANG
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, flags)
            if not pid:
                return True
            statuses[pid], flags = status, os.WNOHANG
    return False


def _end_children(kernel: int, statuses: dict[int, int]) -> None:
    """Kill all descendants: where a parent has ended, its children have become those of this process."""
    while _reap(statuses):
        for pid in children(os.getpid()) or {kernel}:
            end(pid)
        if not _reap(statuses, wait=True):
            return


def end(pid: int) -> None:
    """Kill a process, if it is there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def children(parent: int) -> set[int]:
    """Return the processes that have this parent; none where the system has no /proc."""
    found = set()
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:  # noqa: PTH112, PTH208 (pathlib is slow)
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                if int(file.read().rpartition(b")")[2].split()[1]) == parent:
                    found.add(int(name))
    return found


def adopt_orphans() -> None:
    """Make this process the parent of each descendant whose own parent has ended, on Linux."""
    _control_process(_PR_SET_CHILD_SUBREAPER, 1)


def _control_process(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _main() -> None:
    connection, command = socket.socket(fileno=int(sys.argv[1])), sys.argv[2:]

    def start() -> None:
        with connection:
            connection.sendall(b"ready\n")
        os.environ["JPY_PARENT_PID"] = str(os.getppid())
        os.execvp(command[0], command)

    supervise(connection, start)


if __name__ == "__main__":
    _main()
