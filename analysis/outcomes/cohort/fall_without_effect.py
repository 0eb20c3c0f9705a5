"""Limits of an uncontrolled cohort: expected fall of pain, and expected responders, without any effect."""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, exp, log, nan, pi, sqrt, tanh

import numpy as np
import pandas as pd
import scipy

from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import as_printed, check_min_cell
from analysis.outcomes.cohort.judging import (
    LEAST_FALL_PERCENT,
    LEAST_FALL_POINTS,
    RESPONDER_RULES,
    ROUNDING_TOLERANCE,
    can_be_judged,
    check_rule,
)
from analysis.outcomes.cohort.scores import course_scores, left_out_frame
from analysis.outcomes.cohort.table import Cohort
from analysis.statistics.intervals import critical_value

_ASSUMED, _CENTRAL = (0.5, 0.6, 0.7, 0.8, 0.9), 0.7
_ASSUMED_WORDS, _ESTIMATED_WORDS = "assumed", "estimated from repeated courses"
_LEAST_PAIRS, _LEAST_PATIENTS = 30, 10
LEAST_FOR_LIMITS = 150  # patients; with fewer the limits are too wide to say anything
_DRAWS, _LEAST_DRAWS = 500, 0.95  # number, and share that must give an estimate
_FARTHEST = 2.0  # largest z: with a threshold farther above the mean the baselines hardly determine that mean
_ASSUMPTIONS = (
    "Assumed: scores of one patient vary by chance around a level of their own; patients come when their score is at "
    "or above a threshold; the scores of all such patients follow a normal distribution, of which the baselines are "
    "the part above the threshold; nothing else changes, so no effect of the infusion, no placebo effect, no natural "
    "course. Who comes in a bad phase falls farther than this, which these data can't tell."
)
_UNDETERMINED = "The baselines don't look like the upper part of a normal distribution: the fall can't be estimated."


@dataclass(frozen=True)
class Regression(ClinicResult):
    """Regression to the mean, estimated from the cohort's baselines; see `regression_to_the_mean`.

    Attributes
    ----------
    falls : DataFrame, one row per reliability
        Columns reliability (correlation of two scores of a patient without any effect), basis (assumed, or estimated
        from repeated courses), fall (expected fall of the mean, in points), within_patient_sd (points), ge_2_points,
        ge_30_percent, ge_50_percent (expected share of responders), is_central (the row to quote).
    n, baseline_mean, baseline_sd
        Number, mean and SD of the baselines.
    threshold : float
        Score from which patients were treated.
    usual_mean, usual_sd : float
        Mean and SD of the normal distribution before truncation at the threshold.
    reliability, reliability_low, reliability_high, pairs
        Correlation of the baselines of courses 1 and 2, its limits and number of patients; NaN below 30 patients.
    fall_low, fall_high, share_low, share_high : float
        Bootstrap limits of the row to quote: its fall and its share of responders by `rule`; missing below 150
        patients, of whom nothing is said.
    observed_fall : float
        Fall of the mean from baseline to the end of infusion, of patients with both scores, in points.
    assumptions, problem : str
        Sentences; problem is empty if there is none.
    hidden : bool
        Too few patients, so nothing is shown.
    """

    falls: pd.DataFrame
    n: int
    baseline_mean: float
    baseline_sd: float
    threshold: float
    usual_mean: float
    usual_sd: float
    reliability: float
    reliability_low: float
    reliability_high: float
    pairs: int
    fall_low: float
    fall_high: float
    share_low: float
    share_high: float
    rule: str
    observed_fall: float
    assumptions: str
    problem: str
    hidden: bool
    left_out: pd.DataFrame


def regression_to_the_mean(
    cohort: Cohort,
    *,
    responder_rule: str = "ge_30_percent",
    threshold: float | None = None,
    level: float = 0.95,
    min_cell: int = 5,
    release: str = "internal",
    seed: int = 1,
) -> Regression:
    """Return the fall of pain and the responders that would be expected if the infusion had no effect.

    First courses only. Baselines with mean m and SD s are taken as the part above a threshold c of a normal
    distribution with mean mu and SD sigma (`untruncated`). A second score is then lower on average by sigma (1 - r)
    C(z), with C(z) = phi(z) / (1 - Phi(z)), z = (c - mu) / sigma and the reliability r. The score of a patient with
    baseline y is expected at mu + r (y - mu) with SD sigma sqrt(1 - r²), which gives the responders.

    The reliability is assumed: 0.7, with 0.5 to 0.9 as alternatives. If 30 patients or more have baselines of courses 1
    and 2 and the lower limit of their correlation is above 0, that correlation is used; a lasting effect of the first
    course and the threshold both make it too low.

    Parameters
    ----------
    responder_rule : str
        The rule of the limits of the share; one of RESPONDER_RULES.
    threshold : float, optional
        Default: the lowest baseline after the min_cell - 1 lowest patients, so that no single patient's score is shown,
        and half a point lower if all baselines are whole numbers, because such scores are rounded.
    seed : int
        Seed of the bootstrap.

    Raises
    ------
    ValueError
        For an impossible min_cell or an unknown rule.

    References
    ----------
    Davis 1976, Am J Epidemiol 104:493; Barnett et al. 2005, Int J Epidemiol 34:215.
    """
    check_rule(responder_rule)
    check_min_cell(min_cell)
    courses = course_scores(cohort)
    first = courses[courses["first"]]
    known = first["baseline"].notna().to_numpy()
    baseline, end = (first[name].to_numpy()[known] for name in ("baseline", "end_of_infusion"))
    shared = {
        "assumptions": _ASSUMPTIONS,
        "rule": responder_rule,
        "synthetic": cohort.synthetic,
        "min_cell": min_cell,
        "left_out": left_out_frame(
            [("regression", "baseline score missing", "patients", int((~known).sum()))], min_cell, release
        ),
    }
    names = ("baseline_mean", "baseline_sd", "threshold", "usual_mean", "usual_sd", "observed_fall")
    names += ("reliability", "reliability_low", "reliability_high", "fall_low", "fall_high", "share_low", "share_high")
    if len(baseline) < max(_LEAST_PATIENTS, min_cell):
        blank = dict.fromkeys(names, nan)
        problem = f"Fewer than {max(_LEAST_PATIENTS, min_cell)} patients have a baseline."
        return Regression(falls=_falls([], nan, nan, baseline), n=0, pairs=0, problem=problem,
                          hidden=True, **blank, **shared)  # fmt: skip

    mean, sd = float(baseline.mean()), float(baseline.std(ddof=1))
    threshold = _threshold(baseline, min_cell) if threshold is None else threshold
    usual_mean, usual_sd = untruncated(mean, sd, threshold)
    pairs, r, r_low, r_high = _repeated(courses, level)
    estimated = r_low > 0
    rows = [(value, _ASSUMED_WORDS, value == _CENTRAL and not estimated) for value in _ASSUMED]
    rows += [(r, _ESTIMATED_WORDS, True)] if estimated else []
    falls = baseline - end
    falls = falls[~np.isnan(falls)]
    spread = 1 / sqrt(pairs - 3) if estimated else 0.0
    limits = _limits(baseline, threshold, r if estimated else _CENTRAL, spread, responder_rule, level, seed)
    return Regression(
        falls=as_printed(_falls(rows, usual_mean, usual_sd, baseline), "shares", fall=1, within_patient_sd=1),
        n=len(baseline),
        baseline_mean=mean,
        baseline_sd=sd,
        threshold=float(threshold),
        usual_mean=usual_mean,
        usual_sd=usual_sd,
        reliability=r,
        reliability_low=r_low,
        reliability_high=r_high,
        **dict(zip(("fall_low", "fall_high", "share_low", "share_high"), limits, strict=True)),
        pairs=pairs,
        observed_fall=float(falls.mean()) if len(falls) >= max(min_cell, 1) else nan,
        problem=_UNDETERMINED if np.isnan(usual_mean) else "",
        hidden=False,
        **shared,
    )


def _limits(
    baseline: np.ndarray, threshold: float, r: float, spread: float, rule: str, level: float, seed: int
) -> tuple[float, float, float, float]:
    """Return bootstrap limits of the fall and of the responders; missing if too few patients determine them.

    Each draw takes as many patients with replacement, and a reliability from Fisher's normal distribution with
    `spread`. Threshold and model stay the same.
    """
    if len(baseline) < LEAST_FOR_LIMITS:
        return (nan,) * 4
    random, found = np.random.default_rng(seed), []
    for _ in range(_DRAWS):
        drawn = random.choice(baseline, len(baseline))
        mean, sd = untruncated(float(drawn.mean()), float(drawn.std(ddof=1)), threshold)
        if np.isnan(mean):
            continue
        r_drawn = tanh(atanh(r) + spread * random.standard_normal())
        share = _responders(rule, r_drawn, mean, sd, *np.unique(drawn, return_counts=True))
        found.append(((1 - r_drawn) * (float(drawn.mean()) - mean), share))
    if len(found) < _LEAST_DRAWS * _DRAWS:
        return (nan,) * 4
    falls, shares = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], axis=0).T.tolist()
    return *falls, *shares


def untruncated(mean: float, sd: float, threshold: float) -> tuple[float, float]:
    """Return mean and SD of the normal distribution whose part above `threshold` has this `mean` and `sd`.

    By moments: sd² / (mean - threshold)² = (1 + z C - C²) / (C - z)², which increases with z = (threshold - mu) /
    sigma.

    Returns
    -------
    (float, float)
        NaN if the SD is 0, the mean is not above the threshold, or z would exceed 2: too little of the distribution is
        then observed to determine its mean.
    """
    above = mean - threshold
    if not sd > 0 or not above > 0:
        return nan, nan

    def excess(z: float) -> float:
        c = _hazard(z)
        return (1 + z * c - c * c) / (c - z) ** 2 - (sd / above) ** 2

    lowest = -above / sd - 10
    if excess(_FARTHEST) < 0:
        return nan, nan
    z = float(scipy.optimize.brentq(excess, lowest, _FARTHEST, xtol=1e-12))
    sigma = above / (_hazard(z) - z)
    return threshold - z * sigma, sigma


def _hazard(z: float) -> float:
    """Return C(z) = phi(z) / (1 - Phi(z)), the mean of a standard normal distribution above z."""
    return exp(-z * z / 2 - log(2 * pi) / 2 - float(scipy.special.log_ndtr(-z)))


def _threshold(baseline: np.ndarray, min_cell: int) -> float:
    lowest = float(np.partition(baseline, min_cell - 1)[min_cell - 1])
    return lowest - 0.5 if _are_integers(baseline) else lowest


def _are_integers(baseline: np.ndarray) -> bool:
    return bool((baseline == np.round(baseline)).all())


def _falls(rows: list[tuple[float, str, bool]], mean: float, sd: float, baseline: np.ndarray) -> pd.DataFrame:
    values, patients = np.unique(baseline, return_counts=True)
    expected = patients @ (values - mean) / max(patients.sum(), 1)
    entries = []
    for r, basis, central in rows:
        shares = {rule: _responders(rule, r, mean, sd, values, patients) for rule in RESPONDER_RULES}
        row = {"reliability": r, "basis": basis, "fall": (1 - r) * expected, "within_patient_sd": sd * sqrt(1 - r)}
        entries.append({**row, **shares, "is_central": central})
    return pd.DataFrame(
        entries, columns=["reliability", "basis", "fall", "within_patient_sd", *RESPONDER_RULES, "is_central"]
    )


def _responders(rule: str, r: float, mean: float, sd: float, values: np.ndarray, patients: np.ndarray) -> float:
    judged = can_be_judged(values, rule)
    y, n = values[judged], patients[judged]
    if not n.sum():
        return nan
    reach = y - (y * LEAST_FALL_PERCENT[rule] / 100 if rule in LEAST_FALL_PERCENT else LEAST_FALL_POINTS)
    possible = reach >= 0
    if _are_integers(values):
        # with whole scores, at most `reach` means below reach + 0.5
        reach = np.floor(reach + ROUNDING_TOLERANCE) + 0.5
    chance = scipy.special.ndtr((reach - mean - r * (y - mean)) / (sd * sqrt(1 - r * r)))
    return float(n @ np.where(possible, chance, 0.0) / n.sum())


def _repeated(courses: pd.DataFrame, level: float) -> tuple[int, float, float, float]:
    """Return the number of patients with baselines of courses 1 and 2, their correlation and Fisher's limits."""
    known = courses[courses["baseline"].notna()]
    once, twice = (known[known["course"] == number].set_index("patient")["baseline"] for number in (1, 2))
    both = once.index.intersection(twice.index)
    pairs = len(both)
    first, second = once.loc[both].to_numpy(), twice.loc[both].to_numpy()
    if pairs < _LEAST_PAIRS or first.std() < 1e-9 or second.std() < 1e-9:
        return pairs, nan, nan, nan
    r = float(np.clip(np.corrcoef(first, second)[0, 1], -1 + 1e-12, 1 - 1e-12))
    half = critical_value(level) / sqrt(pairs - 3)
    return pairs, r, tanh(atanh(r) - half), tanh(atanh(r) + half)
