"""The optimiser behind Turnbull's estimate: self-consistency first, then Newton steps on the masses that matter.

Maximises sum(w log(A p)) over p >= 0, sum(p) = 1, where row i of A has ones from first[i] to end[i] - 1. Each round is
a step of the constrained Newton method (Wang 2007, J R Stat Soc B 69:185; 2008, Comput Stat Data Anal 52:2388): masses
where the gradient has a local maximum join the support, the quadratic approximation is maximised over masses >= 0,
and a line search guards the step. It stops by the Kuhn-Tucker conditions (Gentleman and Geyer 1994, Biometrika 81:618):
with mean weight 1, no estimate can have a log-likelihood higher by more than the largest gradient.

Several problems of one size, such as the draws of a bootstrap, are solved side by side, one a row of every array: a
thousand small ones then cost little more than one. What is added up is added up in the same order as for one alone.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

TOLERANCE = 1e-10  # of the largest gradient, per unit of weight
_ROUNDS = 500
RIDGE = 1e-11  # relative to the diagonal of the Hessian: keeps it invertible where rounding makes it singular
SMALLEST_REST = 1e-4  # what a step must leave of each row's probability: rounding hides whether it leaves any
TINY = 1e-11  # masses below are tried as zero at the end


def maximise(
    first: np.ndarray,
    end: np.ndarray,
    weight: np.ndarray,
    size: int,
    tolerance: float = TOLERANCE,
) -> np.ndarray:
    """The masses of the `size` innermost intervals that maximise the likelihood.

    RuntimeError if the conditions of the maximum can't be met, which no data set is known to cause.
    """
    return maximise_each(first[None], end[None], weight[None], size, tolerance)[0]


def maximise_each(
    first: np.ndarray,
    end: np.ndarray,
    weight: np.ndarray,
    size: int,
    tolerance: float = TOLERANCE,
) -> np.ndarray:
    """The masses of several problems with `size` innermost intervals each, one a row, as `maximise` gives them.

    An interval of weight 0 does not count in its row and may say that it covers all.
    """
    problems = _Problems(first, end, weight / weight.sum(axis=1, keepdims=True), size)
    # a step of self-consistency costs little, and each mass that it sees off saves a larger one
    masses = np.full((len(weight), size), 1.0 / size)
    going = np.arange(len(weight))
    for _ in range(1 if size < 150 else 5 + size // 40):
        left = problems.of(going)
        masses[going] = left.em(masses[going], 20)
        going = going[left.gradient(masses[going]).max(axis=1) > tolerance]
    masses = problems.without(masses, masses < 0.5 / size)
    going, left = np.arange(len(weight)), problems
    for _ in range(_ROUNDS):
        gradient = left.gradient(masses[going])
        done = gradient.max(axis=1) <= tolerance
        if done.any():
            masses[going[done]] = problems.of(going[done]).finished(masses[going[done]])
            going, gradient = going[~done], gradient[~done]
            left = problems.of(going)
        if not len(going):
            return masses
        masses[going] = left.newton(masses[going], gradient)
    gap = left.gradient(masses[going]).max()
    if gap > 1e-8:
        raise RuntimeError(f"the nonparametric estimate did not converge: largest gradient {gap:.1e}")
    masses[going] = left.finished(masses[going])
    return masses


class _Problems:
    """Problems of one size, one a row of every array; weights add up to 1 in each."""

    def __init__(self, first: np.ndarray, end: np.ndarray, weight: np.ndarray, size: int) -> None:
        self.first, self.end, self.weight, self.size = first, end, weight, size
        # where each interval begins and ends when the problems' cumulated masses, size + 1 each, stand in one row
        begin = np.arange(len(weight))[:, None] * (size + 1)
        self.first_place, self.end_place = first + begin, end + begin

    def of(self, rows: np.ndarray) -> _Problems:
        """Some of the problems."""
        return _Problems(self.first[rows], self.end[rows], self.weight[rows], self.size)

    def probabilities(self, masses: np.ndarray) -> np.ndarray:
        """A p: the probability of each interval."""
        total = np.zeros((len(masses), self.size + 1))
        np.cumsum(masses, axis=1, out=total[:, 1:])
        return total.ravel()[self.end_place] - total.ravel()[self.first_place]

    def covering(self, values: np.ndarray) -> np.ndarray:
        """A' v: for each innermost interval the sum of the values of the intervals that cover it."""
        places, shape = self.weight.shape[0] * (self.size + 1), (-1, self.size + 1)
        begun = np.bincount(self.first_place.ravel(), values.ravel(), places).reshape(shape)
        ended = np.bincount(self.end_place.ravel(), values.ravel(), places).reshape(shape)
        return np.cumsum((begun - ended)[:, :-1], axis=1)

    def gradient(self, masses: np.ndarray) -> np.ndarray:
        return self.covering(self.weight / self.probabilities(masses)) - 1.0

    def em(self, masses: np.ndarray, steps: int) -> np.ndarray:
        for _ in range(steps):
            masses = masses * (self.gradient(masses) + 1.0)
            masses /= masses.sum(axis=1, keepdims=True)
        return masses

    def without(self, masses: np.ndarray, small: np.ndarray) -> np.ndarray:
        """Small masses put to zero, unless an interval would lose most of its probability."""
        kept = np.where(small, 0.0, masses)
        poor = self.probabilities(kept) < self.probabilities(masses) / 2
        if poor.any():
            kept = np.where(self.covering(poor) > 0, masses, kept)
        return kept / kept.sum(axis=1, keepdims=True)

    def finished(self, masses: np.ndarray) -> np.ndarray:
        """Masses that are zero but for rounding put to zero, if that costs nothing."""
        small = (masses > 0) & (masses < TINY)
        if not small.any():
            return masses
        cleaned = self.without(masses, small)
        better = small.any(axis=1) & (self.gradient(cleaned).max(axis=1) <= 2 * TOLERANCE)
        return np.where(better[:, None], cleaned, masses)

    def newton(self, masses: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The masses after one step each."""
        beyond = np.full((len(masses), 1), -np.inf)
        beside = np.concatenate([beyond, gradient, beyond], axis=1)
        peak = (gradient > 0) & (gradient > beside[:, :-2]) & (gradient >= beside[:, 2:])
        support = (masses > 0) | peak
        sizes = support.sum(axis=1)
        found = np.zeros(masses.shape)
        for size in np.unique(sizes):
            rows = np.flatnonzero(sizes == size)
            found[rows] = self.of(rows)._step(masses[rows], gradient[rows], support[rows])
        return found

    def _step(self, masses: np.ndarray, gradient: np.ndarray, support: np.ndarray) -> np.ndarray:
        """`newton` for supports of equally many masses."""
        before = np.zeros((len(masses), self.size + 1), dtype=int)
        np.cumsum(support, axis=1, out=before[:, 1:])
        current, slope = (part[support].reshape(len(masses), -1) for part in (masses, gradient))
        within = _Problems(
            before.ravel()[self.first_place], before.ravel()[self.end_place], self.weight, current.shape[1]
        )
        probability = within.probabilities(current)
        target = _nonnegative_newton(within.hessian(self.weight / probability**2), slope, current)
        step = target - current
        change = np.where(self.weight > 0, within.probabilities(step) / probability, 0.0)
        length = _line_search(self.weight, change, step.sum(axis=1), (slope * step).sum(axis=1))
        moved = np.maximum(current + length[:, None] * step, 0.0)
        found = np.zeros(masses.shape)
        found[support] = (moved / moved.sum(axis=1, keepdims=True)).ravel()
        stuck = np.flatnonzero(length == 0)
        if len(stuck):
            found[stuck] = self.of(stuck).em(np.where(support, masses, 0.0)[stuck], 10)
        return found

    def hessian(self, curvature: np.ndarray) -> np.ndarray:
        """A' diag(curvature) A without building A: entry (j, k) adds up the intervals that cover j to k."""
        covers, size = self.end > self.first, self.size
        row = np.broadcast_to(np.arange(len(curvature))[:, None], covers.shape)
        place = (row[covers] * size + self.first[covers]) * size + self.end[covers] - 1
        corner = np.bincount(place, curvature[covers], len(curvature) * size * size).reshape(-1, size, size)
        corner = np.cumsum(corner, axis=1)
        corner = np.cumsum(corner[:, :, ::-1], axis=2)[:, :, ::-1]
        return np.triu(corner) + np.swapaxes(np.triu(corner, 1), 1, 2)


def _line_search(weight: np.ndarray, change: np.ndarray, grown: np.ndarray, promise: np.ndarray) -> np.ndarray:
    """How much of each step makes the likelihood grow enough: 1, 1/2, 1/4, ...; 0 if nothing does.

    change: what the whole step adds to the probability of each interval, as a share of it; grown: what it adds to all
    masses together; promise: the gradient along it.
    """
    length, found, smallest = 1.0, np.zeros(len(change)), change.min(axis=1)
    going = promise > 0
    while length > 1e-8 and going.any():
        possible = length * smallest > SMALLEST_REST - 1
        growth = np.log1p(np.maximum(length * change, SMALLEST_REST - 1))
        gain = (weight * growth).sum(axis=1) - length * grown
        enough = (gain >= 1e-3 * length * promise) | ((length == 1.0) & (promise < 1e-12))
        found[going & possible & enough] = length
        going &= found == 0
        length /= 2
    return found


def _nonnegative_newton(hessian: np.ndarray, slope: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Maximise slope'd - d'hessian d / 2 over current + d >= 0, for each problem by a walk that starts at `current`."""
    scale = np.sqrt(np.diagonal(hessian, axis1=1, axis2=2))
    scaled = hessian / (scale[:, :, None] * scale[:, None, :])
    walks = zip(scaled, slope / scale, current * scale, strict=True)
    return np.array([_walk(*walk) for walk in walks]) / scale


def _walk(hessian: np.ndarray, slope: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The primal active-set walk of one problem whose Hessian has a diagonal of ones.

    A mass that reaches zero leaves for this round; the inverse of the others' Hessian is kept by elimination. The walk
    always ends higher than it began, so the result is an ascent direction even where it stops short of the optimum.
    """
    ridge, unit = RIDGE, np.eye(len(place))
    while True:
        # LAPACK itself: what checks its arguments costs several times as much with so few masses
        factor, failed = dpotrf(hessian + ridge * unit, lower=1, clean=0)
        if not failed:
            break
        ridge *= 100
    target = place + dpotrs(factor, slope, lower=1)[0]
    if (target >= 0).all():
        return target
    inverse = dpotrs(factor, unit, lower=1)[0]
    free = np.ones(len(place), dtype=bool)
    while True:
        blocked = free & (target < 0)
        if not blocked.any():
            return np.where(free, target, 0.0)
        reach = np.full(len(place), np.inf)
        reach[blocked] = place[blocked] / (place[blocked] - target[blocked])
        leaver = int(np.argmin(reach))
        if reach[leaver] == 0:
            leaver = int(np.argmin(np.where(blocked & (place == 0), target, np.inf)))
        place = np.where(free, place + reach[leaver] * (target - place), 0.0)
        place[leaver] = 0.0
        column = inverse[:, leaver] / inverse[leaver, leaver]
        target = target - column * target[leaver]
        inverse -= np.outer(column, inverse[leaver])
        free[leaver] = False
        target[leaver] = 0.0
