"""The optimiser behind Turnbull's estimate: self-consistency first, then Newton steps on the masses that matter.

Maximises sum(w log(A p)) over p >= 0, sum(p) = 1, where row i of A has ones from first[i] to end[i] - 1. Each round is
a step of the constrained Newton method (Wang 2007, J R Stat Soc B 69:185; 2008, Comput Stat Data Anal 52:2388): masses
where the gradient has a local maximum join the support, the quadratic approximation is maximised over masses >= 0,
and a line search guards the step. It stops by the Kuhn-Tucker conditions (Gentleman and Geyer 1994, Biometrika 81:618):
with mean weight 1, no estimate can have a log-likelihood higher by more than the largest gradient.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

TOLERANCE = 1e-10  # of the largest gradient, per unit of weight
ROUNDS = 500
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
    problem = _Problem(first, end, weight / weight.sum(), size)
    # a step of self-consistency costs little, and each mass that it sees off saves a larger one
    masses = np.full(size, 1.0 / size)
    for _ in range(1 if size < 150 else 5 + size // 40):
        masses = problem.em(masses, 20)
        if problem.gradient(masses).max() <= tolerance:
            break
    masses = problem.without(masses, masses < 0.5 / size)
    for _ in range(ROUNDS):
        gradient = problem.gradient(masses)
        if gradient.max() <= tolerance:
            return problem.finished(masses)
        masses = problem.newton(masses, gradient)
    gap = problem.gradient(masses).max()
    if gap > 1e-8:
        raise RuntimeError(f"the nonparametric estimate did not converge: largest gradient {gap:.1e}")
    return problem.finished(masses)


def row_probabilities(first: np.ndarray, end: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """A p: the probability of each row's interval."""
    total = np.concatenate([[0.0], np.cumsum(masses)])
    return total[end] - total[first]


class _Problem:
    def __init__(self, first: np.ndarray, end: np.ndarray, weight: np.ndarray, size: int) -> None:
        self.first, self.end, self.weight, self.size = first, end, weight, size

    def gradient(self, masses: np.ndarray) -> np.ndarray:
        ratio = self.weight / row_probabilities(self.first, self.end, masses)
        change = np.bincount(self.first, ratio, self.size + 1) - np.bincount(self.end, ratio, self.size + 1)
        return np.cumsum(change[:-1]) - 1.0

    def em(self, masses: np.ndarray, steps: int) -> np.ndarray:
        for _ in range(steps):
            masses = masses * (self.gradient(masses) + 1.0)
            masses /= masses.sum()
        return masses

    def without(self, masses: np.ndarray, small: np.ndarray) -> np.ndarray:
        """Small masses put to zero, unless a row would lose most of its probability."""
        kept = np.where(small, 0.0, masses)
        before, after = (row_probabilities(self.first, self.end, m) for m in (masses, kept))
        poor = after < before / 2
        if poor.any():
            covering = np.bincount(self.first[poor], minlength=self.size + 1)
            covering -= np.bincount(self.end[poor], minlength=self.size + 1)
            kept = np.where(np.cumsum(covering[:-1]) > 0, masses, kept)
        return kept / kept.sum()

    def finished(self, masses: np.ndarray) -> np.ndarray:
        """Masses that are zero but for rounding put to zero, if that costs nothing."""
        small = (masses > 0) & (masses < TINY)
        if small.any():
            cleaned = self.without(masses, small)
            if self.gradient(cleaned).max() <= 2 * TOLERANCE:
                return cleaned
        return masses

    def newton(self, masses: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        beside = np.concatenate([[-np.inf], gradient, [-np.inf]])
        peak = (gradient > 0) & (gradient > beside[:-2]) & (gradient >= beside[2:])
        work = np.flatnonzero((masses > 0) | peak)
        current, slope = masses[work], gradient[work]
        first, end = np.searchsorted(work, self.first), np.searchsorted(work, self.end)
        probability = row_probabilities(first, end, current)
        target = _nonnegative_newton(_hessian(first, end, self.weight / probability**2, len(work)), slope, current)
        step = target - current
        moved = self._line_search(first, end, probability, current, step, slope @ step)
        found = np.zeros(self.size)
        if moved is None:
            found[work] = current
            return self.em(found, 10)
        found[work] = moved / moved.sum()
        return found

    def _line_search(
        self,
        first: np.ndarray,
        end: np.ndarray,
        probability: np.ndarray,
        current: np.ndarray,
        step: np.ndarray,
        promise: float,
    ) -> np.ndarray | None:
        if not promise > 0:
            return None
        change, grown = row_probabilities(first, end, step) / probability, step.sum()
        length = 1.0
        while length > 1e-8:
            if (length * change).min() > SMALLEST_REST - 1:
                gain = self.weight @ np.log1p(length * change) - length * grown
                if gain >= 1e-3 * length * promise or (length == 1.0 and promise < 1e-12):
                    return np.maximum(current + length * step, 0.0)
            length /= 2
        return None


def _hessian(first: np.ndarray, end: np.ndarray, curvature: np.ndarray, size: int) -> np.ndarray:
    """A' diag(curvature) A without building A: entry (j, k) adds up the rows that cover j to k."""
    covers = end > first
    place = first[covers] * size + end[covers] - 1
    corner = np.bincount(place, curvature[covers], size * size).reshape(size, size)
    corner = np.cumsum(corner, axis=0)
    corner = np.cumsum(corner[:, ::-1], axis=1)[:, ::-1]
    return np.triu(corner) + np.triu(corner, 1).T


def _nonnegative_newton(hessian: np.ndarray, slope: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Maximise slope'd - d'hessian d / 2 over current + d >= 0 by a primal active-set walk that starts at `current`.

    A mass that reaches zero leaves for this round; the inverse of the others' Hessian is kept by elimination. The walk
    always ends higher than it began, so the result is an ascent direction even where it stops short of the optimum.
    """
    scale = np.sqrt(np.diag(hessian))
    scaled = hessian / np.outer(scale, scale)
    ridge = RIDGE
    while True:
        try:
            factor = cho_factor(scaled + ridge * np.eye(len(scale)), lower=True, check_finite=False)
            break
        except LinAlgError:
            ridge *= 100
    place = current * scale
    target = place + cho_solve(factor, slope / scale, check_finite=False)
    if (target >= 0).all():
        return target / scale
    inverse = cho_solve(factor, np.eye(len(scale)), check_finite=False)
    free = np.ones(len(scale), dtype=bool)
    while True:
        blocked = free & (target < 0)
        if not blocked.any():
            return np.where(free, target, 0.0) / scale
        reach = np.full(len(scale), np.inf)
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
