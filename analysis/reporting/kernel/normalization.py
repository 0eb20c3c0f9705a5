"""Remove from an executed notebook what differs from run to run: times, random ids, addresses, folders."""

from __future__ import annotations

import itertools
import os
import re
from typing import Any

from analysis.paths import ROOT
from analysis.reporting.kernel.widgets import show_last_states

PAPERMILL_MARKER = "papermill-error-cell-tag"  # papermill adds two cells that say where it stopped
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_CELL_FILE = re.compile(r"(?<![^\s\"'])[^\s\"']*ipykernel_\d+[/\\]\d+\.py")
# time, remaining time and rate of a progress bar of tqdm, and after them what the notebook added
_METER = re.compile(
    r"(?:(?<=\dit)\s?\[[\d:]+|(?<=\w)\s?\[[\d:]+(?:<|&lt;)[^,\]\n]*),[^,\]\n]*/[^,\]\n]*(?:,\s*([^\]\n]*))?\]"
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def normalize(notebook: Any) -> Any:
    """Return the notebook (changed in place) with the same content after each run of the same cells."""
    notebook.metadata.pop("papermill", None)
    show_last_states(notebook, _normal_text)
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


def merged_streams(outputs: list[Any]) -> list[Any]:
    """Return the outputs; printed text between two other outputs is one output of each stream, standard output first.

    Printed text arrives in pieces, those of the two streams in any order.
    """
    merged: list[Any] = []
    for printed, group in itertools.groupby(outputs, key=lambda output: output.output_type == "stream"):
        if not printed:
            merged += group
            continue
        streams: dict[str, list[Any]] = {"stdout": [], "stderr": []}
        for output in group:
            streams[output.name].append(output)
        for pieces in filter(None, streams.values()):
            pieces[0].text = after_overwriting("".join(piece.text for piece in pieces))
            merged.append(pieces[0])
    return merged


def after_overwriting(text: str) -> str:
    """Return printed text as Jupyter shows it: after a carriage return text is overwritten, a backspace deletes."""
    if "\r" not in text and "\b" not in text:
        return text
    return "\n".join(map(_line_after_overwriting, text.split("\n")))


def _line_after_overwriting(line: str) -> str:
    shown: list[str] = []
    position = 0
    for part in re.split("([\r\b])", line):
        if part == "\r":
            position = 0
        elif part == "\b":
            position = max(position - 1, 0)
            del shown[position : position + 1]
        else:
            shown[position : position + len(part)] = part
            position += len(part)
    return "".join(shown)


def _normalize_output(output: Any) -> None:
    if output.output_type == "stream":
        output.text = _normal_text(output.text)
    elif output.output_type == "error":
        output.evalue = _normal_text(output.evalue)
        output.traceback = [_normal_text(line) for line in output.traceback]
    elif "text/plain" in output.data:
        output.data["text/plain"] = _normal_text(output.data["text/plain"])


def _normal_text(text: str) -> str:
    text = _METER.sub(lambda meter: f" [{meter[1]}]" if meter[1] else "", _CELL_FILE.sub("<cell>", text))
    return _ADDRESS.sub("0x…", text.replace(str(ROOT) + os.sep, ""))


def one_line(text: str, longest: int = 300) -> str:
    """Return a message without colours and line ends, at most `longest` characters."""
    words = " ".join(_normal_text(_COLOURS.sub("", text)).split())
    return words if len(words) <= longest else words[: longest - 2].rsplit(" ", 1)[0] + " …"
