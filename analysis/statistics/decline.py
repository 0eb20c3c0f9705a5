"""Decline of a proportion over time across studies: logit(rate) = a + b log(1 + weeks) + group + study deviation.

The model is a logistic regression with a random intercept. The rows of one study (its counts at several times) share
the study's deviation, so the slope is not confounded with differences between studies of short and long follow-up.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np
import pandas as pd
from scipy.special import expit, stdtr

from analysis.result_view import ResultView
from analysis.statistics.checks import (
    check_counts,
    check_labels,
    check_level,
    check_same_length,
    finite_numbers,
    whole_number,
)
from analysis.statistics.intervals import critical_value
from analysis.statistics.random_intercept import fit_random_intercept
from analysis.statistics.study_quadrature import NODES, Counts

_INTERCEPT, SLOPE = "intercept", "log(1 + weeks)"


@dataclass(frozen=True)
class HalfTime(ResultView):
    """Time at which half of the patients with the event at time 0 still have it, with confidence limits.

    Attributes
    ----------
    weeks : float
        The estimate, in weeks; infinite if the fitted rate does not fall to half.
    low, high : float
        Confidence limits, in weeks; infinite if the data do not exclude that the rate stays up.
    """

    weeks: float
    low: float
    high: float


@dataclass(frozen=True)
class Decline(ResultView):
    """A fitted model of decline; see `decline`.

    Attributes
    ----------
    coefficients : DataFrame
        Columns name, estimate (logit), se, ci_low, ci_high, p. Limits and p use Student's t with k minus the number of
        coefficients as degrees of freedom.
    covariance : ndarray, shape (p, p)
        Covariance of the coefficients.
    tau : float
        Standard deviation between studies, on the logit scale.
    log_likelihood : float
    k : int
        Number of studies.
    rows : int
        Number of counts.
    last : float
        Time of the last count, in weeks.
    groups : tuple
        Names of the groups; the intercept refers to the first. Empty without a moderator.
    level : float
        Confidence level.
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
        """Return the fitted rate of a typical study (random deviation 0) over time.

        Parameters
        ----------
        weeks : sequence of float, shape (n,)
            Times in weeks, 0 or more.
        group : hashable, optional
            One of `groups`; default: the first.

        Returns
        -------
        DataFrame, n rows
            Columns weeks, rate, ci_low, ci_high (confidence limits of the curve), pi_low, pi_high (prediction limits
            for the rate of a new study). Rates lie between 0 and 1.

        Raises
        ------
        ValueError
            For a negative time or an unknown group.
        """
        times = finite_numbers("weeks", weeks)
        if (times < 0).any():
            raise ValueError(f"weeks, element {int(np.argmax(times < 0)) + 1}, is below 0: time runs from 0 on")
        design = self._row(0.0, group) + np.array([log(1 + time) for time in times])[:, None] * self._unit(SLOPE)
        middle = design @ self._beta
        variance = np.einsum("ij,jk,ik->i", design, self.covariance, design)
        quantile = critical_value(self.level, self.df)
        half, reach = quantile * np.sqrt(variance), quantile * np.sqrt(variance + self.tau**2)
        result = {"rate": 0, "ci_low": -half, "ci_high": half, "pi_low": -reach, "pi_high": reach}
        return pd.DataFrame({"weeks": times, **{name: expit(middle + shift) for name, shift in result.items()}})

    def half_time(self, group: Hashable | None = None) -> HalfTime:
        """Return the time to half of the initial rate, with limits of Fieller's kind.

        With a the logit at time 0, the rate has fallen to half where b L + log(2 + exp(a)) = 0, L = log(1 + weeks). The
        confidence set contains all L at which this sum does not differ from 0, with its standard error by the delta
        method. The set is open above if the data do not exclude that the rate stays up, which a symmetric interval
        would not show.

        Parameters
        ----------
        group : hashable, optional
            One of `groups`; default: the first.

        Returns
        -------
        HalfTime
        """
        a_row, slope = self._row(0.0, group), self._unit(SLOPE)
        a, b = float(a_row @ self._beta), float(slope @ self._beta)
        aa, ab, bb = (float(x @ self.covariance @ y) for x, y in ((a_row, a_row), (a_row, slope), (slope, slope)))
        constant, pull = float(np.logaddexp(log(2), a)), float(expit(a - log(2)))
        at = _weeks(-constant / b) if b < 0 else inf
        # (b L + c)² <= q² (L² bb + 2 L pull ab + pull² aa), a parabola in L
        q2 = critical_value(self.level, self.df) ** 2
        square, linear, rest = b * b - q2 * bb, 2 * (b * constant - q2 * pull * ab), constant**2 - q2 * pull**2 * aa
        roots = np.roots([square, linear, rest])
        ends = sorted(root.real for root in roots if abs(root.imag) < 1e-12 and root.real > 0)
        low = 0.0 if rest <= 0 else (ends[0] if ends else inf)
        stays = square < 0 or (square == 0 and linear < 0) or not ends
        return HalfTime(at, _weeks(low), inf if stays else _weeks(ends[-1]))

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
    """Return the fitted decline of a proportion over time across studies.

    The model is fitted by maximum likelihood with adaptive Gauss-Hermite quadrature, as lme4::glmer(nAGQ > 1). Limits
    use Student's t, because normal limits are too narrow with few studies (coverage.csv of the pooling package).

    Counts of the same patients at several times are treated as independent given their study. They are correlated, so
    the standard error of the slope within a study is too large rather than too small.

    Parameters
    ----------
    events, totals : sequence of float, shape (n,)
        Number of patients with the event and number of all patients, one element per count.
    weeks : sequence of float, shape (n,)
        Time of each count in weeks, 0 or more.
    study : sequence of hashable, shape (n,)
        The study of each count.
    groups : sequence of hashable, shape (n,), optional
        The group of each count's study, a moderator of the level; all groups share one slope. The group with the most
        studies is the reference.
    level : float
        Confidence level.
    nodes : int
        Number of quadrature nodes per study.

    Returns
    -------
    Decline

    Raises
    ------
    ValueError
        For counts that `pool_proportions` refuses, a negative time, a missing label or a study in two groups (the
        message names the element, counted from 1); and where the model is not identified: all counts at one time, as
        many coefficients as studies, or rates that are all 0 or all 1.
    """
    check_level(level)
    x, n = check_counts(events, totals)
    times = finite_numbers("weeks", weeks)
    check_same_length("events", x, "weeks", times)
    study, nodes = check_labels("study", study, ("events", x)), whole_number("nodes", nodes, 2, 180)
    if (times < 0).any():
        raise ValueError(
            f"weeks, element {int(np.argmax(times < 0)) + 1}, is {times[times < 0][0]:g}: must be 0 or more"
        )
    of_study, names = pd.factorize(pd.Series(study, dtype="object"))
    columns, labels, order = [np.ones(len(x)), np.log1p(times)], [_INTERCEPT, SLOPE], ()
    if groups is not None:
        groups = check_labels("groups", groups, ("events", x))
        order = _groups(groups, of_study, list(names))
        columns += [np.array([g == name for g in groups], float) for name in order[1:]]
        labels += order[1:]
    if len(set(times)) < 2:
        raise ValueError("weeks are all the same, but counts at two times are needed")
    if len(names) <= len(labels):
        raise ValueError(
            f"{len(names)} studies can't tell {len(labels)} coefficients with their uncertainty: "
            "more studies than coefficients are needed"
        )
    if x.sum() in (0, n.sum()):
        raise ValueError("no patient or every patient has the event: how the rate falls can't be known")
    fitted = fit_random_intercept(Counts.of_studies(x, n, np.column_stack(columns), of_study), nodes)
    table = pd.DataFrame({"name": labels, "estimate": fitted.beta, "se": np.sqrt(np.diag(fitted.covariance))})
    df = len(names) - len(labels)
    half = critical_value(level, df) * table["se"]
    table["ci_low"], table["ci_high"] = table["estimate"] - half, table["estimate"] + half
    table["p"] = [2 * float(stdtr(df, -abs(r.estimate / r.se))) for r in table.itertuples()]
    last = float(times.max())
    return Decline(
        table, fitted.covariance, fitted.tau, fitted.log_likelihood, len(names), len(x), last, tuple(order), level
    )


def _groups(groups: list[Hashable], of_study: np.ndarray, names: list[Hashable]) -> list[Hashable]:
    """Return the groups, the one with the most studies first; ties by name."""
    pairs = dict.fromkeys(zip(of_study.tolist(), groups, strict=True))
    studies = pd.Series([study for study, _ in pairs])
    if studies.duplicated().any():
        twice = names[int(studies[studies.duplicated()].iloc[0])]
        raise ValueError(f"study {twice!r} is in two groups: each study belongs to one")
    for reserved in (_INTERCEPT, SLOPE):
        if reserved in groups:
            raise ValueError(f"groups, element {groups.index(reserved) + 1}, is {reserved!r}: this names a coefficient")
    sizes = pd.Series([group for _, group in pairs], dtype="object").value_counts()
    return sorted(sizes.index, key=lambda group: (-sizes[group], str(group)))


def _weeks(logarithm: float) -> float:
    """Return weeks from log(1 + weeks); infinite where the logarithm exceeds 50."""
    return inf if logarithm > 50 else float(np.expm1(logarithm))
