"""How the decline of benefit depends on what its model assumes: independence, one slope, and patients counted once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.outcomes.synthesis.retention import BenefitRetention, fit_retention
from analysis.statistics.decline import SLOPE, Decline
from analysis.statistics.intervals import critical_value
from analysis.wording import BENEFIT_WORDS

_COLUMNS = "check what k slope se slope_low slope_high half_weeks half_low half_high why".split()
JOINT, ROBUST, DEFINITION = "all counts", "robust variance", "one definition"
NONE_LATER, ALL_LATER = "none has it later", "all have it later"


def retention_checks(result: BenefitRetention) -> pd.DataFrame:
    """Return the slope of `benefit_retention` beside what other assumptions give.

    - `all counts`: the model as reported. It treats counts of the same patients at several times as independent.
    - `robust variance`: the same slope with the jackknife variance over studies, (k - 1) / k times the sum of squared
      deviations of the slopes without each study, which does not assume independence within studies.
    - `one definition`: a fit to the counts of each definition of benefit.
    - `none has it later`, `all have it later`: patients of studies that counted only at the end of infusion, as if none
      or all of them with the benefit then had it at the last time of any study: the two extremes of what is not known.

    Returns
    -------
    DataFrame, one row per check
        Columns check, what (definition, or studies changed), k, slope on log(1 + weeks), se, slope_low, slope_high,
        half_weeks, half_low, half_high (weeks to half of the initial rate), why (why there is no fit, else empty). No
        rows without a curve.

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 11 (jackknife).
    """
    if result.model is None:
        return pd.DataFrame(columns=_COLUMNS)
    points, level = result.points, result.level
    rows = [_row(JOINT, "", result.model), _robust(result)]
    for benefit, counts in points.groupby("benefit", sort=True):
        rows.append(_fitted(DEFINITION, BENEFIT_WORDS[benefit], counts, level))
    last = points.groupby("study_id")["weeks"].transform("max")
    once = points[last == 0]
    if len(once):
        names = ", ".join(sorted(once["study_id"].unique()))
        for check, later in ((NONE_LATER, 0 * once["patients"]), (ALL_LATER, once["patients"])):
            added = once.assign(weeks=result.last_week, patients=later)
            rows.append(_fitted(check, names, pd.concat([points, added], ignore_index=True), level))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _robust(result: BenefitRetention) -> dict[str, object]:
    slopes = result.half.loc[result.half["omitted"] != "", "slope"].astype(float)
    row = {"check": ROBUST, "what": "", "k": result.k, "slope": _slope(result.model)["estimate"]}
    if slopes.isna().any():
        return row | {"why": "without one of the studies the other studies do not determine the model"}
    se = float(np.sqrt((result.k - 1) / result.k * np.sum((slopes - slopes.mean()) ** 2)))
    half = critical_value(result.level, result.model.df) * se
    return row | {"se": se, "slope_low": row["slope"] - half, "slope_high": row["slope"] + half, "why": ""}


def _fitted(check: str, what: str, counts: pd.DataFrame, level: float) -> dict[str, object]:
    try:
        return _row(check, what, fit_retention(counts, level))
    except ValueError as error:
        return {"check": check, "what": what, "k": int(counts["study_id"].nunique()), "why": str(error)}


def _row(check: str, what: str, model: Decline) -> dict[str, object]:
    slope, half = _slope(model), model.half_time()
    limits = {"slope_low": slope["ci_low"], "slope_high": slope["ci_high"]}
    weeks = {"half_weeks": half.weeks, "half_low": half.low, "half_high": half.high}
    named = {"check": check, "what": what, "k": model.k, "slope": slope["estimate"], "se": slope["se"], "why": ""}
    return {**named, **limits, **weeks}


def _slope(model: Decline) -> dict[str, float]:
    return model.coefficients[model.coefficients["name"] == SLOPE].iloc[0].to_dict()
