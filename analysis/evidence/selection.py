"""Selection of the evidence for a synthesis, and a list of everything left out with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.evidence import rowwise
from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import grouped, values

NOT_STATED = "not_stated"
CRPS_POPULATIONS = ("crps", "crps_1", "crps_2")
RESULT_TABLES = "pain_scores responders durations reported_tests adverse_events pharmacology patient_level".split()
POPULATION_REASONS = {
    "mixed": "several pain conditions, CRPS patients not told apart",
    "not_crps": "patients without CRPS",
}
CONTAINED_REASONS = {
    "subgroup": "a subgroup of an arm that counts already ({0})",
    "chosen_by_outcome": "patients of another arm chosen by their outcome ({0})",
    "repeated_course": "patients of another arm treated again ({0})",
}
LABEL_COLUMNS = ("citation", "label", "event", "outcome", "timepoint", "reported", "parameter", "variable")
_LEFT_OUT = {"table": "str", "row": "int64", "study_id": "str", "arm_id": "object", "label": "str", "why": "str"}


@dataclass(frozen=True)
class Criteria:
    """Criteria of the selection. An empty tuple includes all; the defaults are those of the default synthesis."""

    studies: tuple[str, ...] = ()
    regimen_classes: tuple[str, ...] = ()
    routes: tuple[str, ...] = ("iv",)
    access: tuple[str, ...] = ("full_text", "abstract", "secondary")
    populations: tuple[str, ...] = CRPS_POPULATIONS
    overlapping_studies: bool = False
    contained_arms: bool = False

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Criteria:
        """Return the criteria among the parameters of a notebook; other parameters are ignored."""
        return cls(**{f.name: parameters[f.name] for f in fields(cls) if f.name in parameters})

    def __post_init__(self) -> None:
        for name in ("studies", "regimen_classes", "routes", "access", "populations"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


@dataclass(frozen=True)
class Selection:
    """The evidence selected by `criteria`.

    Attributes
    ----------
    evidence : Evidence
        The tables with the selected rows, and all rows of reviews, sources and conflicts.
    left_out : DataFrame
        One row per row of studies, arms and result tables that is not selected: table, row (as a spreadsheet shows it),
        study_id, arm_id, label, why (all reasons, separated by semicolons).
    """

    evidence: Evidence
    criteria: Criteria
    left_out: pd.DataFrame = field(repr=False)

    def left_out_of(self, *tables: str) -> pd.DataFrame:
        """Return the left-out rows of the named tables."""
        return self.left_out[self.left_out["table"].isin(tables)].reset_index(drop=True)


def select(evidence: Evidence, criteria: Criteria = Criteria()) -> Selection:
    """Return the evidence selected by `criteria`, and the rows left out with their reasons.

    Left out are:

    - studies that are not in the criteria, that share patients with the pooled study of their overlap group, or whose
      arms are all left out;
    - arms whose route, regimen class or population is not in the criteria, or that are contained in another selected
      arm (subgroups, repeated courses and groups chosen by outcome have the same patients);
    - placebo and comparator arms without a selected ketamine arm in their study;
    - rows whose arm or study is left out, or whose source has another access level.

    Every row of the tables is either in `evidence` or in `left_out`.
    """
    study_reasons = _study_reasons(evidence.studies, criteria)
    arm_reasons = _arm_reasons(evidence, criteria, study_reasons)

    for study, arms in grouped(values(evidence.arms, "study_id", "arm_id")).items():
        if study not in study_reasons and all(arm in arm_reasons for arm in arms):
            study_reasons[study] = list(dict.fromkeys(reason for arm in arms for reason in arm_reasons[arm]))

    reasons = {
        "studies": [study_reasons.get(study, []) for study in evidence.studies["study_id"].tolist()],
        "arms": [arm_reasons.get(arm, []) for arm in evidence.arms["arm_id"].tolist()],
    }
    access_of = dict(values(evidence.sources, "source_id", "access"))
    for table in RESULT_TABLES:
        reasons[table] = _result_reasons(getattr(evidence, table), study_reasons, arm_reasons, access_of, criteria)
    included = {table: _included(getattr(evidence, table), why) for table, why in reasons.items()}
    return Selection(replace(evidence, **included), criteria, _left_out(evidence, reasons))


def only(evidence: Evidence, study_id: str) -> Selection:
    """Return all rows of one study, including those that the default synthesis leaves out."""
    criteria = Criteria((study_id,), (), (), (), (), overlapping_studies=True, contained_arms=True)
    return select(evidence, criteria)


def _study_reasons(studies: pd.DataFrame, criteria: Criteria) -> dict[str, list[str]]:
    columns = list(values(studies, "study_id", "citation", "overlap_group", "pool_in_overlap"))
    pooled = {group: citation for _, citation, group, pool in columns if pool == "yes"}
    reasons: dict[str, list[str]] = {}
    for study, _, group, pool in columns:
        why = []
        if criteria.studies and study not in criteria.studies:
            why.append("study not asked for")
        if not criteria.overlapping_studies and pool == "no":
            why.append(f"shares patients, or probably does, with {pooled.get(group, 'another study')}")
        if why:
            reasons[study] = why
    return reasons


def _arm_reasons(evidence: Evidence, criteria: Criteria, study_reasons: dict[str, list[str]]) -> dict[str, list[str]]:
    population_of = dict(values(evidence.studies, "study_id", "population"))
    arms = list(values(evidence.arms, "arm_id", "study_id", "role"))
    properties = values(evidence.arms, "population", "route", "regimen_class")
    reasons: dict[str, list[str]] = {}
    for (arm, study, role), (group, route, regimen) in zip(arms, properties, strict=True):
        why = list(study_reasons.get(study, []))
        group = group if isinstance(group, str) else population_of[study]
        if criteria.populations and group not in criteria.populations:
            why.append(POPULATION_REASONS.get(group, f"population is {group}"))
        if role == "ketamine":
            for name, value, allowed in (
                ("route", route, criteria.routes),
                ("regimen class", regimen, criteria.regimen_classes),
            ):
                value = value if isinstance(value, str) else NOT_STATED
                if allowed and value not in allowed:
                    why.append(f"{name} is {value.replace('_', ' ')}")
        if why:
            reasons[arm] = why

    if not criteria.contained_arms:
        label_of = dict(values(evidence.arms, "arm_id", "label"))
        for arm, container, kind in values(evidence.arms, "arm_id", "contained_in", "contained_as"):
            # a subgroup replaces an arm that is left out itself
            if not isinstance(container, str) or (kind == "subgroup" and container in reasons):
                continue
            reasons.setdefault(arm, []).append(CONTAINED_REASONS[kind].format(label_of[container]))

    counting = {study for arm, study, role in arms if role == "ketamine" and arm not in reasons}
    for arm, study, role in arms:
        if role != "ketamine" and study not in counting:
            reasons.setdefault(arm, ["no ketamine arm of the study counts"])
    return reasons


def _result_reasons(
    frame: pd.DataFrame,
    study_reasons: dict[str, list[str]],
    arm_reasons: dict[str, list[str]],
    access_of: dict[str, str],
    criteria: Criteria,
) -> list[list[str]]:
    """Return the reasons to leave out each row of a result table: those of its arm (or study), and its source."""
    reasons = []
    for (study, source), arm in zip(values(frame, "study_id", "source_id"), _arms(frame), strict=True):
        why = arm_reasons.get(arm, []) if isinstance(arm, str) else study_reasons.get(study, [])
        if criteria.access and (access := access_of[source]) not in criteria.access:
            why = [*why, f"{access.replace('_', ' ')} source"]
        reasons.append(why)
    return reasons


def _included(frame: pd.DataFrame, reasons: list[list[str]]) -> pd.DataFrame:
    return frame[np.array([not why for why in reasons], dtype=bool)].reset_index(drop=True)


def _left_out(evidence: Evidence, reasons: dict[str, list[list[str]]]) -> pd.DataFrame:
    rows = []
    for table, whys in reasons.items():
        if not any(whys):
            continue
        frame = getattr(evidence, table)
        label = next(column for column in LABEL_COLUMNS if column in frame)
        for (row, study, name), arm, why in zip(
            values(frame, "row", "study_id", label), _arms(frame), whys, strict=True
        ):
            if why:
                rows.append((table, row, study, arm, name, "; ".join(dict.fromkeys(why))))
    return rowwise.table(rows, _LEFT_OUT)


def _arms(frame: pd.DataFrame) -> list:
    return frame["arm_id"].tolist() if "arm_id" in frame else [None] * len(frame)
