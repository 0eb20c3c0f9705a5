"""Likelihood of an accelerated failure time model for interval-censored durations, and its maximum."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np

from analysis.statistics.survival.distributions import STANDARD

_ROUNDS = 200


class UndeterminedError(ValueError):
    """The intervals do not determine the distribution: the likelihood has no maximum or no unique one."""


class FailureTimeModel:
    """Log-likelihood in (intercept, group effect, log scale), without those that a fit does not have.

    Parameters
    ----------
    low, high, weight : ndarray, shape (n,)
        Intervals and numbers of patients.
    second : ndarray of bool, shape (n,), or None
        Whether each interval is of the second group; None for one group.
    distribution : str
        A key of STANDARD.
    """

    def __init__(
        self, low: np.ndarray, high: np.ndarray, weight: np.ndarray, second: np.ndarray | None, distribution: str
    ) -> None:
        self.distribution, self.standard, self.weight = distribution, STANDARD[distribution], weight
        self.exact = low == high
        self.begins, self.ends = low > 0, np.isfinite(high)
        self.log_low = np.log(np.where(self.begins, low, 1.0))
        self.log_high = np.log(np.where(self.ends, high, 1.0))
        columns = [np.ones(len(low))] if second is None else [np.ones(len(low)), second.astype(float)]
        self.design = np.column_stack(columns)
        self.free_scale = distribution != "exponential"
        middle = np.where(self.begins & self.ends, (low + np.where(self.ends, high, low)) / 2, 1.0)
        middle = np.where(self.begins, np.where(self.ends, middle, low), np.where(self.ends, high, 1.0) / 2)
        logs = np.log(middle)
        start = np.linalg.lstsq(self.design * np.sqrt(weight)[:, None], logs * np.sqrt(weight), rcond=None)[0]
        spread = sqrt(weight @ (logs - self.design @ start) ** 2 / weight.sum())
        self.start = np.append(start, log(max(spread, 0.1))) if self.free_scale else start

    def value(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return log-likelihood, gradient and Hessian."""
        beta, log_scale = (theta[:-1], theta[-1]) if self.free_scale else (theta, 0.0)
        scale = exp(log_scale)
        location = self.design @ beta
        z_low, z_high = (self.log_low - location) / scale, (self.log_high - location) / scale
        standard = self.standard
        part = standard.interval(z_low, z_high, self.begins, self.ends, self.exact)
        value = part.value - np.where(self.exact, log_scale + self.log_low, 0.0)
        w = self.weight
        # chain rule: dz / d location = -1 / scale, dz / d log scale = -z
        by_location = -(part.by_low + part.by_high) / scale
        by_scale = -(z_low * part.by_low + z_high * part.by_high) - self.exact
        twice_location = (part.low_low + 2 * part.low_high + part.high_high) / scale**2
        moment = z_low * (part.low_low + part.low_high) + z_high * (part.high_high + part.low_high)
        mixed = (moment + part.by_low + part.by_high) / scale
        twice_scale = (
            z_low**2 * part.low_low + 2 * z_low * z_high * part.low_high + z_high**2 * part.high_high
            + z_low * part.by_low + z_high * part.by_high
        )  # fmt: skip
        gradient = self.design.T @ (w * by_location)
        hessian = self.design.T @ (self.design * (w * twice_location)[:, None])
        if self.free_scale:
            edge = self.design.T @ (w * mixed)
            gradient = np.append(gradient, w @ by_scale)
            hessian = np.block([[hessian, edge[:, None]], [edge[None, :], np.array([[w @ twice_scale]])]])
        return float(w @ value), gradient, hessian

    def maximise(self) -> tuple[np.ndarray, float, np.ndarray]:
        """Return estimates, log-likelihood and covariance, by Newton steps with step-halving."""
        theta = self.start
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            value, gradient, hessian = self.value(theta)
            for _ in range(_ROUNDS):
                roots, vectors = np.linalg.eigh(-hessian)
                roots = np.maximum(np.abs(roots), 1e-10 * np.abs(roots).max())
                step = vectors @ ((vectors.T @ gradient) / roots)
                promise = float(gradient @ step)
                if promise < 1e-20 * max(1.0, abs(value)):
                    break
                length = min(1.0, 3.0 / np.abs(step).max())
                while length > 1e-12:
                    new = self.value(theta + length * step)
                    if np.isfinite(new[0]) and new[0] >= value + 1e-4 * length * promise - 1e-13 * abs(value):
                        break
                    length /= 2
                else:
                    break
                theta, (value, gradient, hessian) = theta + length * step, new
        information = -hessian
        roots = np.linalg.eigvalsh(information) if np.isfinite(information).all() else np.zeros(1)
        settled = promise < 1e-9 * max(1.0, abs(value)) and np.abs(theta).max() < 50
        if not settled or roots.min() <= 1e-9 * max(roots.max(), 1e-300):
            raise UndeterminedError(
                f"the intervals don't determine a {self.distribution} distribution: its likelihood has no single "
                "maximum (too few different times, or all durations alike)"
            )
        return theta, value, np.linalg.inv(information)
