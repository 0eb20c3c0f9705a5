"""Reasons to leave patients out of a synthesis."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.selection import Selection
from analysis.outcomes.context import UNCONTROLLED

SELECTED = "the patients may have been chosen because they responded"
SINGLE = "a report of a single patient"
_CONTROL_GROUP = "a control group"
CONTROLLED = "a study with a control group is not mixed with uncontrolled ones"
CONTAINED = "patients of another arm that counts"


def patients_why_not(table: pd.DataFrame, selection: Selection, treated: str, *, uncontrolled_only: bool) -> pd.Series:
    """Return the reason to leave each row of a result table out of a synthesis; empty if there is none.

    Each patient counts once in a synthesis, whatever the selection shows: an arm contained in another arm is left out,
    and of studies that share patients all but one. table: with the columns of `with_context`. treated: its column with
    the number of patients. uncontrolled_only: whether studies with a control group are left out.
    """
    why = pd.Series("", index=table.index)
    why[table[treated] == 1] = SINGLE
    why[table["selected_by_outcome"].notna()] = SELECTED
    if uncontrolled_only:
        why[table["control"] != UNCONTROLLED] = CONTROLLED
    why[table["role"] != "ketamine"] = _CONTROL_GROUP
    twice = counted_elsewhere(table, selection)
    return twice.where(twice != "", why)


def counted_elsewhere(table: pd.DataFrame, selection: Selection) -> pd.Series:
    """Return why the patients of a row are counted in another row; empty if they are not."""
    shared = _shared(selection.evidence)
    why = pd.Series([shared.get(study, "") for study in table["study_id"]], index=table.index, dtype="str")
    return why.mask(table["arm_id"].isin(_contained(selection.evidence)), CONTAINED)


def _contained(evidence: Evidence) -> set[str]:
    """Return the arms whose patients are part of another selected arm."""
    arms = evidence.arms
    return set(arms.loc[arms["contained_in"].isin(set(arms["arm_id"])), "arm_id"])


def _shared(evidence: Evidence) -> dict[str, str]:
    """Return why studies that share patients are left out: all but the one to be pooled, else the first."""
    studies = evidence.studies[evidence.studies["overlap_group"].notna()]
    ordered = studies.sort_values("pool_in_overlap", ascending=False, kind="stable")
    chosen = ordered.drop_duplicates("overlap_group").set_index("overlap_group")
    pooled, citation = chosen["study_id"].to_dict(), chosen["citation"].to_dict()
    return {
        study: f"shares patients, or probably does, with {citation[group]}"
        for study, group in zip(studies["study_id"], studies["overlap_group"], strict=True)
        if study != pooled[group]
    }
