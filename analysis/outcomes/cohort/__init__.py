"""A clinic's own patients: `load` reads and checks their table into a `Cohort` without identifiers."""

from __future__ import annotations

from analysis.outcomes.cohort.clinic_file import load
from analysis.outcomes.cohort.table import Cohort
