"""What happened to all treated patients of each arm, as far as the printed counts tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, studies_of
from analysis.figures.ledger import Column, Ledger
from analysis.figures.study_rows import (
    arm_names,
    marked_caption,
    marks_line,
    not_drawn,
    present_in_order,
    row_label,
    sentence_label,
)
from analysis.figures.style import INK, LINE, MUTED, SMALL, nothing, regimen_look, style, text_width
from analysis.wording import (
    BENEFIT_WORDS,
    CONTROL_HEADINGS,
    REGIMEN_WORDS,
    count_mark,
    counted,
    in_weeks,
    regimen_words,
    upper_first,
    weeks_cell,
)

_COLUMNS = (Column(4, 150), Column(182, 26, "all", "right"), Column(372, 142, "patients"))
_FEW = 7  # so many arms at most are told in the alternative text
_PLOT = (192, 362)
THICK = 9.0  # points
ORDER = ("still", "until", "between", "early", "none", "untold")
_FOOT = (
    "Full colour: still had the benefit at the last count; hatched: lost it before; pale: never had it or lost it "
    "before the first count; empty: without it at the end of infusion, or not told (dotted edge)."
)


def patient_intervals(
    intervals: pd.DataFrame, left_out: pd.DataFrame | None = None, name: str = "patients-by-duration"
) -> Figure:
    """All treated patients of each arm as one bar, parted by how long they kept the benefit; takes the `table` of
    `durations.intervals`.

    left_out: the other table of `durations.intervals`, listed in the notes. No patient stands twice in a bar.
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
    with style():
        ledger = Ledger(_COLUMNS, *_PLOT)
        for control in present_in_order(intervals["control"], CONTROL_HEADINGS):
            group = intervals[intervals["control"] == control]
            ledger.heading(
                CONTROL_HEADINGS.get(control, control), counted(group["study_id"].nunique(), "study", "studies")
            )
            for regimen in present_in_order(group["regimen_class"], REGIMEN_WORDS):
                ledger.subheading(upper_first(regimen_words(regimen)))
                for _, arm in group[group["regimen_class"] == regimen].groupby("arm_id", sort=False):
                    _add(ledger, arm, names)
        picture = ledger.render(_axis, "share of all treated patients", foot=[_FOOT, marks_line(intervals)])
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


def _add(ledger: Ledger, arm: pd.DataFrame, names: dict) -> None:
    rows = sorted(each(arm), key=lambda r: (ORDER.index(_part(r)), -r.weeks_low))
    first = rows[0]
    treated = int(first.patients_treated)
    parts = [(_part(row), int(row.patients), row) for row in rows]
    words = [_words(row, part) for part, _, row in parts]
    untold = treated - sum(count for _, count, _ in parts)
    if untold > 0:
        words.append(f"{untold} not told")
    benefits = " and ".join(dict.fromkeys(BENEFIT_WORDS.get(r.benefit, r.benefit) for r in rows))
    look = regimen_look(first.regimen_class)

    def draw(ax: Axes, y: float) -> None:
        x = 0.0
        unit = (_PLOT[1] - _PLOT[0]) / 100
        for part, count, _ in parts:
            width = 100 * count / treated
            ax.add_patch(Rectangle((x, y - THICK / 2), width, THICK, **_fill(part, look.color), linewidth=0.7))
            if width * unit > text_width(str(count), SMALL) + 3 and part in ("still", "none"):
                color = "white" if part == "still" else MUTED
                ax.text(x + width / 2, y, str(count), fontsize=SMALL, color=color, ha="center", va="center_baseline")
            x += width
        if untold > 0:
            ax.add_patch(
                Rectangle(
                    (x, y - THICK / 2), 100 - x, THICK, facecolor="none", edgecolor=LINE, linestyle=":", linewidth=0.7
                )
            )

    ledger.row(f"{row_label(first, names)}: {benefits}", str(treated), "; ".join(words), draw=draw)


def _fill(part: str, color: str) -> dict[str, object]:
    return {
        "still": {"facecolor": color, "edgecolor": color},
        "until": {"facecolor": "white", "edgecolor": color, "hatch": "//////"},
        "between": {"facecolor": "white", "edgecolor": color, "hatch": "//////"},
        "early": {"facecolor": color + "33", "edgecolor": color},
        "none": {"facecolor": "white", "edgecolor": INK},
    }[part]


def _axis(ax: Axes) -> None:
    ax.set_xlim(0, 100)
    ax.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100%"])


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
        # of many arms those with most patients
        told = later.sort_values("patients_treated", ascending=False, kind="stable").head(_FEW).sort_index()
        parts = [f"{_share(r)} in {sentence_label(r, names)} at {in_weeks(r.weeks_low)}" for r in each(told)]
        more = f" and {counted(len(later) - len(told), 'smaller group')}" if len(later) > len(told) else ""
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
