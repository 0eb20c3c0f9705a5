"""The evidence tables: what they mean (`dictionary`), and whether they hold (`load`) or what is wrong (`DataError`)."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence, load
from analysis.tabular.problems import DataError

__all__ = ["DataError", "Evidence", "load"]

# Text columns stay of the type `str`, held as Python's own strings: with Arrow's each step on a table of some dozens of
# rows takes so much longer that a report's cells need a fifth more, and a cohort of a million visits gains nothing.
pd.set_option("mode.string_storage", "python")
