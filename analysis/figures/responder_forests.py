"""Responder rates as forest plots: each rate with its interval, and the rates of like studies pooled."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, cite, escape
from analysis.figures.keys import regimen_key
from analysis.figures.row_figure import (
    PrintedColumn,
    Row,
    RowHeading,
    count_studies,
    draw_rows,
    grouped_rows,
    percent_track,
)
from analysis.figures.row_marks import Box, Diamond, interval_marks
from analysis.figures.style import MUTED, nothing, regimen_look, style
from analysis.figures.words import (
    CONTROL_HEADINGS,
    CONTROL_ORDER,
    arm_names,
    count_mark,
    in_order,
    in_weeks,
    level_words,
    marks_line,
    not_drawn,
    of_them,
    paragraphs,
    percent,
    percent_pair,
    plural,
    regimen_words,
    row_label,
    short,
    source_mark,
    spoken,
    study_ids,
    weeks,
    where_it_stands,
    whole,
    with_marks,
)
from analysis.outcomes.context import DEFINITION_WORDS, PLACEBO, REGIMEN_WORDS
from analysis.outcomes.synthesis import PooledRates
from analysis.outcomes.synthesis.rates import GROUP_KEYS
from analysis.wording import printed_percent, upper_first

_COLUMNS = (
    PrintedColumn(4, 186),
    PrintedColumn(224, 34, "weeks", "right"),
    PrintedColumn(284, 56, "responders\nof all", "right"),
    PrintedColumn(428, 90, "percent\n(interval)"),
)
_TRACK = percent_track(298, 418)
_FEW = 6  # so many rates at most are all named in the alternative text

_POOLED_COLUMNS = (
    PrintedColumn(4, 166),
    PrintedColumn(196, 26, "weeks", "right"),
    PrintedColumn(250, 50, "responders\nof all", "right"),
    PrintedColumn(286, 34, "weight", "right"),
    PrintedColumn(430, 86, "percent\n(interval)"),
)
_POOLED_TRACK = percent_track(300, 420)
_PALE = "#dde2e6"
_LIMITS = ["ci_low", "ci_high", "pi_low", "pi_high"]
_HETEROGENEITY = ["tau2", "tau2_low", "tau2_high", "i2", "i2_low", "i2_high", "q", "q_p", "note"]


# ------------------------------------------------------------------------------------------------ every rate
def responder_forest(rates: pd.DataFrame, level: float = 0.95, name: str = "responder-rates") -> Figure:
    """Every responder rate with its Wilson interval, grouped by control, definition and time.

    Parameters
    ----------
    rates : DataFrame
        The table of `responders.rates`: one row a rate.
    level : float
        Confidence level of the table's intervals, for the words.
    name : str
        Name of the figure's files.

    Returns
    -------
    Figure
        Its data hold one row a rate drawn: responders, n, percent and interval, the printed percentage, the rows of
        responders.csv. Rates of infusions or treatment cases instead of patients have hollow markers; rates without a
        count are listed in the notes.
    """
    caption = (
        f"Responders among the patients of each study, with Wilson's {level_words(level)} interval, grouped by what "
        "counted as a response; within a group by weeks after the end of infusion (0 = at its end; – = on treatment "
        "or not stated). Marker and colour stand for the regimen. The percentage is the printed one where a study "
        "prints it; the point stands at the count. Rates under different headings have different meanings and do not "
        "compare."
    )
    drawn = rates[rates["rate"].notna()]
    notes = not_drawn((row, "no count of patients is printed") for row in each(rates[rates["rate"].isna()]))
    if drawn.empty:
        return nothing(name, "No responder rate is reported in the evidence that counts here.", caption, notes)

    names = arm_names(drawn)
    with style():
        rows, drawn = grouped_rows(
            drawn,
            lambda row: _rate_row(row, names),
            lambda group: count_studies(group, "rate"),
            by="definition_class",
            words=DEFINITION_WORDS,
        )
        picture = draw_rows(_COLUMNS, _TRACK, rows, regimen_key(drawn), [marks_line(drawn), _units(drawn)])
    notes = paragraphs(_printed_otherwise(drawn), notes)
    return Figure(
        name, picture, _rate_data(drawn), _rate_alt(drawn, level), with_marks(caption, drawn), study_ids(drawn), notes
    )


def _rate_row(row, names: dict) -> Row:
    unit = "" if row.unit == "patients" else row.unit
    cells = (
        row_label(row, names) + (f" ({unit})" if unit else ""),
        weeks(row.weeks),
        f"{whole(row.responders)}/{whole(row.n)}{count_mark(row.count_basis)}",
        f"{printed_percent(row)} ({percent_pair(row.ci_low, row.ci_high)})",
    )
    return Row(cells, _rate_marks(row, hollow=bool(unit)))


def _rate_marks(row, hollow: bool = False) -> tuple:
    look = regimen_look(row.regimen_class)
    return interval_marks(100 * row.ci_low, 100 * row.rate, 100 * row.ci_high, look, hollow)


def _units(table: pd.DataFrame) -> str:
    units = sorted(set(table["unit"]) - {"patients"})
    return f"Hollow marker: rate of {' or '.join(units)}, not of patients." if units else ""


def _printed_otherwise(table: pd.DataFrame) -> str:
    rows = table[(table["count_basis"] == "nearest_to_percent") & table["percent_reported"].notna()]
    parts = [
        f"{short(r.citation)}, week {weeks(r.weeks)}: {r.percent_reported:g}% is printed, {int(r.responders)} of "
        f"{int(r.n)} ({percent(r.rate)}) drawn"
        for r in each(rows)
    ]
    return f"Printed percentages that no whole number gives: {'; '.join(parts)}." if parts else ""


def _rate_data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "regimen_class", "control", "definition_class", "definition"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "weeks_after_end_of_infusion": table["weeks"],
            **{column: table[column] for column in ("timepoint", "unit")},
            **_rate_numbers(table),
        }
    ).reset_index(drop=True)


def _rate_numbers(table: pd.DataFrame, weight: str = "") -> dict[str, pd.Series]:
    """The columns of both figures' data from the count on."""
    return {
        "responders": table["responders"],
        "n": table["n"],
        **({"weight_percent": 100 * table[weight]} if weight else {}),
        "percent_responders": 100 * table["rate"],
        "ci_low_percent": 100 * table["ci_low"],
        "ci_high_percent": 100 * table["ci_high"],
        "percent_as_printed": table["percent_reported"],
        **where_it_stands(table, "responders"),
    }


def _rate_alt(table: pd.DataFrame, level: float) -> str:
    controlled = of_them(int((table["control"] == PLACEBO).sum()), len(table))
    sentences = [
        f"{plural(len(table), 'responder rate')} from {plural(table['study_id'].nunique(), 'study', 'studies')}, "
        f"{controlled} from a placebo-controlled study."
    ]
    patients = table[table["unit"] == "patients"]
    named = table if len(table) <= _FEW else patients[patients["n"] == patients["n"].max()]
    if len(patients) > _FEW:
        least, most = (next(each(patients.loc[[index]])) for index in _ends(patients))
        sentences.append(
            f"Among patients they run from {printed_percent(least)} in {short(least.citation)} to "
            f"{printed_percent(most)} in {short(most.citation)}, under "
            f"{plural(patients['definition_class'].nunique(), 'definition')} of response."
        )
    names = arm_names(table)
    for (_, definition, _), rows in named.groupby(["study_id", "definition_class", "arm_id"], sort=False):
        steps = [
            f"{int(r.responders)} of {int(r.n)}{'' if r.unit == 'patients' else ' ' + r.unit} ({printed_percent(r)}, "
            f"{level_words(level)} interval {percent_pair(r.ci_low, r.ci_high)}) at {in_weeks(r.weeks)}"
            for r in each(rows)
        ]
        lead = "Largest group: " if len(table) > _FEW else ""
        words = DEFINITION_WORDS.get(definition, definition)
        sentences.append(f"{lead}{spoken(next(each(rows)), names)}, {words}: {', '.join(steps)}.")
    return " ".join(sentences)


def _ends(patients: pd.DataFrame) -> tuple[object, object]:
    """The index of the smallest and of the largest rate; of several the one with most patients."""
    by_size = patients.sort_values("n", ascending=False, kind="stable")
    return by_size["rate"].idxmin(), by_size["rate"].idxmax()


# ------------------------------------------------------------------------------------------------ pooled rates
def pooled_forest(pooled: PooledRates, level: float = 0.95, name: str = "pooled-rates") -> Figure:
    """Each pooled responder rate with the rates it rests on, its weights and its prediction interval.

    Parameters
    ----------
    pooled : PooledRates
        The result of `synthesis.pooled_rates`.
    level : float
        Confidence level the rates were pooled with, for the words.
    name : str
        Name of the figure's files.

    Returns
    -------
    Figure
        Its data hold a row for each study (`what` = study: counts, weight, percent and interval) and for each group
        (`what` = pooled: percent, confidence and prediction interval, heterogeneity). A pooled rate is a diamond as
        wide as its confidence interval, hollow if only two studies make it; the bar below it is the prediction
        interval.
    """
    words = level_words(level)
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
    for control in in_order(groups["control"], CONTROL_ORDER):
        for route, some in groups[groups["control"] == control].groupby("route", sort=False):
            route_words = "intravenous" if route == "iv" else str(route).replace("_", " ")
            rows.append(RowHeading(CONTROL_HEADINGS.get(control, control), route_words))
            for group in each(some):
                members = _members(studies, group)
                rows += _group_rows(group, members, level)
                parts += [_study_data(members), _pooled_data(group)]
    with style():
        picture = draw_rows(_POOLED_COLUMNS, _POOLED_TRACK, rows, regimen_key(studies), [marks_line(studies)])
    data = pd.concat(parts, ignore_index=True)
    cautions = " ".join(escape(note) for note in dict.fromkeys(groups["note"]) if note)
    notes = paragraphs(cautions, _mixed(pooled), _without(pooled), left_out)
    return Figure(
        name, picture, data, _pooled_alt(groups, level), with_marks(caption, studies), study_ids(studies), notes
    )


def _members(table: pd.DataFrame, group) -> pd.DataFrame:
    return table[(table[GROUP_KEYS] == [getattr(group, key) for key in GROUP_KEYS]).all(axis=1)]


def _group_rows(group, members: pd.DataFrame, level: float) -> list[Row | RowHeading]:
    """The studies of a group, then its pooled rate, prediction interval and heterogeneity."""
    studies = [
        Row(
            (
                f"{short(row.citation)}{source_mark(row.access)}: {row.definition}",
                weeks(row.weeks),
                f"{int(row.responders)}/{int(row.n)}{count_mark(row.count_basis)}",
                percent(row.weight),
                f"{printed_percent(row)} ({percent_pair(row.ci_low, row.ci_high)})",
            ),
            _rate_marks(row),
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
                f"Pooled, {level_words(level)} interval",
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
            **_rate_numbers(table, "weight"),
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
    """The pooled rates whose studies give different regimens."""
    parts = []
    for group in each(pooled.groups):
        regimens = in_order(_members(pooled.studies, group)["regimen_class"], REGIMEN_WORDS)
        if len(regimens) > 1:
            named = "; ".join(regimen_words(regimen) for regimen in regimens)
            parts.append(f"{group.definition_words} {group.window} ({named})")
    return f"Studies of different regimens are put together for {', '.join(parts)}." if parts else ""


def _without(pooled: PooledRates) -> str:
    """How far each pooled rate moves when one study is left out."""
    parts = []
    for group in each(pooled.groups):
        rest = _members(pooled.without, group)
        if rest.empty:
            continue
        least, most = (next(each(rest.loc[[index]])) for index in (rest["rate"].idxmin(), rest["rate"].idxmax()))
        parts.append(
            f"{group.definition_words} {group.window}: {percent(group.rate)} with all, from {percent(least.rate)} "
            f"(without {cite(least.study_id, short(least.citation))}) to {percent(most.rate)} "
            f"(without {cite(most.study_id, short(most.citation))})"
        )
    return f"Without one study at a time, {'; '.join(parts)}." if parts else ""


def _pooled_alt(groups: pd.DataFrame, level: float) -> str:
    controlled = of_them(int((groups["control"] == PLACEBO).sum()), len(groups))
    parts = [
        f"{group.definition_words} {group.window}, {int(group.responders)} of {int(group.patients)} "
        f"patients in {plural(group.k, 'study', 'studies')}: pooled {percent(group.rate)} ({level_words(level)} "
        f"interval {percent_pair(group.ci_low, group.ci_high)}, "
        f"prediction interval {percent_pair(group.pi_low, group.pi_high)})"
        for group in each(groups)
    ]
    return (
        f"{plural(len(groups), 'responder rate')} put together over studies, {controlled} of placebo-controlled "
        f"studies. {upper_first('; '.join(parts))}."
    )
