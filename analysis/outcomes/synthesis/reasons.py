"""Why patients enter nothing that is put together over studies."""

from __future__ import annotations

import pandas as pd

from analysis.outcomes.context import UNCONTROLLED

SELECTED = "whether the patients stand here because of how they responded is not known"
SINGLE = "a report of a single patient"
CONTROL_GROUP = "a control group"
CONTROLLED = "a study with a control group is not mixed with uncontrolled ones"


def patients_why_not(table: pd.DataFrame, treated: str, *, uncontrolled_only: bool) -> pd.Series:
    """The reason for each row of a result table, empty if there is none. treated: the column that counts patients."""
    why = pd.Series("", index=table.index)
    why[table[treated] == 1] = SINGLE
    why[table["selected_by_outcome"].notna()] = SELECTED
    if uncontrolled_only:
        why[table["control"] != UNCONTROLLED] = CONTROLLED
    why[table["role"] != "ketamine"] = CONTROL_GROUP
    return why
