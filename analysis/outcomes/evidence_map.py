"""Overview of the evidence: designs, sizes, regimens, reported outcomes, and doses on one scale."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from analysis.evidence import rowwise
from analysis.evidence.rowwise import each, values
from analysis.evidence.selection import NOT_STATED, Selection
from analysis.exhibit.places import source_row
from analysis.outcomes.context import CONTEXT_COLUMNS, UNCONTROLLED, controls, looked_up, overall_bias
from analysis.wording import DESIGN_WORDS

REPORTS = {
    "pain_scores": "pain_scores",
    "responders": "responders",
    "durations": "durations",
    "adverse_events": "adverse_events",
    "tests": "reported_tests",
}
_STUDY_COLUMNS = "study_id citation year design design_words control country population n n_is bias".split()
_STUDY_COLUMNS += ["regimens", "routes", *REPORTS, "doi", "row"]
_CONVERTED_COLUMNS = ["dose_reported", "mg_per_h", "total_mg", "assumption", "not_comparable"]
_DOSE_PRINTED = ["dose_value", "dose_unit", "dose_kind", "dose_cap_mg_h", "route", "hours_per_day", "infusion_days"]
_DOSE_COLUMNS = [*CONTEXT_COLUMNS]
_DOSE_COLUMNS += """drug route dose_reported dose_kind mg_per_h hours_per_day infusion_days total_mg assumption
    not_comparable row""".split()


def studies(selection: Selection) -> pd.DataFrame:
    """Return design, control group, size, regimens and routes of each selected study, the largest first.

    Returns
    -------
    DataFrame, one row per study
        Columns study_id, citation, year, design, design_words, control, country, population, n, n_is, bias, regimens,
        routes, the number of rows of each kind of result (REPORTS), doi, row. n is the number of patients with CRPS
        where stated (n_is `with CRPS`), else of all enrolled (`enrolled`), else missing. regimens and routes are those
        of the selected ketamine arms, with semicolons between them.
    """
    evidence = selection.evidence
    frame = evidence.studies.copy()
    names = frame["study_id"].tolist()
    control = controls(evidence).to_dict()
    frame["control"] = pd.array([control[study] for study in names], dtype="str")
    frame["design_words"] = pd.array([DESIGN_WORDS.get(design) for design in frame["design"].tolist()], dtype="str")
    bias = overall_bias(evidence)
    frame["bias"] = pd.array([bias.get(study) for study in names], dtype="str")
    frame["n"] = frame["n_crps"].fillna(frame["n_enrolled"])
    frame["n_is"] = np.select([frame["n_crps"].notna(), frame["n_enrolled"].notna()], ["with CRPS", "enrolled"], "")
    for column, source in (("regimens", "regimen_class"), ("routes", "route")):
        words: dict[str, dict[str, None]] = {}
        for study, role, word in values(evidence.arms, "study_id", "role", source):
            if role == "ketamine":
                words.setdefault(study, {})[word if isinstance(word, str) else NOT_STATED] = None
        frame[column] = pd.array(["; ".join(words.get(study, ())) for study in names], dtype="str")
    for column, table in REPORTS.items():
        counts = Counter(getattr(evidence, table)["study_id"].tolist())
        frame[column] = np.array([counts[study] for study in names], dtype="int64")
    frame = frame.sort_values(["n", "study_id"], ascending=[False, True], na_position="last", kind="stable")
    return frame.reset_index(drop=True)[_STUDY_COLUMNS]


def has_result(study) -> bool:
    """Return whether a row of `studies` reports pain scores, responder rates or durations."""
    return bool(study.pain_scores or study.responders or study.durations)


def studies_with_results(selection: Selection) -> list:
    """Return the rows of `studies` that report pain scores, responder rates or durations."""
    return [row for row in each(studies(selection)) if has_result(row)]


def evidence_by_control(selection: Selection) -> pd.DataFrame:
    """Return the amount of evidence for each kind of control group.

    Returns
    -------
    DataFrame, one row per control group
        Columns control, studies, patients (of studies with a number), without_n (studies without a number),
        with_outcomes (studies with pain scores, responder rates or durations). Protocols do not count.
    """
    columns = ["control", "design", "n", "pain_scores", "responders", "durations"]
    counted = [row for row in values(studies(selection), *columns) if row[1] != "rct_protocol"]
    rows = []
    for kind in ("placebo-controlled", "active comparison", UNCONTROLLED):
        group = [(n, any(outcomes)) for control, _, n, *outcomes in counted if control == kind]
        if group:
            sizes = [n for n, _ in group if pd.notna(n)]
            with_outcomes = sum(prints for _, prints in group)
            rows.append((kind, len(group), sum(sizes), len(group) - len(sizes), with_outcomes))
    dtypes = {"control": "str", "studies": "int64", "patients": "Int64", "without_n": "Int64", "with_outcomes": "int64"}
    return rowwise.table(rows, dtypes)


def doses(selection: Selection, weight_kg: float = 70) -> pd.DataFrame:
    """Return the dose of each ketamine arm on one scale.

    Parameters
    ----------
    weight_kg : float
        Body weight for doses per kg.

    Returns
    -------
    DataFrame, one row per ketamine arm
        Columns study_id, citation, arm_id, label, role, regimen_class, control, drug, route, dose_reported, dose_kind,
        mg_per_h, hours_per_day, infusion_days, total_mg, assumption, not_comparable, row. assumption describes every
        step of the conversion: a maximum dose makes the total an upper limit, and a printed cap in mg/h is applied.
        not_comparable says why there is no rate or total (no dose printed, percentage of a cream, single dose, hours or
        days missing).

    Raises
    ------
    ValueError
        For a weight that is not above 0.
    """
    if not weight_kg > 0:
        raise ValueError(f"weight_kg is {weight_kg}: a body weight is above 0 kg")
    evidence = selection.evidence
    arms = evidence.arms[evidence.arms["role"] == "ketamine"].reset_index(drop=True)
    control, bias = controls(evidence).to_dict(), overall_bias(evidence)
    steps = [_convert(arm, weight_kg) for arm in each(arms[_DOSE_PRINTED])]
    arms["regimen_class"] = arms["regimen_class"].fillna(NOT_STATED)
    arms["row"] = pd.array([source_row("arms", row) for row in arms["row"].tolist()], dtype="str")
    added = {
        **looked_up(evidence.studies, arms["study_id"], ["citation"]),
        "control": pd.array([control[study] for study in arms["study_id"].tolist()], dtype="str"),
        "bias": pd.array([bias.get(study) for study in arms["study_id"].tolist()], dtype="str"),
        **pd.DataFrame(steps, columns=_CONVERTED_COLUMNS),
    }
    frame = pd.concat([arms, pd.DataFrame(added, index=arms.index)], axis=1)
    return frame.sort_values(["regimen_class", "total_mg", "arm_id"], kind="stable", ignore_index=True)[_DOSE_COLUMNS]


def _convert(arm, weight: float) -> dict[str, object]:
    result = {"dose_reported": "", "mg_per_h": np.nan, "total_mg": np.nan, "assumption": "", "not_comparable": ""}
    if pd.isna(arm.dose_value) or not isinstance(arm.dose_unit, str):
        return result | {"not_comparable": "dose not printed"}
    result["dose_reported"] = f"{arm.dose_value:g} {arm.dose_unit}"
    if arm.route != "iv":
        return result | {"not_comparable": f"not intravenous ({str(arm.route).replace('_', ' ')})"}
    per_kg = arm.dose_unit.startswith("mg/kg")
    value = arm.dose_value * weight if per_kg else arm.dose_value
    steps = [f"{weight:g} kg body weight"] if per_kg else []
    hours, days = arm.hours_per_day, arm.infusion_days
    if arm.dose_unit in ("mg/h", "mg/h/70kg", "mg/kg/h"):
        if arm.dose_unit == "mg/h/70kg" and weight != 70:
            value, steps = value * weight / 70, [f"{weight:g} kg body weight, from the printed 70 kg"]
        if pd.notna(arm.dose_cap_mg_h) and value > arm.dose_cap_mg_h:
            value, steps = arm.dose_cap_mg_h, [*steps, f"printed cap of {arm.dose_cap_mg_h:g} mg/h"]
        rate, daily = value, value * hours
    elif arm.dose_unit in ("mg/day", "mg/kg/day"):
        rate, daily = value / hours, value
    else:
        return result | {"not_comparable": f"unit {arm.dose_unit} has no rate"}
    steps.append(
        {
            "max": "highest rate taken for the whole infusion: an upper limit",
            "start": "first rate taken for the whole infusion: a lower limit",
            "mean": "mean rate at the end taken for the whole infusion",
            "fixed": "fixed dose",
        }.get(arm.dose_kind, "kind of dose not stated")
    )
    missing = [name for name, number in (("hours a day", hours), ("days", days)) if pd.isna(number)]
    total = daily * days
    if pd.isna(total):
        result["not_comparable"] = f"no total: {' and '.join(missing)} not printed"
    return result | {"mg_per_h": rate, "total_mg": total, "assumption": "; ".join(steps)}
