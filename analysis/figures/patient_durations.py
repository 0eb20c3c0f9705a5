"""Duration of benefit of all treated patients of each arm, as far as the printed counts allow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, studies_of
from analysis.figures.row_figure import PrintedColumn, Row, count_studies, draw_rows, grouped_rows, percent_track
from analysis.figures.row_marks import Box, Mark, Words
from analysis.figures.study_rows import arm_names, marked_caption, marks_line, not_drawn, row_label, sentence_label
from analysis.figures.style import INK, LINE, MUTED, SMALL, nothing, regimen_look, style, text_width
from analysis.wording import BENEFIT_WORDS, REGIMEN_WORDS, count_mark, counted, in_weeks, weeks_cell

_COLUMNS = (PrintedColumn(4, 150), PrintedColumn(182, 26, "all", "right"), PrintedColumn(372, 142, "patients"))
_FEW = 7  # largest number of arms that the alternative text names
_TRACK = percent_track(192, 362, "share of all treated patients")
_THICK = 9.0  # points
_ORDER = ("still", "until", "between", "early", "none")
_FOOT = (
    "Full colour: still had the benefit at the last count; hatched: lost it before; pale: never had it or lost it "
    "before the first count; empty: without it at the end of infusion, or not told (dotted edge)."
)


def patient_bars(
    intervals: pd.DataFrame, left_out: pd.DataFrame | None = None, name: str = "patients-by-duration"
) -> Figure:
    """Return all treated patients of each arm as one bar, divided by duration of benefit.

    Parameters
    ----------
    intervals : DataFrame
        The `table` of `durations.intervals`: one row per group of patients with the same interval.
    left_out : DataFrame, optional
        The `left_out` of `durations.intervals`, for the notes.
    name : str
        Name of the figure's files.

    Returns
    -------
    Figure
        Its data are `intervals` and the part of the bar of each row (`part`). Each patient counts once in a bar.

    Notes
    -----
    The parts of a bar, from left to right:

    - `still`: with the benefit at the last count (right-censored)
    - `until`, `between`: lost it at a known time, or between two counts
    - `early`: never had it, or lost it before the first count
    - `none`: without it at the end of infusion
    - empty with a dotted edge: not reported
    """
    caption = (
        "The treated patients of each arm, parted by how long they kept the benefit: each bar is all patients, each "
        "patient counts once. From left to right: still with the benefit at the last count; lost it between two "
        "counts; never had it or lost it before the first count; none at the end of infusion. Different arms count "
        "different benefits, and their last counts lie at different times, so that longer bars do not mean better "
        "regimens."
    )
    notes = _notes(left_out)
    if intervals.empty:
        return nothing(
            name,
            "No duration of benefit is reported by number of patients in the evidence that counts here.",
            caption,
            notes,
        )
    names = arm_names(intervals)
    arms = dict(list(intervals.groupby("arm_id", sort=False)))
    with style():
        rows, _ = grouped_rows(
            intervals.drop_duplicates("arm_id"),
            lambda first: _row(arms[first.arm_id], names),
            count_studies,
            by="regimen_class",
            words=REGIMEN_WORDS,
        )
        picture = draw_rows(_COLUMNS, _TRACK, rows, foot=[_FOOT, marks_line(intervals)])
    data = intervals.assign(part=[_part(row) for row in each(intervals)])
    return Figure(
        name, picture, data, _alt(intervals), marked_caption(caption, intervals), studies_of(intervals), notes
    )


def _part(row) -> str:
    if row.kind == "right-censored":
        return "still"
    if row.kind == "exact":
        return "none" if row.weeks_high == 0 else "until"
    return "early" if row.includes_zero else "between"


def _words(row, part: str) -> str:
    count = f"{int(row.patients)}{count_mark(row.count_basis)}"
    if part == "still":
        later = "end of infusion, no later count" if row.weeks_low == 0 else f"week {weeks_cell(row.weeks_low)}"
        return f"{count} still at {later}"
    if part == "until":
        return f"{count} until week {weeks_cell(row.weeks_high)}"
    if part == "between":
        return f"{count} between weeks {weeks_cell(row.weeks_low)} and {weeks_cell(row.weeks_high)}"
    if part == "early":
        return f"{count} never or before week {weeks_cell(row.weeks_high)}"
    return f"{count} without it at the end of infusion"


def _row(arm: pd.DataFrame, names: dict) -> Row:
    rows = sorted(each(arm), key=lambda r: (_ORDER.index(_part(r)), -r.weeks_low))
    first = rows[0]
    treated = int(first.patients_treated)
    parts = [(_part(row), int(row.patients)) for row in rows]
    words = [_words(row, part) for row, (part, _) in zip(rows, parts, strict=True)]
    unknown = treated - sum(count for _, count in parts)
    if unknown > 0:
        words.append(f"{unknown} not told")
    benefits = " and ".join(dict.fromkeys(BENEFIT_WORDS.get(r.benefit, r.benefit) for r in rows))
    marks = _bar(parts, treated, regimen_look(first.regimen_class).color)
    return Row((f"{row_label(first, names)}: {benefits}", str(treated), "; ".join(words)), tuple(marks))


def _bar(parts: list[tuple[str, int]], treated: int, color: str) -> list[Mark]:
    """Return boxes side by side, with the number of patients where it fits and has contrast."""
    marks: list[Mark] = []
    x, unit = 0.0, (_TRACK.right - _TRACK.left) / 100
    for part, count in parts:
        width = 100 * count / treated
        face, edge, hatch = {
            "still": (color, color, ""),
            "until": ("white", color, "//////"),
            "between": ("white", color, "//////"),
            "early": (color + "33", color, ""),
            "none": ("white", INK, ""),
        }[part]
        marks.append(Box(x, x + width, _THICK, face, edge, hatch=hatch))
        if width * unit > text_width(str(count), SMALL) + 3 and part in ("still", "none"):
            letters = "white" if part == "still" else MUTED
            marks.append(Words(x + width / 2, str(count), letters, align="center"))
        x += width
    if sum(count for _, count in parts) < treated:
        marks.append(Box(x, 100, _THICK, "none", LINE, dash=":"))
    return marks


def _notes(left_out: pd.DataFrame | None) -> str:
    if left_out is None or left_out.empty:
        return ""
    return not_drawn((row, row.why) for row in each(left_out))


def _alt(table: pd.DataFrame) -> str:
    arms = table.drop_duplicates("arm_id")
    still = table[table["kind"] == "right-censored"]
    sentences = [
        f"Durations of benefit by number of patients in {counted(len(arms), 'arm')} of "
        f"{counted(table['study_id'].nunique(), 'study', 'studies')}."
    ]
    stopped = table[(table["kind"] != "right-censored") & ~table["includes_zero"].astype(bool)]
    names = arm_names(table)
    ended = still[still["weeks_low"] == 0]
    later = still[np.isfinite(still["weeks_low"]) & (still["weeks_low"] > 0)].sort_values("weeks_low", kind="stable")
    if len(later):
        # with many arms only the largest are named
        largest = later.sort_values("patients_treated", ascending=False, kind="stable").head(_FEW).sort_index()
        parts = [f"{_share(r)} in {sentence_label(r, names)} at {in_weeks(r.weeks_low)}" for r in each(largest)]
        fewer = len(later) - len(largest)
        more = f" and {counted(fewer, 'smaller group')}" if fewer else ""
        sentences.append(f"Still with the benefit at the last count: {', '.join(parts)}{more}.")
    if len(stopped):
        who = [f"{_words(r._replace(count_basis=''), _part(r))} in {sentence_label(r, names)}" for r in each(stopped)]
        sentences.append(f"Lost it: {', '.join(who)}.")
    if len(ended):
        who = [f"{_share(r)} in {sentence_label(r, names)}" for r in each(ended)]
        sentences.append(f"Counted at the end of infusion alone: {', '.join(who)}.")
    return " ".join(sentences)


def _share(row) -> str:
    return f"{int(row.patients)} of {int(row.patients_treated)}"
