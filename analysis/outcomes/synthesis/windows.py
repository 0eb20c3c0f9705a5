"""Windows of time after the end of infusion in which counts are pooled."""

from __future__ import annotations

import numpy as np

# (last week of the window, words); a month is 4.35 weeks, so 2 months are 8.7 weeks and 6 months 26.1
WINDOWS = (
    (1.0, "within a week of the end of infusion"),
    (9.0, "1 week to 2 months after the end of infusion"),
    (26.5, "2 to 6 months after the end of infusion"),
    (np.inf, "more than 6 months after the end of infusion"),
)


def window(weeks: float) -> str:
    """Return the window of a time in weeks (its last week included); empty for a missing time."""
    if np.isnan(weeks):
        return ""
    return next(words for last, words in WINDOWS if weeks <= last)


def window_position(words: str) -> int:
    """Return the position of a window in time."""
    return [name for _, name in WINDOWS].index(words)
