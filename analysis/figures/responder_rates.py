"""Responder rates as a forest plot: each rate with its interval, by control, definition and time."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, paragraphs, studies_of
from analysis.figures.picture_parts import regimen_key
from analysis.figures.row_figure import PrintedColumn, Row, count_studies, draw_rows, grouped_rows, percent_track
from analysis.figures.row_marks import Mark, interval_marks
from analysis.figures.study_rows import (
    arm_names,
    marked_caption,
    marks_line,
    not_drawn,
    row_label,
    sentence_label,
    source_columns,
)
from analysis.figures.style import nothing, regimen_look, style
from analysis.outcomes.context import PLACEBO
from analysis.wording import (
    DEFINITION_WORDS,
    count_cell,
    count_mark,
    counted,
    in_weeks,
    of_them,
    percent,
    percent_level,
    percent_pair,
    printed_percent,
    short_citation,
    weeks_cell,
)

_COLUMNS = (
    PrintedColumn(4, 186),
    PrintedColumn(224, 34, "weeks", "right"),
    PrintedColumn(284, 56, "responders\nof all", "right"),
    PrintedColumn(428, 90, "percent\n(interval)"),
)
_TRACK = percent_track(298, 418)
_FEW = 6  # largest number of rates that the alternative text names individually


def responder_forest(rates: pd.DataFrame, level: float = 0.95, name: str = "responder-rates") -> Figure:
    """Return every responder rate with its Wilson interval, grouped by control, definition and time.

    Parameters
    ----------
    rates : DataFrame
        Table of `responders.rates`: one row per rate.
    level : float
        Confidence level of the intervals in the table.
    name : str
        Name of the figure's files.

    Returns
    -------
    Figure
        Its data have one row per rate drawn: responders, n, percent and interval, printed percentage, rows of
        responders.csv. Rates of infusions or treatment cases instead of patients have hollow markers; rates without a
        count are listed in the notes.
    """
    caption = (
        f"Responders among the patients of each study, with Wilson's {percent_level(level)} interval, grouped by what "
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
            lambda row: _row(row, names),
            lambda group: count_studies(group, "rate"),
            by="definition_class",
            words=DEFINITION_WORDS,
        )
        picture = draw_rows(_COLUMNS, _TRACK, rows, regimen_key(drawn), [marks_line(drawn), _units(drawn)])
    notes = paragraphs(_printed_otherwise(drawn), notes)
    return Figure(
        name, picture, _data(drawn), _alt(drawn, level), marked_caption(caption, drawn), studies_of(drawn), notes
    )


def _row(row, names: dict) -> Row:
    unit = "" if row.unit == "patients" else row.unit
    cells = (
        row_label(row, names) + (f" ({unit})" if unit else ""),
        weeks_cell(row.weeks),
        f"{count_cell(row.responders)}/{count_cell(row.n)}{count_mark(row.count_basis)}",
        f"{printed_percent(row)} ({percent_pair(row.ci_low, row.ci_high)})",
    )
    return Row(cells, rate_marks(row, hollow=bool(unit)))


def rate_marks(row, hollow: bool = False) -> tuple[Mark, ...]:
    """Return the point of a rate with its interval, in percent, in the look of its regimen."""
    look = regimen_look(row.regimen_class)
    return interval_marks(100 * row.ci_low, 100 * row.rate, 100 * row.ci_high, look, hollow)


def _units(table: pd.DataFrame) -> str:
    units = sorted(set(table["unit"]) - {"patients"})
    return f"Hollow marker: rate of {' or '.join(units)}, not of patients." if units else ""


def _printed_otherwise(table: pd.DataFrame) -> str:
    rows = table[(table["count_basis"] == "nearest_to_percent") & table["percent_reported"].notna()]
    parts = [
        f"{short_citation(r.citation)}, week {weeks_cell(r.weeks)}: {r.percent_reported:g}% is printed, "
        f"{int(r.responders)} of "
        f"{int(r.n)} ({percent(r.rate)}) drawn"
        for r in each(rows)
    ]
    return f"Printed percentages that no whole number gives: {'; '.join(parts)}." if parts else ""


def _data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "regimen_class", "control", "definition_class", "definition"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "weeks_after_end_of_infusion": table["weeks"],
            **{column: table[column] for column in ("timepoint", "unit")},
            **rate_numbers(table),
        }
    ).reset_index(drop=True)


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


def _alt(table: pd.DataFrame, level: float) -> str:
    controlled = of_them(int((table["control"] == PLACEBO).sum()), len(table))
    sentences = [
        f"{counted(len(table), 'responder rate')} from {counted(table['study_id'].nunique(), 'study', 'studies')}, "
        f"{controlled} from a placebo-controlled study."
    ]
    patients = table[table["unit"] == "patients"]
    named = table if len(table) <= _FEW else patients[patients["n"] == patients["n"].max()]
    if len(patients) > _FEW:
        least, most = (next(each(patients.loc[[index]])) for index in _ends(patients))
        sentences.append(
            f"Among patients they run from {printed_percent(least)} in {short_citation(least.citation)} to "
            f"{printed_percent(most)} in {short_citation(most.citation)}, under "
            f"{counted(patients['definition_class'].nunique(), 'definition')} of response."
        )
    names = arm_names(table)
    for (_, definition, _), rows in named.groupby(["study_id", "definition_class", "arm_id"], sort=False):
        steps = [
            f"{int(r.responders)} of {int(r.n)}{'' if r.unit == 'patients' else ' ' + r.unit} ({printed_percent(r)}, "
            f"{percent_level(level)} interval {percent_pair(r.ci_low, r.ci_high)}) at {in_weeks(r.weeks)}"
            for r in each(rows)
        ]
        lead = "Largest group: " if len(table) > _FEW else ""
        words = DEFINITION_WORDS.get(definition, definition)
        sentences.append(f"{lead}{sentence_label(next(each(rows)), names)}, {words}: {', '.join(steps)}.")
    return " ".join(sentences)


def _ends(patients: pd.DataFrame) -> tuple[object, object]:
    """Return the index of the smallest and of the largest rate; among equal rates the one with most patients."""
    by_size = patients.sort_values("n", ascending=False, kind="stable")
    return by_size["rate"].idxmin(), by_size["rate"].idxmax()
