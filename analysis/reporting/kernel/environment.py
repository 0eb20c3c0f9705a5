"""The environment variables of a report's kernel."""

from __future__ import annotations

import contextlib
import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from analysis.paths import FILES_READ, ROOT


def kernel_environment(epoch: int, home: str) -> dict[str, str]:
    """Return the variables of this process without those that would change the bytes of a report.

    Parameters
    ----------
    epoch: seconds since 1970, for everything that writes a date.
    home: an empty folder for IPython's own files.
    """
    python_path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(python_path),
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "SOURCE_DATE_EPOCH": str(epoch),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(_matplotlib_data()),
        "IPYTHONDIR": home,
        FILES_READ: str(Path(home) / "files-read"),
        # reports run side by side: each stays on its own core
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    }


def files_read(environment: dict[str, str]) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """Return path and SHA-256 of each file that the kernel with these variables has read, and each map it applied.

    A map has its file, hash and lines.
    """
    lines: list[Any] = []
    with contextlib.suppress(OSError):
        lines = list(map(json.loads, Path(environment[FILES_READ]).read_text(encoding="utf-8").splitlines()))
    read = [(line[0], line[1]) for line in lines if isinstance(line, list)]
    return read, [line for line in lines if isinstance(line, dict)]


def _matplotlib_data() -> Path:
    """Return the folder of Matplotlib's default settings without importing Matplotlib."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("matplotlib is not installed")
    return Path(spec.origin).parent / "mpl-data"
