"""Optimiser of Turnbull's estimate: self-consistency steps, then constrained Newton steps.

It maximises sum(w log(A p)) over p >= 0, sum(p) = 1, where row i of A has ones from first[i] to end[i] - 1. In each
iteration of the constrained Newton method, masses at local maxima of the gradient join the support, the quadratic
approximation is maximised over masses >= 0, and a line search limits the step. It stops by the Kuhn-Tucker conditions:
with mean weight 1, no estimate can have a log-likelihood higher by more than the largest gradient.

Several problems of one size, such as the repetitions of a bootstrap, are solved together, one per row of every array
(the durations of the example cohort take 0.6 s instead of 10 s).
Sums are formed in the same order for one problem, which the tests compare.

References
----------
Wang 2007, J R Stat Soc B 69:185; Wang 2008, Comput Stat Data Anal 52:2388 (constrained Newton method); Gentleman and
Geyer 1994, Biometrika 81:618 (stopping rule).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

TOLERANCE = 1e-10  # largest gradient at the solution, per unit of weight
_ROUNDS = 500
_RIDGE = 1e-11  # relative to the diagonal of the Hessian: makes it invertible where rounding makes it singular
_SMALLEST_REST = 1e-4  # smallest share of each observation's probability after a step, above rounding error
_TINY = 1e-11  # smaller masses are set to zero at the end, if the gradient allows it


def maximise(
    first: np.ndarray, end: np.ndarray, weight: np.ndarray, size: int, tolerance: float = TOLERANCE
) -> np.ndarray:
    """Return the masses of the `size` innermost intervals that maximise the likelihood.

    Parameters
    ----------
    first, end : ndarray of int, shape (n,)
        The innermost intervals that each observation covers; see `InnermostIntervals`.
    weight : ndarray, shape (n,)
    size : int
        Number of innermost intervals.
    tolerance : float
        Largest gradient at the solution, per unit of weight.

    Returns
    -------
    ndarray, shape (size,)
        Probabilities with sum 1.

    Raises
    ------
    RuntimeError
        If the conditions of the maximum cannot be met; no data set is known to cause this.
    """
    return maximise_each(first[None], end[None], weight[None], size, tolerance)[0]


def maximise_each(
    first: np.ndarray, end: np.ndarray, weight: np.ndarray, size: int, tolerance: float = TOLERANCE
) -> np.ndarray:
    """Return the masses of several problems with `size` innermost intervals each, one per row, as `maximise`.

    An observation of weight 0 does not count in its row and may cover all innermost intervals.
    """
    problems = _Problems(first, end, weight / weight.sum(axis=1, keepdims=True), size)
    # self-consistency steps are cheap, and each mass they remove makes the Newton steps cheaper
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
    """Problems of one size, one per row of every array; the weights of each have sum 1."""

    def __init__(self, first: np.ndarray, end: np.ndarray, weight: np.ndarray, size: int) -> None:
        self.first, self.end, self.weight, self.size = first, end, weight, size
        # positions of the ends of each observation in the flattened cumulated masses, size + 1 per problem
        begin = np.arange(len(weight))[:, None] * (size + 1)
        self.first_place, self.end_place = first + begin, end + begin

    def of(self, rows: np.ndarray) -> _Problems:
        """Return some of the problems."""
        return _Problems(self.first[rows], self.end[rows], self.weight[rows], self.size)

    def probabilities(self, masses: np.ndarray) -> np.ndarray:
        """Return A p, the probability of each observation."""
        total = np.zeros((len(masses), self.size + 1))
        np.cumsum(masses, axis=1, out=total[:, 1:])
        return total.ravel()[self.end_place] - total.ravel()[self.first_place]

    def covering(self, values: np.ndarray) -> np.ndarray:
        """Return A' v: for each innermost interval the sum of the values of the observations that cover it."""
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
        """Return masses with small ones set to 0, unless an observation would lose most of its probability."""
        kept = np.where(small, 0.0, masses)
        poor = self.probabilities(kept) < self.probabilities(masses) / 2
        if poor.any():
            kept = np.where(self.covering(poor) > 0, masses, kept)
        return kept / kept.sum(axis=1, keepdims=True)

    def finished(self, masses: np.ndarray) -> np.ndarray:
        """Return masses with those below rounding error set to 0, if the gradient allows it."""
        small = (masses > 0) & (masses < _TINY)
        if not small.any():
            return masses
        cleaned = self.without(masses, small)
        better = small.any(axis=1) & (self.gradient(cleaned).max(axis=1) <= 2 * TOLERANCE)
        return np.where(better[:, None], cleaned, masses)

    def newton(self, masses: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the masses after one Newton step of each problem."""
        beyond = np.full((len(masses), 1), -np.inf)
        beside = np.concatenate([beyond, gradient, beyond], axis=1)
        peak = (gradient > 0) & (gradient > beside[:, :-2]) & (gradient >= beside[:, 2:])
        support = (masses > 0) | peak
        sizes = support.sum(axis=1)
        result = np.zeros(masses.shape)
        for size in np.unique(sizes):
            rows = np.flatnonzero(sizes == size)
            result[rows] = self.of(rows)._step(masses[rows], gradient[rows], support[rows])
        return result

    def _step(self, masses: np.ndarray, gradient: np.ndarray, support: np.ndarray) -> np.ndarray:
        """Return the masses after one Newton step, for supports of equal size."""
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
        result = np.zeros(masses.shape)
        result[support] = (moved / moved.sum(axis=1, keepdims=True)).ravel()
        stuck = np.flatnonzero(length == 0)
        if len(stuck):
            result[stuck] = self.of(stuck).em(np.where(support, masses, 0.0)[stuck], 10)
        return result

    def hessian(self, curvature: np.ndarray) -> np.ndarray:
        """Return A' diag(curvature) A without building A: entry (j, k) sums the observations that cover j to k."""
        covers, size = self.end > self.first, self.size
        row = np.broadcast_to(np.arange(len(curvature))[:, None], covers.shape)
        place = (row[covers] * size + self.first[covers]) * size + self.end[covers] - 1
        corner = np.bincount(place, curvature[covers], len(curvature) * size * size).reshape(-1, size, size)
        corner = np.cumsum(corner, axis=1)
        corner = np.cumsum(corner[:, :, ::-1], axis=2)[:, :, ::-1]
        return np.triu(corner) + np.swapaxes(np.triu(corner, 1), 1, 2)


def _line_search(weight: np.ndarray, change: np.ndarray, grown: np.ndarray, promise: np.ndarray) -> np.ndarray:
    """Return the fraction of each step that increases the likelihood enough: 1, 1/2, 1/4, ...; 0 if none does.

    Parameters
    ----------
    weight : ndarray, shape (problems, n)
    change : ndarray, shape (problems, n)
        Relative change of each observation's probability by the full step.
    grown : ndarray, shape (problems,)
        Change of the sum of masses.
    promise : ndarray, shape (problems,)
        Directional derivative of the log-likelihood.
    """
    length, result, smallest = 1.0, np.zeros(len(change)), change.min(axis=1)
    going = promise > 0
    while length > 1e-8 and going.any():
        possible = length * smallest > _SMALLEST_REST - 1
        growth = np.log1p(np.maximum(length * change, _SMALLEST_REST - 1))
        gain = (weight * growth).sum(axis=1) - length * grown
        enough = (gain >= 1e-3 * length * promise) | ((length == 1.0) & (promise < 1e-12))
        result[going & possible & enough] = length
        going &= result == 0
        length /= 2
    return result


def _nonnegative_newton(hessian: np.ndarray, slope: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Return the maximiser of slope'd - d'hessian d / 2 over current + d >= 0 for each problem."""
    scale = np.sqrt(np.diagonal(hessian, axis1=1, axis2=2))
    scaled = hessian / (scale[:, :, None] * scale[:, None, :])
    problems = zip(scaled, slope / scale, current * scale, strict=True)
    return np.array([_active_set(*problem) for problem in problems]) / scale


def _active_set(hessian: np.ndarray, slope: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the solution of one problem by the primal active-set method; its Hessian has a diagonal of ones.

    A mass that reaches zero is removed for this iteration, and the inverse Hessian of the others is updated by
    elimination. The objective never decreases, so the result is an ascent direction even if it is not the optimum.
    """
    ridge, unit = _RIDGE, np.eye(len(place))
    while True:
        # LAPACK's routines: scipy.linalg.cho_factor adds 0.1 s to a cohort report, mostly for checks of arguments
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
