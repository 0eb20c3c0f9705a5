"""Responder rates: each rate with its interval, in the order of time."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.places import source_row
from analysis.exhibit.row_picture import Mark, Point, Row, RowHeading, RowPicture, interval_marks, percent_axis
from analysis.figures.row_figure import grouped_rows, rows_figure
from analysis.figures.study_rows import arm_names, marked_study, not_drawn, several_patients, source_columns
from analysis.figures.style import nothing
from analysis.outcomes.context import UNCONTROLLED
from analysis.wording import (
    CHOSEN,
    count_cell,
    counted,
    out_of,
    percent_level,
    printed_percent,
    time_words,
    upper_first,
)

_NAME = "responder-rates"
# last week of each group of rates, heading
_TIMES = (
    (1.0, "At the end of infusion"),
    (2.9, "At 1 to 3 weeks"),
    (4.5, "At 3 to 4 weeks"),
    (9.0, "At 1 to 2 months"),
    (17.5, "At about 3 months"),
    (float("inf"), "Later"),
)
_UNTIMED = "Time not stated, or under treatment"
_HEADINGS = {words: words for words in (*(words for _, words in _TIMES), _UNTIMED)}


def responder_forest(rates: pd.DataFrame, level: float = 0.95) -> Figure:
    """Return every responder rate with its Wilson interval, in the order of time, from `responders.rates`.

    Its data have one row per rate drawn: responders, n, percent and interval, printed percentage, rows of
    responders.csv. A hollow point without an interval is no rate of patients: a group chosen by its outcome, a
    printed percentage that no count gives, or a rate of infusions.
    """
    controlled = "" if (rates["control"] != UNCONTROLLED).any() else "No study here has a control group. "
    caption = (
        f"Share of all treated patients with {percent_level(level)} interval. Each study defines response in its own "
        f"way; rates with different definitions do not compare. {controlled}Hollow: not a rate of patients, or no "
        "count fits."
    )
    drawn, single = several_patients(rates, "n")
    notes = not_drawn((row, "a single patient is no rate") for row in each(single))
    if drawn.empty:
        return nothing(_NAME, "No responder rate is reported in the evidence that counts here.", caption, notes)
    names = arm_names(drawn)
    timed = drawn.assign(_time=[_time(weeks) for weeks in drawn["weeks"].astype("float64")])
    rows, ordered = grouped_rows(timed, lambda row: _row(row, names), "_time", _HEADINGS)
    drawn = ordered.drop(columns="_time")
    title = _title(drawn)
    picture = RowPicture(tuple(rows), percent_axis())
    return rows_figure(_NAME, picture, drawn, _data(drawn), title, _alt(rows, title), caption, notes)


def _time(weeks: float) -> str:
    return next((words for last, words in _TIMES if weeks <= last), _UNTIMED)


def _row(row, names: dict) -> Row:
    why = no_rate(row)
    control = "" if row.control == UNCONTROLLED else row.control
    arm = names.get((row.study_id, row.label), "")
    detail = "; ".join(filter(None, (row.definition, row.role if row.role != "ketamine" else "", arm, control, why)))
    value, more = rate_words(row)
    return Row(
        marked_study(row), detail, rate_marks(row), value, more, not why, places=source_row("responders", row.row)
    )


def no_rate(row) -> str:
    """Return why a row is not a rate of patients; empty if it is one."""
    if pd.notna(row.selected_by_outcome):
        return CHOSEN
    if row.count_basis == "nearest_to_percent":
        return f"{printed_percent(row)} fits no count of {count_cell(row.n)}"
    return "" if row.unit == "patients" else f"{row.unit}, not patients"


def rate_words(row) -> tuple[str, str]:
    """Return a rate and its count: `62%` and `30 of 48`; of what is not a rate of patients its count alone."""
    if pd.notna(row.selected_by_outcome):
        return f"{out_of(row.responders, row.n)}: no rate", ""
    if row.count_basis == "nearest_to_percent":
        return printed_percent(row), "as printed"
    return printed_percent(row), out_of(row.responders, row.n) + ("" if row.unit == "patients" else f" {row.unit}")


def rate_marks(row) -> tuple[Mark, ...]:
    """Return the point of a rate with its interval, in percent; without an interval if it is not a rate of patients."""
    if no_rate(row):
        at = row.percent_reported if pd.notna(row.percent_reported) else 100 * row.responders / row.n
        return (Point(at, "unknown" if pd.notna(row.selected_by_outcome) else "ketamine", "hollow"),)
    tone = "placebo" if row.role in ("placebo", "comparator") else "ketamine"
    return interval_marks(100 * row.ci_low, 100 * row.rate, 100 * row.ci_high, tone)


def _data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "regimen_class", "control", "definition_class", "definition"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "weeks_after_end_of_infusion": table["weeks"],
            **{column: table[column] for column in ("timepoint", "unit")},
            **rate_numbers(table),
        }
    )


def rate_numbers(table: pd.DataFrame, weight: str = "") -> dict[str, pd.Series]:
    """Return columns of a figure's data, from the count of responders on; `weight` names the column of weights."""
    return {
        "responders": table["responders"],
        "n": table["n"],
        **({"weight_percent": 100 * table[weight]} if weight else {}),
        "percent_responders": 100 * table["rate"],
        "ci_low_percent": 100 * table["ci_low"],
        "ci_high_percent": 100 * table["ci_high"],
        "percent_as_printed": table["percent_reported"],
        **source_columns(table, "responders"),
    }


def _title(table: pd.DataFrame) -> str:
    """Return the range of the rates at the end of infusion and at about three months, or the rates of one study."""
    usable = table[[not no_rate(row) for row in each(table)]]
    if usable.empty:
        return "No rate of patients can be given"
    if usable["study_id"].nunique() == 1:
        return _title_of_one_study(usable)
    parts = []
    for _, heading in _TIMES:
        group = usable[[_time(weeks) == heading for weeks in usable["weeks"].astype("float64")]]
        if group["study_id"].nunique() > 1:
            parts.append((heading, f"from {rate_range(group)}"))
    if not parts:
        return f"{counted(usable['study_id'].nunique(), 'study', 'studies')} count responders, each at times of its own"
    first, last = parts[0], parts[-1]
    words = f"{_when(first[0])} response ranges {first[1]} patients"
    words += f", {_when(last[0]).lower()} {last[1]}" if last != first else ""
    return f"{words}: too different to average" if usable["definition_class"].nunique() > 1 else words


def _title_of_one_study(rates: pd.DataFrame) -> str:
    """Return the first and the last rate of the arm with most patients; each with its definition where they differ."""
    arm = rates[rates["arm_id"] == rates.loc[rates["n"].idxmax(), "arm_id"]].sort_values("weeks", kind="stable")
    told = list(each(arm.iloc[[0, -1]] if len(arm) > 1 else arm))
    parts = [f"{printed_percent(row)} ({out_of(row.responders, row.n)}) {time_words(row.weeks)}" for row in told]
    if told[0].definition == told[-1].definition:
        words = f"Responders: {'; '.join(parts)}"
    else:
        words = upper_first("; ".join(f"{row.definition}: {part}" for row, part in zip(told, parts, strict=True)))
    others = len(rates) - len(told)
    return f"{words}; {counted(others, 'more rate')} below" if others else words


def _when(heading: str) -> str:
    return "Early" if heading == _TIMES[0][1] else heading


def rate_range(rates: pd.DataFrame) -> str:
    """Return the counts of the smallest and of the largest rate: `0 of 4 to 5 of 5`."""
    least, most = (next(each(rates.loc[[index]])) for index in rate_ends(rates))
    return f"{out_of(least.responders, least.n)} to {out_of(most.responders, most.n)}"


def rate_ends(rates: pd.DataFrame) -> tuple[object, object]:
    """Return the index of the smallest and of the largest rate; among equal rates the one with most patients."""
    by_size = rates.sort_values("n", ascending=False, kind="stable")
    return by_size["rate"].idxmin(), by_size["rate"].idxmax()


def _alt(rows: list[Row | RowHeading], title: str) -> str:
    parts = []
    for row in rows:
        if isinstance(row, RowHeading):
            parts.append(f"{row.words}:")
        else:
            parts.append(f"{row.label} {row.value}" + (f" ({row.value_detail});" if row.value_detail else ";"))
    return f"{title}. {' '.join(parts).removesuffix(';')}."
