"""The revision of the repository: git, and the date that reports state."""

from __future__ import annotations

import os
import subprocess

from analysis.paths import ROOT

_FIRST_DAY = 315532800  # 1980-01-01, which every file format can hold: for copies without a history


def git(*arguments: str) -> bytes | None:
    """Return the output of a git command in the repository; None if it fails or there is no git."""
    try:
        return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def epoch() -> int:
    """Return the time that all files of a report state: SOURCE_DATE_EPOCH if set, otherwise that of the last commit."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct")
    try:
        return int(seconds or _FIRST_DAY)
    except ValueError:
        return _FIRST_DAY
