"""What every result about a clinic's own patients states."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.result_view import ResultView


@dataclass(frozen=True, kw_only=True)
class ClinicResult(ResultView):
    """Base of the results: whether the patients are invented, the smallest group shown, who counts."""

    synthetic: bool
    min_cell: int
    unit = "each patient once, with the first course that the table holds"
