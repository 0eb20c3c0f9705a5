"""Times after the end of infusion that count as one when studies are put together."""

from __future__ import annotations

import numpy as np

# (first week that no longer belongs to the window before it, words)
WINDOWS = (
    (1.0, "within a week of the end of infusion"),
    (8.0, "1 to 8 weeks after the end of infusion"),
    (26.0, "2 to 6 months after the end of infusion"),
    (np.inf, "more than 6 months after the end of infusion"),
)


def window(weeks: float) -> str:
    """The window of a time in weeks, its last week included; empty for a time that isn't known."""
    if np.isnan(weeks):
        return ""
    return next(words for last, words in WINDOWS if weeks <= last)


def place(words: str) -> int:
    """Where a window stands in time."""
    return [name for _, name in WINDOWS].index(words)
