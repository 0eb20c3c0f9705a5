"""What the operating system lends to a run: locks, temporary folders, and why it refuses them."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from multiprocessing import util
from pathlib import Path
from typing import IO

_PREFIX, _OWNER = "crps-", ".owner"
_LONGEST_SCRATCH = 50  # bytes: the sockets of kernels lie below it, and no path of a socket has more than about 100


def lock(file: IO[bytes]) -> None:
    """Lock a file until this process closes it or ends. Raises OSError if another process holds the lock."""
    if os.name == "nt":
        import msvcrt

        file.seek(1 << 30)  # a byte far beyond the text
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class _Scratch:
    """The temporary folder of this process, with the lock that shows that this process runs."""

    folder = ""
    lock: IO[bytes] | None = None


def scratch_folder() -> str:
    """Return a folder that only this user can open, for all temporary files of this process and those that it starts.

    It is deleted when this process ends. If this process is killed, the next run deletes it: a lock tells whether the
    owner runs. Where the path of the system's folder is too long for sockets, it lies in /tmp. Raises OSError.
    """
    if _Scratch.folder:
        return _Scratch.folder
    usual = tempfile.gettempdir()
    short = usual if len(os.fsencode(usual)) <= _LONGEST_SCRATCH or not Path("/tmp").is_dir() else "/tmp"
    _delete_abandoned(Path(short))
    # the last finalizer, after those of multiprocessing for its own files in it; not called in a fork of this process
    util.Finalize(None, delete_scratch, exitpriority=-1000)
    _Scratch.folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=short)
    folder = Path(_Scratch.folder)
    _Scratch.lock = (folder / f"{_OWNER}.new").open("xb")
    lock(_Scratch.lock)
    (folder / f"{_OWNER}.new").rename(folder / _OWNER)  # a folder with this file is locked as long as its owner runs
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    return str(folder)


def delete_scratch() -> None:
    """Delete the temporary folder of this process."""
    if _Scratch.folder:
        shutil.rmtree(_Scratch.folder, ignore_errors=True)


def _delete_abandoned(parent: Path) -> None:
    """Delete the folders of killed runs of this user."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.is_symlink() or (hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid()):
                continue
            if {path.name for path in folder.iterdir()} <= {f"{_OWNER}.new"}:
                if _has_ended(folder.name.split("-")[1]):
                    shutil.rmtree(folder)  # its owner was killed before it could lock it
                continue
            with (folder / _OWNER).open("rb") as owner:
                lock(owner)
                shutil.rmtree(folder, ignore_errors=True)


def _has_ended(process: str) -> bool:
    import psutil  # here, because it is needed after a kill alone

    return process.isdecimal() and not psutil.pid_exists(int(process))


def require_open_files(least: int) -> None:
    """Raise OSError if processes may not open so many files, before some of them fail and others wait for these."""
    limit = _limit("RLIMIT_NOFILE")
    if limit.isdecimal() and int(limit) < least:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def why_refused(error: OSError) -> str:
    """Return the words of the system for an error, with the limit or the place that it concerns."""
    words = error.strerror or str(error) or type(error).__name__
    hint = ""
    if error.errno == errno.EMFILE:
        hint = f" (the limit is {_limit('RLIMIT_NOFILE')}; raise it with ulimit -n)"
    elif error.errno in (errno.EAGAIN, errno.ENOMEM):
        hint = " (no more processes or memory; see ulimit -u, ulimit -v and the limits of the container)"
    elif error.errno == errno.EFBIG:
        hint = f" (the limit is {_limit('RLIMIT_FSIZE')} bytes; see ulimit -f)"
    elif error.errno == errno.ENOSPC and error.filename and _no_inodes(Path(os.fsdecode(error.filename))):
        hint = " (the file system has no free inodes)"
    place = f": {os.fsdecode(error.filename)}" if error.filename else ""
    return f"{words}{hint}{place}"


def _limit(name: str) -> str:
    try:
        import resource
    except ImportError:  # Windows
        return "unknown"
    return str(resource.getrlimit(getattr(resource, name))[0])


def _no_inodes(path: Path) -> bool:
    with contextlib.suppress(OSError, AttributeError):
        there = next(place for place in (path, *path.parents) if place.exists())
        status = os.statvfs(there)
        return status.f_files > 0 and status.f_favail == 0
    return False
