"""Responder rates of the sites of a clinic around their common rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.clinic_result import ClinicResult
from analysis.outcomes.cohort.disclosure import (
    GROUP_NOT_STATED,
    as_printed,
    check_min_cell,
    is_merged,
    is_one_sided,
    merge_small,
    released,
)
from analysis.outcomes.cohort.judging import judged_scores
from analysis.outcomes.cohort.scores import course_scores, grouping, left_out_frame
from analysis.outcomes.cohort.table import Cohort
from analysis.statistics.control_charts import binomial_limits
from analysis.statistics.logistic import fitted_probabilities

_TAILS = {"95": 0.025, "998": 0.001}
_INSIDE, _OUTSIDE_95, _OUTSIDE_998 = "inside 95%", "outside 95%", "outside 99.8%"
_MOST_POINTS = 200
_COVARIATES = ("baseline", "disease_duration_years", "regimen_class")
_EVENTS = 10  # responders, and others, a coefficient


@dataclass(frozen=True)
class Funnel(ClinicResult):
    """Funnel plot: responder rates of sites by their number of patients, with limits around the mean of all.

    Attributes
    ----------
    sites : DataFrame, one row per site, by name
        Columns site, n, responders, rate, low_95, high_95, low_998, high_998 (limits at its n), place (inside 95%,
        outside 95%, outside 99.8%), adjusted (rate for patients like those of all sites; NaN = not adjusted). Sites are
        not ranked, because their order around a mean is mostly chance.
    limits : DataFrame
        Columns n, low_95, high_95, low_998, high_998, between 0 and 1.
    mean : float
        Rate of all n patients, including merged sites.
    adjusted_for : tuple of str
        Columns of the logistic regression behind `adjusted` (indirect standardisation: observed / expected responders
        of the site, times the rate of all); () if there are fewer than ten responders, or others, a coefficient.

    References
    ----------
    Spiegelhalter 2005, Stat Med 24:1185.
    """

    sites: pd.DataFrame
    limits: pd.DataFrame
    mean: float
    adjusted_for: tuple[str, ...]
    n: int
    rule: str
    left_out: pd.DataFrame


def funnel(
    cohort: Cohort, *, responder_rule: str = "ge_30_percent", min_cell: int = 5, release: str = "internal"
) -> Funnel:
    """Return the responder rate of each site (first courses, complete cases) with limits of chance around the mean.

    Sites with fewer than `min_cell` scored patients count in the mean and are not shown; if fewer than two sites can be
    shown, the tables are empty.

    Raises
    ------
    ValueError
        For an unknown rule or an impossible min_cell.
    """
    check_min_cell(min_cell)
    courses = course_scores(cohort)
    first = courses[courses["first"]]
    usable, scored, response = judged_scores(
        first["baseline"].to_numpy(), first["end_of_infusion"].to_numpy(), responder_rule
    )
    scored_courses, response = first[scored], response[scored]
    site = merge_small(grouping(scored_courses, "site"), scored_courses["patient"].to_numpy(), min_cell)
    size = len(site.categories)
    n, events = np.bincount(site.codes, minlength=size), np.bincount(site.codes, response, minlength=size)
    share = pd.DataFrame({"mean": [float(response.mean()) if len(response) else np.nan]})
    mean = float(as_printed(share, "shares")["mean"].iloc[0])
    table = pd.DataFrame({"site": site.categories.astype(object), "n": n, "responders": events.astype(np.int64)})
    unmerged = ~table["site"].map(lambda label: is_merged(label, min_cell)).to_numpy(dtype=bool)
    one_sided = np.array([is_one_sided(*row, min_cell, release) for row in zip(events, n, strict=True)], dtype=bool)
    named = unmerged & (table["site"] != GROUP_NOT_STATED).to_numpy(dtype=bool) & ~one_sided
    left_out = [
        ("funnel", "baseline can't be judged by the rule", "patients", int((~usable).sum())),
        ("funnel", "no score at the visit", "patients", int((usable & ~scored).sum())),
        ("funnel", "merged sites; in the mean, not drawn", "patients", int(n[~unmerged].sum())),
        ("funnel", "site not stated; in the mean, not drawn", "patients", int(n[unmerged & ~named & ~one_sided].sum())),
        ("funnel", "too few responders or others; in the mean, not drawn", "patients", int(n[one_sided].sum())),
    ]
    table["adjusted"], covariates, lacking = _adjusted(scored_courses, response, site, min_cell, release)
    left_out.append(("adjusted rates", "duration or regimen not stated", "patients", lacking))
    if named.sum() < 2:
        why = "fewer than two sites can be shown"
        left_out.append(("funnel", why, "patients", int(n[named].sum())))
    shown = table[named] if named.sum() >= 2 else table.iloc[:0]
    shown = shown.reset_index(drop=True)
    shown[["responders", "n"]] = shown[["responders", "n"]].apply(released, release=release)
    shown["rate"] = shown["responders"] / shown["n"]
    at = shown["n"].to_numpy()
    shown = pd.concat([shown, funnel_limits(at, mean).drop(columns="n")], axis=1)
    beyond = {
        level: (shown["rate"] < shown[f"low_{level}"]) | (shown["rate"] > shown[f"high_{level}"]) for level in _TAILS
    }
    shown["place"] = np.select([beyond["998"], beyond["95"]], [_OUTSIDE_998, _OUTSIDE_95], default=_INSIDE)
    return Funnel(
        sites=as_printed(shown.astype({"n": "Int64", "responders": "Int64"}), "shares"),
        limits=funnel_limits(_sizes(at, min_cell), mean),
        mean=mean,
        adjusted_for=covariates,
        n=released(len(scored_courses), release),
        rule=responder_rule,
        synthetic=cohort.synthetic,
        min_cell=min_cell,
        left_out=left_out_frame(left_out, min_cell, release),
    )


def _adjusted(
    courses: pd.DataFrame, response: np.ndarray, site: pd.Categorical, min_cell: int, release: str
) -> tuple[np.ndarray, tuple[str, ...], int]:
    """Return the adjusted rate of each site (NaN = none), the columns adjusted for, and the patients that lack one."""
    nothing = np.full(len(site.categories), np.nan)
    stated = [name for name in _COVARIATES if courses[name].notna().any()]
    complete = courses[stated].notna().all(axis=1).to_numpy()
    courses, response, codes = courses[complete], response[complete], site.codes[complete]
    parts, used = [], []
    for name in stated:
        column = courses[name]
        if name == "regimen_class":
            groups = merge_small(grouping(courses, name), courses["patient"].to_numpy(), min_cell)
            values = np.eye(len(groups.categories))[groups.codes][:, 1:]
        else:
            values = column.to_numpy(dtype="float64")[:, None]
            values = np.log1p(values) if name == "disease_duration_years" else values
        if values.size and np.ptp(values, axis=0).any():
            parts.append(values)
            used.append(name)
    design = np.hstack(parts) if parts else np.empty((len(courses), 0))
    fewest = min(int(response.sum()), int((~response).sum()))
    expected = (
        fitted_probabilities(design, response.astype("float64"))
        if used and fewest >= _EVENTS * design.shape[1]
        else None
    )
    if expected is None:
        return nothing, (), 0
    size = len(nothing)
    n, events = np.bincount(codes, minlength=size), np.bincount(codes, response, minlength=size)
    enough = n >= min_cell
    observed = np.array([released(int(count), release) for count in events[enough]])
    among = np.array([released(int(count), release) for count in n[enough]])
    likely = np.bincount(codes, expected, minlength=size)[enough] / n[enough]
    nothing[enough] = np.minimum(observed / among / likely * response.mean(), 1.0)
    return nothing, tuple(used), int((~complete).sum())


def funnel_limits(n: np.ndarray, mean: float) -> pd.DataFrame:
    """Return limits that rates of groups of `n` patients exceed by chance with probability 2.5% (0.1%) per side.

    Parameters
    ----------
    n : ndarray of int, shape (m,)
    mean : float
        The rate of all patients, 0 to 1.

    Returns
    -------
    DataFrame, m rows
        Columns n, low_95, high_95, low_998, high_998.
    """
    n = np.asarray(n, dtype=np.int64)
    table = pd.DataFrame({"n": n})
    for name, p in _TAILS.items():
        table[f"low_{name}"], table[f"high_{name}"] = binomial_limits(n, mean, p)
    return table


def _sizes(n: np.ndarray, min_cell: int) -> np.ndarray:
    """Return group sizes from `min_cell` to slightly above the largest, denser where the funnel is steep."""
    if not len(n):
        return n
    return np.unique(np.geomspace(min_cell, np.ceil(1.05 * n.max()), _MOST_POINTS).round().astype(np.int64))
