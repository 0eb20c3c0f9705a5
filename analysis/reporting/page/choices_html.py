"""HTML of what a reader may choose below a figure: the data only; template/choose.js builds the controls."""

from __future__ import annotations

import json
from typing import Any


def choices_data(choices: dict[str, Any] | None) -> str:
    """Return the data of the choices as JSON that no browser runs; empty for None."""
    if not choices:
        return ""
    text = json.dumps(choices, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<div class="choices"><script type="application/json">{text}</script></div>'
