"""Outputs of cells other than exhibits, each in the richest form that a report can show, as JupyterLab chooses it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from analysis.reporting.page import html_source
from analysis.reporting.page.model import PlainText
from analysis.reporting.page.pictures import NotShownError, Picture, checked, decoded

_FORMS = ("text/html", "text/markdown", "text/latex", "image/svg+xml")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
_WIDGET = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
_NO_WORDS = "Picture made by the notebook; it came without a description."
_CONTROL = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?|([\r\b\n])")
_TAGS = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Source:
    """Text to be read. kind: see text_pieces.Piece."""

    text: str
    kind: str


@dataclass(frozen=True)
class Drawn:
    """A picture with its description and its size in CSS pixels, if the notebook states one."""

    picture: Picture
    alt: str
    size: dict[str, Any]


def joined(value: Any) -> str:
    """Return a text of a notebook file, which may be stored as a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def output_forms(output: dict[str, Any], widgets: dict[str, Any], notes: list[str]) -> list[Source | Drawn | PlainText]:
    """Return what is shown of an output. notes: receives what is not shown, and why."""
    kind = output["output_type"]
    if kind == "stream":
        text = last_state(joined(output["text"])).rstrip()
        return [PlainText(text, "warning" if output["name"] == "stderr" else "output")] if text else []
    if kind == "error":
        lines = [last_state(line) for line in output.get("traceback", [])]
        reason = f"{output['ename']}: {last_state(output['evalue'])}"
        return [PlainText("\n".join(lines if any(reason in line for line in lines) else [*lines, reason]), "error")]
    data, metadata = output["data"], output.get("metadata", {})
    failed: list[str] = []
    for mime in (mime for mime in (*_FORMS, *_PICTURES) if mime in data):
        content = joined(data[mime])
        if mime == "text/html":
            if html := html_source.cleaned(content, notes):
                return [Source(html, "html")]
        elif mime.startswith("text/"):
            if content.strip():
                return [Source(content, mime.removeprefix("text/"))]
        else:
            about = metadata.get(mime) if isinstance(metadata.get(mime), dict) else metadata
            try:
                picture = checked(content.encode() if mime == "image/svg+xml" else decoded(content))
            except NotShownError as error:
                notes.append(f"a picture ({mime}) is not shown: {error}")
                failed.append(mime)
                continue
            return [Drawn(picture, str(about.get("alt") or metadata.get("alt") or _NO_WORDS), about)]
    text = last_state(joined(data.get("text/plain", ""))).rstrip()
    if _WIDGET in data and (words := _widget_text(data[_WIDGET].get("model_id", ""), widgets)):
        return [PlainText(words)]
    if "application/json" in data:
        return [PlainText(json.dumps(data["application/json"], indent=2, ensure_ascii=False))]
    forms: list[Source | Drawn | PlainText] = []
    if others := [mime for mime in data if mime != "text/plain"]:
        if silent := [mime for mime in others if mime not in failed]:
            notes.append(f"an output of type {', '.join(silent)} is not shown")
        forms.append(PlainText(f"[not shown: {', '.join(others)}]"))
    return [*forms, PlainText(text)] if text else forms


def _widget_text(model: str, states: dict[str, Any], depth: int = 0) -> str:
    """Return the words of a widget and of those inside it; a progress bar as its percentage."""
    state = states.get(model.removeprefix("IPY_MODEL_"), {}).get("state", {})
    if not state or depth > 20:
        return ""
    inside = [_widget_text(str(child), states, depth + 1) for child in state.get("children", [])]
    value, words = state.get("value"), [str(state.get("description") or "")]
    if "Progress" in str(state.get("_model_name", "")):
        words.append(" of ".join(str(n).removesuffix(".0") for n in (value, state.get("max", 100))))
    elif value is not None:
        words.append(unescape(_TAGS.sub("", str(value))))
    return " ".join(" ".join([*words, *inside]).split())


def last_state(text: str) -> str:
    """Return the lines that a terminal shows after printing a text."""
    if not re.search(r"[\x1b\r\b]", text):
        return text
    lines: list[str] = [""]
    row = column = 0
    position = 0
    text = text.replace("\r\n", "\n")
    for match in [*_CONTROL.finditer(text), None]:
        words = text[position : match.start() if match else len(text)]
        if words:
            lines[row] = lines[row].ljust(column)[:column] + words + lines[row][column + len(words) :]
            column += len(words)
        if match is None:
            break
        position = match.end()
        count, command, mark = match.groups()
        number = int(count) if count and count.isdecimal() else 1
        if mark == "\n":
            row, column = row + 1, 0
            if row == len(lines):
                lines.append("")
        elif mark == "\r":
            column = 0
        elif mark == "\b":
            column = max(column - 1, 0)
        elif command == "A":
            row = max(row - number, 0)
        elif command == "K":
            lines[row] = lines[row][:column] if count in ("", "0") else "" if count == "2" else lines[row]
    return "\n".join(lines)
