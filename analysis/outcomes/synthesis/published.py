"""What a clinic's own results can be held against: published rates, and the curve of kept benefit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.outcomes.context import DEFINITION_WORDS, UNCONTROLLED
from analysis.outcomes.durations import BENEFIT_WORDS
from analysis.outcomes.synthesis.rates import pool_group, rates_by_group
from analysis.outcomes.synthesis.retention import fit_retention, retention_counts
from analysis.outcomes.synthesis.windows import window
from analysis.statistics.decline import Decline
from analysis.wording import series
from analysis.wording import weeks as at_weeks

# the definition of the evidence that comes nearest to each rule of a cohort
DEFINITION_OF_RULE = {
    "ge_2_points": "ge_2_points_or_success",
    "ge_30_percent": "ge_30_percent",
    "ge_50_percent": "ge_50_percent",
}
_COLUMNS = [
    *["outcome", "definition", "studies", "study_ids", "k", "patients", "estimate"],
    *["ci_low", "ci_high", "pi_low", "pi_high", "rows"],
]


def published_results(
    selection: Selection, responder_rule: str = "ge_30_percent", follow_up_weeks: float = 4.0, level: float = 0.95
) -> pd.DataFrame:
    """Published shares for `cohort.benchmark.compare`, one row each; shares and limits between 0 and 1.

    outcome: `RULE at end_of_infusion` or `RULE at follow_up`. First the rates of uncontrolled studies by the definition
    nearest to each rule, in the window of time of the visit: pooled with prediction limits where two or more studies
    count so; with one study its own rate and interval, and no prediction limits. Then, for `responder_rule`, the
    curve of kept benefit at the visit: over all definitions that studies use, so the comparison is a rough one, and
    only up to the last week that any study counted. definition, studies: in words; rows: where the numbers stand.
    """
    rates, _ = rates_by_group(selection, level)
    visits = {"end_of_infusion": 0.0, "follow_up": follow_up_weeks}
    found = []
    for rule, definition in DEFINITION_OF_RULE.items():
        for visit, weeks in visits.items():
            found += _by_definition(rates, definition, window(weeks), f"{rule} at {visit}", level)
    points, _ = retention_counts(selection, level)
    try:
        model = fit_retention(points, level)
    except ValueError:  # there is no curve
        return pd.DataFrame(found, columns=_COLUMNS)
    for visit, weeks in visits.items():
        if weeks <= model.last:
            found.append(_by_curve(points, model, weeks, f"{responder_rule} at {visit}"))
    return pd.DataFrame(found, columns=_COLUMNS)


def _by_definition(
    rates: dict[tuple[str, ...], pd.DataFrame], definition: str, when: str, outcome: str, level: float
) -> list[dict]:
    members = rates.get((UNCONTROLLED, "iv", definition, when))
    if members is None:
        return []
    words = {"outcome": outcome, "definition": f"{DEFINITION_WORDS[definition]}, {when}"}
    if members["study_id"].nunique() > 1:
        pooled = pool_group(members, level, tau2_limits=False)
        limits = {name: getattr(pooled, name) for name in ("ci_low", "ci_high", "pi_low", "pi_high")}
        patients = {"k": pooled.k, "patients": int(members["n"].sum())}
        return [words | _of(members) | patients | {"estimate": pooled.estimate} | limits]
    return [
        words
        | _of(pd.DataFrame([row._asdict()]))
        | {"k": 1, "patients": int(row.n), "estimate": row.rate, "ci_low": row.ci_low, "ci_high": row.ci_high}
        | {"pi_low": np.nan, "pi_high": np.nan}
        for row in each(members.sort_values("row"))
    ]


def _by_curve(points: pd.DataFrame, model: Decline, weeks: float, outcome: str) -> dict:
    row = next(each(model.curve([weeks])))
    benefits = series([BENEFIT_WORDS[name] for name in dict.fromkeys(points["benefit"])], "or")
    return {
        "outcome": outcome,
        "definition": f"each study's own definition ({benefits}), {at_weeks(weeks)}",
        **_of(points, "durations"),
        "k": model.k,
        "patients": int(points.drop_duplicates("arm_id")["patients_treated"].sum()),
        "estimate": row.rate,
        **{name: getattr(row, name) for name in ("ci_low", "ci_high", "pi_low", "pi_high")},
    }


def _of(members: pd.DataFrame, table: str = "responders") -> dict:
    return {
        "studies": series(list(dict.fromkeys(members["citation"]))),
        "study_ids": tuple(dict.fromkeys(members["study_id"])),
        "rows": f"{table}.csv row {series([str(row) for row in members['row']])}",
    }
