"""What every row of every result carries: whose patients they are and whether there was a control group."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.selection import NOT_STATED, Selection

PLACEBO, ACTIVE, UNCONTROLLED = "placebo-controlled", "active comparison", "uncontrolled"

REGIMEN_WORDS = {
    "anesthetic": "anaesthetic dose",
    "subanesthetic_inpatient": "subanaesthetic, inpatient",
    "subanesthetic_outpatient": "subanaesthetic, outpatient",
    "topical": "topical",
    "oral": "oral",
    "block": "added to a nerve block",
    "other": "other",
    "control": "control",
    NOT_STATED: "regimen not stated",
}

POPULATION_WORDS = {
    "crps": "CRPS",
    "crps_1": "CRPS type 1",
    "crps_2": "CRPS type 2",
    "mixed": "several pain conditions",
}

ACCESS_WORDS = {
    "full_text": "full text",
    "abstract": "abstract",
    "secondary": "secondary account",
    "lay": "lay source",
}

DEFINITION_WORDS = {
    "ge_2_points_or_success": "fall of 2 or more points, or reported as successful",
    "ge_20_percent": "at least 20% less pain",
    "ge_30_percent": "at least 30% less pain",
    "ge_50_percent": "at least 50% less pain",
    "complete_relief": "complete relief",
    "any_relief": "any relief",
    "not_stated": "relief, not further defined",
}

CONTEXT_COLUMNS = ["study_id", "citation", "arm_id", "label", "role", "regimen_class", "control"]


def controls(evidence: Evidence) -> pd.Series:
    """For each study_id: placebo-controlled, active comparison (randomised regimens or a comparator arm), or
    uncontrolled.

    Judged by the arms of the study itself, not by its title.
    """
    roles = evidence.arms.groupby("study_id")["role"].agg(list)
    designs = evidence.studies.set_index("study_id")["design"]
    found = {}
    for study, design in designs.items():
        study_roles = roles.get(study, [])
        if "placebo" in study_roles:
            found[study] = PLACEBO
        elif "comparator" in study_roles or (design.startswith("rct") and study_roles.count("ketamine") > 1):
            found[study] = ACTIVE
        else:
            found[study] = UNCONTROLLED
    return pd.Series(found, name="control", dtype="str")


def with_context(selection: Selection, table: str) -> pd.DataFrame:
    """The rows of a result table that count, with columns of their arm (label, role, route, regimen_class,
    selected_by_outcome), their study (citation, control) and their source (access).

    Rows without an arm get the label `arm not stated`; an empty regimen class becomes `not_stated`.
    """
    evidence = selection.evidence
    rows = getattr(evidence, table)
    arms = evidence.arms[["arm_id", "label", "role", "route", "regimen_class", "selected_by_outcome"]]
    joined = (
        rows.merge(evidence.studies[["study_id", "citation"]], on="study_id", how="left", validate="many_to_one")
        .merge(arms, on="arm_id", how="left", validate="many_to_one")
        .merge(evidence.sources[["source_id", "access"]], on="source_id", how="left", validate="many_to_one")
    )
    joined["label"] = joined["label"].fillna("arm not stated")
    joined["regimen_class"] = joined["regimen_class"].fillna(NOT_STATED)
    joined["control"] = joined["study_id"].map(controls(evidence))
    return joined


def source_row(table: str, row: int | str) -> str:
    """Where a number stands, as readers of the tables see it: `responders.csv row 23`."""
    return f"{table}.csv row {row}"


def group_name(group: object, longest: int = 60) -> str:
    """A site, a regimen class or another group of a clinic's patients by name: one line, cut where it is too long."""
    text = " ".join(REGIMEN_WORDS.get(str(group), str(group)).split())
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
