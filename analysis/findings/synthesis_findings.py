"""Findings of the synthesis over studies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Finding, cite, shown_in, sourced
from analysis.exhibit.places import source_row
from analysis.outcomes.synthesis import BenefitRetention, DurationCurves, PooledRates
from analysis.wording import (
    REGIMEN_WORDS,
    counted,
    half_up,
    interval_words,
    out_of,
    percent,
    percent_interval,
    percent_range,
    series,
    upper_first,
)

_WIDE = 0.8  # a wider prediction interval is almost uninformative


def pooled_rates_finding(pooled: PooledRates) -> Finding:
    """Return each pooled rate with its confidence and prediction interval, and their meaning for new patients."""
    sentences = [_pooled(row, pooled.level) for row in each(pooled.groups)]
    if sentences:
        if (pooled.groups["pi_high"] - pooled.groups["pi_low"] > _WIDE).all():
            sentences.append("None of these narrows down what to expect.")
        sentences.append(
            "The interval says where the average over such studies lies; the prediction interval says where the rate "
            "of the next group of patients may lie, and it is the one to think of for patients of one's own."
        )
    else:
        sentences.append("No two studies in this selection count the same thing at the same time: no rate is pooled.")
    alone = len(pooled.left_out)
    if alone:
        stand = shown_in(upper_first(counted(alone, "rate stands", "rates stand")), "tab-not-pooled")
        sentences.append(f"{stand} alone; the table says why.")
    rows = tuple(source_row("responders", row) for row in pooled.studies["row"])
    return Finding(
        "What do rates say together?", " ".join(sentences), tuple(dict.fromkeys(pooled.studies["study_id"])), rows
    )


def next_trial_finding(trial: pd.DataFrame, readings: pd.DataFrame) -> Finding:
    """Return what `synthesis.next_trial` forecasts, and which of `synthesis.spread_readings` it assumes."""
    question = "What would the next trial show?"
    if trial.empty:
        words = "No controlled comparison in this selection allows a forecast of the next trial."
        return Finding(question, words, (), ())
    sentences = []
    for study, of_study in trial.groupby("study_id", sort=False):
        both = {row.reading: row for row in each(readings[readings["study_id"] == study])}
        leading = both.pop(of_study["reading"].iloc[0])
        (other,) = both.values()
        size = 30 if (of_study["per_arm"] == 30).any() else int(of_study["per_arm"].max())
        of_size = of_study[of_study["per_arm"] == size]
        chances = (of_size["excludes_zero"], of_size["excludes_line"])
        zero, line = (sourced(percent_range(shares), leading.rows) for shares in chances)
        sentences.append(
            f"{cite(study, leading.citation)} print a ± without a label. {_reading(leading)}, "
            f"{_reading(other, short=True)}, so it is read as {_SPREADS[leading.reading]}. If this effect is true, a "
            f"new trial with {size} patients per arm excludes no difference with a probability of {zero} and a "
            f"difference of less than 2 points with {line}."
        )
    rows = tuple(dict.fromkeys(readings["rows"]))
    return Finding(question, " ".join(sentences), tuple(dict.fromkeys(trial["study_id"])), rows)


_SPREADS = {"sd": "a standard deviation", "se": "a standard error"}


def _reading(row, short: bool = False) -> str:
    number = sourced(half_up(row.standardised_difference, 1), row.rows)
    words = f"by {number}" if short else f"the arms differ by {number} standard deviations"
    as_words = f"as {_SPREADS[row.reading]}"
    plausibility = sourced(percent(row.plausibility), row.rows)
    return f"{as_words if short else upper_first(as_words)} {words} (plausibility {plausibility})"


def _pooled(row, level: float) -> str:
    rows = row.rows
    what = f"{upper_first(row.definition_words)}, {row.window}"
    return (
        f"**{sourced(what, rows)}: {sourced(percent(row.rate), rows)}** over "
        f"{sourced(counted(row.k, 'study', 'studies'), rows)} ({row.control}; "
        f"{sourced(out_of(row.responders, row.patients), rows)} patients; "
        f"{interval_words(level)} {sourced(percent_interval(row.ci_low, row.ci_high), rows)}){_next(row, rows)}."
    )


def _next(row, rows: str) -> str:
    if np.isnan(row.pi_low):
        return ""
    return f"; the next such study may see {sourced(percent_interval(row.pi_low, row.pi_high), rows)}"


def benefit_retention_finding(result: BenefitRetention) -> Finding:
    """Return the share of patients that still has the benefit at the end of infusion and at the last count.

    Its detail states the time to half of the initial responders, the studies on which the decline depends, and the
    comparison of regimens.
    """
    question = "How does the benefit fade, over studies?"
    if result.why:
        return Finding(question, f"No curve over studies can be drawn: {result.why}.")
    first, last = (next(each(result.curve.iloc[[i]])) for i in (0, -1))
    points = result.points
    patients = int(points.drop_duplicates("arm_id")["patients_treated"].sum())
    rows = tuple(source_row("durations", row) for row in points["row"])

    def from_all(words: str) -> str:
        return sourced(words, *rows)

    limits = f"{percent_interval(first.ci_low, first.ci_high)} and {percent_interval(last.ci_low, last.ci_high)}"
    sentence = (
        f"**In a typical study {from_all(percent(first.rate))} of all treated patients have the benefit at "
        f"the end of infusion and {from_all(percent(last.rate))} still have it "
        f"{from_all(f'{last.weeks:g} weeks')} later** ({interval_words(result.level)} {from_all(limits)}; "
        f"{from_all(counted(result.k, 'study', 'studies'))} without a control group, "
        f"{from_all(f'{patients} patients')}). "
        f"The next such study may see "
        f"{from_all(f'{percent_interval(last.pi_low, last.pi_high)} at {last.weeks:g} weeks')}."
    )
    with_all = next(each(result.half.iloc[[0]]))
    detail = [_half_words(with_all, result.last_week, from_all), *_rests_on(result), *_regimens(result, from_all)]
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


def _rests_on(result: BenefitRetention) -> list[str]:
    """Return a sentence about the studies without which the decline would disappear, if there are any."""
    if not result.half["slope"].iloc[0] < 0:
        return []
    others = result.half.iloc[1:]
    turned = others[others["slope"] >= 0]
    unfitted = others[others["slope"].isna()]
    sentences = []
    if len(turned):
        names = series([cite(row.omitted, row.citation) for row in each(turned)], "or")
        sentences.append(f"Without {names} the curve would not fall at all: its fall rests on this study.")
    if len(unfitted):
        names = series([cite(row.omitted, row.citation) for row in each(unfitted)], "or")
        sentences.append(f"Without {names} no curve could be fitted.")
    return sentences


def _regimens(result: BenefitRetention, from_all: Callable[[str], str]) -> list[str]:
    if result.why_no_regimens:
        return [f"Regimens can't be compared here: {result.why_no_regimens}."]
    first = next(each(result.regimens.iloc[[0]]))
    sentences = []
    for row in each(result.regimens.iloc[1:]):
        words = (
            f"Against {REGIMEN_WORDS[first.regimen_class]} ({from_all(counted(first.k, 'study', 'studies'))}) the odds "
            f"of still having the benefit after {REGIMEN_WORDS[row.regimen_class]} "
            f"({from_all(counted(row.k, 'study', 'studies'))}) are {from_all(f'{row.odds_ratio:.1f}')} times as high "
            f"(interval {from_all(f'{row.ci_low:.2g} to {row.ci_high:.2g}')})"
        )
        unclear = row.ci_low < 1 < row.ci_high
        sentences.append(words + (": the counts don't tell which is better." if unclear else "."))
    return sentences


def durations_by_regimen_finding(curves: DurationCurves) -> Finding:
    """Return the median duration of benefit of each regimen, counting patients who never had it as 0."""
    question = "By when is half of the benefit lost, by regimen?"
    if curves.groups.empty:
        return Finding(question, "No regimen in this selection has counts that divide its patients by duration.")
    places = curves.patients.groupby("regimen_class")["rows"].agg("; ".join)
    sentences = [_median(row, places[row.regimen_class], curves.level) for row in each(curves.groups)]
    sentences.append(
        "Patients of several studies are put together here as if they came from one, and never having had the benefit "
        "counts as a duration of 0."
    )
    rows = tuple(dict.fromkeys(curves.patients["rows"]))
    return Finding(question, " ".join(sentences), tuple(dict.fromkeys(curves.patients["study_id"])), rows)


def _median(row, rows: str, level: float) -> str:
    patients = sourced(f"{int(row.patients)} patients of {counted(row.k, 'study', 'studies')}", rows)
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
    limits = f"{interval_words(level)}: {sourced(limits, rows)}"
    return f"{who}half had lost it, or never had it, {sourced(when, rows)} ({limits})."
