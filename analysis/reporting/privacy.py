"""Remove from a report the folders in which the user's own files are stored.

`run.build_report` calls `redact` once, on everything that leaves it: all files of a report are made from its result.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from analysis.parameters import Notebook


def secrets(notebook: Notebook, overrides: dict[str, Any]) -> dict[str, str]:
    """Return each text that names the folder of a user's file, and what replaces it; the longest first."""
    replacements: dict[str, str] = {}
    for parameter in notebook.parameters:
        value = overrides.get(parameter.name, parameter.default)
        if (public := parameter.public(value)) != value:
            replacements |= {value: public, str(Path(value).parent) + os.sep: ""}
    # as a Python string in the cell that papermill injects
    replacements |= {_escaped(secret): _escaped(public) for secret, public in replacements.items()}
    return dict(sorted(replacements.items(), key=lambda item: -len(item[0])))


def redact(node: Any, replacements: dict[str, str]) -> Any:
    """Return a copy of a notebook, or of a part of it, with each secret replaced; the same object if there is none."""
    if not replacements:
        return node
    if isinstance(node, dict):
        copy = type(node)()  # nbformat's own kind of dictionary
        copy.update({key: redact(value, replacements) for key, value in node.items()})
        return copy
    if isinstance(node, list):
        return [redact(value, replacements) for value in node]
    if isinstance(node, str):
        for secret, public in replacements.items():
            node = node.replace(secret, public)
    return node


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode().replace('"', '\\"')
