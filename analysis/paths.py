"""The folders and tables of the project, the resolution of paths, and the files that a report reads."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from pathlib import Path

import analysis

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
# The evidence tables, `NAME.csv` in DATA; each row has the id NAME-number.
TABLES = tuple(
    """sources studies arms pain_scores responders durations reported_tests adverse_events reviews pharmacology
    patient_level conflicts planned_outcomes risk_of_bias outcomes certainty searches screening extraction""".split()
)
FILES_READ = "KETAMINE_CRPS_FILES_READ"  # environment variable of a report's kernel: the file with what it has read


class ForeignPackage(ImportError):
    """Python found another package named analysis first, whose modules would mix with those of this project."""

    def _render_traceback_(self) -> list[str]:
        """Return the sentences, which Jupyter shows instead of a traceback."""
        return [str(self)]


def check_package(folder: Path) -> None:
    """Raise ForeignPackage if `folder`, where Python found the package analysis, is not that of this project."""
    if folder.resolve() != ROOT / "analysis":
        raise ForeignPackage(
            f"Python found another folder named analysis: {folder.resolve()}. This project's is {ROOT / 'analysis'}. "
            "What to do: rename your own folder, or run the command in another folder. A notebook beside your own "
            f"folder runs with: cd {ROOT} && python -m analysis report NOTEBOOK"
        )


check_package(Path(next(iter(analysis.__path__))))


def resolve(path: str | Path | None, default: Path = DATA, marker: str | None = None) -> Path:
    """Return the absolute path of a file or folder, which need not exist.

    An absolute path is returned unchanged. Any other is the one under the working directory if that exists, otherwise
    the one under the repository.

    Parameters
    ----------
    path: absolute, or relative to the working directory or to the repository; None = `default`.
    default: the result for None.
    marker: a file that the folder must contain. A folder without it in the working directory, such as some other
        `data/`, counts only if the repository has none that contains it.
    """
    if path is None:
        return default
    path = Path(path)
    with contextlib.suppress(RuntimeError):  # ~ and the name of an unknown user
        path = path.expanduser()
    if path.is_absolute():
        return path
    here, there = Path.cwd() / path, ROOT / path
    if marker is not None:
        for candidate in (here, there):
            if (candidate / marker).is_file():
                return candidate
    return here if exists(here) else there


def is_file(path: Path) -> bool:
    """Return whether there is a file with this path; False for a path that no file can have."""
    return exists(path) and path.is_file()


def exists(path: Path) -> bool:
    """Return whether there is a file or folder with this path; False for a path that none can have."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, no permission, a null character
        return False


def read_file(path: Path, most: int) -> bytes:
    """Return the content of a file.

    Raises
    ------
    OSError
        Also for what is no file (a folder, a pipe, a device, a socket), and for a file of more than `most` bytes; its
        strerror says why.
    """
    try:
        status = path.stat()
    except ValueError:  # a null character
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(path)) from None
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, device or socket"
        raise OSError(errno.EINVAL, f"it is {what}, not a file", str(path))
    with path.open("rb") as file:
        content = file.read(most + 1) if status.st_size <= most else b""
    if max(status.st_size, len(content)) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


def is_in_report() -> bool:
    """Return whether this process is the kernel of a report, whose messages go into files."""
    return FILES_READ in os.environ


def record_mapping(file: str, digest: str, lines: list[tuple[str, str, str]]) -> None:
    """Tell the report that this kernel belongs to which map made its table, and what became what."""
    _tell_report({"file": file, "hash": digest, "lines": lines})


def record_read(path: Path, digest: str) -> None:
    """Tell the report that this kernel belongs to which file was read, and the SHA-256 of the bytes that were read."""
    _tell_report([str(path.resolve()), digest])


def _tell_report(line: object) -> None:
    if target := os.environ.get(FILES_READ):
        with contextlib.suppress(OSError), Path(target).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
