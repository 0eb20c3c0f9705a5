"""The evidence tables: loading and checking (`load`), and selection (`selection`)."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence, load
from analysis.tabular.problems import DataError

# Text columns have the dtype `str` with Python strings. Gain: with Arrow strings, the plain way, the cells of a report
# take a fifth to a third longer, because each step on a table of some dozens of rows is slower.
pd.set_option("mode.string_storage", "python")
