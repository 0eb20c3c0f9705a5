"""Printed p-values, and p-values of test statistics."""

from __future__ import annotations

from dataclasses import dataclass

import scipy

from analysis.evidence.load import Evidence
from analysis.outcomes.consistency.verdicts import printed_decimals
from analysis.wording import p_text


@dataclass(frozen=True)
class PrintedP:
    """A printed p-value with its operator and number of decimals."""

    operator: str
    value: float
    digits: int

    @classmethod
    def of(cls, row, table: str, evidence: Evidence) -> PrintedP:
        """Return the p-value of a row."""
        return cls(str(row.p_operator), float(row.p_value), printed_decimals(evidence, table, row, "p_value"))

    def __str__(self) -> str:
        return p_text(self.operator, self.value)

    def agrees(self, low: float, high: float) -> bool:
        """Return whether some p from `low` to `high` can be printed so; at the boundary it may round either way."""
        half = 0.5 * 10.0**-self.digits + 1e-12
        if self.operator in ("<", "<="):
            return low <= self.value
        if self.operator in (">", ">="):
            return high >= self.value
        return low <= self.value + half and high >= self.value - half


def p_of_t(low_t: float, high_t: float, freedom: float) -> tuple[float, float]:
    """Return the two-sided p-values of t values between two limits, as (low, high); infinite `freedom` is normal."""
    return float(2 * scipy.stats.t.sf(high_t, freedom)), float(2 * scipy.stats.t.sf(max(low_t, 0), freedom))


def range_text(low: float, high: float) -> str:
    """Return a range in words with three digits: `0.0392 to 0.0401`."""
    first, last = f"{low:.3g}", f"{high:.3g}"
    return first if first == last else f"{first} to {last}"
