"""The three responder rules of reports, and those of any percentage."""

from __future__ import annotations

import re

import numpy as np

RESPONDER_RULES = ("ge_2_points", "ge_30_percent", "ge_50_percent")
LEAST_FALL_PERCENT = {"ge_30_percent": 30.0, "ge_50_percent": 50.0}
LEAST_FALL_POINTS = 2.0
ROUNDING_TOLERANCE = 1e-9  # so that a fall of exactly 30% counts despite binary rounding


def check_rule(rule: str) -> None:
    """Raise ValueError for a rule that is not one of RESPONDER_RULES."""
    if rule not in RESPONDER_RULES:
        raise ValueError(f"responder_rule is {rule!r}: must be one of {', '.join(RESPONDER_RULES)}")


def _least_percent(rule: str) -> float | None:
    """Return the least fall in percent by a rule `ge_N_percent`, whatever its N; None for points."""
    if found := re.fullmatch(r"ge_([\d.]+)_percent", rule):
        return float(found[1])
    check_rule(rule)
    return None


def can_be_judged(baseline: np.ndarray, rule: str) -> np.ndarray:
    """Return whether the rule applies to each baseline: it is not missing and, for a percentage, above 0."""
    return ~np.isnan(baseline) & ((baseline > 0) | (_least_percent(rule) is None))


def responds(baseline: np.ndarray, later: np.ndarray, rule: str) -> np.ndarray:
    """Return whether pain fell enough from `baseline` to `later`; False where a score is missing (see `can_be_judged`).

    2 points are IMMPACT's moderately important change on a 0-10 scale, 30% and 50% its moderate and substantial
    improvement. A baseline below 2 cannot fall by 2 points, so such a patient is never a responder by that rule.

    Parameters
    ----------
    baseline, later : ndarray, shape (n,)
        Scores, 0 to 10.
    rule : str
        ge_2_points or ge_N_percent.

    Returns
    -------
    ndarray of bool, shape (n,)

    References
    ----------
    Dworkin et al. 2008, J Pain 9:105.
    """
    percent = _least_percent(rule)
    needed = LEAST_FALL_POINTS if percent is None else baseline * (percent / 100)
    with np.errstate(invalid="ignore"):
        return baseline - later >= needed - ROUNDING_TOLERANCE


def judged_scores(baseline: np.ndarray, score: np.ndarray, rule: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which baselines can be judged, which of these have a later score, and which of those respond."""
    usable = can_be_judged(baseline, rule)
    scored = usable & ~np.isnan(score)
    return usable, scored, scored & responds(baseline, score, rule)


def percent_fall(baseline: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return the fall of pain in percent of the baseline; below 0 for a rise, NaN without both scores or from 0."""
    usable = can_be_judged(baseline, "ge_30_percent")
    return np.divide(100 * (baseline - later), baseline, out=np.full(len(baseline), np.nan), where=usable)
