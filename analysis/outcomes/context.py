"""What every row of every result carries: whose patients they are and whether there was a control group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import grouped, values
from analysis.evidence.selection import NOT_STATED, Selection

PLACEBO, ACTIVE, UNCONTROLLED = "placebo-controlled", "active comparison", "uncontrolled"

ARM_COLUMNS = ["label", "role", "route", "regimen_class", "selected_by_outcome"]
CONTEXT_COLUMNS = ["study_id", "citation", "arm_id", "label", "role", "regimen_class", "control"]


def controls(evidence: Evidence) -> pd.Series:
    """For each study_id: placebo-controlled, active comparison (randomised regimens or a comparator arm), or
    uncontrolled.

    Judged by the arms of the study itself, not by its title.
    """
    return pd.Series(_control_of(evidence), name="control", dtype="str")


def _control_of(evidence: Evidence) -> dict[str, str]:
    roles = grouped(values(evidence.arms, "study_id", "role"))
    found = {}
    for study, design in values(evidence.studies, "study_id", "design"):
        study_roles = roles.get(study, [])
        if "placebo" in study_roles:
            found[study] = PLACEBO
        elif "comparator" in study_roles or (design.startswith("rct") and study_roles.count("ketamine") > 1):
            found[study] = ACTIVE
        else:
            found[study] = UNCONTROLLED
    return found


def with_context(selection: Selection, table: str) -> pd.DataFrame:
    """The rows of a result table that count, with columns of their arm (label, role, route, regimen_class,
    selected_by_outcome), their study (citation, control) and their source (access).

    Rows without an arm get the label `arm not stated`; an empty regimen class becomes `not_stated`.
    """
    evidence = selection.evidence
    rows = getattr(evidence, table).reset_index(drop=True)
    arms = looked_up(evidence.arms, rows["arm_id"], ARM_COLUMNS)
    arms["label"] = arms["label"].fillna("arm not stated")
    arms["regimen_class"] = arms["regimen_class"].fillna(NOT_STATED)
    control_of = _control_of(evidence)
    context = {
        **looked_up(evidence.studies, rows["study_id"], ["citation"]),
        **arms,
        **looked_up(evidence.sources, rows["source_id"], ["access"]),
        "control": pd.array([control_of.get(study) for study in rows["study_id"].tolist()], dtype="str"),
    }
    return pd.concat([rows, pd.DataFrame(context, index=rows.index)], axis=1)


def looked_up(table: pd.DataFrame, keys: pd.Series, columns: list[str]) -> dict[str, ExtensionArray]:
    """Columns of the rows of a table that the keys name (in its column of the same name), missing where a key is: a
    merge at a tenth of its time."""
    place = {key: position for position, key in enumerate(table[keys.name].tolist())}
    positions = np.array([place.get(key, -1) for key in keys.tolist()], dtype=np.intp)
    return {column: table[column].array.take(positions, allow_fill=True) for column in columns}


def source_row(table: str, row: int | str) -> str:
    """Where a number stands, as readers of the tables see it: `responders.csv row 23`."""
    return f"{table}.csv row {row}"
