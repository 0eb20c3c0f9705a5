"""Bootstrap of Turnbull's estimate: confidence bands and limits of quantiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.statistics.checks import check_labels, check_level, whole_number
from analysis.statistics.survival.interval_data import (
    check_intervals,
    innermost_intervals,
    innermost_intervals_each,
    patient_counts,
    unique_intervals,
)
from analysis.statistics.survival.newton import maximise, maximise_each
from analysis.statistics.survival.turnbull import PROBABILITY_TOLERANCE, mass_table, quantile, survival_at

_NEAR_ENOUGH = 1e-8


@dataclass(frozen=True)
class Draws:
    """Turnbull's estimate and its bootstrap repetitions; see `bootstrap`.

    Attributes
    ----------
    table : DataFrame
        The estimate, as from `npmle`.
    draws : int
        Number of repetitions.
    draw : ndarray of int
        The repetition of each innermost interval, ascending.
    left, right, probability : ndarray
        Innermost intervals of all repetitions and their probabilities.
    """

    table: pd.DataFrame
    draws: int
    draw: np.ndarray
    left: np.ndarray
    right: np.ndarray
    probability: np.ndarray

    def bands(self, times: ArrayLike, level: float = 0.95) -> pd.DataFrame:
        """Return pointwise bootstrap bands of the probability of a duration longer than each time.

        The limits are percentiles: lower limits from each repetition's lowest value, upper limits from its highest,
        because the data do not show where inside an innermost interval the benefit ended.

        Parameters
        ----------
        times : array_like, shape (n,)
        level : float
            Confidence level at each time, not of the complete curve.

        Returns
        -------
        DataFrame, n rows
            Columns time, low, high (as `survival_at`), band_low, band_high.
        """
        check_level(level)
        frame = survival_at(self.table, times)
        tail = (1 - level) / 2
        # times without an interval end between them have the same limits
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
        """Return the quantile `p` and its bootstrap limits.

        Returns
        -------
        (float, float, float, float)
            low, high (as the function `quantile`), lower and upper confidence limit; infinite where the repetitions do
            not reach p.
        """
        check_level(level)
        low, high = quantile(self.table, p)
        tail = (1 - level) / 2
        total = np.cumsum(self.probability)
        firsts = np.searchsorted(self.draw, np.arange(self.draws))
        before = np.concatenate([[0.0], total])[firsts]
        reached = np.searchsorted(total, before + p - PROBABILITY_TOLERANCE, side="left")
        reached = np.minimum(reached, np.append(firsts[1:], len(total)) - 1)
        below = np.quantile(self.left[reached], tail, method="lower")
        above = np.quantile(self.right[reached], 1 - tail, method="higher")
        return low, high, min(float(below), low), max(float(above), high)


def bootstrap(
    lower: ArrayLike,
    upper: ArrayLike,
    weights: ArrayLike | None = None,
    draws: int = 2000,
    seed: int = 1,
    studies: ArrayLike | None = None,
) -> Draws:
    """Return Turnbull's estimates of bootstrap samples of patients, or of studies and then their patients.

    Two limitations are known: a share of 0 or 1 has no bootstrap variation (use Wilson's interval there); and if
    inspection times differ between patients, the percentiles are approximate (Sen and Xu).

    Parameters
    ----------
    lower, upper : array_like, shape (n,)
        Intervals as for `npmle`.
    weights : array_like of int, shape (n,), optional
        Number of patients with each interval; default 1.
    draws : int
        Number of repetitions.
    seed : int
        Seed of the random generator; the same seed gives the same repetitions.
    studies : array_like, shape (n,), optional
        The study of each interval. With two studies or more each repetition draws as many studies with replacement,
        then from each drawn study as many patients as it has, so that the bands include how much studies differ.

    Returns
    -------
    Draws

    Raises
    ------
    ValueError
        As in `npmle`, and for weights that are not whole, draws below 1 or a missing study.

    References
    ----------
    Efron 1979, Ann Stat 7:1; Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8 (studies,
    then patients); Sen and Xu 2015, Comput Stat Data Anal 81:121.
    """
    draws, seed = whole_number("draws", draws, 1), whole_number("seed", seed)
    low, high, weight = check_intervals(lower, upper, weights)
    patient_counts(weight)
    observed = unique_intervals(low, high, weight)
    inner = innermost_intervals(observed.lower, observed.upper)
    masses = maximise(inner.first, inner.end, observed.weight, len(inner.left))
    random = np.random.default_rng(seed)
    labels = np.zeros(len(low)) if studies is None else check_labels("studies", studies, ("lower", low))
    study = pd.factorize(pd.Series(labels, dtype="object"))[0]
    counts = _drawn(random, weight, observed.row, study, len(observed.weight), draws)
    counts, place = np.unique(counts, axis=0, return_inverse=True)  # with few patients many samples are equal
    # no sample has more innermost intervals than all patients together; unused entries stay 0
    left, right, probability = np.zeros((3, len(counts), len(inner.left)))
    for rows, mine in innermost_intervals_each(observed.lower, observed.upper, counts > 0):
        size = mine.left.shape[1]
        left[rows, :size], right[rows, :size] = mine.left, mine.right
        probability[rows, :size] = maximise_each(mine.first, mine.end, counts[rows], size, _NEAR_ENOUGH)
    left, right, probability = (part[place] for part in (left, right, probability))
    some = probability > 0
    return Draws(mass_table(inner, masses), draws, np.nonzero(some)[0], left[some], right[some], probability[some])


def _drawn(
    random: np.random.Generator, weight: np.ndarray, row: np.ndarray, study: np.ndarray, intervals: int, draws: int
) -> np.ndarray:
    """Return how often each interval occurs in each sample of as many studies, then as many patients of each."""
    used = [members for s in range(study.max() + 1) if weight[members := np.flatnonzero(study == s)].sum() > 0]
    times = random.multinomial(len(used), np.full(len(used), 1 / len(used)), size=draws)
    counts = np.zeros((draws, intervals), dtype=np.int64)
    for members, drawn in zip(used, times.T, strict=True):
        some = members[row[members] >= 0]  # intervals of weight 0 have no row
        of_study = np.bincount(row[some], weight[some], intervals)
        n = round(of_study.sum())
        counts += random.multinomial(drawn * n, of_study / n)
    return counts
