"""Who counts as a responder, by three rules."""

from __future__ import annotations

import numpy as np

RESPONDER_RULES = ("ge_2_points", "ge_30_percent", "ge_50_percent")
RULE_WORDS = {
    "ge_2_points": "pain fell by 2 points or more",
    "ge_30_percent": "pain fell by 30% or more",
    "ge_50_percent": "pain fell by 50% or more",
}
LEAST_FALL_PERCENT = {"ge_30_percent": 30.0, "ge_50_percent": 50.0}
LEAST_FALL_POINTS = 2.0
ROUNDING_TOLERANCE = 1e-9  # a fall of exactly 30% must not fail by what binary fractions lose


def check_rule(rule: str) -> None:
    """ValueError for a rule that is none of RESPONDER_RULES."""
    if rule not in RESPONDER_RULES:
        raise ValueError(f"responder_rule is {rule!r}: must be one of {', '.join(RESPONDER_RULES)}")


def can_be_judged(baseline: np.ndarray, rule: str) -> np.ndarray:
    """Whether the rule says anything of these baselines: there is one, and for a percentage it is above 0."""
    check_rule(rule)
    return ~np.isnan(baseline) & ((baseline > 0) | (rule not in LEAST_FALL_PERCENT))


def responds(baseline: np.ndarray, later: np.ndarray, rule: str) -> np.ndarray:
    """Whether pain fell enough from `baseline` to `later`; False too where a score is missing (see `can_be_judged`).

    2 points are IMMPACT's moderately important change on a 0-10 scale, 30% and 50% moderate and substantial improvement
    (Dworkin et al. 2008, J Pain 9:105). A baseline below 2 can't fall by 2 points: never a responder by that rule.
    """
    check_rule(rule)
    needed = baseline * (LEAST_FALL_PERCENT[rule] / 100) if rule in LEAST_FALL_PERCENT else LEAST_FALL_POINTS
    with np.errstate(invalid="ignore"):
        return baseline - later >= needed - ROUNDING_TOLERANCE


def percent_fall(baseline: np.ndarray, later: np.ndarray) -> np.ndarray:
    """By how many percent of the baseline pain fell; below 0 where it rose; missing without both scores or from 0."""
    usable = can_be_judged(baseline, "ge_30_percent")
    return np.divide(100 * (baseline - later), baseline, out=np.full(len(baseline), np.nan), where=usable)
