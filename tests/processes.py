"""Processes that tests start and end."""

from __future__ import annotations

import os
import time
from pathlib import Path


def gone(pid: int, seconds: float = 600) -> bool:
    """Return whether the process ends; the time limit only stops a hanging test."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False
