"""The folders of the project, the resolution of paths from any working directory, and the files that a report reads."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
FILES_READ = "KETAMINE_CRPS_FILES_READ"  # environment variable of a report's kernel: the file with what it has read


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
    path = Path(path).expanduser()
    if path.is_absolute():
        return path
    here, there = Path.cwd() / path, ROOT / path
    if marker is not None:
        for candidate in (here, there):
            if (candidate / marker).is_file():
                return candidate
    return here if here.exists() else there


def record_read(path: Path, digest: str) -> None:
    """Tell the report that this kernel belongs to which file was read, and the SHA-256 of the bytes that were read."""
    if target := os.environ.get(FILES_READ):
        with contextlib.suppress(OSError), Path(target).open("a", encoding="utf-8") as file:
            file.write(json.dumps([str(path.resolve()), digest]) + "\n")
