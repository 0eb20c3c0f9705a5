"""Comparison of a clinic with published studies, and of its sites with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import binom

from analysis.evidence.rowwise import each
from analysis.outcomes.cohort.disclosure import (
    GROUP_NOT_STATED,
    as_printed,
    check_min_cell,
    is_merged,
    is_one_sided,
    merge_small,
    released,
)
from analysis.outcomes.cohort.durations import ALL_PATIENTS, RESPONDERS, Durations
from analysis.outcomes.cohort.judging import judged_scores
from analysis.outcomes.cohort.response import COMPLETE, OUTCOME_VISITS, Response
from analysis.outcomes.cohort.scores import FIRST_COURSES, course_scores, grouping, left_out_frame

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

_WITHIN, _ABOVE, _BELOW = "within", "above", "below"
_UNSURE, _UNJUDGED = "can't be told apart", "can't be judged"
_LEAST_STUDIES = 3
_MEDIANS = {ALL_PATIENTS: "median weeks of benefit", RESPONDERS: "median weeks of benefit of responders"}
PUBLISHED = ["outcome", "definition", "studies", "k", "estimate", "ci_low", "ci_high", "pi_low", "pi_high"]
_TAILS = {"95": 0.025, "998": 0.001}
_INSIDE, _OUTSIDE_95, _OUTSIDE_998 = "inside 95%", "outside 95%", "outside 99.8%"
_MOST_POINTS = 200


def clinic_results(response: Response, durations: Durations) -> pd.DataFrame:
    """Return the clinic's own results for `compare`.

    Parameters
    ----------
    response : Response
    durations : Durations

    Returns
    -------
    DataFrame
        Columns outcome, n, estimate, ci_low, ci_high, measured_in (share, weeks), hidden. outcome is a rule and a visit
        (`ge_30_percent at end_of_infusion`, complete cases), `median weeks of benefit` (all patients judged at the end
        of infusion) or `median weeks of benefit of responders`. The estimate of a median is the middle of the interval
        between visits that contains it; infinite if not reached.
    """
    rates = response.rates[response.rates["handling"] == COMPLETE]
    shares = rates.assign(outcome=rates["rule"] + " at " + rates["visit"], estimate=rates["rate"], measured_in="share")
    medians = durations.medians[durations.medians["by"] == "all"]
    weeks = medians.assign(
        outcome=medians["who"].map(_MEDIANS),
        n=medians["patients"],
        estimate=(medians["median_low"] + medians["median_high"]) / 2,
        ci_low=medians["limit_low"],
        ci_high=medians["limit_high"],
        measured_in="weeks",
    )
    names = ["outcome", "n", "estimate", "ci_low", "ci_high", "measured_in", "hidden"]
    return pd.concat([shares[names], weeks[names]], ignore_index=True)


def compare(clinic: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison of the clinic's results with the prediction intervals of published studies.

    The verdict compares the clinic's confidence interval with the prediction interval, because the estimate of a small
    clinic varies by chance:

    - `within`: the confidence interval lies inside the prediction interval.
    - `above`, `below`: it lies entirely beyond the upper or lower limit.
    - `can't be told apart`: it contains one of the limits, so both are possible.
    - `can't be judged`: there is nothing to compare; why says what is missing. Fewer than three studies have no usable
      prediction interval.

    The comparison shows whether the clinic's result is usual, not whether the infusion caused it or whether the
    patients are alike.

    Parameters
    ----------
    clinic : DataFrame
        From `clinic_results`.
    published : DataFrame
        Columns outcome (as in `clinic_results`), definition, studies, k (number of studies), estimate, ci_low, ci_high
        (average), pi_low, pi_high (prediction limits), and optionally rows (where the numbers are stored).

    Returns
    -------
    DataFrame, one row per row of `published`
        Columns outcome, definition, studies, k, published, published_ci_low, published_ci_high, pi_low, pi_high, rows,
        n, estimate, ci_low, ci_high, measured_in, position (of the clinic's estimate: inside, above, below), verdict,
        why.

    Raises
    ------
    ValueError
        For a `published` without these columns.
    """
    missing = [name for name in PUBLISHED if name not in published]
    if missing:
        raise ValueError(f"published has no column {missing[0]}: must have {', '.join(PUBLISHED)}")
    renamed = {name: f"published_{name}".replace("_estimate", "") for name in ("estimate", "ci_low", "ci_high")}
    published_rows = published if "rows" in published else published.assign(rows="")
    table = published_rows[[*PUBLISHED, "rows"]].rename(columns=renamed).merge(clinic, on="outcome", how="left")
    judged = [_verdict(row) for row in each(table)]
    table["position"] = [position for position, _, _ in judged]
    table["verdict"] = [verdict for _, verdict, _ in judged]
    table["why"] = [why for _, _, why in judged]
    return table.drop(columns="hidden")


def _verdict(row) -> tuple[str, str, str]:
    if pd.isna(row.hidden):
        return "", _UNJUDGED, "the clinic's table doesn't give this result"
    if row.hidden:
        return "", _UNJUDGED, "too few patients to show the clinic's result"
    if pd.isna(row.estimate):
        return "", _UNJUDGED, "no patient of the clinic could be counted"
    if pd.isna(row.pi_low) or pd.isna(row.pi_high) or row.k < _LEAST_STUDIES:
        return "", _UNJUDGED, f"a prediction interval needs {_LEAST_STUDIES} studies or more"
    position = _BELOW if row.estimate < row.pi_low else _ABOVE if row.estimate > row.pi_high else "inside"
    if pd.isna(row.ci_low) or pd.isna(row.ci_high):
        return position, _UNJUDGED, "the clinic's result has no interval"
    if row.ci_low > row.pi_high:
        return position, _ABOVE, ""
    if row.ci_high < row.pi_low:
        return position, _BELOW, ""
    if row.ci_low >= row.pi_low and row.ci_high <= row.pi_high:
        return position, _WITHIN, ""
    return position, _UNSURE, "the clinic's interval reaches across a limit of the prediction interval"


@dataclass(frozen=True)
class Funnel:
    """Funnel plot: responder rates of sites by their number of patients, with limits around the mean of all.

    Attributes
    ----------
    sites : DataFrame, one row per site, by name
        Columns site, n, responders, rate, low_95, high_95, low_998, high_998 (limits at its n), place (inside 95%,
        outside 95%, outside 99.8%). Sites are not ranked, because their order around a mean is mostly chance.
    limits : DataFrame
        Columns n, low_95, high_95, low_998, high_998, between 0 and 1.
    mean : float
        Rate of all n patients, including merged sites.
    n : int
    rule, visit, unit : str
    min_cell : int
    left_out : DataFrame
        Columns result, why, unit, n.

    References
    ----------
    Spiegelhalter 2005, Stat Med 24:1185.
    """

    sites: pd.DataFrame
    limits: pd.DataFrame
    mean: float
    n: int
    rule: str
    visit: str
    unit: str
    min_cell: int
    left_out: pd.DataFrame


def funnel(
    cohort: Cohort,
    *,
    responder_rule: str = "ge_30_percent",
    visit: str = "end_of_infusion",
    follow_up_weeks: float = 4.0,
    window_weeks: float = 2.0,
    min_cell: int = 5,
    release: str = "internal",
) -> Funnel:
    """Return the responder rate of each site (first courses, complete cases) with limits of chance around the mean.

    Sites with fewer than `min_cell` scored patients count in the mean and are not shown; if fewer than two sites can be
    shown, the tables are empty.

    Parameters
    ----------
    cohort : Cohort
    responder_rule : str
        One of RESPONDER_RULES.
    visit : {"end_of_infusion", "follow_up"}
    follow_up_weeks, window_weeks : float
        Time of the follow-up score after the end of infusion, and its tolerance, in weeks.
    min_cell : int
        Smallest number of patients that may be shown.
    release : {"internal", "public"}
        Level of disclosure control.

    Returns
    -------
    Funnel

    Raises
    ------
    ValueError
        For an unknown rule or visit.
    """
    check_min_cell(min_cell)
    if visit not in OUTCOME_VISITS:
        raise ValueError(f"visit is {visit!r}: must be one of {', '.join(OUTCOME_VISITS)}")
    courses = course_scores(cohort, follow_up_weeks, window_weeks)
    first = courses[courses["first"]]
    usable, scored, response = judged_scores(first["baseline"].to_numpy(), first[visit].to_numpy(), responder_rule)
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
        n=released(len(scored_courses), release),
        rule=responder_rule,
        visit=visit,
        unit=FIRST_COURSES,
        min_cell=min_cell,
        left_out=left_out_frame(left_out, min_cell, release),
    )


def funnel_limits(n: np.ndarray, mean: float) -> pd.DataFrame:
    """Return limits that rates of groups of `n` patients exceed by chance with probability 2.5% (0.1%) per side.

    Exact binomial limits, interpolated between counts: with r the smallest count that has P(R <= r) >= p, the lower
    limit is (r - a) / n, a = (P(R <= r) - p) / P(R = r), at least 0. The upper limit is 1 minus the lower limit of
    patients without a response, which treats both sides in the same way; the same formula with 1 - p would classify
    too many sites as outside (5 patients, mean 0.4: 8.7%, not 2.5%).

    Parameters
    ----------
    n : ndarray of int, shape (m,)
    mean : float
        The rate of all patients, 0 to 1.

    Returns
    -------
    DataFrame, m rows
        Columns n, low_95, high_95, low_998, high_998.

    References
    ----------
    Spiegelhalter 2005, Stat Med 24:1185, appendix A.1.
    """
    n = np.asarray(n, dtype=np.int64)
    table = pd.DataFrame({"n": n})
    for name, p in _TAILS.items():
        table[f"low_{name}"] = _lower_limit(p, n, mean)
        table[f"high_{name}"] = 1 - _lower_limit(p, n, 1 - mean)
    return table


def _lower_limit(p: float, n: np.ndarray, mean: float) -> np.ndarray:
    count = binom.ppf(p, n, mean)
    at = binom.pmf(count, n, mean)
    beyond = np.divide(binom.cdf(count, n, mean) - p, at, out=np.zeros(len(n)), where=at > 0)
    return np.maximum((count - beyond) / np.maximum(n, 1), 0.0)


def _sizes(n: np.ndarray, min_cell: int) -> np.ndarray:
    """Return group sizes from `min_cell` to slightly above the largest, denser where the funnel is steep."""
    if not len(n):
        return n
    return np.unique(np.geomspace(min_cell, np.ceil(1.05 * n.max()), _MOST_POINTS).round().astype(np.int64))
