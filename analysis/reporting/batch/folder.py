"""The output folder of a batch: one batch at a time, the state of each report, and whether its files are unchanged.

Each report is logged as soon as its files are written, one line each in a file of the folder. At the end the manifest
replaces that file. A batch that was killed leaves it, and the next batch reads it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from analysis.reporting.provenance import sha256

_LOG = ".unfinished.jsonl"
MANIFEST = "manifest.json"


class FolderBusy(Exception):
    """Another batch is writing to the folder."""


class Folder:
    """A folder that only this process writes reports to, as a context. Raises FolderBusy, OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log: IO[bytes] | None = None
        self.manifest: dict[str, Any] = {}

    def __enter__(self) -> Folder:
        self.path.mkdir(parents=True, exist_ok=True)
        path = self.path / _LOG
        while self.log is None:
            log = path.open("a+b")
            try:
                _lock(log)
            except OSError:
                log.close()
                raise FolderBusy(
                    f"{self.path}: another batch is writing there. "
                    "Wait until it has ended, or give this one a folder of its own with --output."
                ) from None
            # the batch before may have deleted the file after it was opened here
            if path.exists() and os.path.samestat(os.fstat(log.fileno()), path.stat()):
                self.log = log
            else:
                log.close()
        with contextlib.suppress(OSError, ValueError):
            content = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
            self.manifest = content if isinstance(content, dict) else {}
        return self

    def __exit__(self, *_: object) -> None:
        if self.log is not None:
            self.log.close()

    def entries(self) -> dict[str, dict[str, Any]]:
        """Return the entry of each report, by name: from the manifest, then from the log of a stopped batch."""
        entries: dict[str, dict[str, Any]] = {}
        listed = self.manifest.get("reports", [])
        for entry in [*(listed if isinstance(listed, list) else []), *self._logged()]:
            if isinstance(entry, dict) and isinstance(entry.get("files"), dict) and "name" in entry:
                entries[entry["name"]] = entry
        return entries

    def _logged(self) -> Iterable[Any]:
        self.log.seek(0)
        for line in self.log.read().decode(errors="replace").splitlines():
            with contextlib.suppress(ValueError):  # the last line may be incomplete
                yield json.loads(line)

    def add(self, entry: dict[str, Any]) -> None:
        """Log a report that is written, so that it counts even if this process is killed."""
        self.log.write((json.dumps(entry, ensure_ascii=False) + "\n").encode())
        self.log.flush()

    def has_files(self, entry: dict[str, Any]) -> bool:
        """Return whether the report's files exist."""
        return all((self.path / entry["name"] / name).is_file() for name in entry["files"])

    def unchanged(self, entry: dict[str, Any]) -> bool:
        """Return whether the report's files exist with the content that was written."""
        try:
            return all(
                sha256((self.path / entry["name"] / name).read_bytes()) == digest
                for name, digest in entry["files"].items()
            )
        except OSError:
            return False

    def delete_partial(self, names: Iterable[str]) -> None:
        """Delete the incomplete folders of these reports that a killed batch left."""
        wanted = tuple(f".{name}-" for name in names)
        for path in self.path.iterdir():
            if path.name.startswith(wanted) and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, which replaces the log."""
        self.write(MANIFEST, (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
        if os.name == "nt":
            self.log.close()  # Windows can't delete an open file
        (self.path / _LOG).unlink(missing_ok=True)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, complete or not at all."""
        path = self.path / name
        new = path.with_name(f".{name}.new")
        try:
            new.write_bytes(content)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


def _lock(file: IO[bytes]) -> None:
    """Lock a file until this process closes it or ends. Raises OSError if another process holds the lock."""
    if os.name == "nt":
        import msvcrt

        file.seek(1 << 30)  # a byte far beyond the text
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
