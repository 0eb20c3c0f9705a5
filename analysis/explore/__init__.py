"""Choosing by hand: the evidence and a clinic's own patients redrawn while controls are moved, in JupyterLab and Voilà.

It computes nothing of its own: what it shows comes from `outcomes`, `findings` and `figures`, as in the reports, and
the equivalent command line makes it again.
"""

from __future__ import annotations

try:
    import ipywidgets  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "The package ipywidgets is not installed where this notebook runs. `make lab` installs everything; otherwise: "
        "python -m pip install ipywidgets"
    ) from error

from analysis.explore.cohort_view import CohortView, cohort
from analysis.explore.evidence_view import EvidenceView, evidence
from analysis.explore.guide import parameters

__all__ = ["CohortView", "EvidenceView", "cohort", "evidence", "parameters"]
