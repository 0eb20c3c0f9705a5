"""Where things are, whatever the working directory."""

from __future__ import annotations

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
# environment variable: JSON of the files that stand elsewhere than their path says, as somebody gave it
MOVED = "KETAMINE_CRPS_MOVED"


def resolve(path: str | Path | None, default: Path = DATA, marker: str | None = None) -> Path:
    """Which file or folder a user means by `path`.

    Parameters
    ----------
    path: absolute, or relative to the working directory or to the repository; None = `default`.
    default: answer for None.
    marker: a file that the folder meant must hold. A folder of that name without it (some other `data/` in the working
        directory, say) then only counts if the repository has none that holds it either.

    Returns an absolute path: an absolute `path` as it is, else the one under the working directory if it exists, else
    the one under the repository. It need not exist: the caller says what is missing.
    """
    if path is None:
        return default
    if moved := json.loads(os.environ.get(MOVED, "{}")).get(str(path)):
        return Path(moved)
    path = Path(path).expanduser()
    if path.is_absolute():
        return path
    here, there = Path.cwd() / path, ROOT / path
    if marker is not None:
        for candidate in (here, there):
            if (candidate / marker).is_file():
                return candidate
    return here if here.exists() else there
