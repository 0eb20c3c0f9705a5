"""Time from an interactive choice to its result, each choice drawn for the first time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from analysis import explore
from analysis.explore.evidence_view import VIEWS, EvidenceView

GOAL = 0.3  # seconds


def lines() -> Iterator[str]:
    """Return one line per choice: the seconds until everything is redrawn."""
    warm = explore.evidence()
    for tab in range(len(VIEWS)):  # what only the first drawing in a process costs
        warm.tabs.selected_index = tab
    for tab, name in enumerate(VIEWS):
        view = explore.evidence()
        view.tabs.selected_index = tab
        for words, choose in _choices(view).items():
            yield _line(f"explore, {name.lower()}: {words}", choose)
    patients = explore.cohort()
    patients.threshold.value = 29
    yield _line("explore, patients: another threshold", lambda: setattr(patients.threshold, "value", 41))
    yield _line("explore, patients: another follow-up", lambda: setattr(patients.follow_up, "value", 12.0))


def _choices(view: EvidenceView) -> dict[str, Callable[[], None]]:
    return {
        "another follow-up": lambda: setattr(view.horizon, "value", 26.0),
        "lay sources too": lambda: view.sources.tick("full_text", "abstract", "secondary", "lay"),
        "one regimen": lambda: view.regimens.tick("subanesthetic_inpatient"),
    }


def _line(name: str, choose: Callable[[], None]) -> str:
    begin = time.perf_counter()
    choose()
    seconds = time.perf_counter() - begin
    return f"{1000 * seconds:9.1f} ms   {name}   goal {GOAL:g} s: {'met' if seconds <= GOAL else 'NOT met here'}"
