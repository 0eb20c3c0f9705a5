"""What studies say when they are put together, in words."""

from __future__ import annotations

import numpy as np

from analysis.exhibit import Finding, cite
from analysis.outcomes.context import REGIMEN_WORDS, source_row
from analysis.outcomes.synthesis import BenefitKept, DurationCurves, PooledRates
from analysis.wording import count, half_up, level_words, of, percent, percent_interval, series, upper_first

WIDE = 0.8  # a prediction interval wider than this leaves nearly every rate possible


def pooled(found: PooledRates, level: float = 0.95) -> Finding:
    """Each pooled rate with its interval and its prediction interval; what both mean for the next patients."""
    told = [
        f"**{upper_first(row.definition_words)}, {row.window}: {percent(row.rate)}** over "
        f"{count(row.k, 'study', 'studies')} ({row.control}; {of(row.responders, row.patients)} patients; "
        f"{level_words(level)} {percent_interval(row.ci_low, row.ci_high)}){_next(row)}."
        for row in found.groups.itertuples()
    ]
    if told:
        if (found.groups["pi_high"] - found.groups["pi_low"] > WIDE).all():
            told.append("None of these narrows down what to expect.")
        told.append(
            "The interval says where the average over such studies lies; the prediction interval says where the rate "
            "of the next group of patients may lie, and it is the one to think of for patients of one's own."
        )
    else:
        told.append("No two studies in this selection count the same thing at the same time: no rate is pooled.")
    alone = len(found.left_out)
    if alone:
        told.append(f"{upper_first(count(alone, 'rate stands', 'rates stand'))} alone; the table says why.")
    rows = tuple(source_row("responders", row) for row in found.studies["row"])
    return Finding("What do rates say together?", " ".join(told), tuple(dict.fromkeys(found.studies["study_id"])), rows)


def _next(row) -> str:
    if np.isnan(row.pi_low):
        return ""
    return f"; the next such study may see {percent_interval(row.pi_low, row.pi_high)}"


def kept_over_time(found: BenefitKept, level: float = 0.95) -> Finding:
    """The share that still has the benefit at the start and at the last count, the half time, what rests on one
    study."""
    question = "How does the benefit fade, over studies?"
    if found.why:
        return Finding(question, f"No curve over studies can be drawn: {found.why}.")
    first, last = (next(found.curve.iloc[[i]].itertuples()) for i in (0, -1))
    points = found.points
    patients = int(points.drop_duplicates("arm_id")["patients_treated"].sum())
    sentence = (
        f"**In the study in the middle {percent(first.rate)} of all treated patients have the benefit at the end of "
        f"infusion and {percent(last.rate)} still have it {last.weeks:g} weeks later** ({level_words(level)} "
        f"{percent_interval(first.ci_low, first.ci_high)} and {percent_interval(last.ci_low, last.ci_high)}; "
        f"{count(found.k, 'study', 'studies')} without a control group, {patients} patients). The next such study may "
        f"see {percent_interval(last.pi_low, last.pi_high)} at {last.weeks:g} weeks."
    )
    whole = next(found.half.iloc[[0]].itertuples())
    detail = [_half_words(whole, found.last_week), *_rests_on(found), *_regimens(found)]
    rows = tuple(source_row("durations", row) for row in points["row"])
    return Finding(question, sentence, tuple(dict.fromkeys(points["study_id"])), rows, " ".join(filter(None, detail)))


def _half_words(half, last: float) -> str:
    if half.half_weeks <= last:
        text = f"Half of the initial responders have lost it after {half_up(half.half_weeks, 1)} weeks"
    else:
        text = f"Half of the initial responders have not lost it within the {last:g} weeks that were counted"
    if np.isinf(half.half_low):
        return f"{text}, and the counts speak against any such fall."
    if np.isinf(half.half_high):
        soonest = half_up(half.half_low, 0)
        if soonest == "0":
            return f"{text}; what was counted does not tell when they will."
        never = "what was counted neither excludes that they have after"
        return f"{text}; {never} {soonest} weeks nor that they never do."
    return f"{text} (limits {half_up(half.half_low, 1)} to {half_up(half.half_high, 1)} weeks)."


def _rests_on(found: BenefitKept) -> list[str]:
    """Studies without which the benefit would no longer fall."""
    if not found.half["slope"].iloc[0] < 0:
        return []
    others = found.half.iloc[1:]
    turned = others[others["slope"] >= 0]
    untold = others[others["slope"].isna()]
    told = []
    if len(turned):
        names = series([cite(row.omitted, row.citation) for row in turned.itertuples()], "or")
        told.append(f"Without {names} the curve would not fall at all: its fall rests on this study.")
    if len(untold):
        names = series([cite(row.omitted, row.citation) for row in untold.itertuples()], "or")
        told.append(f"Without {names} no curve could be fitted.")
    return told


def _regimens(found: BenefitKept) -> list[str]:
    if found.why_no_regimens:
        return [f"Regimens can't be compared here: {found.why_no_regimens}."]
    first = next(found.regimens.iloc[[0]].itertuples())
    told = []
    for row in found.regimens.iloc[1:].itertuples():
        words = (
            f"Against {REGIMEN_WORDS[first.regimen_class]} ({count(first.k, 'study', 'studies')}) the odds of still "
            f"having the benefit after {REGIMEN_WORDS[row.regimen_class]} ({count(row.k, 'study', 'studies')}) are "
            f"{row.odds_ratio:.1f} times as high (interval {row.ci_low:.2g} to {row.ci_high:.2g})"
        )
        unclear = row.ci_low < 1 < row.ci_high
        told.append(words + (": the counts don't tell which is better." if unclear else "."))
    return told


def durations_by_regimen(found: DurationCurves, level: float = 0.95) -> Finding:
    """For each regimen by when half of the patients had lost the benefit or never had it."""
    question = "By when is half of the benefit lost, by regimen?"
    if found.groups.empty:
        return Finding(question, "No regimen in this selection has counts that part its patients by duration.")
    told = [_median(row, level) for row in found.groups.itertuples()]
    told.append(
        "Patients of several studies are put together here as if they came from one, and never having had the benefit "
        "counts as a duration of 0."
    )
    rows = tuple(dict.fromkeys(found.patients["rows"]))
    return Finding(question, " ".join(told), tuple(dict.fromkeys(found.patients["study_id"])), rows)


def _median(row, level: float) -> str:
    who = (
        f"**{upper_first(REGIMEN_WORDS[row.regimen_class])}** ({int(row.patients)} patients of "
        f"{count(row.k, 'study', 'studies')}): "
    )
    if np.isinf(row.median_high):
        return f"{who}more than half still had the benefit at the last count, at {row.last_week:g} weeks."
    when = (
        f"by week {row.median_high:g}"
        if row.median_low <= 0
        else (f"between week {row.median_low:g} and week {row.median_high:g}")
    )
    if np.isinf(row.median_ci_high):
        limits = f"{level_words(level)}: week {row.median_ci_low:g} or later"
    else:
        limits = f"{level_words(level)}: week {row.median_ci_low:g} to {row.median_ci_high:g}"
    return f"{who}half had lost it, or never had it, {when} ({limits})."
