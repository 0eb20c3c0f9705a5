"""Adverse events: the rate of each event with its interval, and the upper limit for zero events."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, paragraphs, studies_of
from analysis.figures.picture_parts import regimen_key
from analysis.figures.row_figure import PrintedColumn, Row, count_studies, draw_rows, grouped_rows, percent_track
from analysis.figures.row_marks import Stroke, interval_marks
from analysis.figures.study_rows import arm_names, marked_caption, marks_line, not_drawn, row_label, source_columns
from analysis.figures.style import nothing, regimen_look, style
from analysis.outcomes.context import PLACEBO
from analysis.wording import (
    count_cell,
    count_mark,
    counted,
    half_up,
    of_them,
    percent_level,
    percent_pair,
    printed_percent,
    short_citation,
    source_mark,
)

_COLUMNS = (
    PrintedColumn(4, 126),
    PrintedColumn(138, 128, "event as described"),
    PrintedColumn(306, 46, "patients\nwith event", "right"),
    PrintedColumn(428, 90, "percent\n(interval)"),
)
_FEW = 4  # largest number of rates that the alternative text names individually
_TRACK = percent_track(318, 418, narrow=True)


def harm_forest(events: pd.DataFrame, level: float = 0.95, name: str = "adverse-events") -> Figure:
    """Return the rate of every adverse event with its Wilson interval, grouped by control.

    Parameters
    ----------
    events : DataFrame
        Table of `safety.events`: one row per event and arm.
    level : float
        Confidence level of the intervals in the table.
    name : str
        Name of the figure's files.

    Returns
    -------
    Figure
        Its data have one row per rate: patients with the event, n, percent and interval, limit by the rule of three,
        printed percentage, row of adverse_events.csv. Where no patient had the event, a vertical stroke marks the upper
        limit by the rule of three. Events without a count are listed in the notes.
    """
    caption = (
        f"Patients with an adverse event, with Wilson's {percent_level(level)} interval; the words are those of the "
        "sources. Where no patient had the event the vertical stroke marks 3/n, the rate that the study can just not "
        "exclude (rule of three, 95%, one-sided). Marker and colour stand for the regimen. Events are defined, "
        "sought and reported differently, so that rates of different studies do not compare; what a study does not "
        "mention may still have happened."
    )
    drawn = events[events["rate"].notna()]
    left = events[events["rate"].isna()]
    notes = not_drawn(
        ((row, f"{row.event} (no count; {_known(row)})") for row in each(left)), "Mentioned without a count"
    )
    if drawn.empty:
        return nothing(
            name, "No adverse event is reported with a count in the evidence that counts here.", caption, notes
        )

    names = arm_names(drawn)
    with style():
        rows, drawn = grouped_rows(drawn, lambda row: _row(row, names), lambda group: count_studies(group, "rate"))
        stroke = "Vertical stroke: upper limit by the rule of three." if drawn["rule_of_three"].notna().any() else ""
        picture = draw_rows(_COLUMNS, _TRACK, rows, regimen_key(drawn), [stroke, marks_line(drawn)])
    notes = paragraphs(_printed_otherwise(drawn), notes)
    return Figure(
        name, picture, _data(drawn), _alt(drawn, left, level), marked_caption(caption, drawn), studies_of(drawn), notes
    )


def _known(row) -> str:
    return f"n = {int(row.n)}" if pd.notna(row.n) else "number of patients not stated"


def _row(row, names: dict) -> Row:
    look = regimen_look(row.regimen_class)
    marks = interval_marks(100 * row.ci_low, 100 * row.rate, 100 * row.ci_high, look)
    if pd.notna(row.rule_of_three):
        marks += (Stroke(100 * row.rule_of_three, look.letters, 1.2),)
    count = f"{count_cell(row.events)}/{count_cell(row.n)}{count_mark(row.count_basis)}"
    rate = f"{printed_percent(row)} ({percent_pair(row.ci_low, row.ci_high)})"
    return Row((_study(row, names), row.event, count, rate), marks)


def _study(row, names: dict) -> str:
    """Return the study and, if the figure has several of its arms, the arm: placebo, comparator, ketamine or name."""
    role = row.role if row.role in ("placebo", "comparator") else ""
    if not role and row.control == PLACEBO and (row.study_id, row.label) in names:
        role = "ketamine"
    return f"{short_citation(row.citation)}{source_mark(row.access)}, {role}" if role else row_label(row, names)


def _printed_otherwise(table: pd.DataFrame) -> str:
    rows = table[(table["count_basis"] == "nearest_to_percent") & table["percent_reported"].notna()]
    parts = [
        f"{short_citation(r.citation)}: {r.percent_reported:g}% of {int(r.n)} is printed and drawn, the interval "
        "is that of "
        f"{int(r.events)} of {int(r.n)}"
        for r in each(rows)
    ]
    return f"Printed percentages that no whole number gives: {'; '.join(parts)}." if parts else ""


def _data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "role", "regimen_class", "control", "event"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "patients_with_event": table["events"],
            "n": table["n"],
            "percent": 100 * table["rate"],
            "ci_low_percent": 100 * table["ci_low"],
            "ci_high_percent": 100 * table["ci_high"],
            "rule_of_three_limit_percent": 100 * table["rule_of_three"],
            "percent_as_printed": table["percent_reported"],
            **source_columns(table, "adverse_events"),
        }
    ).reset_index(drop=True)


def _alt(table: pd.DataFrame, left: pd.DataFrame, level: float) -> str:
    zero = table[table["events"] == 0]
    sentences = [
        f"{counted(len(table), 'adverse event rate')} from {counted(table['study_id'].nunique(), 'study', 'studies')}, "
        f"{of_them(len(zero), len(table))} with no event."
    ]
    named = table if len(table) <= _FEW else table[table["control"] == PLACEBO]
    for (_, event), group in named.groupby(["study_id", "event"], sort=False):
        arms = [
            f"{printed_percent(r)} of {int(r.n)} ({percent_level(level)} interval {percent_pair(r.ci_low, r.ci_high)})"
            + (f" under {r.role}" if r.control == PLACEBO else "")
            for r in each(group)
        ]
        sentences.append(f"{short_citation(group['citation'].iloc[0])}, {event}: {' and '.join(arms)}.")
    if len(zero):
        best = zero.loc[zero["n"].astype("float64").idxmax()]
        sentences.append(
            f"The largest group without the event, {int(best['n'])} patients of {short_citation(best['citation'])} "
            f"({best['event']}), leaves rates up to {half_up(100 * best['rule_of_three'], 1)}% open."
        )
    if len(left):
        sentences.append(
            f"{counted(len(left), 'event')} {'is' if len(left) == 1 else 'are'} mentioned without a count."
        )
    return " ".join(sentences)
