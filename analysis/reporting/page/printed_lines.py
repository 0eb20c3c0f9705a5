"""Printed text as a terminal shows it at the end: progress bars in their last state, without colours."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?|([\r\b\n])")


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
