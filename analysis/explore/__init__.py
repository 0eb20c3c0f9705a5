"""Interactive controls for JupyterLab and Voilà: the published evidence and a clinic's own patients.

All results come from `outcomes`, `findings`, `figures` and `tables`, as in the reports, and each view shows the
command line that builds the same report.
"""

from __future__ import annotations

from analysis.explore.cohort_view import CohortView, cohort
from analysis.explore.evidence_view import EvidenceView, evidence
from analysis.explore.guide import parameters
