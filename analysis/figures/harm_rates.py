"""Adverse events: the share of patients with each event, placebo-controlled studies first."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.percent_counts import FROM_PERCENT
from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.places import source_row
from analysis.exhibit.row_picture import Mark, Point, Row, RowHeading, RowPicture, Span, interval_marks, percent_axis
from analysis.figures.row_figure import grouped_rows, rows_figure
from analysis.figures.study_rows import arm_names, marked_study, not_drawn, source_columns
from analysis.figures.style import nothing
from analysis.outcomes import safety
from analysis.outcomes.context import ACTIVE, PLACEBO, UNCONTROLLED
from analysis.wording import out_of, percent, percent_level, printed_percent, upper_first

_NAME = "adverse-events"
_HEADINGS = {PLACEBO: "Against placebo", ACTIVE: "Against another treatment", UNCONTROLLED: "Without a control group"}


def harm_forest(events: pd.DataFrame, level: float = 0.95) -> Figure:
    """Return the share of patients with each adverse event, from `safety.events`.

    Its data have one row per rate: patients with the event, n, percent and interval, row of adverse_events.csv.
    Where nobody had the event, the upper limit is the highest rate compatible with the data. Case reports (one or
    two patients) are not drawn: they are published because an event occurred. Events without a count are listed in
    the notes.
    """
    caption = (
        f"Patients with the event; {percent_level(level)} interval where they were counted. Where nobody had it, the "
        "line ends at the highest rate compatible with the data. Case reports are not drawn. Events that a study does "
        "not mention may have happened."
    )
    counted_events = events[events["rate"].notna()]
    cases = counted_events["n"] <= 2
    drawn, reports = counted_events[~cases], counted_events[cases]
    notes = (
        not_drawn(((row, f"{row.event}, {out_of(row.events, row.n)}") for row in each(reports)), "Case reports"),
        not_drawn(((row, row.event) for row in each(events[events["rate"].isna()])), "Mentioned without a count"),
    )
    if drawn.empty:
        return nothing(_NAME, "No adverse event is counted in the evidence that counts here.", caption)
    names = arm_names(drawn)
    # the arms of one comparison stay together, ketamine first; without a control group the highest rate comes first
    free = drawn["control"] == UNCONTROLLED
    keys = {
        "_rate": (-drawn["rate"]).where(free, 0.0),
        "_study": drawn["study_id"].where(~free, ""),
        "_event": drawn["event"].where(~free, ""),
        "_role": drawn["role"].ne("ketamine"),
    }
    order = drawn.assign(**keys).sort_values([*keys], kind="stable")[list(drawn.columns)]
    rows, drawn = grouped_rows(order, lambda row: _row(row, names), "control", _HEADINGS)
    title = _title(drawn)
    picture = RowPicture(tuple(rows), percent_axis())
    return rows_figure(_NAME, picture, drawn, _data(drawn), title, _alt(rows, title), caption, *notes)


def _row(row, names: dict) -> Row:
    whose = row.role if row.control != UNCONTROLLED else ""
    label = upper_first(row.event) + (f", {whose}" if whose else "")
    arm = "" if whose else names.get((row.study_id, row.label), "")
    detail = "; ".join(filter(None, (marked_study(row), arm)))
    value, more = harm_words(row)
    return Row(label, detail, harm_marks(row), value, more, places=source_row("adverse_events", row.row))


def harm_words(row) -> tuple[str, str]:
    """Return a rate and its count; of an event that nobody had the count and the highest rate that is possible."""
    if row.events == 0:
        return out_of(row.events, row.n), f"could be {percent(row.ci_high)}"
    if row.count_basis in FROM_PERCENT:
        return printed_percent(row), "counts not printed"
    if row.n < 10:
        return out_of(row.events, row.n), percent(row.rate)
    return printed_percent(row), out_of(row.events, row.n)


def harm_marks(row) -> tuple[Mark, ...]:
    """Return the point of a rate with its interval, in percent, hollow in a control group."""
    control = row.role in ("placebo", "comparator")
    tone, fill = ("placebo", "hollow") if control else ("harm", "filled")
    if row.events == 0:
        return Span(0, 100 * row.ci_high, tone), Point(0, tone, fill)
    at = row.percent_reported if pd.notna(row.percent_reported) else 100 * row.rate
    if row.count_basis in FROM_PERCENT:
        return (Point(at, tone, fill),)  # an interval needs the count
    return interval_marks(100 * row.ci_low, at, 100 * row.ci_high, tone, fill)


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
            "percent_as_printed": table["percent_reported"],
            **source_columns(table, "adverse_events"),
        }
    )


def _title(table: pd.DataFrame) -> str:
    parts: list[str] = []
    placebo = table[table["control"] == PLACEBO]
    largest = placebo[placebo["n"] == placebo["n"].max()]  # the trial with most patients
    for (_, event), group in largest.groupby(["study_id", "event"], sort=False):
        arms = {row.role: printed_percent(row) for row in each(group)}
        if {"ketamine", "placebo"} <= arms.keys():
            parts.append(f"{upper_first(event)}: {arms['ketamine']} with ketamine, {arms['placebo']} with placebo")
    free = table[table["control"] == UNCONTROLLED]
    had = free[free["events"] > 0]
    if len(had):
        worst = next(each(safety.by_rate(had)))
        words = f"{worst.event} in {out_of(worst.events, worst.n)} without a control group"
        parts.append(words if parts else upper_first(words))
    elif len(free) and not parts:
        if len(free) == 1:
            return f"{upper_first(free['event'].iloc[0])} in {out_of(0, free['n'].iloc[0])}, without a control group"
        parts.append(f"Nobody had any of {len(free)} events that studies without a control group looked for")
    return "; ".join(parts)


def _alt(rows: list[Row | RowHeading], title: str) -> str:
    parts = [f"{row.label}, {row.detail}: {row.value}, {row.value_detail}" for row in rows if isinstance(row, Row)]
    return f"{title}. {'; '.join(parts)}."
