"""Printed cells: what must stand behind a number so that the decimal points of its column lie under each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"([-\u2212+<>≤≥]?\s?[\d\s,]*\d|[\u2013-]|∞)(\.\d+)?([^\d.]{0,3})")


def paddings(cells: Sequence[str]) -> list[str]:
    """For each cell the invisible characters to add on its right. A cell that is no number gets none."""
    found = [_NUMBER.fullmatch(cell) for cell in cells]
    digits = max((len(match[2] or "") for match in found if match), default=0)
    suffix = max((len(match[3]) for match in found if match), default=0)
    result = []
    for match in found:
        if match is None:
            result.append("")
            continue
        fraction = match[2] or ""
        point = "." if digits and not fraction else ""
        zeros = max(digits - len(fraction), 0) - len(point)
        result.append(point + "0" * zeros + "%" * (suffix - len(match[3])))
    return result
