"""Vote counting by direction of effect, for studies that do not report a size of effect that can be pooled."""

from __future__ import annotations

from dataclasses import dataclass

import scipy

from analysis.result_view import ResultView
from analysis.statistics.checks import check_level, whole_number
from analysis.statistics.intervals import clopper_pearson


@dataclass(frozen=True)
class DirectionCount(ResultView):
    """Share of studies with an effect in the favourable direction.

    Attributes
    ----------
    favourable, unfavourable : int
        Numbers of studies; a study without a direction counts in neither.
    share, ci_low, ci_high : float
        Share of favourable studies with its exact binomial (Clopper-Pearson) interval.
    p : float
        Two-sided p-value of the sign test: the hypothesis that both directions are equally likely.
    """

    favourable: int
    unfavourable: int
    share: float
    ci_low: float
    ci_high: float
    p: float


def direction_count(favourable: int, unfavourable: int, level: float = 0.95) -> DirectionCount:
    """Return the share of studies with a favourable direction of effect, its interval and the sign test.

    It answers whether there is evidence of an effect, not how large the effect is, and gives small and large studies
    the same weight. Statistical significance of single studies plays no part.

    Parameters
    ----------
    favourable, unfavourable : int
        Numbers of studies by the direction of their effect.
    level : float
        Confidence level.

    Returns
    -------
    DirectionCount

    Raises
    ------
    ValueError
        For numbers that are not whole or below 0, or no study.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, section 12.2.1.3.
    """
    check_level(level)
    yes, no = whole_number("favourable", favourable), whole_number("unfavourable", unfavourable)
    if yes + no == 0:
        raise ValueError("favourable and unfavourable are 0: there is no study with a direction of effect")
    low, high = clopper_pearson(yes, yes + no, float(level))
    return DirectionCount(yes, no, yes / (yes + no), low, high, float(scipy.stats.binomtest(yes, yes + no).pvalue))
