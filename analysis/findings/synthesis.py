"""What studies say when they are put together, in words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.evidence.rowwise import each
from analysis.exhibit import Finding, cite, shown_in, sourced
from analysis.outcomes.context import REGIMEN_WORDS, source_row
from analysis.outcomes.synthesis import BenefitRetention, DurationCurves, PooledRates
from analysis.wording import count, half_up, level_words, of, percent, percent_interval, series, upper_first

_WIDE = 0.8  # a prediction interval wider than this leaves nearly every rate possible


def pooled(found: PooledRates, level: float = 0.95) -> Finding:
    """Each pooled rate with its interval and its prediction interval; what both mean for the next patients."""
    told = [_pooled(row, level) for row in each(found.groups)]
    if told:
        if (found.groups["pi_high"] - found.groups["pi_low"] > _WIDE).all():
            told.append("None of these narrows down what to expect.")
        told.append(
            "The interval says where the average over such studies lies; the prediction interval says where the rate "
            "of the next group of patients may lie, and it is the one to think of for patients of one's own."
        )
    else:
        told.append("No two studies in this selection count the same thing at the same time: no rate is pooled.")
    alone = len(found.left_out)
    if alone:
        stand = shown_in(upper_first(count(alone, "rate stands", "rates stand")), "tab-not-pooled")
        told.append(f"{stand} alone; the table says why.")
    rows = tuple(source_row("responders", row) for row in found.studies["row"])
    return Finding("What do rates say together?", " ".join(told), tuple(dict.fromkeys(found.studies["study_id"])), rows)


def _pooled(row, level: float) -> str:
    rows = row.rows
    what = f"{upper_first(row.definition_words)}, {row.window}"
    return (
        f"**{sourced(what, rows)}: {sourced(percent(row.rate), rows)}** over "
        f"{sourced(count(row.k, 'study', 'studies'), rows)} ({row.control}; "
        f"{sourced(of(row.responders, row.patients), rows)} patients; "
        f"{level_words(level)} {sourced(percent_interval(row.ci_low, row.ci_high), rows)}){_next(row, rows)}."
    )


def _next(row, rows: str) -> str:
    if np.isnan(row.pi_low):
        return ""
    return f"; the next such study may see {sourced(percent_interval(row.pi_low, row.pi_high), rows)}"


def kept_over_time(found: BenefitRetention, level: float = 0.95) -> Finding:
    """The share that still has the benefit at the start and at the last count, the half time, what rests on one
    study."""
    question = "How does the benefit fade, over studies?"
    if found.why:
        return Finding(question, f"No curve over studies can be drawn: {found.why}.")
    first, last = (next(each(found.curve.iloc[[i]])) for i in (0, -1))
    points = found.points
    patients = int(points.drop_duplicates("arm_id")["patients_treated"].sum())
    rows = tuple(source_row("durations", row) for row in points["row"])

    def from_all(words: str) -> str:
        return sourced(words, *rows)

    limits = f"{percent_interval(first.ci_low, first.ci_high)} and {percent_interval(last.ci_low, last.ci_high)}"
    sentence = (
        f"**In the study in the middle {from_all(percent(first.rate))} of all treated patients have the benefit at "
        f"the end of infusion and {from_all(percent(last.rate))} still have it "
        f"{from_all(f'{last.weeks:g} weeks')} later** ({level_words(level)} {from_all(limits)}; "
        f"{from_all(count(found.k, 'study', 'studies'))} without a control group, {from_all(f'{patients} patients')}). "
        f"The next such study may see "
        f"{from_all(f'{percent_interval(last.pi_low, last.pi_high)} at {last.weeks:g} weeks')}."
    )
    whole = next(each(found.half.iloc[[0]]))
    detail = [_half_words(whole, found.last_week, from_all), *_rests_on(found), *_regimens(found, from_all)]
    return Finding(question, sentence, tuple(dict.fromkeys(points["study_id"])), rows, " ".join(filter(None, detail)))


def _half_words(half, last: float, from_all: Callable[[str], str]) -> str:
    if half.half_weeks <= last:
        after = from_all(f"{half_up(half.half_weeks, 1)} weeks")
        text = f"Half of the initial responders have lost it after {after}"
    else:
        within = from_all(f"{last:g} weeks")
        text = f"Half of the initial responders have not lost it within the {within} that were counted"
    if np.isinf(half.half_low):
        return f"{text}, and the counts speak against any such fall."
    if np.isinf(half.half_high):
        soonest = half_up(half.half_low, 0)
        if soonest == "0":
            return f"{text}; what was counted does not tell when they will."
        never = "what was counted neither excludes that they have after"
        return f"{text}; {never} {from_all(f'{soonest} weeks')} nor that they never do."
    return f"{text} (limits {from_all(f'{half_up(half.half_low, 1)} to {half_up(half.half_high, 1)} weeks')})."


def _rests_on(found: BenefitRetention) -> list[str]:
    """Studies without which the benefit would no longer fall."""
    if not found.half["slope"].iloc[0] < 0:
        return []
    others = found.half.iloc[1:]
    turned = others[others["slope"] >= 0]
    untold = others[others["slope"].isna()]
    told = []
    if len(turned):
        names = series([cite(row.omitted, row.citation) for row in each(turned)], "or")
        told.append(f"Without {names} the curve would not fall at all: its fall rests on this study.")
    if len(untold):
        names = series([cite(row.omitted, row.citation) for row in each(untold)], "or")
        told.append(f"Without {names} no curve could be fitted.")
    return told


def _regimens(found: BenefitRetention, from_all: Callable[[str], str]) -> list[str]:
    if found.why_no_regimens:
        return [f"Regimens can't be compared here: {found.why_no_regimens}."]
    first = next(each(found.regimens.iloc[[0]]))
    told = []
    for row in each(found.regimens.iloc[1:]):
        words = (
            f"Against {REGIMEN_WORDS[first.regimen_class]} ({from_all(count(first.k, 'study', 'studies'))}) the odds "
            f"of still having the benefit after {REGIMEN_WORDS[row.regimen_class]} "
            f"({from_all(count(row.k, 'study', 'studies'))}) are {from_all(f'{row.odds_ratio:.1f}')} times as high "
            f"(interval {from_all(f'{row.ci_low:.2g} to {row.ci_high:.2g}')})"
        )
        unclear = row.ci_low < 1 < row.ci_high
        told.append(words + (": the counts don't tell which is better." if unclear else "."))
    return told


def durations_by_regimen(found: DurationCurves, level: float = 0.95) -> Finding:
    """For each regimen by when half of the patients had lost the benefit or never had it."""
    question = "By when is half of the benefit lost, by regimen?"
    if found.groups.empty:
        return Finding(question, "No regimen in this selection has counts that part its patients by duration.")
    places = found.patients.groupby("regimen_class")["rows"].agg("; ".join)
    told = [_median(row, places[row.regimen_class], level) for row in each(found.groups)]
    told.append(
        "Patients of several studies are put together here as if they came from one, and never having had the benefit "
        "counts as a duration of 0."
    )
    rows = tuple(dict.fromkeys(found.patients["rows"]))
    return Finding(question, " ".join(told), tuple(dict.fromkeys(found.patients["study_id"])), rows)


def _median(row, rows: str, level: float) -> str:
    patients = sourced(f"{int(row.patients)} patients of {count(row.k, 'study', 'studies')}", rows)
    who = f"**{upper_first(REGIMEN_WORDS[row.regimen_class])}** ({patients}): "
    if np.isinf(row.median_high):
        weeks = sourced(f"{row.last_week:g} weeks", rows)
        return f"{who}more than half still had the benefit at the last count, at {weeks}."
    when = (
        f"by week {row.median_high:g}"
        if row.median_low <= 0
        else (f"between week {row.median_low:g} and week {row.median_high:g}")
    )
    if np.isinf(row.median_ci_high):
        limits = f"week {row.median_ci_low:g} or later"
    else:
        limits = f"week {row.median_ci_low:g} to {row.median_ci_high:g}"
    limits = f"{level_words(level)}: {sourced(limits, rows)}"
    return f"{who}half had lost it, or never had it, {sourced(when, rows)} ({limits})."
