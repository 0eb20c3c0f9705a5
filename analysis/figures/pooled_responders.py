"""Forest plot of pooled responder rates: rates, weights, pooled rate, prediction interval."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, cite, escape
from analysis.exhibit.places import source_row
from analysis.exhibit.row_picture import Bar, Diamond, Row, RowHeading, RowPicture, percent_axis
from analysis.figures.pooled_choices import rate_choices
from analysis.figures.responder_rates import rate_marks, rate_numbers, rate_range, rate_words
from analysis.figures.row_figure import rows_figure
from analysis.figures.study_rows import marked_study, not_drawn, present_in_order
from analysis.figures.style import nothing
from analysis.outcomes.context import PLACEBO
from analysis.outcomes.synthesis import PooledRates
from analysis.outcomes.synthesis.few_studies import MOST_STUDIES, is_uncertain
from analysis.outcomes.synthesis.rates import GROUP_KEYS
from analysis.wording import (
    CONTROL_HEADINGS,
    REGIMEN_WORDS,
    counted,
    of_them,
    percent,
    percent_level,
    percent_pair,
    regimen_words,
    short_citation,
    upper_first,
)

_NAME = "pooled-rates"
_LIMITS = ["ci_low", "ci_high", "pi_low", "pi_high"]
_NO_AVERAGE = (
    "No average is drawn of four studies or fewer, or with an interval wider than 60 points; the table of few studies "
    "has their intervals."
)
_HETEROGENEITY = ["tau2", "tau2_low", "tau2_high", "i2", "i2_low", "i2_high", "q", "q_p", "note"]


def pooled_forest(pooled: PooledRates) -> Figure:
    """Return the forest plot of each pooled responder rate: study rates, weights and prediction interval.

    Its data have one row for each study (`what` = study: counts, weight, percent and interval) and for each group
    (`what` = pooled: percent, confidence and prediction interval, heterogeneity). A pooled rate is a diamond as
    wide as its confidence interval; the bar below it is the prediction interval. One that `is_uncertain` has neither:
    the range of its rates stands in their place.
    """
    words = percent_level(pooled.level)
    groups, studies = pooled.groups, pooled.studies
    uncertain = is_uncertain(groups)
    drawn = groups[~uncertain]
    caption = f"Points: rates of studies with Wilson's {words} interval. " + (
        f"Diamond: the typical study by the binomial-normal model with Student's t. Pale bar: {words} prediction "
        "interval (t with k − 1, not truncated), where the next such study is expected."
        if len(drawn)
        else _NO_AVERAGE
    )
    left_out = not_drawn(((row, row.why) for row in each(pooled.left_out)), "Not pooled")
    if groups.empty:
        why = "No responder rate can be pooled: no two studies count the same thing at about the same time."
        return nothing(_NAME, why, caption, left_out)
    rows: list[Row | RowHeading] = []
    parts = []
    for group, unknown in zip(each(groups), uncertain, strict=True):
        members = _members(studies, group)
        rows += _group_rows(group, members, pooled.level, unknown)
        parts += [_study_data(members), _pooled_data(group)]
    picture = RowPicture(tuple(rows), percent_axis())
    data = pd.concat(parts, ignore_index=True)
    cautions = " ".join(escape(note) for note in dict.fromkeys(drawn["note"]) if note)
    averaged = replace(pooled, groups=drawn)
    notes = (cautions, _mixed(averaged), _without(averaged), _NO_AVERAGE if 0 < len(drawn) < len(groups) else "")
    alt = _alt(pooled, uncertain)
    figure = rows_figure(_NAME, picture, studies, data, _title(groups, drawn), alt, caption, *notes, left_out)
    return replace(figure, choices=rate_choices(pooled))


def _members(table: pd.DataFrame, group) -> pd.DataFrame:
    return table[(table[GROUP_KEYS] == [getattr(group, key) for key in GROUP_KEYS]).all(axis=1)]


def _group_rows(group, members: pd.DataFrame, level: float, uncertain: bool) -> list[Row | RowHeading]:
    """Return the studies of a group, then its pooled rate and prediction interval; if uncertain, why there is none."""
    studies: list[Row | RowHeading] = [
        Row(
            marked_study(row),
            row.definition if uncertain else f"{row.definition}; weight {percent(row.weight)}",
            rate_marks(row),
            *rate_words(row),
            places=source_row("responders", row.row),
        )
        for row in each(members)
    ]
    control = CONTROL_HEADINGS.get(group.control, group.control).lower()
    route = "" if group.route == "iv" else f", {str(group.route).replace('_', ' ')}"
    heading = RowHeading(f"{upper_first(group.definition_words)}, {group.window}; {control}{route}")
    if uncertain:
        why = "too few studies to average" if group.k <= MOST_STUDIES else "too different to average"
        words = f"{counted(group.k, 'study', 'studies')}: {why}"
        return [heading, *studies, Row("No average", words, (), rate_range(members), strong=True)]
    pooled = Row(
        "Typical study",
        f"{percent_level(level)} interval; {counted(group.k, 'study', 'studies')}",
        (
            Bar(100 * group.pi_low, 100 * group.pi_high, fill="band"),
            Diamond(100 * group.ci_low, 100 * group.rate, 100 * group.ci_high),
        ),
        f"{percent(group.rate)} ({percent_pair(group.ci_low, group.ci_high)})",
        f"next study {percent_pair(group.pi_low, group.pi_high)}; "
        f"I² {percent(group.i2)} ({percent_pair(group.i2_low, group.i2_high)})",
        strong=True,
    )
    return [heading, *studies, pooled]


def _study_data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "regimen_class", "definition"]
    return pd.DataFrame(
        {
            "what": "study",
            **{key: table[key] for key in GROUP_KEYS},
            **{column: table[column] for column in same},
            "weeks_after_end_of_infusion": table["weeks"],
            **rate_numbers(table, "weight"),
        }
    )


def _pooled_data(group) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "what": "pooled",
                **{key: getattr(group, key) for key in GROUP_KEYS},
                "studies": group.k,
                "responders": group.responders,
                "n": group.patients,
                "weight_percent": 100.0,
                "percent_responders": 100 * group.rate,
                **{f"{limit}_percent": 100 * getattr(group, limit) for limit in _LIMITS},
                **{column: getattr(group, column) for column in _HETEROGENEITY},
            }
        ]
    )


def _title(groups: pd.DataFrame, drawn: pd.DataFrame) -> str:
    """Return how many rates can be averaged."""
    if drawn.empty:
        few = (groups["k"] <= MOST_STUDIES).all()
        return "No rate can be averaged: too few studies" if few else "No rate can be averaged: studies differ too much"
    return f"{len(drawn)} of {counted(len(groups), 'rate')} can be averaged"


def _mixed(pooled: PooledRates) -> str:
    """Return a sentence about the pooled rates that combine different regimens."""
    parts = []
    for group in each(pooled.groups):
        regimens = present_in_order(_members(pooled.studies, group)["regimen_class"], REGIMEN_WORDS)
        if len(regimens) > 1:
            named = "; ".join(regimen_words(regimen) for regimen in regimens)
            parts.append(f"{group.definition_words} {group.window} ({named})")
    return f"Studies of different regimens are pooled for {', '.join(parts)}." if parts else ""


def _without(pooled: PooledRates) -> str:
    """Return the range of each pooled rate when one study is left out, in words."""
    parts = []
    for group in each(pooled.groups):
        rest = _members(pooled.without, group)
        if rest.empty:
            continue
        least, most = (next(each(rest.loc[[index]])) for index in (rest["rate"].idxmin(), rest["rate"].idxmax()))
        parts.append(
            f"{group.definition_words} {group.window}: {percent(group.rate)} with all, from {percent(least.rate)} "
            f"(without {cite(least.study_id, short_citation(least.citation))}) to {percent(most.rate)} "
            f"(without {cite(most.study_id, short_citation(most.citation))})"
        )
    return f"Without one study at a time, {'; '.join(parts)}." if parts else ""


def _alt(pooled: PooledRates, uncertain: pd.Series) -> str:
    groups, level = pooled.groups, percent_level(pooled.level)
    parts = []
    for group, unknown in zip(each(groups), uncertain, strict=True):
        result = f"pooled {percent(group.rate)} ({level} interval {percent_pair(group.ci_low, group.ci_high)}, "
        result += f"prediction interval {percent_pair(group.pi_low, group.pi_high)})"
        if unknown:
            result = f"not averaged, rates from {rate_range(_members(pooled.studies, group))}"
        parts.append(
            f"{group.definition_words} {group.window}, {int(group.responders)} of {int(group.patients)} patients in "
            f"{counted(group.k, 'study', 'studies')}: {result}"
        )
    controlled = of_them(int((groups["control"] == PLACEBO).sum()), len(groups))
    return (
        f"{counted(len(groups), 'responder rate')} of several studies, {controlled} of placebo-controlled "
        f"studies. {upper_first('; '.join(parts))}."
    )
