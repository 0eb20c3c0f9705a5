"""Fixture notebooks of other projects, fetched from their source packages by name."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest

_SECONDS = 300


def source_folder(package: str) -> Path:
    """Return the folder of an installed package's source, fetched once; skip the test if that fails (offline)."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = base / "ketamine-crps" / "sources"
    folder = cache / f"{package}-{version(package)}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            _fetch(package, folder.name, Path(temporary))
            try:
                (Path(temporary) / folder.name).rename(folder)
            except OSError:  # another process was faster
                if not folder.is_dir():
                    raise
    return folder


def _fetch(package: str, name: str, into: Path) -> None:
    """Download and unpack the source package."""
    requirement = f"{package}=={version(package)}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", package, "--dest", str(into), requirement]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{requirement} could not be fetched within {_SECONDS} s")
    archive = into / f"{name}.tar.gz"
    if run.returncode or not archive.is_file():
        pytest.skip(f"{requirement} could not be fetched: {' '.join(run.stderr.split())[-300:]}")
    with tarfile.open(archive) as files:
        files.extractall(into, filter="data")


def fixture_notebooks(package: str) -> list[Path]:
    """Return the notebooks in the source of an installed package, sorted."""
    return sorted(source_folder(package).rglob("*.ipynb"))
