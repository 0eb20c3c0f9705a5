"""All studies in a list, with the part that each has in the finding."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each
from analysis.evidence.selection import Criteria, select
from analysis.outcomes import evidence_map
from analysis.outcomes.context import PLACEBO

_COLUMNS = ["study_id", "citation", "year", "design_words", "control", "n", "n_is", "regimens", "part"]
_IN = "in the finding"


def studies_with_parts(evidence: Evidence) -> pd.DataFrame:
    """Return every study and its part in the default synthesis, those in the finding first, then the largest.

    Returns
    -------
    DataFrame, one row per study
        Columns study_id, citation, year, design_words, control, n, n_is, regimens, part (`in the finding`, `harm only`,
        `no usable number`, `planned, no results`, or why it is left out).
    """
    everything = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)
    wide = select(evidence, everything)
    default = select(evidence)
    counted = {row.study_id: _part(row) for row in each(evidence_map.studies(default))}
    left = default.left_out_of("studies")
    reasons = {row.study_id: f"left out: {row.why.split(';')[0]}" for row in each(left)}
    table = evidence_map.studies(wide)
    table["part"] = [counted.get(study) or reasons.get(study, "left out") for study in table["study_id"]]
    keys = {
        "_not_in": table["part"].ne(_IN),
        "_left": table["part"].str.startswith("left"),
        "_uncontrolled": table["control"].ne(PLACEBO),
    }
    return table.assign(**keys).sort_values([*keys], kind="stable")[_COLUMNS].reset_index(drop=True)


def _part(row) -> str:
    if row.design == "rct_protocol":
        return "planned, no results"
    if evidence_map.has_result(row):
        return _IN
    return "harm only" if row.adverse_events else "no usable number"
