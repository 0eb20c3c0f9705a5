"""What an uncontrolled cohort can't show: how far pain would fall, and who would "respond", without any effect."""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, exp, log, nan, pi, sqrt, tanh
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr, ndtri

from analysis.outcomes.cohort.disclosure import check_min_cell
from analysis.outcomes.cohort.judging import (
    LEAST_FALL_PERCENT,
    LEAST_FALL_POINTS,
    RESPONDER_RULES,
    ROUNDING_TOLERANCE,
    can_be_judged,
)
from analysis.outcomes.cohort.scores import FIRST_COURSES, course_scores, left_out_frame

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

ASSUMED, CENTRAL = (0.5, 0.6, 0.7, 0.8, 0.9), 0.7
ASSUMED_WORDS, ESTIMATED_WORDS = "assumed", "estimated from repeated courses"
LEAST_PAIRS, LEAST_PATIENTS = 30, 10
FARTHEST = 2.0  # SDs of a threshold above the mean behind it: farther out the baselines hardly tell that mean
ASSUMPTIONS = (
    "Assumed: scores of one patient vary by chance around a level of their own; patients come when their score is at "
    "or above a threshold; the scores of all such patients follow a normal distribution, of which the baselines are "
    "the part above the threshold; nothing else changes, so no effect of the infusion, no placebo effect, no natural "
    "course. Who comes in a bad phase falls farther than this, which these data can't tell."
)
UNDETERMINED = "The baselines don't look like the upper part of a normal distribution: the fall can't be estimated."


@dataclass(frozen=True)
class Regression:
    """Regression to the mean, from the cohort's own baselines.

    falls: reliability (correlation of two scores of a patient if nothing has an effect), basis (assumed, or estimated
    from repeated courses), fall (points by which the mean would fall), within_patient_sd (points), ge_2_points,
    ge_30_percent, ge_50_percent (share of the patients who can be judged that would count as responders), is_central
    (the row to quote). n, baseline_mean, baseline_sd: of the baselines. threshold, threshold_basis: from which score
    on patients came, and whence that is known. usual_mean, usual_sd: of the normal distribution behind. reliability,
    reliability_low, reliability_high, pairs: correlation of the baselines of courses 1 and 2, from 30 patients on.
    observed_fall: by how many points the mean fell from baseline to the end of infusion, of those with both scores.
    assumptions, problem: sentences; problem is empty where nothing stands in the way. hidden: too few patients,
    nothing is told.
    """

    falls: pd.DataFrame
    n: int
    baseline_mean: float
    baseline_sd: float
    threshold: float
    threshold_basis: str
    usual_mean: float
    usual_sd: float
    reliability: float
    reliability_low: float
    reliability_high: float
    pairs: int
    observed_fall: float
    assumptions: str
    problem: str
    hidden: bool
    unit: str
    min_cell: int
    left_out: pd.DataFrame


def regression_to_the_mean(
    cohort: Cohort, *, threshold: float | None = None, level: float = 0.95, min_cell: int = 5
) -> Regression:
    """How much of the fall of pain, and how many responders, would be expected if the infusion did nothing.

    Of first courses. Baselines with mean m and SD s are taken as the part above a threshold c of a normal
    distribution with mean mu and SD sigma (`untruncated`). A second score is then lower on average by sigma (1 - r)
    C(z), C(z) = phi(z) / (1 - Phi(z)), z = (c - mu) / sigma, with the reliability r (Davis 1976, Am J Epidemiol
    104:493; Barnett et al. 2005, Int J Epidemiol 34:215). A patient with baseline y is expected at mu + r (y - mu)
    with SD sigma sqrt(1 - r²), which gives the responders. r is assumed: 0.7, and 0.5 to 0.9 beside it. Where 30
    patients or more have baselines of courses 1 and 2 and the lower limit of their correlation is above 0, it is the
    row to quote; a lasting effect of the first course and the threshold both make it too low.

    threshold: by default the lowest baseline but for min_cell - 1 patients, so that no single patient's score is
    told; half a point lower where all baselines are whole numbers, since such scores are rounded. ValueError for an
    impossible min_cell.
    """
    check_min_cell(min_cell)
    courses = course_scores(cohort)
    first = courses[courses["first"]]
    known = first["baseline"].notna().to_numpy()
    baseline, end = (first[name].to_numpy()[known] for name in ("baseline", "end_of_infusion"))
    told = {
        "assumptions": ASSUMPTIONS,
        "unit": FIRST_COURSES,
        "min_cell": min_cell,
        "left_out": left_out_frame([("regression", "baseline score missing", "patients", int((~known).sum()))]),
    }
    names = ("baseline_mean", "baseline_sd", "threshold", "usual_mean", "usual_sd", "observed_fall")
    names += ("reliability", "reliability_low", "reliability_high")
    if len(baseline) < max(LEAST_PATIENTS, min_cell):
        blank = dict.fromkeys(names, nan)
        problem = f"Fewer than {max(LEAST_PATIENTS, min_cell)} patients have a baseline."
        return Regression(falls=_falls([], nan, nan, baseline), n=0, pairs=0, threshold_basis="", problem=problem,
                          hidden=True, **blank, **told)  # fmt: skip

    mean, sd = float(baseline.mean()), float(baseline.std(ddof=1))
    basis = "as given"
    if threshold is None:
        threshold, basis = _threshold(baseline, min_cell)
    usual_mean, usual_sd = untruncated(mean, sd, threshold)
    pairs, r, r_low, r_high = _repeated(courses, level)
    estimated = r_low > 0
    rows = [(value, ASSUMED_WORDS, value == CENTRAL and not estimated) for value in ASSUMED]
    rows += [(r, ESTIMATED_WORDS, True)] if estimated else []
    falls = baseline - end
    falls = falls[~np.isnan(falls)]
    return Regression(
        falls=_falls(rows, usual_mean, usual_sd, baseline),
        n=len(baseline),
        baseline_mean=mean,
        baseline_sd=sd,
        threshold=float(threshold),
        threshold_basis=basis,
        usual_mean=usual_mean,
        usual_sd=usual_sd,
        reliability=r,
        reliability_low=r_low,
        reliability_high=r_high,
        pairs=pairs,
        observed_fall=float(falls.mean()) if len(falls) >= max(min_cell, 1) else nan,
        problem=UNDETERMINED if np.isnan(usual_mean) else "",
        hidden=False,
        **told,
    )


def untruncated(mean: float, sd: float, threshold: float) -> tuple[float, float]:
    """Mean and SD of the normal distribution whose part above `threshold` has this `mean` and `sd`.

    By moments: sd² / (mean - threshold)² = (1 + z C - C²) / (C - z)², which grows with z = (threshold - mu) / sigma.
    NaN where the SD is 0, the mean isn't above the threshold, or z would exceed 2: then so little of the distribution
    is seen that its mean can't be told.
    """
    above = mean - threshold
    if not sd > 0 or not above > 0:
        return nan, nan

    def excess(z: float) -> float:
        c = _hazard(z)
        return (1 + z * c - c * c) / (c - z) ** 2 - (sd / above) ** 2

    lowest = -above / sd - 10
    if excess(FARTHEST) < 0:
        return nan, nan
    z = float(brentq(excess, lowest, FARTHEST, xtol=1e-12))
    sigma = above / (_hazard(z) - z)
    return threshold - z * sigma, sigma


def _hazard(z: float) -> float:
    """C(z) = phi(z) / (1 - Phi(z)), the mean excess of a standard normal distribution above z."""
    return exp(-z * z / 2 - log(2 * pi) / 2 - float(log_ndtr(-z)))


def _threshold(baseline: np.ndarray, min_cell: int) -> tuple[float, str]:
    lowest = float(np.partition(baseline, min_cell - 1)[min_cell - 1])
    words = "the lowest baseline"
    if min_cell > 1:
        words += f", the {min_cell - 1} lowest patients left out"
    if _whole(baseline):
        return lowest - 0.5, f"{words}; half a point below, as scores are whole numbers"
    return lowest, words


def _whole(baseline: np.ndarray) -> bool:
    return bool((baseline == np.round(baseline)).all())


def _falls(rows: list[tuple[float, str, bool]], mean: float, sd: float, baseline: np.ndarray) -> pd.DataFrame:
    values, patients = np.unique(baseline, return_counts=True)
    expected = patients @ (values - mean) / max(patients.sum(), 1)
    found = []
    for r, basis, central in rows:
        shares = {rule: _responders(rule, r, mean, sd, values, patients) for rule in RESPONDER_RULES}
        row = {"reliability": r, "basis": basis, "fall": (1 - r) * expected, "within_patient_sd": sd * sqrt(1 - r)}
        found.append({**row, **shares, "is_central": central})
    return pd.DataFrame(
        found, columns=["reliability", "basis", "fall", "within_patient_sd", *RESPONDER_RULES, "is_central"]
    )


def _responders(rule: str, r: float, mean: float, sd: float, values: np.ndarray, patients: np.ndarray) -> float:
    judged = can_be_judged(values, rule)
    y, n = values[judged], patients[judged]
    if not n.sum():
        return nan
    reach = y - (y * LEAST_FALL_PERCENT[rule] / 100 if rule in LEAST_FALL_PERCENT else LEAST_FALL_POINTS)
    possible = reach >= 0
    if _whole(values):
        # a score of whole numbers is at most this one if it is below half a point more
        reach = np.floor(reach + ROUNDING_TOLERANCE) + 0.5
    chance = ndtr((reach - mean - r * (y - mean)) / (sd * sqrt(1 - r * r)))
    return float(n @ np.where(possible, chance, 0.0) / n.sum())


def _repeated(courses: pd.DataFrame, level: float) -> tuple[int, float, float, float]:
    """Patients with baselines of courses 1 and 2, their correlation with Fisher's interval; NaN below 30 patients."""
    known = courses[courses["baseline"].notna()]
    once, twice = (known[known["course"] == number].set_index("patient")["baseline"] for number in (1, 2))
    both = once.index.intersection(twice.index)
    pairs = len(both)
    first, second = once.loc[both].to_numpy(), twice.loc[both].to_numpy()
    if pairs < LEAST_PAIRS or first.std() < 1e-9 or second.std() < 1e-9:
        return pairs, nan, nan, nan
    r = float(np.clip(np.corrcoef(first, second)[0, 1], -1 + 1e-12, 1 - 1e-12))
    half = float(ndtri((1 + level) / 2)) / sqrt(pairs - 3)
    return pairs, r, tanh(atanh(r) - half), tanh(atanh(r) + half)
