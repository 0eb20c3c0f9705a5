"""What a new controlled trial would show, by its size."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each, grouped
from analysis.exhibit import Figure
from analysis.exhibit.row_picture import KeyEntry, Mark, Point, Row, RowHeading, RowPicture, Span, percent_axis
from analysis.figures.row_figure import rows_figure
from analysis.figures.style import nothing
from analysis.wording import number_text, percent_range, study_name

_NAME = "next-trial"
_LOOKS: dict[str, tuple[str, str]] = {"excludes_zero": ("ketamine", "filled"), "excludes_line": ("threshold", "hollow")}
_KEY = (
    KeyEntry((Point(0.5, *_LOOKS["excludes_zero"]),), "excludes no difference"),
    KeyEntry((Point(0.5, *_LOOKS["excludes_line"]),), "excludes less than 2 points"),
)


def next_trial_forest(trial: pd.DataFrame) -> Figure:
    """Return the probabilities of `synthesis.next_trial`, one row per number of patients.

    Its data are the table. Two points joined by a line are the values under the assumed SDs between trials.
    """
    if trial.empty:
        words = "No controlled comparison in this selection allows a forecast of the next trial."
        return nothing(_NAME, words, "What a new controlled trial would show.")
    taus = " and ".join(number_text(tau) for tau in sorted(set(trial["tau"])))
    caption = (
        "Probability that the interval of a new trial excludes no difference, and a difference of less than 2 points, "
        f"if the effect is what the present trial says; SD between trials {taus} points, the ends of each line."
    )
    rows: list[Row | RowHeading] = []
    for _, of_study in trial.groupby("study_id", sort=False):
        rows.append(RowHeading(f"If the effect of {study_name(of_study['citation'].iloc[0])} is true"))
        by_size = grouped((row.per_arm, row) for row in each(of_study))
        rows += [_row(size, chances) for size, chances in sorted(by_size.items())]
    title = _title(trial)
    picture = RowPicture(tuple(rows), percent_axis(), _KEY)
    alt = "; ".join(f"{row.label}: {row.value}, {row.value_detail}" for row in rows if isinstance(row, Row))
    return rows_figure(_NAME, picture, trial, trial, title, f"{title}. {alt}.", caption)


def _row(size: int, chances: list) -> Row:
    marks: list[Mark] = []
    for name, (tone, fill) in _LOOKS.items():
        ends = sorted(100 * getattr(row, name) for row in chances)
        marks += [Span(ends[0], ends[-1], tone), *(Point(end, tone, fill) for end in dict.fromkeys(ends))]
    zero, line = ([getattr(row, name) for row in chances] for name in _LOOKS)
    detail = f"less than 2 points: {percent_range(line)}"
    return Row(f"{size} patients per arm", "", tuple(marks), percent_range(zero), detail, places=chances[0].rows)


def _title(trial: pd.DataFrame) -> str:
    size = 30 if (trial["per_arm"] == 30).any() else int(trial["per_arm"].max())
    of_size = trial[trial["per_arm"] == size]
    zero, line = percent_range(of_size["excludes_zero"]), percent_range(of_size["excludes_line"])
    return (
        f"With {size} patients per arm, a new trial excludes no difference in {zero} of cases "
        f"and less than 2 points in {line}"
    )
