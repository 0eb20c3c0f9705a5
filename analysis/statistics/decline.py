"""How a rate declines with time across studies: logit(rate) = a + b log(1 + weeks) + group + deviation of the study.

A logistic regression with a random intercept: the rows of one study (its counts at several times) share its deviation,
so that the slope is not confused with the difference between studies that were followed for longer and others.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np
import pandas as pd
from scipy.special import expit, stdtr

from analysis.statistics.pooling.checks import check_counts, check_level, numbers, same_length
from analysis.statistics.pooling.heterogeneity import critical
from analysis.statistics.random_intercept import NODES, Counts, fit

_INTERCEPT, SLOPE = "intercept", "log(1 + weeks)"


@dataclass(frozen=True)
class Half:
    """The time, in weeks, at which half of those with the event at time 0 still have it, with its limits.

    Infinite where the rate doesn't fall to half, or where the data don't exclude that it never does.
    """

    weeks: float
    low: float
    high: float


@dataclass(frozen=True)
class Decline:
    """The fitted model. `k`: number of studies; `rows`: number of counts; `last`: the last time counted, in weeks.

    coefficients: name, estimate (logit), se, ci_low, ci_high, p (Student's t with k minus the number of coefficients
    as degrees of freedom). tau: standard deviation between studies on the logit scale. groups: the names, the first
    being the one the intercept stands for; empty without a moderator.
    """

    coefficients: pd.DataFrame
    covariance: np.ndarray
    tau: float
    log_likelihood: float
    k: int
    rows: int
    last: float
    groups: tuple[Hashable, ...]
    level: float

    @property
    def df(self) -> int:
        """Degrees of freedom of the limits."""
        return self.k - len(self.coefficients)

    def curve(self, weeks: Sequence[float], group: Hashable | None = None) -> pd.DataFrame:
        """The rate at each of `weeks` in the study in the middle: weeks, rate, ci_low, ci_high (the curve's own
        uncertainty), pi_low, pi_high (where the rate of the next study is expected)."""
        times = numbers("weeks", weeks)
        if (times < 0).any():
            raise ValueError(f"weeks, element {int(np.argmax(times < 0)) + 1}, is below 0: time runs from 0 on")
        design = self._row(0.0, group) + np.array([log(1 + time) for time in times])[:, None] * self._unit(SLOPE)
        middle = design @ self._beta
        variance = np.einsum("ij,jk,ik->i", design, self.covariance, design)
        quantile = critical(self.level, self.df)
        half, reach = quantile * np.sqrt(variance), quantile * np.sqrt(variance + self.tau**2)
        found = {"rate": 0, "ci_low": -half, "ci_high": half, "pi_low": -reach, "pi_high": reach}
        return pd.DataFrame({"weeks": times, **{name: expit(middle + shift) for name, shift in found.items()}})

    def half(self, group: Hashable | None = None) -> Half:
        """The time to half of the initial rate, with limits of Fieller's kind.

        With a the logit at time 0 the rate has fallen to half where b L + log(2 + exp(a)) = 0, L = log(1 + weeks).
        The limits hold all L at which this sum does not differ from 0 (its standard error by the delta method): an
        interval that can be open above when the data don't exclude that the rate stays up, which a symmetric interval
        would hide.
        """
        a_row, slope = self._row(0.0, group), self._unit(SLOPE)
        a, b = float(a_row @ self._beta), float(slope @ self._beta)
        aa, ab, bb = (float(x @ self.covariance @ y) for x, y in ((a_row, a_row), (a_row, slope), (slope, slope)))
        constant, pull = float(np.logaddexp(log(2), a)), float(expit(a - log(2)))
        at = _weeks(-constant / b) if b < 0 else inf
        # (b L + c)² <= q² (L² bb + 2 L pull ab + pull² aa), a parabola in L
        q2 = critical(self.level, self.df) ** 2
        square, linear, rest = b * b - q2 * bb, 2 * (b * constant - q2 * pull * ab), constant**2 - q2 * pull**2 * aa
        roots = np.roots([square, linear, rest])
        ends = sorted(root.real for root in roots if abs(root.imag) < 1e-12 and root.real > 0)
        low = 0.0 if rest <= 0 else (ends[0] if ends else inf)
        stays = square < 0 or (square == 0 and linear < 0) or not ends
        return Half(at, _weeks(low), inf if stays else _weeks(ends[-1]))

    @property
    def _beta(self) -> np.ndarray:
        return self.coefficients["estimate"].to_numpy()

    def _unit(self, name: Hashable) -> np.ndarray:
        return (self.coefficients["name"] == name).to_numpy(float)

    def _row(self, weeks: float, group: Hashable | None) -> np.ndarray:
        if group is not None and group not in self.groups:
            raise ValueError(f"group is {group!r}: must be one of {', '.join(map(str, self.groups)) or 'none'}")
        row = self._unit(_INTERCEPT) + log(1 + weeks) * self._unit(SLOPE)
        return row if group is None or group == self.groups[0] else row + self._unit(group)


def decline(
    events: Sequence[float],
    totals: Sequence[float],
    weeks: Sequence[float],
    study: Sequence[Hashable],
    groups: Sequence[Hashable] | None = None,
    level: float = 0.95,
    nodes: int = NODES,
) -> Decline:
    """Fits `events` of `totals` at `weeks`, one row a count; `study` tells whose count it is.

    groups: for each row the group of its study (a moderator of the level, with one slope for all); the group with the
    most studies comes first and is the one that the intercept stands for. Maximum likelihood by adaptive Gauss-Hermite
    quadrature, as lme4::glmer(nAGQ > 1). Limits use Student's t, because with so few studies the normal ones are too
    narrow (coverage.csv of the pooling package).

    The same patients counted twice are taken as independent given their study; they are not, and the standard error
    of the slope within a study is too large for it rather than too small.

    ValueError, naming the element (from 1), for what `pool_proportions` refuses, a negative week, a study in two
    groups; and where the data can't tell: all counts at one time, as many coefficients as studies, rates that are
    all 0 or all 1.
    """
    check_level(level)
    x, n = check_counts(events, totals)
    times = numbers("weeks", weeks)
    for name, values in (("weeks", times), ("study", study), *((("groups", groups),) if groups is not None else ())):
        same_length("events", x, name, values)
    if (times < 0).any():
        raise ValueError(
            f"weeks, element {int(np.argmax(times < 0)) + 1}, is {times[times < 0][0]:g}: must be 0 or more"
        )
    of_study, names = pd.factorize(pd.Series(list(study), dtype="object"))
    columns, labels, order = [np.ones(len(x)), np.log1p(times)], [_INTERCEPT, SLOPE], ()
    if groups is not None:
        order = _groups(list(groups), of_study, list(names))
        columns += [np.array([g == name for g in groups], float) for name in order[1:]]
        labels += order[1:]
    if len(set(times)) < 2:
        raise ValueError("weeks are all the same: counts at two times or more are needed")
    if len(names) <= len(labels):
        raise ValueError(
            f"{len(names)} studies can't tell {len(labels)} coefficients with their uncertainty: "
            "more studies than coefficients are needed"
        )
    if x.sum() in (0, n.sum()):
        raise ValueError("no patient or every patient has the event: how the rate falls can't be known")
    fitted = fit(Counts.of_studies(x, n, np.column_stack(columns), of_study), nodes)
    table = pd.DataFrame({"name": labels, "estimate": fitted.beta, "se": np.sqrt(np.diag(fitted.covariance))})
    df = len(names) - len(labels)
    half = critical(level, df) * table["se"]
    table["ci_low"], table["ci_high"] = table["estimate"] - half, table["estimate"] + half
    table["p"] = [2 * float(stdtr(df, -abs(r.estimate / r.se))) for r in table.itertuples()]
    last = float(times.max())
    return Decline(
        table, fitted.covariance, fitted.tau, fitted.log_likelihood, len(names), len(x), last, tuple(order), level
    )


def _groups(groups: list[Hashable], of_study: np.ndarray, names: list[Hashable]) -> list[Hashable]:
    """The groups, that with the most studies first; equal ones by name."""
    pairs = dict.fromkeys(zip(of_study.tolist(), groups, strict=True))
    studies = pd.Series([study for study, _ in pairs])
    if studies.duplicated().any():
        twice = names[int(studies[studies.duplicated()].iloc[0])]
        raise ValueError(f"study {twice!r} stands in two groups: each study belongs to one")
    sizes = pd.Series([group for _, group in pairs], dtype="object").value_counts()
    return sorted(sizes.index, key=lambda group: (-sizes[group], str(group)))


def _weeks(logarithm: float) -> float:
    """From log(1 + weeks); beyond all sense is infinite."""
    return inf if logarithm > 50 else float(np.expm1(logarithm))
