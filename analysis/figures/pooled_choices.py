"""Pooled responder rates and benefit kept as what a reader may choose on the page."""

from __future__ import annotations

from dataclasses import fields
from math import isfinite

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Criteria
from analysis.exhibit.choices import ChoiceCount, ChoiceRate, ChoiceResult, CountChoices, Option, RateChoices
from analysis.exhibit.places import anchor
from analysis.figures.study_rows import present_in_order
from analysis.outcomes.durations import ACCESS_LEVELS
from analysis.outcomes.synthesis import BenefitRetention, PooledRates
from analysis.outcomes.synthesis.windows import WINDOWS, window_position
from analysis.statistics.intervals import critical_value
from analysis.wording import (
    ACCESS_WORDS,
    CONTROL_HEADINGS,
    DEFINITION_WORDS,
    REGIMEN_WORDS,
    printed_percent,
    series,
    study_name,
)


def rate_choices(pooled: PooledRates) -> RateChoices:
    """Return the counts with a known time, also those that no average may contain, the results and the options.

    A choice of a regimen never divides a study: a study whose rates are of several regimens belongs to none of them.
    """
    table = pooled.rates[pooled.rates["window"] != ""].dropna(subset=["responders", "n"])
    regimens = table.groupby("study_id")["regimen_class"].agg(lambda of: of.iloc[0] if of.nunique() == 1 else "")
    most = int(table["study_id"].nunique())
    return RateChoices(
        tuple(_rate(row, regimens[row.study_id]) for row in each(table)),
        tuple(_result(group) for group in each(pooled.groups)),
        _options(table["definition_class"], DEFINITION_WORDS),
        tuple(words for _, words in WINDOWS),
        _options(regimens[regimens != ""], REGIMEN_WORDS),
        _access(table["access"]),
        CONTROL_HEADINGS,
        pooled.level,
        _quantiles(pooled.level, most),
        "03-responder-rates",
        _parameters(pooled.criteria, pooled.level),
    )


def count_choices(result: BenefitRetention) -> CountChoices:
    """Return the counts of the curve of benefit kept, and the options."""
    points = result.points
    regimens = points.groupby("study_id")["regimen_class"].agg(lambda of: of.iloc[0] if of.nunique() == 1 else "")
    counts = tuple(
        ChoiceCount(
            row.study_id,
            study_name(row.citation),
            regimens[row.study_id],
            float(row.weeks),
            int(row.patients),
            int(row.patients_treated),
        )
        for row in each(points)
    )
    return CountChoices(
        counts,
        _options(regimens[regimens != ""], REGIMEN_WORDS),
        result.level,
        _quantiles(result.level, result.k),
        "04-durations-of-benefit",
        _parameters(result.criteria, result.level),
    )


def _quantiles(level: float, most: int) -> tuple[float, ...]:
    """Return the quantile of the normal distribution, then those of t with 1 to `most` - 1 degrees of freedom."""
    return (critical_value(level), *(critical_value(level, df) for df in range(1, most)))


def _rate(row, regimen: str) -> ChoiceRate:
    what = (row.definition_class, row.definition, window_position(row.window), row.control, row.route)
    counts = (int(row.responders), int(row.n), printed_percent(row) if isfinite(row.rate) else "")
    name, where = study_name(row.citation), anchor("responders", row.row)
    return ChoiceRate(row.study_id, name, row.arm_id, *what, regimen, row.access, *counts, row.why, where)


def _result(group) -> ChoiceResult:
    numbers = (group.rate, group.ci_low, group.ci_high, group.pi_low, group.pi_high)
    return ChoiceResult(
        group.definition_class,
        window_position(group.window),
        group.control,
        group.route,
        int(group.k),
        int(group.patients),
        int(group.responders),
        *(float(number) if isfinite(number) else None for number in numbers),
    )


def _options(values: pd.Series, words: dict[str, str]) -> tuple[Option, ...]:
    return tuple((value, words.get(value, value)) for value in present_in_order(values, words))


def _access(values: pd.Series) -> tuple[Option, ...]:
    """Return the choices that leave out the sources farthest from the study itself, one level more at a time."""
    present = [level for level in ACCESS_LEVELS if level in set(values)]
    return tuple(
        (",".join(present[:count]), f"{series([ACCESS_WORDS[level] for level in present[:count]])} only")
        for count in range(len(present) - 1, 0, -1)
    )


def _parameters(criteria: Criteria, level: float) -> dict[str, str]:
    """Return the parameters that differ from the defaults, as text of the command line."""
    changed = {f.name: getattr(criteria, f.name) for f in fields(Criteria) if getattr(criteria, f.name) != f.default}
    words = {
        name: str(value).lower() if isinstance(value, bool) else ",".join(value) for name, value in changed.items()
    }
    return words | ({"level": f"{level:g}"} if level != 0.95 else {})
