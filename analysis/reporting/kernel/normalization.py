"""Remove from an executed notebook what differs from run to run: times, random ids, addresses, folders."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from analysis.paths import ROOT

PAPERMILL_MARKER = "papermill-error-cell-tag"  # papermill adds two cells that say where it stopped
_STATES, _VIEW = "application/vnd.jupyter.widget-state+json", "application/vnd.jupyter.widget-view+json"
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_CELL_FILE = re.compile(r"(?<![^\s\"'])[^\s\"']*ipykernel_\d+[/\\]\d+\.py")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def normalize(notebook: Any) -> Any:
    """Return the notebook (changed in place) with the same content after each run of the same cells."""
    notebook.metadata.pop("papermill", None)
    _name_widgets(notebook)
    notebook.cells = [cell for cell in notebook.cells if PAPERMILL_MARKER not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:03d}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        if "outputs" in cell:
            cell.outputs = merged_streams(cell.outputs)
        for output in cell.get("outputs", []):
            _normalize_output(output)
    return notebook


def _name_widgets(notebook: Any) -> None:
    """Replace the random ids of widgets by numbers, so that pages can show their last state."""
    stored = notebook.metadata.pop("widgets", {})
    names = {name: f"widget-{n:03d}" for n, name in enumerate(stored.get(_STATES, {}).get("state", {}), start=1)}
    if not names:
        return
    import nbformat

    ids = re.compile("|".join(map(re.escape, names)))
    text = ids.sub(lambda match: names[match[0]], json.dumps(stored))
    notebook.metadata["widgets"] = nbformat.from_dict(json.loads(text))
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if view := output.get("data", {}).get(_VIEW):
            view["model_id"] = names.get(view.get("model_id"), "")


def merged_streams(outputs: list[Any]) -> list[Any]:
    """Return the outputs with one output for each stream, standard output before standard error.

    Printed text arrives in pieces and in any order. nbclient's coalesce_streams merges it too, but takes minutes for
    one long line.
    """
    merged: list[Any] = []
    streams: dict[str, Any] = {}
    for output in outputs:
        if output.output_type == "stream" and output.name in streams:
            streams[output.name].text += output.text
            continue
        if output.output_type == "stream":
            streams[output.name] = output
        merged.append(output)
    for output in streams.values():
        if "\r" in output.text:  # a progress bar that was drawn many times: retain its last state
            lines = output.text.split("\n")
            output.text = "\n".join(line[line.rfind("\r", 0, len(line) - 1) + 1 :] for line in lines)
    for n in range(len(merged) - 1):
        pair = [output.name if output.output_type == "stream" else "" for output in merged[n : n + 2]]
        if pair == ["stderr", "stdout"]:
            merged[n], merged[n + 1] = merged[n + 1], merged[n]
    return merged


def _normalize_output(output: Any) -> None:
    if output.output_type == "stream":
        output.text = _normal_text(output.text)
    elif output.output_type == "error":
        output.evalue = _normal_text(output.evalue)
        output.traceback = [_normal_text(line) for line in output.traceback]
    elif "text/plain" in output.data:
        output.data["text/plain"] = _normal_text(output.data["text/plain"])


def _normal_text(text: str) -> str:
    text = _CELL_FILE.sub("<cell>", text)
    return _ADDRESS.sub("0x…", text.replace(str(ROOT) + os.sep, ""))


def one_line(text: str, longest: int = 300) -> str:
    """Return a message without colours and line ends, at most `longest` characters."""
    words = " ".join(_normal_text(_COLOURS.sub("", text)).split())
    return words if len(words) <= longest else words[: longest - 2].rsplit(" ", 1)[0] + " …"
