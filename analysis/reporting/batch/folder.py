"""A batch's output folder: who may write there, what is known of the reports in it, and whether their files still hold.

What a report became is noted as soon as its files are in place, one line each in a file beside them; at the end the
manifest takes it all and the file goes. A batch that was killed left it behind: the next one reads it.
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

_NOTES = ".unfinished.jsonl"
MANIFEST = "manifest.json"


class FolderBusy(Exception):
    """Another batch is writing there."""


class Folder:
    """A folder that this process alone writes reports to, as a context. Raises FolderBusy, OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: IO[bytes] | None = None
        self.manifest: dict[str, Any] = {}

    def __enter__(self) -> Folder:
        self.path.mkdir(parents=True, exist_ok=True)
        place = self.path / _NOTES
        while self.notes is None:
            notes = place.open("a+b")
            try:
                _lock(notes)
            except OSError:
                notes.close()
                raise FolderBusy(
                    f"{self.path}: another batch is writing there. "
                    "Wait until it has ended, or give this one a folder of its own with --output."
                ) from None
            # whoever had it before may have deleted it since we opened it
            if place.exists() and os.path.samestat(os.fstat(notes.fileno()), place.stat()):
                self.notes = notes
            else:
                notes.close()
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
            self.manifest = found if isinstance(found, dict) else {}
        return self

    def __exit__(self, *_: object) -> None:
        if self.notes is not None:
            self.notes.close()

    def entries(self) -> dict[str, dict[str, Any]]:
        """What is known of each report, by name: from the manifest, then from a batch that was cut off."""
        found: dict[str, dict[str, Any]] = {}
        listed = self.manifest.get("reports", [])
        for entry in [*(listed if isinstance(listed, list) else []), *self._noted()]:
            if isinstance(entry, dict) and isinstance(entry.get("files"), dict) and "name" in entry:
                found[entry["name"]] = entry
        return found

    def _noted(self) -> Iterable[Any]:
        self.notes.seek(0)
        for line in self.notes.read().decode(errors="replace").splitlines():
            with contextlib.suppress(ValueError):  # the line that was being written
                yield json.loads(line)

    def note(self, entry: dict[str, Any]) -> None:
        """Keeps what became of a report, whatever happens to this process from now on."""
        self.notes.write((json.dumps(entry, ensure_ascii=False) + "\n").encode())
        self.notes.flush()

    def has(self, entry: dict[str, Any]) -> bool:
        """Whether the report's files are there."""
        return all((self.path / entry["name"] / name).is_file() for name in entry["files"])

    def holds(self, entry: dict[str, Any]) -> bool:
        """Whether the report's files are there and nobody has changed them."""
        try:
            return all(
                sha256((self.path / entry["name"] / name).read_bytes()) == digest
                for name, digest in entry["files"].items()
            )
        except OSError:
            return False

    def sweep(self, names: Iterable[str]) -> None:
        """Deletes what a batch that was killed left half written beside these reports."""
        wanted = tuple(f".{name}-" for name in names)
        for path in self.path.iterdir():
            if path.name.startswith(wanted) and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)

    def finish(self, manifest: dict[str, Any]) -> None:
        """Writes the manifest; the notes are in it and go."""
        self.write(MANIFEST, (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
        if os.name == "nt":
            self.notes.close()  # an open file can't be deleted there
        (self.path / _NOTES).unlink(missing_ok=True)

    def write(self, name: str, content: bytes) -> None:
        """All of it or nothing."""
        path = self.path / name
        beside = path.with_name(f".{name}.new")
        try:
            beside.write_bytes(content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def _lock(file: IO[bytes]) -> None:
    """For this process alone, until it closes the file or ends. Raises OSError if another one has it."""
    if os.name == "nt":
        import msvcrt

        file.seek(1 << 30)  # a byte far behind the text
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
