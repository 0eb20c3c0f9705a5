"""Where the clinic stands: beside what published studies show, and its sites beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import binom

from analysis.evidence.rowwise import each
from analysis.outcomes.cohort.disclosure import GROUP_NOT_STATED, check_min_cell, is_merged, merge_small
from analysis.outcomes.cohort.durations import ALL_PATIENTS, RESPONDERS, Durations
from analysis.outcomes.cohort.judging import can_be_judged, responds
from analysis.outcomes.cohort.response import COMPLETE, OUTCOME_VISITS, Response
from analysis.outcomes.cohort.scores import FIRST_COURSES, course_scores, grouping, left_out_frame

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

_WITHIN, ABOVE, BELOW = "within", "above", "below"
UNSURE, _UNJUDGED = "can't be told apart", "can't be judged"
LEAST_STUDIES = 3
MEDIANS = {ALL_PATIENTS: "median weeks of benefit", RESPONDERS: "median weeks of benefit of responders"}
PUBLISHED = ["outcome", "definition", "studies", "k", "estimate", "ci_low", "ci_high", "pi_low", "pi_high"]
TAILS = {"95": 0.025, "998": 0.001}
_INSIDE, OUTSIDE_95, OUTSIDE_998 = "inside 95%", "outside 95%", "outside 99.8%"
MOST_POINTS = 200


def clinic_results(response: Response, durations: Durations) -> pd.DataFrame:
    """The clinic's own results in the form that `compare` takes.

    outcome: `ge_30_percent at end_of_infusion` and so on for three rules and two visits (complete cases), `median
    weeks of benefit` (all who were judged at the end of infusion) and `median weeks of benefit of responders` (by the
    rule of `durations`); n, estimate, ci_low, ci_high, measured_in (share, weeks), hidden. The estimate of a median
    is the middle of the interval between visits in which it lies, infinite if it wasn't reached.
    """
    rates = response.rates[response.rates["handling"] == COMPLETE]
    shares = rates.assign(outcome=rates["rule"] + " at " + rates["visit"], estimate=rates["rate"], measured_in="share")
    medians = durations.medians[durations.medians["by"] == "all"]
    weeks = medians.assign(
        outcome=medians["who"].map(MEDIANS),
        n=medians["patients"],
        estimate=(medians["median_low"] + medians["median_high"]) / 2,
        ci_low=medians["limit_low"],
        ci_high=medians["limit_high"],
        measured_in="weeks",
    )
    names = ["outcome", "n", "estimate", "ci_low", "ci_high", "measured_in", "hidden"]
    return pd.concat([shares[names], weeks[names]], ignore_index=True)


def compare(clinic: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The clinic's results on the prediction intervals of published studies, one row a row of `published`.

    published: outcome (as in `clinic_results`), k (studies), estimate, ci_low, ci_high (their average), pi_low,
    pi_high (where the true value of a further study like them is expected), definition, studies; rows (where the
    studies' numbers stand), if there. Given back: outcome,
    definition, studies, k, published, published_ci_low, published_ci_high, pi_low, pi_high, n, estimate, ci_low,
    ci_high, measured_in, position (of the clinic's estimate: inside, above, below), verdict, why, rows.

    The verdict sets the clinic's whole confidence interval, not its estimate alone, against the prediction interval,
    since a small clinic's rate can lie anywhere by chance: `within`: the confidence interval lies inside; `above`,
    `below`: all of it lies beyond the upper or lower limit; `can't be told apart`: it holds one of the limits, so
    that both are possible; `can't be judged`: nothing to compare, and why says what is missing. Two studies or fewer
    give no prediction interval that deserves the name. Such a comparison says whether the clinic's result is usual,
    not whether it is due to the infusion, nor whether its patients are alike. ValueError for a table without the
    columns.
    """
    missing = [name for name in PUBLISHED if name not in published]
    if missing:
        raise ValueError(f"published has no column {missing[0]}: must have {', '.join(PUBLISHED)}")
    renamed = {name: f"published_{name}".replace("_estimate", "") for name in ("estimate", "ci_low", "ci_high")}
    told = published if "rows" in published else published.assign(rows="")
    table = told[[*PUBLISHED, "rows"]].rename(columns=renamed).merge(clinic, on="outcome", how="left")
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
    if pd.isna(row.pi_low) or pd.isna(row.pi_high) or row.k < LEAST_STUDIES:
        return "", _UNJUDGED, f"a prediction interval needs {LEAST_STUDIES} studies or more"
    position = BELOW if row.estimate < row.pi_low else ABOVE if row.estimate > row.pi_high else "inside"
    if pd.isna(row.ci_low) or pd.isna(row.ci_high):
        return position, _UNJUDGED, "the clinic's result has no interval"
    if row.ci_low > row.pi_high:
        return position, ABOVE, ""
    if row.ci_high < row.pi_low:
        return position, BELOW, ""
    if row.ci_low >= row.pi_low and row.ci_high <= row.pi_high:
        return position, _WITHIN, ""
    return position, UNSURE, "the clinic's interval reaches across a limit of the prediction interval"


@dataclass(frozen=True)
class Funnel:
    """Responder rates of sites around the mean of all, by their numbers of patients (Spiegelhalter 2005).

    sites: site, n, responders, rate, low_95, high_95, low_998, high_998 (limits at its n), place (inside 95%, outside
    95%, outside 99.8%), in the order of names; no ranking: the order of sites around a mean is mostly chance. limits:
    n, low_95, high_95, low_998, high_998, for drawing. mean: the rate of all n patients, those of merged sites
    included. Limits beyond 0 to 1 are cut. left_out: result, why, unit, n.
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
) -> Funnel:
    """Set the responder rate of each site (first courses, complete cases) against the limits of chance around the mean.

    Sites with fewer than `min_cell` patients with a score count for the mean and aren't shown; no tables where fewer
    than two sites can be shown. ValueError for an unknown rule or visit.
    """
    check_min_cell(min_cell)
    if visit not in OUTCOME_VISITS:
        raise ValueError(f"visit is {visit!r}: must be one of {', '.join(OUTCOME_VISITS)}")
    courses = course_scores(cohort, follow_up_weeks, window_weeks)
    first = courses[courses["first"]]
    usable = can_be_judged(first["baseline"].to_numpy(), responder_rule)
    scored = usable & first[visit].notna().to_numpy()
    mine = first[scored]
    response = responds(mine["baseline"].to_numpy(), mine[visit].to_numpy(), responder_rule)
    site = merge_small(grouping(mine, "site"), mine["patient"].to_numpy(), min_cell)
    size = len(site.categories)
    n, events = np.bincount(site.codes, minlength=size), np.bincount(site.codes, response, minlength=size)
    mean = float(response.mean()) if len(response) else np.nan
    table = pd.DataFrame({"site": site.categories.astype(object), "n": n, "responders": events.astype(np.int64)})
    whole = ~table["site"].map(lambda label: is_merged(label, min_cell)).to_numpy(dtype=bool)
    named = whole & (table["site"] != GROUP_NOT_STATED).to_numpy(dtype=bool)
    left_out = [
        ("funnel", "baseline can't be judged by the rule", "patients", int((~usable).sum())),
        ("funnel", "no score at the visit", "patients", int((usable & ~scored).sum())),
        ("funnel", "merged sites; in the mean, not drawn", "patients", int(n[~whole].sum())),
        ("funnel", "site not stated; in the mean, not drawn", "patients", int(n[whole & ~named].sum())),
    ]
    if named.sum() < 2:
        why = "fewer than two sites can be shown"
        left_out.append(("funnel", why, "patients", int(n[named].sum())))
    shown = table[named] if named.sum() >= 2 else table.iloc[:0]
    shown = shown.reset_index(drop=True)
    shown["rate"] = shown["responders"] / shown["n"]
    at = shown["n"].to_numpy()
    shown = pd.concat([shown, funnel_limits(at, mean).drop(columns="n")], axis=1)
    beyond = {
        level: (shown["rate"] < shown[f"low_{level}"]) | (shown["rate"] > shown[f"high_{level}"]) for level in TAILS
    }
    shown["place"] = np.select([beyond["998"], beyond["95"]], [OUTSIDE_998, OUTSIDE_95], default=_INSIDE)
    return Funnel(
        sites=shown.astype({"n": "Int64", "responders": "Int64"}),
        limits=funnel_limits(_sizes(at, min_cell), mean),
        mean=mean,
        n=len(mine),
        rule=responder_rule,
        visit=visit,
        unit=FIRST_COURSES,
        min_cell=min_cell,
        left_out=left_out_frame(left_out),
    )


def funnel_limits(n: np.ndarray, mean: float) -> pd.DataFrame:
    """Limits beyond which the rates of groups of `n` patients lie with at most 2.5% (0.1%) on either side by chance
    around `mean`: n, low_95, high_95, low_998, high_998.

    Exact binomial limits, interpolated between counts (Spiegelhalter 2005, Stat Med 24:1185, appendix A.1): with r
    the smallest count that has P(R <= r) >= p, the lower limit is (r - a) / n, a = (P(R <= r) - p) / P(R = r), at
    least 0. The upper limit is 1 minus the lower limit of those without a response, so that both sides are treated
    alike; the same formula with 1 - p would put sites outside that chance puts there more often (5 patients, mean
    0.4: 8.7%, not 2.5%).
    """
    n = np.asarray(n, dtype=np.int64)
    found = pd.DataFrame({"n": n})
    for name, p in TAILS.items():
        found[f"low_{name}"] = _lower_limit(p, n, mean)
        found[f"high_{name}"] = 1 - _lower_limit(p, n, 1 - mean)
    return found


def _lower_limit(p: float, n: np.ndarray, mean: float) -> np.ndarray:
    count = binom.ppf(p, n, mean)
    at = binom.pmf(count, n, mean)
    beyond = np.divide(binom.cdf(count, n, mean) - p, at, out=np.zeros(len(n)), where=at > 0)
    return np.maximum((count - beyond) / np.maximum(n, 1), 0.0)


def _sizes(n: np.ndarray, min_cell: int) -> np.ndarray:
    """Group sizes from the smallest that may be shown to a bit beyond the largest, closer where the funnel is steep."""
    if not len(n):
        return n
    return np.unique(np.geomspace(min_cell, np.ceil(1.05 * n.max()), MOST_POINTS).round().astype(np.int64))
