"""Results that are computed once for all processes of a test run."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

try:
    import fcntl
except ImportError:  # Windows: each process computes its own
    fcntl = None

Result = TypeVar("Result")


class SessionCache:
    """Files in a folder that all processes of a test run share; `conftest.py` sets the folder."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.running: set[str] = set()  # in this process

    def once(self, name: str, compute: Callable[[], Result]) -> Result:
        """Return the result of `compute`, which the first process runs while the others wait for it."""
        if self.folder is None or fcntl is None:
            return compute()
        assert name not in self.running, f"{name} is computed with itself, which would wait without end"
        file = self.folder / f"{name}.pickle"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the system releases the lock of a process that dies
            if not file.is_file():
                self.running.add(name)
                try:
                    content = pickle.dumps(compute())
                finally:
                    self.running.remove(name)
                file.write_bytes(content)
            return pickle.loads(file.read_bytes())


cache = SessionCache()
