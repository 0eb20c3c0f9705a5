"""Published results that a clinic's own results are compared with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.exhibit.places import source_row
from analysis.outcomes.context import UNCONTROLLED
from analysis.outcomes.synthesis.rates import pool_group, rates_by_group, rates_in_windows
from analysis.outcomes.synthesis.retention import fit_retention, retention_counts
from analysis.outcomes.synthesis.windows import window
from analysis.statistics.decline import Decline
from analysis.wording import BENEFIT_WORDS, DEFINITION_WORDS, series, time_words

# the definition in the evidence nearest to each responder rule of a cohort
_DEFINITION_OF_RULE = {
    "ge_2_points": "ge_2_points_or_success",
    "ge_30_percent": "ge_30_percent",
    "ge_50_percent": "ge_50_percent",
}
_COLUMNS = """outcome definition counted alike studies study_ids k patients responders estimate ci_low ci_high
    pi_low pi_high rows""".split()
_ABOUT_THE_END = 1.0  # weeks from the end of infusion


def published_results(
    selection: Selection,
    responder_rule: str = "ge_30_percent",
    follow_up_weeks: float = 4.0,
    level: float = 0.95,
    window_weeks: float = 2.0,
) -> pd.DataFrame:
    """Return published responder rates for `cohort.benchmark.compare`.

    First the rates of uncontrolled studies by the definition nearest to each rule, counted within `window_weeks` of the
    visit (a week of the end of infusion): pooled with prediction limits if there are two or more studies, else the
    study's own rate and interval. Then, for `responder_rule`, the curve of `benefit_retention` at the visit, up to the
    last week that any study counted; it combines all definitions of benefit, so it is not alike.

    Returns
    -------
    DataFrame
        Columns outcome (`RULE at end_of_infusion` or `RULE at follow_up`), definition, counted (as the studies word
        it), alike (whether the rule and the time are nearly those of the cohort), studies (in words), study_ids, k,
        patients, responders, estimate, ci_low, ci_high, pi_low, pi_high (between 0 and 1; pi missing for one study),
        rows (where the numbers are stored).
    """
    rates, _ = rates_by_group(rates_in_windows(selection, level), level)
    visits = {"end_of_infusion": 0.0, "follow_up": follow_up_weeks}
    rows = []
    for rule, definition in _DEFINITION_OF_RULE.items():
        for visit, weeks in visits.items():
            reach = _ABOUT_THE_END if visit == "end_of_infusion" else window_weeks
            members = rates.get((UNCONTROLLED, "iv", definition, window(weeks)))
            near = None if members is None else members[(members["weeks"] - weeks).abs() <= reach]
            if near is not None and len(near):
                rows += _by_definition(near, f"{rule} at {visit}", level)
    points, _ = retention_counts(selection, level)
    try:
        model = fit_retention(points, level)
    except ValueError:  # there is no curve
        return pd.DataFrame(rows, columns=_COLUMNS)
    for visit, weeks in visits.items():
        if weeks <= model.last:
            rows.append(_by_curve(points, model, weeks, f"{responder_rule} at {visit}"))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _by_definition(members: pd.DataFrame, outcome: str, level: float) -> list[dict]:
    first = members.iloc[0]
    words = {
        "outcome": outcome,
        "definition": f"{DEFINITION_WORDS[first['definition_class']]}, {first['window']}",
        "counted": series([f"“{text}”" for text in dict.fromkeys(members["definition"])]),
        "alike": True,
    }
    if members["study_id"].nunique() > 1:
        pooled = pool_group(members, level, tau2_limits=False)
        limits = {name: getattr(pooled, name) for name in ("ci_low", "ci_high", "pi_low", "pi_high")}
        patients = {"k": pooled.k, "patients": int(members["n"].sum()), "responders": int(members["responders"].sum())}
        return [words | _of(members) | patients | {"estimate": pooled.estimate} | limits]
    return [
        words
        | _of(pd.DataFrame([row._asdict()]))
        | {"k": 1, "patients": int(row.n), "responders": int(row.responders), "estimate": row.rate}
        | {"ci_low": row.ci_low, "ci_high": row.ci_high}
        | {"pi_low": np.nan, "pi_high": np.nan}
        for row in each(members.sort_values("row"))
    ]


def _by_curve(points: pd.DataFrame, model: Decline, weeks: float, outcome: str) -> dict:
    row = next(each(model.curve([weeks])))
    benefits = series([BENEFIT_WORDS[name] for name in dict.fromkeys(points["benefit"])], "or")
    return {
        "outcome": outcome,
        "definition": f"each study's own definition ({benefits}), {time_words(weeks)}",
        "counted": "",
        "alike": False,
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
        "rows": source_row(table, *members["row"]),
    }
