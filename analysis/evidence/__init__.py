"""The evidence tables: what they mean (`dictionary`), and whether they hold (`load`) or what is wrong (`DataError`)."""

from __future__ import annotations

from analysis.evidence.load import Evidence, load
from analysis.evidence.problems import DataError

__all__ = ["DataError", "Evidence", "load"]
