"""Duration of benefit: every statement as a lane on one axis of weeks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, studies_of
from analysis.figures.row_figure import PrintedColumn, Row, Track, count_studies, draw_rows, grouped_rows
from analysis.figures.row_marks import Line, Mark, Point, Words
from analysis.figures.study_rows import (
    arm_names,
    marked_caption,
    marks_line,
    not_drawn,
    row_label,
    sentence_label,
    source_columns,
)
from analysis.figures.style import Look, at_week, nothing, regimen_look, style, week_ticks
from analysis.outcomes.context import PLACEBO
from analysis.wording import (
    BENEFIT_STATES,
    BENEFIT_WORDS,
    REGIMEN_WORDS,
    count_cell,
    count_mark,
    counted,
    in_weeks,
    of_them,
    weeks_cell,
)

_COLUMNS = (PrintedColumn(4, 204), PrintedColumn(513, 64, "patients", "right"))
_FEW = 4  # largest number of statements that the alternative text names individually
_LEFT, _WIDE, _BEYOND = 216, 196, 34  # the axis in points, and room for numbers beyond its end
_FOOT = (
    "▸ benefit lasts at least so long;  ● ended then;  broad bar: ended between;  ✕ no benefit at any time;",
    "◇ average of a group, no patient's own duration;  dashed ▹ or pale bar: said of a group, patients not counted",
)


def duration_lanes(statements: pd.DataFrame, horizon_weeks: float = 52, name: str = "durations-of-benefit") -> Figure:
    """Return every statement about the duration of benefit as a lane on one axis of weeks.

    Parameters
    ----------
    statements : DataFrame
        Table of `durations.statements`: one row per statement.
    horizon_weeks : float
        Last week of the axis, above 0; a longer lane ends in an arrow with its number of weeks.
    name : str
        Name of the figure's files.

    Returns
    -------
    Figure
        Its data have one row per statement drawn: patients of all treated, lowest and highest weeks, kind of lane
        (`shown_as`), row of durations.csv. Statements without a time are listed in the notes.

    Raises
    ------
    ValueError
        If `horizon_weeks` is not above 0.

    Notes
    -----
    Marks of a lane:

    - arrow: the benefit lasts at least to this week
    - dot: the benefit ended in this week
    - broad bar: the benefit ended between two weeks
    - cross: no benefit at any time
    - hollow diamond: average of a group, not the duration of any patient
    - dashed line or pale bar: statement about a group, without a count of patients
    """
    if not horizon_weeks > 0:
        raise ValueError(f"horizon_weeks is {horizon_weeks}: the axis must end after week 0")
    caption = (
        "Every statement on how long the benefit lasted, in weeks after the end of infusion (square-root scale), "
        "grouped by regimen. A line up to an arrow: the patients still had the benefit then and were not followed "
        "further, or the next count stands in another row. Dot: it ended then. Broad bar: it ended at some time in "
        "between. Cross: no benefit at any time. Hollow diamond: average of a group, not the duration of any "
        "patient. Dashed line or pale bar: said of a group without counting patients. Rows of one study are nested "
        "and do not add up. On the right the patients of each statement of all treated."
    )
    drawn = statements[statements["shown_as"] != "no weeks"]
    left = statements[statements["shown_as"] == "no weeks"]
    notes = not_drawn((row, f"{row.reported} ({_why(row)})") for row in each(left))
    if drawn.empty:
        return nothing(
            name, "No duration of benefit is reported with a time in the evidence that counts here.", caption, notes
        )

    names = arm_names(drawn)
    with style():
        rows, drawn = grouped_rows(
            drawn, lambda row: _row(row, names, horizon_weeks), count_studies, by="regimen_class", words=REGIMEN_WORDS
        )
        foot = [*_FOOT, marks_line(drawn)]
        picture = draw_rows(_COLUMNS, _track(horizon_weeks), rows, foot=foot, tick_lines=2)
    return Figure(
        name, picture, _data(drawn), _alt(drawn, left), marked_caption(caption, drawn), studies_of(drawn), notes
    )


def _why(row) -> str:
    if pd.notna(row.weeks_high) and np.isfinite(row.weeks_high):
        return f"only an upper limit of {weeks_cell(row.weeks_high)} weeks"
    return "no weeks given"


def _track(horizon: float) -> Track:
    """Return the axis of weeks in points, with space beyond its end."""
    unit = _WIDE / at_week(horizon)
    ticks = {unit * place: words for place, words in zip(*week_ticks(horizon, unit), strict=True)}
    right = _LEFT + _WIDE + _BEYOND
    return Track(_LEFT, right, 0, _WIDE + _BEYOND, ticks, "weeks after the end of infusion", line=(0, _WIDE))


def _row(row, names: dict, horizon: float) -> Row:
    benefit = "no benefit" if row.shown_as == "no benefit" else BENEFIT_WORDS.get(row.benefit, row.benefit)
    marks = _lane(row, regimen_look(row.regimen_class), horizon)
    return Row((f"{row_label(row, names)}: {benefit}", _patients(row)), tuple(marks))


def _patients(row) -> str:
    mark = count_mark(row.count_basis)
    if pd.notna(row.patients) and pd.notna(row.patients_treated):
        return f"{int(row.patients)} of {int(row.patients_treated)}{mark}"
    if pd.notna(row.patients_treated):
        return f"group of {int(row.patients_treated)}"
    return f"{int(row.patients)}{mark}" if pd.notna(row.patients) else "–"


def _lane(row, look: Look, horizon: float) -> list[Mark]:
    unit = _WIDE / at_week(horizon)

    def x(week: float) -> float:
        return unit * at_week(min(week, horizon))

    low, high = float(row.weeks_low), float(row.weeks_high)
    last = high if np.isfinite(high) else low
    shown = row.shown_as
    if shown == "no benefit":
        return [Point(0, look.color, "x", size=5.5, stroke=1.6)]
    if shown == "group average":
        if low <= horizon + 0.5:
            return [Point(x(low), look.color, "D", size=5, hollow=True), Words(x(low) + 7, "group average")]
        return [Point(_WIDE, look.color, ">", size=5, hollow=True), Words(_WIDE + 7, f"ø {weeks_cell(low)}")]
    group = shown == "group statement" or pd.isna(row.patients)
    marks: list[Mark] = [Line(0, x(low), look.color, width=1.3, dash=(0, (3, 1.6)) if group else "-")]
    if shown == "between":
        marks.append(Line(x(low), x(high), look.color, width=6, alpha=0.15 if group else 0.45, ends=6))
    if last > horizon + 0.5:
        more = "≥ " if not np.isfinite(high) else ""
        marks.append(Point(_WIDE, look.color, ">", size=5, hollow=group))
        marks.append(Words(_WIDE + 7, f"{more}{weeks_cell(last)}"))
    elif shown == "exact":
        marks.append(Point(x(low), look.color, "o", size=5.5))
    elif shown in ("at least", "group statement"):
        marks.append(Point(x(low), look.color, ">", size=5.5, hollow=group))
    return marks


def _data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "regimen_class", "control", "benefit", "shown_as", "group"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "patients": table["patients"],
            "patients_treated": table["patients_treated"],
            "weeks_low": table["weeks_low"],
            "weeks_high": table["weeks_high"],
            "level": table["level"],
            "reported": table["reported"],
            **source_columns(table, "durations"),
        }
    ).reset_index(drop=True)


def _alt(table: pd.DataFrame, left: pd.DataFrame) -> str:
    controlled = of_them(int(table["control"].eq(PLACEBO).sum()), len(table))
    sentences = [
        f"{counted(len(table), 'statement')} on the duration of benefit from "
        f"{counted(table['study_id'].nunique(), 'study', 'studies')}, {controlled} from a placebo-controlled study."
    ]
    names = arm_names(table)
    patients = table[table["patients"].notna() & table["shown_as"].isin(["at least", "exact", "between"])]
    if 0 < len(patients) <= _FEW:
        sentences.append(f"{'; '.join(_statement_words(row, names) for _, row in patients.iterrows())}.")
    elif len(patients):
        later = patients[patients["weeks_low"] > 0] if patients["weeks_low"].gt(0).any() else patients
        by_size = later.sort_values(["patients_treated", "weeks_low"], ascending=False, kind="stable")
        by_time = later.sort_values(["weeks_low", "patients_treated"], ascending=False, kind="stable")
        largest, longest = (_statement_words(table.iloc[0], names) for table in (by_size, by_time))
        sentences.append(f"Largest group: {largest}; longest time: {longest}.")
    for shown, lead in (("group average", "Group averages"), ("group statement", "Said of groups without a count")):
        rows = table[table["shown_as"] == shown]
        if len(rows):
            who = ", ".join(f"{weeks_cell(r.weeks_low)} weeks in {sentence_label(r, names)}" for r in each(rows))
            sentences.append(f"{lead}: {who}.")
    none = table[(table["shown_as"] == "no benefit") & table["patients"].notna()]
    if len(none):
        who = [
            f"{int(r.patients)} of {count_cell(r.patients_treated)} in {sentence_label(r, names)}" for r in each(none)
        ]
        sentences.append(f"No benefit at any time: {', '.join(who)}.")
    if len(left):
        sentences.append(
            f"{counted(len(left), 'statement')} without a usable time {'is' if len(left) == 1 else 'are'} not drawn."
        )
    return " ".join(sentences)


def _statement_words(row: pd.Series, names: dict) -> str:
    benefit = BENEFIT_STATES.get(row["benefit"], row["benefit"])
    low, high = row["weeks_low"], row["weeks_high"]
    if row["shown_as"] == "exact":
        time = f"until {in_weeks(low)} after the end"
    elif row["shown_as"] == "between":
        time = f"until some time between {weeks_cell(low)} and {in_weeks(high)}"
    else:
        time = "at the end of infusion" if low == 0 else f"for at least {in_weeks(low)}"
    count = f"{int(row['patients'])} of {count_cell(row['patients_treated'])} patients"
    return f"{sentence_label(row, names)}, {count} {benefit} {time}"
