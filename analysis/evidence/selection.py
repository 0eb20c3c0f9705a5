"""What a synthesis takes in, and a list of everything it leaves out with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import pandas as pd

from analysis.evidence.load import Evidence

NOT_STATED = "not_stated"
CRPS_POPULATIONS = ("crps", "crps_1", "crps_2")
RESULT_TABLES = (
    "pain_scores",
    "responders",
    "durations",
    "reported_tests",
    "adverse_events",
    "pharmacology",
    "patient_level",
)
POPULATION_REASONS = {
    "mixed": "several pain conditions, CRPS patients not told apart",
    "not_crps": "patients without CRPS",
}
CONTAINED_REASONS = {
    "subgroup": "a subgroup of an arm that counts already ({0})",
    "chosen_by_outcome": "patients of another arm chosen by their outcome ({0})",
    "repeated_course": "patients of another arm treated again ({0})",
}
LEFT_OUT_COLUMNS = ["table", "row", "study_id", "arm_id", "label", "why"]


@dataclass(frozen=True)
class Criteria:
    """Which evidence counts. An empty tuple means all; the defaults are those of the default synthesis."""

    studies: tuple[str, ...] = ()
    regimen_classes: tuple[str, ...] = ()
    routes: tuple[str, ...] = ("iv",)
    access: tuple[str, ...] = ("full_text", "abstract", "secondary")
    populations: tuple[str, ...] = CRPS_POPULATIONS
    overlapping_studies: bool = False
    contained_arms: bool = False

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Criteria:
        """The criteria among the parameters of a notebook; the others are no criteria and are not looked at."""
        return cls(**{f.name: parameters[f.name] for f in fields(cls) if f.name in parameters})

    def __post_init__(self) -> None:
        for name in ("studies", "regimen_classes", "routes", "access", "populations"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


@dataclass(frozen=True)
class Selection:
    """The evidence that counts under `criteria`.

    evidence: the same tables, with the rows that count; reviews, sources and conflicts stay whole.
    left_out: one row for each row of studies, arms and result tables that does not count: table, row (as a
    spreadsheet shows it), study_id, arm_id, label, why (all reasons, separated by semicolons).
    """

    evidence: Evidence
    criteria: Criteria
    left_out: pd.DataFrame = field(repr=False)

    def left_out_of(self, *tables: str) -> pd.DataFrame:
        """The left-out rows of the named tables alone."""
        return self.left_out[self.left_out["table"].isin(tables)].reset_index(drop=True)


def select(evidence: Evidence, criteria: Criteria = Criteria()) -> Selection:
    """Split the evidence into what counts under `criteria` and what is left out, with the reason for each row.

    A study is left out when it is not asked for, or shares patients with the study of its overlap group that is pooled;
    an arm when its route, regimen class or population is not asked for, or when it is contained in another arm that
    counts (subgroups, repeated courses and groups chosen by outcome are the same patients again); a placebo or
    comparator arm follows the ketamine arms of its study; a row when its arm or study is left out or its source has
    another access level. A study whose every arm is left out is left out with it. Nothing disappears: every row of the
    tables is either in `evidence` or in `left_out`.
    """
    study_reasons = _study_reasons(evidence.studies, criteria)
    arm_reasons = _arm_reasons(evidence, criteria, study_reasons)

    arms_of = evidence.arms.groupby("study_id")["arm_id"].agg(list).to_dict()
    for study, arms in arms_of.items():
        if study not in study_reasons and all(arm in arm_reasons for arm in arms):
            study_reasons[study] = list(dict.fromkeys(reason for arm in arms for reason in arm_reasons[arm]))

    kept, lists = {}, []
    for table, reasons in (
        ("studies", evidence.studies["study_id"].map(study_reasons)),
        ("arms", evidence.arms["arm_id"].map(arm_reasons)),
    ):
        kept[table], out = _split(getattr(evidence, table), reasons, table)
        lists.append(out)

    access_of = evidence.sources.set_index("source_id")["access"]
    for table in RESULT_TABLES:
        frame = getattr(evidence, table)
        reasons = frame["study_id"].map(study_reasons)
        if "arm_id" in frame:
            reasons = frame["arm_id"].map(arm_reasons).where(frame["arm_id"].notna(), reasons)
        if criteria.access:
            level = frame["source_id"].map(access_of)
            lay = [[f"{a.replace('_', ' ')} source"] if a not in criteria.access else [] for a in level]
            reasons = pd.Series(
                [(r if isinstance(r, list) else []) + extra for r, extra in zip(reasons, lay, strict=True)],
                index=frame.index,
            )
        kept[table], out = _split(frame, reasons, table)
        lists.append(out)

    left_out = pd.concat(lists, ignore_index=True)[LEFT_OUT_COLUMNS]
    return Selection(replace(evidence, **kept), criteria, left_out)


def only(evidence: Evidence, study_id: str) -> Selection:
    """All that is known of one study, whatever the default synthesis leaves out of it."""
    criteria = Criteria((study_id,), (), (), (), (), overlapping_studies=True, contained_arms=True)
    return select(evidence, criteria)


def _study_reasons(studies: pd.DataFrame, criteria: Criteria) -> dict[str, list[str]]:
    pooled = studies[studies["pool_in_overlap"] == "yes"].set_index("overlap_group")["citation"].to_dict()
    reasons: dict[str, list[str]] = {}
    for study in studies.itertuples():
        why = []
        if criteria.studies and study.study_id not in criteria.studies:
            why.append("study not asked for")
        if not criteria.overlapping_studies and study.pool_in_overlap == "no":
            why.append(f"shares patients, or probably does, with {pooled.get(study.overlap_group, 'another study')}")
        if why:
            reasons[study.study_id] = why
    return reasons


def _arm_reasons(evidence: Evidence, criteria: Criteria, study_reasons: dict[str, list[str]]) -> dict[str, list[str]]:
    arms = evidence.arms.merge(
        evidence.studies[["study_id", "citation", "population"]],
        on="study_id",
        suffixes=("", "_study"),
        validate="many_to_one",
    )
    population = arms["population"].fillna(arms["population_study"])
    reasons: dict[str, list[str]] = {}
    for arm, group in zip(arms.itertuples(), population, strict=True):
        why = list(study_reasons.get(arm.study_id, []))
        if criteria.populations and group not in criteria.populations:
            why.append(POPULATION_REASONS.get(group, f"population is {group}"))
        if arm.role == "ketamine":
            for name, asked in (("route", criteria.routes), ("regimen_class", criteria.regimen_classes)):
                value = getattr(arm, name)
                value = value if isinstance(value, str) else NOT_STATED
                if asked and value not in asked:
                    why.append(f"{name.replace('_', ' ')} is {value.replace('_', ' ')}")
        if why:
            reasons[arm.arm_id] = why

    if not criteria.contained_arms:
        labels = arms.set_index("arm_id")["label"]
        for arm in arms[arms["contained_in"].notna()].itertuples():
            # a subgroup stands in for a whole that does not count itself
            if arm.contained_as == "subgroup" and arm.contained_in in reasons:
                continue
            why = CONTAINED_REASONS[arm.contained_as].format(labels[arm.contained_in])
            reasons.setdefault(arm.arm_id, []).append(why)

    counting = {arm.study_id for arm in arms.itertuples() if arm.role == "ketamine" and arm.arm_id not in reasons}
    for arm in arms.itertuples():
        if arm.role != "ketamine" and arm.study_id not in counting:
            reasons.setdefault(arm.arm_id, ["no ketamine arm of the study counts"])
    return reasons


def _split(frame: pd.DataFrame, reasons: pd.Series, table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    out = reasons.map(lambda why: isinstance(why, list) and len(why) > 0).astype(bool)
    named = frame[out]
    label_column = next(
        c
        for c in ("citation", "label", "event", "outcome", "timepoint", "reported", "parameter", "variable")
        if c in frame
    )
    left = pd.DataFrame(
        {
            "table": table,
            "row": named["row"],
            "study_id": named["study_id"],
            "arm_id": named.get("arm_id"),
            "label": named[label_column],
            "why": ["; ".join(dict.fromkeys(why)) for why in reasons[out]],
        }
    )
    return frame[~out].reset_index(drop=True), left
