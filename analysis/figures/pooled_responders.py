"""Forest plot of pooled responder rates: rates, weights, pooled rate, prediction interval."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, cite, escape, paragraphs, studies_of
from analysis.figures.picture_parts import regimen_key
from analysis.figures.responder_rates import rate_marks, rate_numbers
from analysis.figures.row_figure import PrintedColumn, Row, RowHeading, draw_rows, percent_track
from analysis.figures.row_marks import Box, Diamond
from analysis.figures.study_rows import marked_caption, marks_line, not_drawn, present_in_order
from analysis.figures.style import MUTED, nothing, style
from analysis.outcomes.context import PLACEBO
from analysis.outcomes.synthesis import PooledRates
from analysis.outcomes.synthesis.rates import GROUP_KEYS
from analysis.wording import (
    CONTROL_HEADINGS,
    REGIMEN_WORDS,
    count_mark,
    counted,
    of_them,
    percent,
    percent_level,
    percent_pair,
    printed_percent,
    regimen_words,
    short_citation,
    source_mark,
    upper_first,
    weeks_cell,
)

_COLUMNS = (
    PrintedColumn(4, 166),
    PrintedColumn(196, 26, "weeks", "right"),
    PrintedColumn(250, 50, "responders\nof all", "right"),
    PrintedColumn(286, 34, "weight", "right"),
    PrintedColumn(430, 86, "percent\n(interval)"),
)
_TRACK = percent_track(300, 420)
_PALE = "#dde2e6"
_LIMITS = ["ci_low", "ci_high", "pi_low", "pi_high"]
_HETEROGENEITY = ["tau2", "tau2_low", "tau2_high", "i2", "i2_low", "i2_high", "q", "q_p", "note"]


def pooled_forest(pooled: PooledRates, level: float = 0.95, name: str = "pooled-rates") -> Figure:
    """Return the forest plot of each pooled responder rate: study rates, weights and prediction interval.

    Parameters
    ----------
    pooled : PooledRates
        The result of `synthesis.pooled_rates`.
    level : float
        Confidence level of the intervals in `pooled`.
    name : str
        Name of the figure's files.

    Returns
    -------
    Figure
        Its data have one row for each study (`what` = study: counts, weight, percent and interval) and for each group
        (`what` = pooled: percent, confidence and prediction interval, heterogeneity). A pooled rate is a diamond as
        wide as its confidence interval, hollow if it combines only two studies; the bar below it is the prediction
        interval.
    """
    words = percent_level(level)
    caption = (
        "Responder rates of studies that count the same at about the same time, put together by the binomial-normal "
        f"model with Student's t. Points: each study's rate with Wilson's {words} interval. Diamond: the rate of the "
        f"study in the middle with its {words} interval, hollow where only two studies make it. Bar: the {words} "
        "prediction interval, in which the rate of the next such group of patients is expected. I²: how much of the "
        "spread between the studies is more than chance, with its interval. Weeks after the end of infusion; the "
        "percentage is the printed one where a study prints it. Rates under different headings do not compare."
    )
    groups, studies = pooled.groups, pooled.studies
    left_out = not_drawn(((row, row.why) for row in each(pooled.left_out)), "Not pooled")
    if groups.empty:
        why = "No responder rate can be put together: no two studies count the same thing at about the same time."
        return nothing(name, why, caption, left_out)
    rows: list[Row | RowHeading] = []
    parts = []
    for control in present_in_order(groups["control"], CONTROL_HEADINGS):
        for route, some in groups[groups["control"] == control].groupby("route", sort=False):
            route_words = "intravenous" if route == "iv" else str(route).replace("_", " ")
            rows.append(RowHeading(CONTROL_HEADINGS.get(control, control), route_words))
            for group in each(some):
                members = _members(studies, group)
                rows += _group_rows(group, members, level)
                parts += [_study_data(members), _pooled_data(group)]
    with style():
        picture = draw_rows(_COLUMNS, _TRACK, rows, regimen_key(studies), [marks_line(studies)])
    data = pd.concat(parts, ignore_index=True)
    cautions = " ".join(escape(note) for note in dict.fromkeys(groups["note"]) if note)
    notes = paragraphs(cautions, _mixed(pooled), _without(pooled), left_out)
    return Figure(
        name, picture, data, _alt(groups, level), marked_caption(caption, studies), studies_of(studies), notes
    )


def _members(table: pd.DataFrame, group) -> pd.DataFrame:
    return table[(table[GROUP_KEYS] == [getattr(group, key) for key in GROUP_KEYS]).all(axis=1)]


def _group_rows(group, members: pd.DataFrame, level: float) -> list[Row | RowHeading]:
    """Return the studies of a group, then its pooled rate, prediction interval and heterogeneity."""
    studies = [
        Row(
            (
                f"{short_citation(row.citation)}{source_mark(row.access)}: {row.definition}",
                weeks_cell(row.weeks),
                f"{int(row.responders)}/{int(row.n)}{count_mark(row.count_basis)}",
                percent(row.weight),
                f"{printed_percent(row)} ({percent_pair(row.ci_low, row.ci_high)})",
            ),
            rate_marks(row),
        )
        for row in each(members)
    ]
    guess = " (hardly more than a guess from two studies)" if group.k == 2 else ""
    heterogeneity = f"Between studies: I² {percent(group.i2)} ({percent_pair(group.i2_low, group.i2_high)})"
    return [
        RowHeading(f"{upper_first(group.definition_words)}, {group.window}", below=True),
        *studies,
        Row(
            (
                f"Pooled, {percent_level(level)} interval",
                "",
                f"{int(group.responders)}/{int(group.patients)}",
                "100%",
                f"{percent(group.rate)} ({percent_pair(group.ci_low, group.ci_high)})",
            ),
            (Diamond(100 * group.ci_low, 100 * group.rate, 100 * group.ci_high, hollow=group.k == 2),),
        ),
        Row(
            (f"Prediction interval: next study{guess}", "", "", "", percent_pair(group.pi_low, group.pi_high)),
            (Box(100 * group.pi_low, 100 * group.pi_high, 4.4, _PALE, MUTED),),
        ),
        Row((heterogeneity, "", "", "", ""), color=MUTED),
    ]


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


def _mixed(pooled: PooledRates) -> str:
    """Return a sentence about the pooled rates that combine different regimens."""
    parts = []
    for group in each(pooled.groups):
        regimens = present_in_order(_members(pooled.studies, group)["regimen_class"], REGIMEN_WORDS)
        if len(regimens) > 1:
            named = "; ".join(regimen_words(regimen) for regimen in regimens)
            parts.append(f"{group.definition_words} {group.window} ({named})")
    return f"Studies of different regimens are put together for {', '.join(parts)}." if parts else ""


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


def _alt(groups: pd.DataFrame, level: float) -> str:
    controlled = of_them(int((groups["control"] == PLACEBO).sum()), len(groups))
    parts = [
        f"{group.definition_words} {group.window}, {int(group.responders)} of {int(group.patients)} "
        f"patients in {counted(group.k, 'study', 'studies')}: pooled {percent(group.rate)} ({percent_level(level)} "
        f"interval {percent_pair(group.ci_low, group.ci_high)}, "
        f"prediction interval {percent_pair(group.pi_low, group.pi_high)})"
        for group in each(groups)
    ]
    return (
        f"{counted(len(groups), 'responder rate')} put together over studies, {controlled} of placebo-controlled "
        f"studies. {upper_first('; '.join(parts))}."
    )
