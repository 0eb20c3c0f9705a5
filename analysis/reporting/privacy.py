"""What a report may not carry away: the folders in which the user's own files lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from analysis.parameters import Notebook


def secrets(notebook: Notebook, given: dict[str, Any]) -> dict[str, str]:
    """Each text that would tell where a file of the user lies, and what to say instead; the longest first."""
    found: dict[str, str] = {}
    for parameter in notebook.parameters:
        value = given.get(parameter.name, parameter.default)
        if (shown := parameter.public(value)) != value:
            found |= {value: shown, str(Path(value).parent) + os.sep: ""}
    # as it stands in the cell that papermill injects
    found |= {_escaped(secret): _escaped(shown) for secret, shown in found.items()}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def hide(node: Any, hidden: dict[str, str]) -> Any:
    """A notebook, or a part of it, or a text, in which no secret stands: a copy, if there are any secrets."""
    if not hidden:
        return node
    if isinstance(node, dict):
        copy = type(node)()  # keeps nbformat's own kind of dictionary
        copy.update({key: hide(value, hidden) for key, value in node.items()})
        return copy
    if isinstance(node, list):
        return [hide(value, hidden) for value in node]
    if isinstance(node, str):
        for secret, shown in hidden.items():
            node = node.replace(secret, shown)
    return node


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode().replace('"', '\\"')
