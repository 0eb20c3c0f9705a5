"""Compare the project with R on the random sets: python compare.py (writes result.csv in this folder; ten minutes).

Where two estimates differ, the equation they solve decides: which one has the higher likelihood, or for PM and DL at
which tau² the generalised Q is nearer to its degrees of freedom.
"""

from collections.abc import Callable, Iterator
from math import log
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logsumexp
from scipy.stats import binom

from analysis.statistics.intervals import clopper_pearson, wilson
from analysis.statistics.paired import mcnemar
from analysis.statistics.pooling import pool, pool_proportions
from analysis.statistics.survival import UndeterminedError, fit_distribution, log_likelihood, npmle

FOLDER = Path(__file__).parent
POOLING, SMALL = 1e-6, 1e-9  # relative tolerances
COUNTS = 1e-3  # of a mean logit and tau: lme4's own tolerance
LIKELIHOOD = 1e-6  # of a log-likelihood
OUTCOMES = ("agree", "ours_solves_it_better", "reference_solves_it_better", "we_refuse", "no_reference")
Outcomes = Iterator[tuple[str, str]]  # method and one of OUTCOMES


def misfit(y: np.ndarray, v: np.ndarray, tau2: float, method: str) -> float:
    """How far tau² is from solving the equation of its method; smaller is better."""
    w = 1 / (v + tau2)
    q = float(w @ (y - (w @ y) / w.sum()) ** 2)
    if method in ("PM", "DL"):
        return abs(q - (len(y) - 1))
    return -0.5 * float(np.log(w).sum() - q - (log(w.sum()) if method == "REML" else 0))


def pooling(sets: pd.DataFrame, reference: pd.DataFrame) -> Outcomes:
    """Yield the outcome of each method of pooling estimates, against metafor."""
    studies = dict(_by_set(sets))
    for row in reference.itertuples():
        y, v = studies[row.set]
        ours = pool(y, v, row.method)
        close = all(
            abs(getattr(ours, name) - getattr(row, name)) <= POOLING * max(abs(getattr(row, name)), unit)
            for name, unit in (("estimate", ours.se), ("se", ours.se), ("tau2", float(np.median(v))))
        )
        better = close or misfit(y, v, ours.tau2, row.method) <= misfit(y, v, row.tau2, row.method)
        yield row.method, _outcome(np.isnan(row.tau2), close, better)


def counts(sets: pd.DataFrame, reference: pd.DataFrame) -> Outcomes:
    """Yield the outcome of the binomial-normal model, against lme4."""
    studies = dict(_by_set(sets))
    for row in reference.itertuples():
        x, n = studies[row.set]
        ours = pool_proportions(x, n, tau2_limits=False)
        mine = (ours.estimate_logit, ours.tau2**0.5)
        close = max(abs(mine[0] - row.estimate), abs(mine[1] - row.tau)) <= COUNTS
        better = close or likelihood_of_counts(x, n, *mine) >= likelihood_of_counts(x, n, row.estimate, row.tau) - 1e-7
        yield "binomial-normal", _outcome(np.isnan(row.tau), close, better)


def likelihood_of_counts(x: np.ndarray, n: np.ndarray, mean: float, tau: float) -> float:
    """The log-likelihood by a plain sum over 8,001 deviations, which shares no code with the project."""
    b = np.linspace(-9, 9, 8001)
    weight = -(b**2) / 2 - logsumexp(-(b**2) / 2)
    logs = binom.logpmf(x[:, None], n[:, None], expit(mean + tau * b)) + weight
    return float(logsumexp(logs, axis=1).sum())


def durations(sets: pd.DataFrame, reference: pd.DataFrame) -> Outcomes:
    """Yield the outcome of Turnbull's estimate, against npsurv, and of parametric fits, against survreg."""
    patients = dict(_by_set(sets))
    for row in reference.itertuples():
        lower, upper = patients[row.set]
        try:
            if row.method == "turnbull":
                ours = log_likelihood(npmle(lower, upper), lower, upper)
            else:
                ours = fit_distribution(lower, upper, distribution=row.method).log_likelihood
        except UndeterminedError:
            yield row.method, "we_refuse"
            continue
        close = abs(ours - row.log_likelihood) <= LIKELIHOOD
        yield row.method, _outcome(not np.isfinite(row.log_likelihood), close, close or ours > row.log_likelihood)


def pairs(sets: pd.DataFrame, reference: pd.DataFrame) -> Outcomes:
    """Yield the outcome of intervals of proportions and of McNemar's tests, against R's prop.test and the like."""
    for row, theirs in zip(sets.itertuples(), reference.itertuples(), strict=True):
        for method, ours, names in (
            ("Wilson", wilson(row.events, row.n), ("wilson_low", "wilson_high")),
            ("Clopper-Pearson", clopper_pearson(row.events, row.n), ("clopper_low", "clopper_high")),
            *((f"McNemar, {name}", (float(mcnemar(row.lost, row.gained, name)),), (name,)) for name in MCNEMAR),
        ):
            wanted = [getattr(theirs, name) for name in names]
            close = np.allclose(ours, wanted, rtol=SMALL, atol=SMALL)
            yield method, _outcome(False, close, close)


MCNEMAR = ("uncorrected", "corrected", "exact")
KINDS: dict[Callable[[pd.DataFrame, pd.DataFrame], Outcomes], tuple[str, str]] = {
    pooling: ("sets", "reference"),
    counts: ("counts", "reference_counts"),
    durations: ("durations", "reference_durations"),
    pairs: ("pairs", "reference_pairs"),
}


def compared(below: int) -> pd.DataFrame:
    """One row per method: numbers of sets by outcome, of the sets with a number below `below`."""
    rows = []
    for of_kind, names in KINDS.items():
        sets, reference = (pd.read_csv(FOLDER / f"{name}.csv.gz") for name in names)
        rows += of_kind(sets[sets["set"] < below], reference[reference["set"] < below])
    table = pd.DataFrame(rows, columns=["method", "outcome"])
    result = pd.crosstab(table["method"], table["outcome"]).reindex(columns=OUTCOMES, fill_value=0)
    result.insert(0, "sets", result.sum(axis=1))
    return result.loc[table["method"].unique()].reset_index().rename_axis(columns=None)


def _by_set(sets: pd.DataFrame) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the number of each set and its other columns, one after the other."""
    for number, rows in sets.groupby("set"):
        yield number, rows.drop(columns="set").to_numpy(float).T


def _outcome(missing: bool, close: bool, better: bool) -> str:
    if missing:
        return "no_reference"
    return "agree" if close else "ours_solves_it_better" if better else "reference_solves_it_better"


if __name__ == "__main__":
    compared(10**9).to_csv(FOLDER / "result.csv", index=False)
