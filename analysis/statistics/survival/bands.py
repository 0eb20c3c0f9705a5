"""How sure Turnbull's estimate is: patients drawn again with replacement, bands and quantiles over the draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.statistics.survival.newton import maximise, maximise_each
from analysis.statistics.survival.observed import check_level, checked, cliques, cliques_each, group, patients
from analysis.statistics.survival.turnbull import TIE, quantile, survival_at, table_of

NEAR_ENOUGH = 1e-8


@dataclass(frozen=True)
class Draws:
    """The estimate and its `draws` repetitions on patients drawn with replacement.

    table: what `npmle` gives. draw, left, right, probability: the same of every repetition, one below the other.
    """

    table: pd.DataFrame
    draws: int
    draw: np.ndarray
    left: np.ndarray
    right: np.ndarray
    probability: np.ndarray

    def bands(self, times: ArrayLike, level: float = 0.95) -> pd.DataFrame:
        """time, low, high as `survival_at`; band_low, band_high: limits for one time each, not for the whole curve.

        The limits are percentiles of the draws, of their lowest values below and of their highest above, so
        that they don't claim to know where inside an innermost interval the benefit ended.
        """
        check_level(level)
        frame = survival_at(self.table, times)
        tail = (1 - level) / 2
        # times between which no draw has an end have the same limits
        at = frame["time"].to_numpy()
        begun, ended = np.unique(self.left).searchsorted(at, "left"), np.unique(self.right).searchsorted(at, "right")
        _, firsts, place = np.unique(np.stack([begun, ended]), axis=1, return_index=True, return_inverse=True)
        lows, highs = np.empty((2, len(firsts), self.draws))
        for i, time in enumerate(at[firsts]):
            possible = self.right > time
            certain = possible & (self.left >= time)
            lows[i], highs[i] = (
                np.bincount(self.draw, self.probability * part, self.draws) for part in (certain, possible)
            )
        low = np.quantile(lows, tail, axis=1)[place]
        high = np.quantile(np.minimum(highs, 1.0), 1 - tail, axis=1)[place]
        return frame.assign(band_low=np.minimum(low, frame["low"]), band_high=np.maximum(high, frame["high"]))

    def quantile(self, p: float = 0.5, level: float = 0.95) -> tuple[float, float, float, float]:
        """low, high as `quantile`, and the limits below and above it; infinite where the draws don't reach p."""
        check_level(level)
        low, high = quantile(self.table, p)
        tail = (1 - level) / 2
        total = np.cumsum(self.probability)
        firsts = np.searchsorted(self.draw, np.arange(self.draws))
        before = np.concatenate([[0.0], total])[firsts]
        reached = np.searchsorted(total, before + p - TIE, side="left")
        reached = np.minimum(reached, np.append(firsts[1:], len(total)) - 1)
        below = np.quantile(self.left[reached], tail, method="lower")
        above = np.quantile(self.right[reached], 1 - tail, method="higher")
        return low, high, min(float(below), low), max(float(above), high)


def bootstrap(
    lower: ArrayLike, upper: ArrayLike, weights: ArrayLike | None = None, draws: int = 2000, seed: int = 1
) -> Draws:
    """Repeat `npmle` on `draws` samples of as many patients, drawn with replacement (Efron 1979, Ann Stat 7:1).

    weights must be whole numbers of patients. The same seed gives the same draws. Two limits are known: a share of 0
    or 1 has no spread (take Wilson's interval there); and with inspection times that differ from patient to patient
    the estimate itself is rough and the percentiles are approximate (Sen and Xu 2015, Comput Stat Data Anal 81:121).
    ValueError as in `npmle`.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}: must be 1 or more")
    low, high, weight = checked(lower, upper, weights)
    patients(weight)
    observed = group(low, high, weight)
    inner = cliques(observed.lower, observed.upper)
    masses = maximise(inner.first, inner.end, observed.weight, len(inner.left))
    n = round(observed.weight.sum())
    counts = np.random.default_rng(seed).multinomial(n, observed.weight / n, size=draws)
    counts, place = np.unique(counts, axis=0, return_inverse=True)  # of few patients many draws are equal
    # no draw has more innermost intervals than all patients together; what a draw has fewer of stays 0
    left, right, probability = np.zeros((3, len(counts), len(inner.left)))
    for rows, mine in cliques_each(observed.lower, observed.upper, counts > 0):
        size = mine.left.shape[1]
        left[rows, :size], right[rows, :size] = mine.left, mine.right
        probability[rows, :size] = maximise_each(mine.first, mine.end, counts[rows], size, NEAR_ENOUGH)
    left, right, probability = (part[place] for part in (left, right, probability))
    some = probability > 0
    return Draws(table_of(inner, masses), draws, np.nonzero(some)[0], left[some], right[some], probability[some])


def bootstrap_bands(
    lower: ArrayLike,
    upper: ArrayLike,
    weights: ArrayLike | None,
    times: ArrayLike,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 1,
) -> pd.DataFrame:
    """Pointwise bands of the probability of a duration longer than each time: `bootstrap` and `Draws.bands` in one."""
    check_level(level)
    return bootstrap(lower, upper, weights, draws, seed).bands(times, level)
