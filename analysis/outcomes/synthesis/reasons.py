"""Why patients enter nothing that is put together over studies."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.selection import Selection
from analysis.outcomes.context import UNCONTROLLED

SELECTED = "whether the patients stand here because of how they responded is not known"
SINGLE = "a report of a single patient"
CONTROL_GROUP = "a control group"
CONTROLLED = "a study with a control group is not mixed with uncontrolled ones"
CONTAINED = "patients of another arm that counts"


def patients_why_not(table: pd.DataFrame, selection: Selection, treated: str, *, uncontrolled_only: bool) -> pd.Series:
    """The reason for each row of a result table, empty if there is none. treated: the column that counts patients.

    Whatever a selection shows, patients are put together once: not an arm beside the whole that holds it, and of
    studies that share patients one.
    """
    why = pd.Series("", index=table.index)
    why[table[treated] == 1] = SINGLE
    why[table["selected_by_outcome"].notna()] = SELECTED
    if uncontrolled_only:
        why[table["control"] != UNCONTROLLED] = CONTROLLED
    why[table["role"] != "ketamine"] = CONTROL_GROUP
    twice = counted_elsewhere(table, selection)
    return twice.where(twice != "", why)


def counted_elsewhere(table: pd.DataFrame, selection: Selection) -> pd.Series:
    """Why the patients of a row count in another row already; empty if they don't."""
    shared = _shared(selection.evidence)
    why = pd.Series([shared.get(study, "") for study in table["study_id"]], index=table.index, dtype="str")
    return why.mask(table["arm_id"].isin(_contained(selection.evidence)), CONTAINED)


def _contained(evidence: Evidence) -> set[str]:
    """Arms whose patients another arm of the selection holds."""
    arms = evidence.arms
    return set(arms.loc[arms["contained_in"].isin(set(arms["arm_id"])), "arm_id"])


def _shared(evidence: Evidence) -> dict[str, str]:
    """Studies that share patients with one that speaks for their group: the one to be pooled, else the first."""
    studies = evidence.studies[evidence.studies["overlap_group"].notna()]
    ordered = studies.sort_values("pool_in_overlap", ascending=False, kind="stable")
    chosen = ordered.drop_duplicates("overlap_group").set_index("overlap_group")
    speaks, citation = chosen["study_id"].to_dict(), chosen["citation"].to_dict()
    return {
        study: f"shares patients, or probably does, with {citation[group]}"
        for study, group in zip(studies["study_id"], studies["overlap_group"], strict=True)
        if study != speaks[group]
    }
