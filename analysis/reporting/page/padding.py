"""Alignment of printed numbers on the decimal point by invisible padding."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"([-\u2212+<>≤≥]?\s?[\d\s,]*\d|[\u2013-]|∞)(\.\d+)?([^\d.]{0,3})")


def paddings(cells: Sequence[str]) -> list[str]:
    """Return the invisible characters to add on the right of each cell; none for a cell that is not a number."""
    matches = [_NUMBER.fullmatch(cell) for cell in cells]
    digits = max((len(match[2] or "") for match in matches if match), default=0)
    suffix = max((len(match[3]) for match in matches if match), default=0)
    result = []
    for match in matches:
        if match is None:
            result.append("")
            continue
        fraction = match[2] or ""
        point = "." if digits and not fraction else ""
        zeros = max(digits - len(fraction), 0) - len(point)
        result.append(point + "0" * zeros + "%" * (suffix - len(match[3])))
    return result
