"""The folder of this user for what reports must not contain: a secret key and the record of earlier batches.

It is outside the repository and every output folder: `ketamine-crps` in $XDG_DATA_HOME (~/.local/share) on Linux, in
Application Support on macOS, in %LOCALAPPDATA% on Windows.
"""

from __future__ import annotations

import contextlib
import functools
import hmac
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from analysis.paths import DATA

_NAME = "ketamine-crps"
_SALTED = "salted:"


def private_folder() -> Path:
    """Return the folder; it may not exist yet."""
    home = Path.home()
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA", "") or home / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME", "") or home / ".local" / "share"
    return Path(base) / _NAME


def read_private(name: str) -> dict[str, Any]:
    """Return the JSON object in a file of the folder; empty if there is none or it is damaged."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        content = json.loads((private_folder() / name).read_bytes())
        return content if isinstance(content, dict) else {}
    return {}


def write_private(name: str, content: dict[str, Any]) -> None:
    """Write a JSON object into a file of the folder. Raises OSError."""
    write_for_user(private_folder() / name, json.dumps(content).encode())


def write_for_user(path: Path, content: bytes) -> None:
    """Write a file that only this user can read, complete or not at all. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    new.replace(path)


@functools.cache
def _key(folder: Path) -> bytes:
    path = folder / "key"
    try:
        if not path.is_file():
            write_for_user(path, secrets.token_bytes(32))
        return path.read_bytes()
    except OSError:
        return secrets.token_bytes(32)  # no folder of this user: nobody can compare the hashes of two runs


def keyed(content: bytes) -> str:
    """Return a hash of the content that nobody can recompute without this user's key (HMAC-SHA-256)."""
    return hmac.digest(_key(private_folder()), content, "sha256").hex()


def published_hash(path: Path, digest: str) -> str:
    """Return the SHA-256 of a file of the project; of any other file a keyed one.

    A plain hash of a small table confirms each guess of its content.
    """
    resolved = path.resolve()
    public = resolved.is_relative_to(DATA) or resolved.suffix == ".ipynb"
    return digest if public else _SALTED + keyed(digest.encode())


def hash_words(published: str) -> str:
    """Return a published hash with its kind: `SHA-256 1a2b…`, `keyed hash 1a2b… (…)`."""
    if not published.startswith(_SALTED):
        return f"SHA-256 {published}"
    return f"keyed hash {published.removeprefix(_SALTED)} (only this computer can compute it)"
