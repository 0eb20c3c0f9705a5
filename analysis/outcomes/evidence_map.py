"""What has been studied: designs, regimens, sizes, what each study reports, and doses on one comparable scale."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.selection import NOT_STATED, Selection
from analysis.outcomes.context import CONTEXT_COLUMNS, UNCONTROLLED, controls, source_row

REPORTS = {
    "pain_scores": "pain_scores",
    "responders": "responders",
    "durations": "durations",
    "adverse_events": "adverse_events",
    "tests": "reported_tests",
}
DESIGN_WORDS = {
    "rct": "randomised trial",
    "crossover_rct": "randomised crossover trial",
    "rct_protocol": "planned randomised trial (no results)",
    "open_label_trial": "open-label trial",
    "prospective_cohort": "prospective cohort",
    "retrospective_cohort": "retrospective cohort",
    "case_series": "case series",
    "case_report": "case report",
    "pkpd_model": "drug-level model",
}
STUDY_COLUMNS = [
    *["study_id", "citation", "year", "design", "design_words", "control", "country", "population", "n", "n_is"],
    *["regimens", "routes", *REPORTS, "doi", "row"],
]
CONVERTED_COLUMNS = ["dose_reported", "mg_per_h", "total_mg", "assumption", "not_comparable"]
DOSE_COLUMNS = [
    *CONTEXT_COLUMNS,
    *["drug", "route", "dose_reported", "dose_kind", "mg_per_h", "hours_per_day", "infusion_days", "total_mg"],
    *["assumption", "not_comparable", "row"],
]


def studies(selection: Selection) -> pd.DataFrame:
    """One row a study that counts: design, control, size, regimens, routes and how many rows of each kind it gives.

    n is the number of patients with CRPS where stated (`n_is` = `with CRPS`), else of all enrolled (`enrolled`), else
    missing. regimens, routes: of its ketamine arms that count, separated by `; `. Sorted by size, largest first.
    """
    evidence = selection.evidence
    frame = evidence.studies.copy()
    frame["control"] = frame["study_id"].map(controls(evidence))
    frame["design_words"] = frame["design"].map(DESIGN_WORDS)
    frame["n"] = frame["n_crps"].fillna(frame["n_enrolled"])
    frame["n_is"] = np.select([frame["n_crps"].notna(), frame["n_enrolled"].notna()], ["with CRPS", "enrolled"], "")
    treated = evidence.arms[evidence.arms["role"] == "ketamine"]
    for column, source in (("regimens", "regimen_class"), ("routes", "route")):
        words = (
            treated[source].fillna(NOT_STATED).groupby(treated["study_id"]).agg(lambda s: "; ".join(dict.fromkeys(s)))
        )
        frame[column] = frame["study_id"].map(words).fillna("")
    for column, table in REPORTS.items():
        counts = getattr(evidence, table)["study_id"].value_counts()
        frame[column] = frame["study_id"].map(counts).fillna(0).astype("int64")
    frame = frame.sort_values(["n", "study_id"], ascending=[False, True], na_position="last", kind="stable")
    return frame.reset_index(drop=True)[STUDY_COLUMNS]


def certainty(selection: Selection) -> pd.DataFrame:
    """How much evidence of each kind counts: one row a control group kind, with the number of studies, of patients
    (where a number is printed), of studies without a number, and of studies that print pain scores, rates or
    durations."""
    table = studies(selection)
    table = table[table["design"] != "rct_protocol"]
    table["outcomes"] = (table[["pain_scores", "responders", "durations"]] > 0).any(axis=1)
    grouped = table.groupby("control", sort=False)
    found = grouped.agg(
        studies=("study_id", "size"),
        patients=("n", lambda n: int(n.sum())),
        without_n=("n", lambda n: int(n.isna().sum())),
        with_outcomes=("outcomes", "sum"),
    )
    order = ["placebo-controlled", "active comparison", UNCONTROLLED]
    return found.reindex([kind for kind in order if kind in found.index]).reset_index()


def doses(selection: Selection, weight_kg: float = 70) -> pd.DataFrame:
    """The dose of each ketamine arm on one scale: mg an hour, hours a day, days and total mg for a body of `weight_kg`.

    assumption: every step of the conversion in words; a dose that is a maximum makes the total an upper limit, and
    a printed cap in mg/h is applied. not_comparable: why no rate or total can be given (no dose printed, percent of
    a cream, a single dose, hours or days missing); then the numbers are missing. ValueError for a weight that is
    not above 0.
    """
    if not weight_kg > 0:
        raise ValueError(f"weight_kg is {weight_kg}: a body weight is above 0 kg")
    evidence = selection.evidence
    arms = evidence.arms[evidence.arms["role"] == "ketamine"].merge(
        evidence.studies[["study_id", "citation"]], on="study_id", validate="many_to_one"
    )
    arms["control"] = arms["study_id"].map(controls(evidence))
    arms["regimen_class"] = arms["regimen_class"].fillna(NOT_STATED)
    steps = [_convert(arm, weight_kg) for arm in arms.itertuples()]
    converted = pd.DataFrame(steps, index=arms.index, columns=CONVERTED_COLUMNS)
    frame = pd.concat([arms, converted], axis=1)
    frame["row"] = [source_row("arms", row) for row in frame["row"]]
    return frame.sort_values(["regimen_class", "total_mg", "arm_id"], na_position="last", kind="stable").reset_index(
        drop=True
    )[DOSE_COLUMNS]


def _convert(arm, weight: float) -> dict[str, object]:
    found = {"dose_reported": "", "mg_per_h": np.nan, "total_mg": np.nan, "assumption": "", "not_comparable": ""}
    if pd.isna(arm.dose_value) or not isinstance(arm.dose_unit, str):
        return found | {"not_comparable": "dose not printed"}
    found["dose_reported"] = f"{arm.dose_value:g} {arm.dose_unit}"
    if arm.route != "iv":
        return found | {"not_comparable": f"not intravenous ({str(arm.route).replace('_', ' ')})"}
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
        return found | {"not_comparable": f"unit {arm.dose_unit} has no rate"}
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
        found["not_comparable"] = f"no total: {' and '.join(missing)} not printed"
    return found | {"mg_per_h": rate, "total_mg": total, "assumption": "; ".join(steps)}
