"""How long the benefit lasted: Turnbull's estimate with bands, medians, two groups compared, fitted distributions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.benefit import ENDED, KINDS, NEVER, ONGOING, benefit_intervals, interval_counts
from analysis.outcomes.cohort.disclosure import check_min_cell, hide_small, is_merged, merge_small
from analysis.outcomes.cohort.judging import check_rule
from analysis.outcomes.cohort.scores import FIRST_COURSES, grouping, left_out_frame
from analysis.statistics.survival import (
    UndeterminedError,
    bootstrap,
    fit_distribution,
    fit_distributions,
    median,
    npmle,
    survival_at,
    two_group_test,
)
from analysis.wording import count

if TYPE_CHECKING:
    from analysis.outcomes.cohort.table import Cohort

ALL_PATIENTS, RESPONDERS = "all", "initial_responders"
WHO = (ALL_PATIENTS, RESPONDERS)
_COMPARED = ("all", "site", "regimen_class", "course")
_FIRST, NEXT = "first course", "next course"
FITTED = ("weibull", "lognormal", "loglogistic")
_FIT_COLUMNS = ["distribution", "log_likelihood", "aic", "aic_above_best", "median", "median_low", "median_high"]
_FIT_COLUMNS += ["time_ratio", "time_ratio_low", "time_ratio_high", "p_value", "not_fitted"]
# draws of the bootstrap, most and least: up to 1,000 patients so many, then fewer, inversely to their number
DRAWS_OF_ONE, DRAWS_OF_SEVERAL, FEWER_BEYOND = (1000, 200), (400, 100), 1000
MOST_BANDS = 12
TEST_DRAWS, PERMUTED = 9_999, 10_000
MOST_TIMES = 200
DRAWS_RULE = (
    f"Bands and limits: {DRAWS_OF_ONE[0]:,} draws of as many patients with replacement, {DRAWS_OF_SEVERAL[0]} for each "
    f"of several groups; beyond {FEWER_BEYOND:,} patients fewer, inversely to their number, at least {DRAWS_OF_ONE[1]} "
    f"and {DRAWS_OF_SEVERAL[1]}; none where more than {MOST_BANDS} groups are compared."
)
PAIRED = (
    "Patients with a next course stand in both groups, and they are those who were treated again: the test takes the "
    "groups as different patients, and a difference may come from who was treated again."
)
CENSORED = (
    "Who wasn't asked again counts as a responder up to the last score. If patients stayed away because the pain came "
    "back, the benefit was shorter than shown."
)


@dataclass(frozen=True)
class Durations:
    """How long patients stayed responders, in weeks after the end of infusion.

    who: `all` (judged at the end of infusion; no responder then = exactly 0) or `initial_responders`. by: all, site,
    regimen_class (first courses) or course (each patient's first course in the table beside the next one).

    counts: who, by, group, patients, never, ended, ongoing, without_follow_up (of the ongoing, no follow-up score),
    median_followed (last scored follow-up visit of the ongoing), merged, hidden.
    curves: who, by, group, time, low, high (probability of a longer benefit, apart only inside an innermost interval),
    band_low, band_high (bootstrap, pointwise; missing without draws).
    medians: who, by, group, patients, median_low, median_high (somewhere in (low, high]; infinite = not reached),
    limit_low, limit_high (bootstrap; missing without draws), draws, merged, hidden. tests: who, by, group_1, group_2,
    n_1, n_2, p_value, method (exact, monte_carlo or, above 10,000 patients, normal), note; only where exactly two
    groups stand side by side, none of them merged. fits (initial responders): by (all, regimen_class, course),
    group_1, group_2, n and the columns of `fit_distributions` with p as p_value; time_ratio: durations of group_2 as
    a multiple of those of group_1. fitted_curves: distribution, time, survival (initial responders of first courses).
    draws_rule, notes: sentences. left_out: result, why, unit, n.
    """

    rule: str
    horizon_weeks: float
    counts: pd.DataFrame
    curves: pd.DataFrame
    medians: pd.DataFrame
    tests: pd.DataFrame
    fits: pd.DataFrame
    fitted_curves: pd.DataFrame
    draws_rule: str
    notes: tuple[str, ...]
    unit: str
    min_cell: int
    left_out: pd.DataFrame


def durations(
    cohort: Cohort,
    *,
    responder_rule: str = "ge_30_percent",
    horizon_weeks: float = 52.0,
    level: float = 0.95,
    min_cell: int = 5,
    seed: int = 1,
    progress: Callable[[Collection], Iterator] = iter,
) -> Durations:
    """Estimate how long the benefit lasted, see `Durations` and `benefit_intervals`.

    progress: goes through the comparisons and may tell how far they are (`analysis.exhibit.progress`).
    ValueError for an unknown rule, an impossible min_cell or a horizon that isn't above 0.
    """
    check_rule(responder_rule)
    check_min_cell(min_cell)
    if not 0 < horizon_weeks < np.inf:
        raise ValueError(f"horizon_weeks is {horizon_weeks}: must be a number of weeks above 0")
    courses = benefit_intervals(cohort, responder_rule)
    courses["nth"] = courses.groupby("patient").cumcount()
    first = courses["first"].to_numpy()
    counts, curves, medians, tests, fits = [], [], [], [], []
    of_all: dict[str, tuple] = {}  # the first courses of `course` are those of `all`, which come first
    for who, by, part in progress(list(_parts(courses, min_cell))):
        labels = part["group"].cat.categories
        several = DRAWS_OF_SEVERAL if len(labels) <= MOST_BANDS else (0, 0)
        most, least = DRAWS_OF_ONE if by == "all" else several
        for label in labels:
            mine = part[part["group"] == label]
            place = {"who": who, "by": by, "group": label}
            merged = is_merged(label, min_cell)
            counts.append(place | _counts(mine) | {"merged": merged})
            if by == "course" and label == _FIRST:
                told, curve = of_all[who]
            else:
                draws = int(np.clip(most * FEWER_BEYOND // len(mine), least, most)) if len(mine) >= min_cell else 0
                told, curve = _estimate(mine, horizon_weeks, level, draws, seed)
                of_all.setdefault(who, (told, curve))
            medians.append(place | told | {"merged": merged})
            if len(mine) >= min_cell:
                curves.append(curve.assign(**place))
        pair = len(labels) == 2 and not any(is_merged(label, min_cell) for label in labels)
        if pair:
            tests.append({"who": who, "by": by} | _test(part, seed) | {"note": PAIRED if by == "course" else ""})
        if who == RESPONDERS and len(part) >= min_cell and (by == "all" or (pair and by != "site")):
            fits.append(_fits(part, by, level))
    responders = courses[first & courses["kind"].isin([ENDED, ONGOING]).to_numpy()]
    return Durations(
        rule=responder_rule,
        horizon_weeks=horizon_weeks,
        counts=_hidden_counts(counts, min_cell),
        curves=_frame(curves, ["who", "by", "group", "time", "low", "high", "band_low", "band_high"]),
        medians=_hidden_medians(medians, min_cell),
        tests=pd.DataFrame(
            tests, columns=["who", "by", "group_1", "group_2", "n_1", "n_2", "p_value", "method", "note"]
        ),
        fits=_frame(fits, ["by", "group_1", "group_2", "n", *_FIT_COLUMNS]),
        fitted_curves=_fitted_curves(responders, horizon_weeks, level, min_cell),
        draws_rule=DRAWS_RULE,
        notes=_notes(courses[first]),
        unit=FIRST_COURSES,
        min_cell=min_cell,
        left_out=_left_out(courses[first]),
    )


def _frame(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _parts(courses: pd.DataFrame, min_cell: int) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The courses of every comparison with their group, merged to `min_cell`, without those that can't be judged."""
    judged = courses[courses["kind"].notna()]
    for who in WHO:
        part = judged if who == ALL_PATIENTS else judged[judged["kind"] != NEVER]
        for by in _COMPARED:
            mine = part[part["nth"] <= 1] if by == "course" else part[part["first"]]
            if mine.empty:
                continue
            if by == "all":
                group = pd.Categorical(["all"] * len(mine))
            elif by == "course":
                group = pd.Categorical.from_codes(mine["nth"], categories=[_FIRST, NEXT])
            else:
                group = grouping(mine, by)
            group = merge_small(group, mine["patient"].to_numpy(), min_cell)
            # one group says nothing that `all` doesn't say
            if by == "all" or len(group.categories) > 1:
                yield who, by, mine[["patient", "kind", "lower", "upper", "followed"]].assign(group=group)


def _counts(part: pd.DataFrame) -> dict[str, object]:
    kind = part["kind"].cat.codes.to_numpy()
    followed = part["followed"][kind == KINDS.index(ONGOING)]
    return {
        "patients": len(part),
        **dict(zip(KINDS, np.bincount(kind, minlength=len(KINDS)).tolist(), strict=True)),
        "without_follow_up": int(followed.isna().sum()),
        "median_followed": float(followed.median()),
    }


def _estimate(
    part: pd.DataFrame, horizon: float, level: float, draws: int, seed: int
) -> tuple[dict[str, object], pd.DataFrame]:
    known = interval_counts(part["lower"].to_numpy(), part["upper"].to_numpy())
    columns = known["lower"], known["upper"], known["patients"]
    told = {"patients": len(part), "draws": draws}
    if not draws:
        table = npmle(*columns)
        low, high = median(table)
        curve = survival_at(table, _times(table, horizon)).assign(band_low=np.nan, band_high=np.nan)
        limits = (np.nan, np.nan)
    else:
        drawn = bootstrap(*columns, draws=draws, seed=seed)
        low, high, *limits = drawn.quantile(0.5, level)
        curve = drawn.bands(_times(drawn.table, horizon), level)
    told |= {"median_low": low, "median_high": high, "limit_low": limits[0], "limit_high": limits[1]}
    return told, curve


def _times(table: pd.DataFrame, horizon: float) -> np.ndarray:
    """Whole weeks up to the horizon, and the ends of the innermost intervals where they aren't too many to draw."""
    weeks = np.append(np.arange(0, horizon), horizon)
    ends = np.union1d(table["left"], table["right"])
    ends = ends[(ends >= 0) & (ends <= horizon)]
    return np.union1d(weeks, ends) if len(ends) <= MOST_TIMES else weeks


def _test(part: pd.DataFrame, seed: int) -> dict[str, object]:
    labels = part["group"].cat.categories
    known = [
        interval_counts(mine["lower"].to_numpy(), mine["upper"].to_numpy()).assign(group=label)
        for label, mine in ((label, part[part["group"] == label]) for label in labels)
    ]
    rows = pd.concat(known, ignore_index=True)
    draws = TEST_DRAWS if len(part) <= PERMUTED else 1
    names = pd.Series(np.where(rows["group"] == labels[0], 0, 1))
    found = two_group_test(rows["lower"], rows["upper"], names, rows["patients"], draws=draws, seed=seed)
    normal = draws == 1 and found.method == "monte_carlo"
    return {
        "group_1": labels[0],
        "group_2": labels[1],
        "n_1": found.patients[0],
        "n_2": found.patients[1],
        "p_value": found.p_normal if normal else found.p,
        "method": "normal" if normal else found.method,
    }


def _fits(part: pd.DataFrame, by: str, level: float) -> pd.DataFrame:
    labels = list(part["group"].cat.categories) if by != "all" else ["", ""]
    known = [
        interval_counts(mine["lower"].to_numpy(), mine["upper"].to_numpy()).assign(code=code)
        for code, mine in part.groupby(part["group"].cat.codes)
    ]
    rows = pd.concat(known, ignore_index=True)
    groups = rows["code"] if by != "all" else None
    found = fit_distributions(rows["lower"], rows["upper"], rows["patients"], groups, FITTED, level)
    return found.rename(columns={"p": "p_value"}).assign(by=by, group_1=labels[0], group_2=labels[1], n=len(part))


def _fitted_curves(part: pd.DataFrame, horizon: float, level: float, min_cell: int) -> pd.DataFrame:
    times = np.linspace(0, horizon, 105)
    frames = []
    known = (
        interval_counts(part["lower"].to_numpy(), part["upper"].to_numpy()) if len(part) >= max(min_cell, 1) else None
    )
    for name in FITTED if known is not None else ():
        try:
            fit = fit_distribution(known["lower"], known["upper"], known["patients"], name, level=level)
        except UndeterminedError:
            continue
        frames.append(pd.DataFrame({"distribution": name, "time": times, "survival": fit.survival_at(times)}))
    return _frame(frames, ["distribution", "time", "survival"])


def _hidden_counts(rows: list[dict], min_cell: int) -> pd.DataFrame:
    whole = ["patients", "never", "ended", "ongoing", "without_follow_up"]
    columns = ["who", "by", "group", *whole, "median_followed", "merged"]
    frame = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(whole, "Int64"))
    followed = frame["ongoing"] - frame["without_follow_up"]
    frame["median_followed"] = frame["median_followed"].where((followed >= min_cell).to_numpy(dtype=bool))
    return hide_small(frame, "patients", [*whole[1:], "median_followed"], min_cell)


def _hidden_medians(rows: list[dict], min_cell: int) -> pd.DataFrame:
    numbers = ["median_low", "median_high", "limit_low", "limit_high"]
    frame = pd.DataFrame(rows, columns=["who", "by", "group", "patients", *numbers, "draws", "merged"])
    return hide_small(frame.astype({"patients": "Int64", "draws": "Int64"}), "patients", numbers, min_cell)


def _notes(first: pd.DataFrame) -> tuple[str, ...]:
    regained = int(first["regained"].sum())
    if not regained:
        return (CENSORED,)
    again = (
        f"{count(regained, 'patient')} responded again at a later visit; the benefit counts as ended at the first "
        "visit without a response."
    )
    return CENSORED, again


def _left_out(first: pd.DataFrame) -> pd.DataFrame:
    baseline, end, judged = first["baseline"], first["end_of_infusion"], first["kind"].notna()
    zero = (baseline == 0) & ~judged & end.notna()
    rows = [
        ("durations", "baseline score missing", "patients", int(baseline.isna().sum())),
        ("durations", "no score at the end of infusion", "patients", int((end.isna() & baseline.notna()).sum())),
        ("durations", "baseline pain is 0, of which no percentage can be taken", "patients", int(zero.sum())),
    ]
    return left_out_frame(rows)
