"""Meta-regression: estimates of studies as a function of study characteristics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isnan, nan, sqrt

import numpy as np
import pandas as pd
from scipy.special import chdtrc, fdtrc, ndtr, stdtr

from analysis.result_view import ResultView
from analysis.statistics.checks import check_choice, check_estimates, check_level, check_same_length, finite_numbers
from analysis.statistics.pooling.heterogeneity import (
    METHODS,
    estimate_tau2,
    heterogeneity,
    interval_laws,
    weighted_least_squares,
)
from analysis.statistics.pooling.inverse_variance import ADJUSTMENTS
from analysis.statistics.pooling.result import NO_SPREAD

_INTERCEPT = "intercept"


@dataclass(frozen=True)
class MetaRegression(ResultView):
    """A fitted mixed-effects meta-regression.

    Attributes
    ----------
    coefficients : DataFrame
        One row per term: term, estimate, se, statistic, p, ci_low, ci_high.
    tau2, tau2_low, tau2_high : float
        Residual between-study variance and its interval.
    i2 : float
        Share (0 to 1) of the residual variation that is not sampling error.
    r2 : float
        Share of tau² that the moderators explain (0 to 1); NaN without an intercept.
    q, q_p : float
        Test of residual heterogeneity.
    moderators_q, moderators_p : float
        Test of all moderators together, by F (`moderators_by_f`) or chi-square.
    moderators_by_f : bool
    df, residual_df : int
        Degrees of freedom of that test.
    k : int
        Number of studies.
    method, adjust, level
        As passed to `meta_regression`.
    note : str
        What the Hartung-Knapp errors do not allow; may be empty.
    laws : tuple of (float, float)
        For each interval of which the wider is given, its quantile and its variance as a multiple of the Wald variance.
    wald_covariance : ndarray, shape (p, p)
        Covariance of the coefficients by the normal law.
    """

    coefficients: pd.DataFrame
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    r2: float
    q: float
    q_p: float
    moderators_q: float
    moderators_p: float
    moderators_by_f: bool
    df: int
    residual_df: int
    k: int
    method: str
    adjust: str
    level: float
    note: str
    laws: tuple[tuple[float, float], ...] = field(repr=False)
    wald_covariance: np.ndarray = field(repr=False)

    def predict(self, moderators: Mapping[str, Iterable[float]] | pd.DataFrame) -> pd.DataFrame:
        """Return the average at new values of the moderators.

        Parameters
        ----------
        moderators : mapping of str to values, or DataFrame
            n values of each moderator of the model.

        Returns
        -------
        DataFrame, n rows
            The moderators, estimate, se, ci_low, ci_high (confidence limits), pi_low, pi_high (prediction limits).

        Raises
        ------
        ValueError
            For a moderator that is missing, unknown or not finite.
        """
        terms = self.coefficients["term"].tolist()
        names = [term for term in terms if term != _INTERCEPT]
        table = pd.DataFrame(moderators)
        if sorted(table.columns) != sorted(names):
            raise ValueError(f"moderators are {sorted(table.columns)}: the model needs {sorted(names)}")
        columns = {name: finite_numbers(f"moderator {name!r}", table[name]) for name in names}
        x = np.column_stack([np.ones(len(table)) if term == _INTERCEPT else columns[term] for term in terms])
        estimate = x @ self.coefficients["estimate"].to_numpy()
        wald = np.sum((x @ self.wald_covariance) * x, axis=1)
        quantile, factor = max(self.laws, key=_width)
        variance = factor * wald
        half = quantile * np.sqrt(variance)
        reach = np.max([q * np.sqrt(f * wald + self.tau2) for q, f in self.laws], axis=0)
        return pd.DataFrame(columns).assign(
            estimate=estimate,
            se=np.sqrt(variance),
            ci_low=estimate - half,
            ci_high=estimate + half,
            pi_low=estimate - reach,
            pi_high=estimate + reach,
        )


def meta_regression(
    estimates: Iterable[float],
    variances: Iterable[float],
    moderators: Mapping[str, Iterable[float]] | pd.DataFrame,
    method: str = "REML",
    adjust: str = "hksj",
    level: float = 0.95,
    intercept: bool = True,
) -> MetaRegression:
    """Return a fitted mixed-effects meta-regression, as metafor's rma(mods = ).

    Parameters
    ----------
    estimates, variances : iterable of float, shape (k,)
        As in `pool`.
    moderators : mapping of str to iterable of float, or DataFrame
        k values of each moderator. Categorical moderators must be coded as columns of 0 and 1; `subgroup` does so.
    method, level
        As in `pool`.
    adjust : {"hksj", "wald", "hksj_or_wald"}
        As in `pool`; `hksj` is the form of Knapp and Hartung with t and F on k minus the number of coefficients degrees
        of freedom. If the estimates do not vary around the fit, its standard errors are 0, its tests NaN, and `note`
        gives the Wald limits. `hksj_or_wald` gives the wider intervals and, of the joint test, the larger p-value.
    intercept : bool
        Whether the model has an intercept.

    Returns
    -------
    MetaRegression

    Raises
    ------
    ValueError
        As in `pool`, and for a moderator that is not numeric, is constant or is a linear combination of the others, two
        moderators of one name or one named `intercept`, and for no more studies than coefficients.

    References
    ----------
    Knapp and Hartung 2003, Stat Med 22:2693.
    """
    check_choice("method", method, METHODS)
    check_choice("adjust", adjust, ADJUSTMENTS)
    check_level(level)
    y, v = check_estimates(estimates, variances)
    terms, x = _design(moderators, y, intercept)
    k, p = x.shape
    if k <= p:
        raise ValueError(f"moderators need {p} coefficients and there are {k} studies: at least {p + 1} are needed")
    # standardised columns: moderators such as years would cost precision
    if intercept:
        shift = np.array([0.0, *x[:, 1:].mean(0)])
        scale = np.array([1.0, *np.std(x[:, 1:], axis=0)])
    else:
        shift, scale = np.zeros(p), np.sqrt(np.mean(x**2, axis=0))
    z = (x - shift) / scale
    between = heterogeneity(y, v, z, method, level)
    current = weighted_least_squares(y, v, z, between.tau2)
    by_name = interval_laws(current, k - p, float(np.abs(y).max()), level)
    factor = by_name["hksj"][1]
    laws = tuple(law for name, law in by_name.items() if name in adjust)
    chosen = max(laws, key=_width)
    t_law = chosen is by_name["hksj"]
    back = np.diag(1 / scale)
    if intercept:
        back[0, 1:] = -shift[1:] / scale[1:]
    beta, wald = back @ current.beta, back @ current.covariance @ back.T
    covariance = chosen[1] * wald
    tested = slice(1, None) if intercept else slice(None)
    df = p - 1 if intercept else p
    joint = float(current.beta[tested] @ np.linalg.solve(current.covariance[tested, tested], current.beta[tested]))
    ratio = joint / df / factor if factor else nan
    tests = {"hksj": (ratio, float(fdtrc(df, k - p, ratio))), "wald": (joint, float(chdtrc(df, joint)))}
    used = max(
        (name for name in tests if name in adjust), key=lambda name: -1 if isnan(tests[name][1]) else tests[name][1]
    )
    note = ""
    if adjust == "hksj" and factor == 0:
        limits = [
            f"{value - q:.3g} to {value + q:.3g}"
            for value, q in zip(beta, by_name["wald"][0] * np.sqrt(np.diag(wald)), strict=True)
        ]
        note = NO_SPREAD.format(terms=", ".join(terms), limits=", ".join(limits))
    return MetaRegression(
        coefficients=_coefficients(terms, beta, covariance, chosen[0], k - p, t_law),
        **{name: getattr(between, name) for name in ("tau2", "tau2_low", "tau2_high", "i2", "q", "q_p")},
        r2=_explained(y, v, between.tau2, method) if intercept else nan,
        moderators_q=tests[used][0],
        moderators_p=tests[used][1],
        moderators_by_f=used == "hksj",
        df=df,
        residual_df=k - p,
        k=k,
        method=method,
        adjust=adjust,
        level=level,
        note=note,
        laws=laws,
        wald_covariance=wald,
    )


def _width(law: tuple[float, float]) -> float:
    """Return the width of an interval as a multiple of the Wald standard error."""
    return law[0] * sqrt(law[1])


def _design(
    moderators: Mapping[str, Iterable[float]] | pd.DataFrame, y: np.ndarray, intercept: bool
) -> tuple[list[str], np.ndarray]:
    """Return names and columns of the design matrix; ValueError for a column that adds no rank."""
    names = [str(name) for name in moderators]
    if not names:
        raise ValueError("moderators is empty: a regression needs one moderator or more")
    for name in names:
        if names.count(name) > 1 or name == _INTERCEPT:
            raise ValueError(f"moderator {name!r} {'names the constant' if name == _INTERCEPT else 'appears twice'}")
    terms = [_INTERCEPT, *names] if intercept else names
    columns = [np.ones(len(y))] if intercept else []
    for name, values in zip(names, (moderators[name] for name in moderators), strict=True):
        column = finite_numbers(f"moderator {name!r}", values)
        check_same_length("estimates", y, f"moderator {name!r}", column)
        before, columns = columns, [*columns, column]
        if np.linalg.matrix_rank(_unit(columns)) < len(columns):
            raise ValueError(
                f"moderator {name!r} {'follows from the moderators before it' if len(before) > 1 else 'does not vary'}"
            )
    return terms, np.column_stack(columns)


def _unit(columns: list[np.ndarray]) -> np.ndarray:
    """Return columns of comparable size, centred if the first is constant, for a reliable numerical rank."""
    x = np.column_stack(columns)
    if np.ptp(x[:, 0]) == 0:
        x[:, 1:] -= x[:, 1:].mean(0)
    sizes = np.sqrt(np.mean(x**2, axis=0))
    return x / np.where(sizes > 0, sizes, 1)


def _coefficients(
    terms: list[str], beta: np.ndarray, covariance: np.ndarray, quantile: float, df: int, t_law: bool
) -> pd.DataFrame:
    se = np.sqrt(np.diag(covariance))
    statistic = np.divide(beta, se, out=np.full(len(beta), nan), where=se > 0)
    p = 2 * (stdtr(df, -np.abs(statistic)) if t_law else ndtr(-np.abs(statistic)))
    low, high = beta - quantile * se, beta + quantile * se
    return pd.DataFrame(
        {"term": terms, "estimate": beta, "se": se, "statistic": statistic, "p": p, "ci_low": low, "ci_high": high}
    )


def _explained(y: np.ndarray, v: np.ndarray, left: float, method: str) -> float:
    """Return the share of tau² that the moderators explain (Raudenbush 2009); 0 if tau² without them is 0."""
    total = estimate_tau2(y, v, np.ones((len(y), 1)), method)
    return max(0.0, (total - left) / total) if total > 0 else 0.0
