"""Scores recorded and missing at each visit."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.cohort_wording import visit_words
from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import canvas, clinic_frame, draw_square
from analysis.figures.style import PHONE, SMALL, style, text_width, write
from analysis.outcomes.cohort.people import People
from analysis.wording import out_of, series

_LEFT, _ROW, _BAR = 36, 18.0, 13.0
_EDGE = {"edgecolor": LIGHT["unknown"], "linewidth": 0.4}
_PARTS = {
    "recorded": ("score recorded", {"facecolor": LIGHT["ketamine"], "linewidth": 0}),
    "empty": ("visit in the table, score empty", {"facecolor": LIGHT["sand"]} | _EDGE),
    "no_row": ("due, no visit in the table", {"facecolor": LIGHT["ground"], "hatch": "////"} | _EDGE),
    "not_due": ("not due yet", {"facecolor": LIGHT["grid"]} | _EDGE),
    "unknown": ("no visit; not known whether due", {"facecolor": LIGHT["ground"], "linestyle": ":"} | _EDGE),
}


def missing_visit_bars(result: People) -> Figure:
    """Return the patients with and without a score at each visit, and why."""
    table = result.missing
    caption = _caption(result)
    shown = table[~table["hidden"] & (table["visit"] != "baseline")].reset_index(drop=True)
    planned = shown[shown["planned"] & shown["recorded"].notna()]
    title = "Who is missing"
    if len(planned):
        last = next(each(planned.tail(1)))
        title = f"{out_of(last.recorded, last.patients)} have a score {_visit(last, long=True)}"
    frame = clinic_frame("missing-scores", caption, result, "missing", title=title)
    if shown.empty:
        return frame.empty("Too few patients to show which scores are missing.")
    present = [part for part in _PARTS if any(part in dict(told_apart(row)) for row in each(shown))]
    lines = -(-len(present) // 2)
    with style():
        picture = frame.sheet(_ROW * len(shown) + 6 + 12 * lines)
        ax, scale = canvas(picture), (PHONE - _LEFT - 1) / int(shown["patients"].max())
        for number, row in enumerate(each(shown)):
            y = _ROW * number + 1
            write(picture, 0, y + _BAR / 2, _visit(row), SMALL, weight="bold")
            _stack(picture, ax, row, y, scale)
        for number, part in enumerate(present):
            x, y = (number % 2) * 112, _ROW * len(shown) + 8 + 12 * (number // 2)
            draw_square(picture, ax, x, y, *_PARTS[part])
        return frame.figure(picture, table, _alt(shown))


def _stack(picture: Picture, ax: Axes, row: Any, y: float, scale: float) -> None:
    """Draw the parts of a visit."""
    x = float(_LEFT)
    for part, count in told_apart(row):
        width = scale * count
        ax.add_patch(Rectangle((x, y), width, _BAR, **_PARTS[part][1]))
        if width > text_width(f"{count:,}", SMALL) + 4:
            look = {"color": LIGHT["ground"]} if part == "recorded" else {"color": LIGHT["ink"]}
            if part == "no_row":
                look["bbox"] = {"facecolor": LIGHT["ground"], "linewidth": 0, "pad": 0.8}
            write(picture, x + width / 2, y + _BAR / 2, f"{count:,}", SMALL, weight="bold", ha="center", **look)
        x += width


def told_apart(row: Any) -> list[tuple[str, int]]:
    """Return the parts of a visit above 0; without a score all are one part where one of them is small."""
    counts = {part: int(value) for part in _PARTS if pd.notna(value := getattr(row, part)) and value}
    if pd.notna(row.together):
        counts["no_row"] = int(row.together)
    return list(counts.items())


def _visit(row: Any, long: bool = False) -> str:
    if row.visit == "end_of_infusion":
        return visit_words(0) if long else "end"
    if pd.isna(row.weeks):
        return "any later"
    return f"at week {row.weeks:.3g}" if long else f"{row.weeks:.3g} wk"


def _caption(result: People) -> str:
    table = result.missing
    later = table[~table["hidden"] & (table["visit"] != "baseline")]
    if later.empty:
        return "Too few patients."
    patients = int(later["patients"].iloc[0])
    known = later[list(_PARTS)].fillna(0).astype(int)
    everybody = "All" if patients == int(known["recorded"].min()) else f"All {patients:,},"
    sentences = [f"{everybody} first course." if everybody != "All" else f"All {patients:,} were seen at every visit."]
    if result.own_times:
        sentences.append("Patients were seen at times of their own, so any follow-up visit counts.")
    unplanned = later[~later["planned"]]
    if len(unplanned):
        weeks = series([f"{week:.3g}" for week in unplanned["weeks"]])
        sentences.append(
            f"At {'week' if len(unplanned) == 1 else 'weeks'} {weeks} fewer than half have a visit: not planned for "
            "all, so nobody is missing."
        )
    if int(known["unknown"].sum()):
        sentences.append("Without dates nobody knows which visits were due.")
    elif pd.notna(result.until) and int(known[["no_row", "not_due"]].to_numpy().sum()):
        until = f"{result.until.day} {result.until:%B %Y}"
        due = (
            ""
            if int(known["not_due"].sum())
            else " All were due, so none of these is still to come; the hatched ones may be recorded elsewhere."
        )
        sentences.append(f"Due: the day lies before the end of the data, {until}.{due}")
    if bool(later["together"].notna().any()):
        sentences.append(f"Parts of fewer than {result.min_cell} patients are not told apart.")
    return " ".join(sentences)


def _alt(shown: pd.DataFrame) -> str:
    parts = []
    for row in each(shown):
        missing = sum(count for part, count in told_apart(row) if part not in ("recorded", "not_due"))
        lost = f", {missing} without" if row.planned and missing else ""
        parts.append(f"{_visit(row)}: {out_of(row.recorded, row.patients)} with a score{lost}")
    return f"Scores recorded and missing. {'; '.join(parts)}."
