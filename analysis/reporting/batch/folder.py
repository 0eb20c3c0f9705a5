"""The output folder: one run at a time, the state of each report, and whether its files are unchanged.

Each report is logged as soon as its files are written, one line each in a file of the folder. At the end the manifest
replaces that file. A batch that was killed leaves it, and the next batch reads it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import math
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from analysis.paths import read_file
from analysis.reporting import Refused, ReportError
from analysis.reporting.batch.placement import (
    FAILED_NOTEBOOK,
    MOST_REPORT_BYTES,
    REPORT_FILE,
    NotPlaced,
    check_output,
    place,
)
from analysis.reporting.provenance import sha256
from analysis.reporting.resources import lock, why_refused

_LOG = ".unfinished.jsonl"
_NEW, _OLD = ".crps-new-", ".crps-old-"  # a report that is being written, and the one that it replaces
MANIFEST, INDEX, CRATE = "manifest.json", "index.html", "ro-crate-metadata.json"
GENERATOR = "python -m analysis batch"  # as the index names it
_ENTRY = {
    **dict.fromkeys(
        ("name", "group", "title", "subtitle", "question", "kicker", "notebook", "notebook_hash", "command"), str
    ),
    **dict.fromkeys(("inputs", "data_hash", "commit", "code_hash", "status", "reason", "kept"), str),
    **dict.fromkeys(("synthetic", "clean"), bool),
    **dict.fromkeys(("changed", "formats", "warnings"), list),
    **dict.fromkeys(("parameters", "versions", "files"), dict),
}


class FolderBusy(Refused):
    """Another run is writing to the folder."""


class Folder:
    """A folder that only this process writes reports to, as a context.

    Raises FolderBusy, NotPlaced, and ReportError if the folder can't be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log: IO[bytes] | None = None
        self.manifest: dict[str, Any] = {}
        self.entries: dict[str, dict[str, Any]] = {}  # of each report: from the manifest, then from the log
        self.damaged = False  # the manifest, or absent

    def __enter__(self) -> Folder:
        check_output(self.path)
        with _writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock()
            self._sweep()
            self.manifest = read_manifest(self.path)
            self.log.seek(0)
            logged = [_json(line) for line in self.log.read().splitlines()]  # the last line may be incomplete
        listed = self.manifest.get("reports")
        listed = listed if isinstance(listed, list) else [None]
        self.damaged = not all(map(_is_entry, listed))
        self.entries = {entry["name"]: entry for entry in (*listed, *logged) if _is_entry(entry)}
        return self

    def _lock(self) -> None:
        path = self.path / _LOG
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise NotPlaced([f"{path}: is not a file, and the state of the reports is stored there. Move it away."])
        while self.log is None:
            log = path.open("a+b")
            try:
                lock(log)
            except OSError:
                log.close()
                words = "Wait until it has ended, or give this one a folder of its own with --output."
                raise FolderBusy(
                    [f"{self.path}: another run (a batch or a report) is writing there. {words}"]
                ) from None
            # the run before may have deleted the file after it was opened here
            if path.exists() and os.path.samestat(os.fstat(log.fileno()), path.stat()):
                self.log = log
            else:
                log.close()

    def _sweep(self) -> None:
        """Delete the incomplete reports of a killed run; put back a report that it had not replaced yet."""
        for path in self.path.iterdir():
            name = path.name.removeprefix(_OLD)
            if path.name.startswith(_OLD) and not os.path.lexists(self.path / name):
                path.rename(self.path / name)
            elif path.name.startswith((_NEW, _OLD)):
                _delete(path)

    def __exit__(self, *_: object) -> None:
        if self.log is not None and not self.log.closed:
            if self.log.seek(0, os.SEEK_END) == 0:
                self._delete_log()
            self.log.close()

    def _delete_log(self) -> None:
        if os.name == "nt":
            self.log.close()  # Windows can't delete an open file
        (self.path / _LOG).unlink(missing_ok=True)
        self.log.close()  # only now: the next run must not lock the file before it is deleted

    def times(self, name: str, kind: type) -> dict[str, Any]:
        """Return the values of this type that the manifest has for each report, such as its seconds."""
        times = self.manifest.get("times")
        values = times.get(name) if isinstance(times, dict) else None
        known = {key: value for key, value in values.items() if type(value) is kind} if isinstance(values, dict) else {}
        return {key: value for key, value in known.items() if kind is not float or math.isfinite(value)}

    def place(self, name: str) -> Path:
        """Return the folder of a report. Raises NotPlaced: see `place`."""
        files = self.entries.get(name, {}).get("files", ())
        return place(self.path, name, files, lost=self.damaged and _names_generator(self.path / INDEX))

    def check_places(self, names: Iterable[str]) -> None:
        """Raise NotPlaced, with all problems, if a report or the index would replace what this program did not make."""
        problems: list[str] = []
        if not self.manifest and not self.entries and not _names_generator(self.path / INDEX):
            made = [self.path / name for name in (INDEX, CRATE) if os.path.lexists(self.path / name)]
            problems += [f"{path}: a batch did not make this and would replace it. Choose --output." for path in made]
        for name in names:
            try:
                self.place(name)
            except NotPlaced as error:
                problems += error.problems
        if problems:
            raise NotPlaced(problems)

    def move_damaged_manifest(self) -> str:
        """Rename what stands in the place of the manifest and is none; return its new path, or an empty text."""
        path = self.path / MANIFEST
        if self.manifest or not os.path.lexists(path) or (path.is_file() and path.stat().st_size == 0):
            return ""
        names = (f"{MANIFEST}.damaged{number or ''}" for number in itertools.count())
        target = next(self.path / name for name in names if not os.path.lexists(self.path / name))
        with _writing(path):
            path.rename(target)
        return str(target)

    def add(self, entry: dict[str, Any]) -> None:
        """Log a report that is written, so that it counts even if this process is killed."""
        self.entries[entry["name"]] = entry
        with contextlib.suppress(OSError):  # a full disk: the manifest lists it too, unless this process is killed
            self.log.write((json.dumps(entry, ensure_ascii=False) + "\n").encode())
            self.log.flush()

    def has_files(self, entry: dict[str, Any]) -> bool:
        """Return whether the report's files exist."""
        return all((self.path / entry["name"] / name).is_file() for name in entry["files"])

    def unchanged(self, entry: dict[str, Any]) -> bool:
        """Return whether the report's files exist with the content that was written."""
        with contextlib.suppress(OSError):
            folder = self.path / entry["name"]
            return all(
                sha256(read_file(folder / file, MOST_REPORT_BYTES)) == value for file, value in entry["files"].items()
            )
        return False

    def earlier_files(self, name: str) -> dict[str, str]:
        """Return the SHA-256 of each file of a report that was built before; empty if there is none."""
        folder = self.path / name
        if not any((folder / f"report.{kind}").is_file() for kind in ("html", "pdf", "docx")):
            return {}
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        return {file: sha256(path.read_bytes()) for file, path in sorted(files.items()) if file != FAILED_NOTEBOOK}

    def write_report(self, name: str, files: dict[str, bytes], complete: bool) -> dict[str, str]:
        """Write the files of a report, all or none; return the files of an earlier report that stay.

        A complete report replaces the folder. One that failed does so only if there is no earlier report; otherwise its
        notebook is written beside that, as failed.ipynb.

        Raises OSError; NotPlaced or ReportError if the place or a name is not a report's.
        """
        if wrong := [file for file in files if not REPORT_FILE.fullmatch(file)]:
            raise ReportError(f"no report has a file with the name {wrong[0]!r}")
        folder = self.place(name)
        earlier = {} if complete else self.earlier_files(name)
        if not earlier:
            self._replace_folder(folder, files)
        elif "report.ipynb" in files:
            self._replace_file(folder / FAILED_NOTEBOOK, files["report.ipynb"])
        else:
            (folder / FAILED_NOTEBOOK).unlink(missing_ok=True)
        return earlier

    def _replace_folder(self, folder: Path, files: dict[str, bytes]) -> None:
        new, old = (folder.with_name(prefix + folder.name) for prefix in (_NEW, _OLD))
        try:
            for file, content in files.items():
                target = new / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            _delete(old)
            if old.exists():  # nor could an earlier run delete it
                raise OSError(errno.EPERM, "can't be deleted", str(old))
            if folder.exists():
                folder.rename(old)
            if files:
                new.rename(folder)
        except BaseException:
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
        finally:
            _delete(new)
        _delete(old)

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, which replaces the log."""
        self.write(MANIFEST, (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
        self._delete_log()

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the folder itself, complete or not at all. Raises ReportError."""
        with _writing(self.path / name):
            self._replace_file(self.path / name, content)

    def _replace_file(self, path: Path, content: bytes) -> None:
        new = self.path / f"{_NEW}{path.name}"
        try:
            new.write_bytes(content)
            new.replace(path)
        except OSError as error:
            error.filename = str(path)
            raise
        finally:
            new.unlink(missing_ok=True)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise ReportError(f"Not written: {why_refused(error)}") from None


def read_manifest(output: Path) -> dict[str, Any]:
    """Return the manifest of a folder; empty if there is none or if it is not one of this program."""
    try:
        content = _json(read_file(output / MANIFEST, MOST_REPORT_BYTES))
    except OSError:
        return {}
    return content if isinstance(content, dict) and content.keys() & {"reports", "times"} else {}


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_entry(entry: Any) -> bool:
    """Return whether an object, which may have been edited by hand, has the form of a report's entry."""
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), kind) for key, kind in _ENTRY.items()):
        return False
    texts = [*entry["files"].values(), *entry["versions"].values(), *entry["formats"], *entry["warnings"]]
    try:
        json.dumps(entry, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):  # half of a pair of surrogates
        return False
    return (
        all(isinstance(text, str) for text in texts)
        and all(REPORT_FILE.fullmatch(file) for file in entry["files"])
        and all(isinstance(name, str) and name in entry["parameters"] for name in entry["changed"])
    )


def earlier_words(entry: dict[str, Any]) -> str:
    """Return a sentence about the earlier report that stays because the last attempt failed; empty if there is none."""
    if not entry["kept"]:
        return ""
    commit = f" (commit {entry['commit'][:12]})" if entry["commit"] else ""
    return f"The earlier report of {entry['kept'][:10]}{commit} remains and may be out of date."


def _names_generator(index: Path) -> bool:
    with contextlib.suppress(OSError):
        return GENERATOR.encode() in read_file(index, MOST_REPORT_BYTES)[:4000]
    return False


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for folder, *_ in os.walk(path):
            with contextlib.suppress(OSError):  # nothing in a read-only folder can be deleted
                Path(folder).chmod(0o700)
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
