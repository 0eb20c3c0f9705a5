"""Retention of benefit over time across studies: fitted curve, uncertainty, dependence on single studies."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import NOT_STATED, Criteria, Selection
from analysis.outcomes import durations
from analysis.outcomes.synthesis.reasons import patients_why_not
from analysis.result_view import ResultView
from analysis.statistics.decline import SLOPE, Decline, decline
from analysis.wording import BENEFIT_WORDS

_STEPS = 40  # points of a curve
_CURVE_COLUMNS = ["weeks", "rate", "ci_low", "ci_high", "pi_low", "pi_high"]
_WITHOUT_COLUMNS = ["study_id", "citation", "k", "weeks", "rate"]
_HALF_COLUMNS = ["omitted", "citation", "k", "half_weeks", "half_low", "half_high", "slope", "slope_low", "slope_high"]
_REGIMEN_COLUMNS = ["regimen_class", "k", "odds_ratio", "ci_low", "ci_high", "p"]


@dataclass(frozen=True)
class BenefitRetention(ResultView):
    """The share of treated patients who still have the benefit, over studies and time; see `benefit_retention`.

    Attributes
    ----------
    points : DataFrame
        The counts in the model; columns of `durations.retained_benefit`.
    curve : DataFrame
        Columns weeks (0 to the last count), rate of a typical study, ci_low, ci_high (confidence limits of the curve),
        pi_low, pi_high (prediction limits for a new study); between 0 and 1.
    half : DataFrame
        Time to half of the initial rate with all studies (`omitted` empty), then without each study: omitted, citation,
        k, half_weeks, half_low, half_high (weeks; infinite if not reached or not excluded), slope on log(1 + weeks)
        with slope_low and slope_high. Missing where the other studies do not determine the model.
    without : DataFrame
        The curve without each study: study_id, citation, k, weeks, rate.
    regimens : DataFrame
        Odds ratio of each regimen against the one with the most studies: regimen_class, k, odds_ratio, ci_low, ci_high,
        p.
    left_out : DataFrame
        Counts that are not in the model; columns of `points` and why.
    why, why_no_regimens : str
        Why there is no curve, or no comparison of regimens; empty if there is.
    last_week : float
        Time of the last count, in weeks; the curve ends there.
    criteria : Criteria
        Those of the selection.
    tau : float
        Standard deviation between studies on the logit scale.
    """

    points: pd.DataFrame
    curve: pd.DataFrame
    half: pd.DataFrame
    without: pd.DataFrame
    regimens: pd.DataFrame
    left_out: pd.DataFrame = field(repr=False)
    why: str
    why_no_regimens: str
    last_week: float
    criteria: Criteria
    k: int
    tau: float
    level: float
    model: Decline | None = field(default=None, repr=False)

    def at(self, *weeks: float) -> pd.DataFrame:
        """Return the curve at these weeks, in the columns of `curve`.

        Raises
        ------
        ValueError
            If there is no curve, or for a time after the last count.
        """
        if self.model is None:
            raise ValueError(self.why)
        if max(weeks) > self.last_week:
            raise ValueError(f"week {max(weeks):g} lies beyond the last count, at {self.last_week:g} weeks")
        return self.model.curve(list(weeks))[_CURVE_COLUMNS]


def benefit_retention(selection: Selection, level: float = 0.95) -> BenefitRetention:
    """Return the fitted share of treated patients who still have the benefit, over log(1 + weeks).

    The model has a random intercept per study.

    One benefit represents an arm: the one counted at most times, then the more demanding. Studies define the benefit
    differently; the random intercept of a study covers this, and only the slope is shared. The model includes
    uncontrolled studies of one route only, that of most patients.
    """
    points, left_out = retention_counts(selection, level)
    empty = {
        "curve": pd.DataFrame(columns=_CURVE_COLUMNS),
        "half": pd.DataFrame(columns=_HALF_COLUMNS),
        "without": pd.DataFrame(columns=_WITHOUT_COLUMNS),
        "regimens": pd.DataFrame(columns=_REGIMEN_COLUMNS),
    }
    k, last = int(points["study_id"].nunique()), float(points["weeks"].max()) if len(points) else 0.0
    shared = {"points": points, "left_out": left_out, "last_week": last, "k": k, "level": level}
    shared["criteria"] = selection.criteria
    try:
        model = fit_retention(points, level)
    except ValueError as error:
        return BenefitRetention(**shared, **empty, why=str(error), why_no_regimens=str(error), tau=np.nan)
    weeks = np.expm1(np.linspace(0, np.log1p(last), _STEPS))
    half, without = [_half(model, "", "")], []
    for study, rows in points.groupby("study_id", sort=True):
        citation = rows["citation"].iloc[0]
        try:
            rest = fit_retention(points[points["study_id"] != study], level)
        except ValueError:
            half.append(dict.fromkeys(_HALF_COLUMNS, np.nan) | {"omitted": study, "citation": citation, "k": k - 1})
            continue
        half.append(_half(rest, study, citation))
        curve = rest.curve(weeks)[["weeks", "rate"]]
        without.append(curve.assign(study_id=study, citation=citation, k=rest.k))
    regimens, why_no_regimens = _regimens(points, level)
    return BenefitRetention(
        **shared,
        curve=model.curve(weeks)[_CURVE_COLUMNS],
        half=pd.DataFrame(half, columns=_HALF_COLUMNS),
        without=pd.concat(without, ignore_index=True)[_WITHOUT_COLUMNS] if without else empty["without"],
        regimens=regimens,
        why="",
        why_no_regimens=why_no_regimens,
        tau=model.tau,
        model=model,
    )


def retention_counts(selection: Selection, level: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the counts in the model of `benefit_retention`, and those left out with `why`."""
    table = durations.retained_benefit(selection, level)
    why = patients_why_not(table, selection, "patients_treated", uncontrolled_only=True)
    for _, arm in table.groupby("arm_id"):
        chosen = durations.chosen_benefit(arm["benefit"], arm["weeks"])
        others = arm.index[(arm["benefit"] != chosen) & (why[arm.index] == "")]
        why[others] = f"another outcome of this arm is used ({BENEFIT_WORDS[chosen]})"
    routes = table.loc[why == ""].groupby("route")["patients_treated"].sum()
    if len(routes) > 1:
        why[(table["route"] != routes.idxmax()) & (why == "")] = "given by another route"
    return (table[why == ""].reset_index(drop=True), table[why != ""].assign(why=why[why != ""]).reset_index(drop=True))


def fit_retention(points: pd.DataFrame, level: float, groups: list[str] | None = None) -> Decline:
    """Return the model of `benefit_retention` for these counts.

    Raises
    ------
    ValueError
        If there are no counts, or they do not determine the model; see `decline`.
    """
    if points.empty:
        raise ValueError("no study counts who still has the benefit")
    counts = (points[name].astype(float) for name in ("patients", "patients_treated", "weeks"))
    return decline(*counts, points["study_id"].tolist(), groups, level)


def _half(model: Decline, omitted: str, citation: str) -> dict:
    half, (slope,) = model.half_time(), model.coefficients[model.coefficients["name"] == SLOPE].to_dict("records")
    return {
        "omitted": omitted,
        "citation": citation,
        "k": model.k,
        "half_weeks": half.weeks,
        "half_low": half.low,
        "half_high": half.high,
        "slope": slope["estimate"],
        "slope_low": slope["ci_low"],
        "slope_high": slope["ci_high"],
    }


def _regimens(points: pd.DataFrame, level: float) -> tuple[pd.DataFrame, str]:
    """Return odds ratios against the regimen with the most studies, and why there are none."""
    stated = points[points["regimen_class"] != NOT_STATED]
    nothing = pd.DataFrame(columns=_REGIMEN_COLUMNS)
    sizes = stated.groupby("regimen_class")["study_id"].nunique()
    if len(sizes) < 2:
        return nothing, "the counts are of one regimen only"
    try:
        model = fit_retention(stated, level, stated["regimen_class"].tolist())
    except ValueError as error:
        return nothing, str(error)
    rows = [{"regimen_class": model.groups[0], "k": sizes[model.groups[0]], "odds_ratio": 1.0}]
    for row in each(model.coefficients.iloc[2:]):
        ratios = {"odds_ratio": row.estimate, "ci_low": row.ci_low, "ci_high": row.ci_high}
        ratios = {name: float(np.exp(value)) for name, value in ratios.items()}
        rows.append({"regimen_class": row.name, "k": sizes[row.name], **ratios, "p": row.p})
    return pd.DataFrame(rows, columns=_REGIMEN_COLUMNS), ""
