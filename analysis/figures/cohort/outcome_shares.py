"""Patients improved, unchanged and worse by an important difference, for each outcome other than pain."""

from __future__ import annotations

import pandas as pd
from matplotlib.patches import Rectangle

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.figures.cohort.clinic_figure import canvas, clinic_frame, draw_square, fitting
from analysis.figures.style import PHONE, SMALL, style, text_width, write
from analysis.outcomes.cohort.other_outcomes import OtherOutcomes
from analysis.wording import counted, out_of

_ROW, _BAR = 33.0, 12.0
_TITLE = 11.0  # points
_FACES = {"improved": LIGHT["ketamine"], "unchanged": LIGHT["band"], "worse": LIGHT["harm"]}


def outcome_share_bars(result: OtherOutcomes) -> Figure:
    """Return a bar of patients improved, unchanged and worse for each outcome with an important difference."""
    caption = (
        f"Improved or worse by an important difference, {result.follow_up_weeks:g} weeks after the end of infusion."
    )
    shown = result.measures[result.measures["improved"].notna() & ~result.measures["hidden"]]
    shown = shown[shown["n"] > 0].reset_index(drop=True)
    title = "More than pain"
    if len(shown):
        first = next(each(shown))
        rest = f": {out_of(first.improved, first.n)} improved"
        title = fitting(first.title, PHONE - text_width(rest, _TITLE), _TITLE, "bold") + rest
    frame = clinic_frame("more-than-pain", caption, result, title=title)
    if shown.empty:
        return frame.empty("No outcome other than pain has enough patients and an important difference.")
    with style():
        picture = frame.sheet(_ROW * len(shown) + 14)
        ax = canvas(picture)
        for number, row in enumerate(each(shown)):
            y, x = _ROW * number, 0.0
            size = f"n = {row.n:,}"
            title = fitting(row.title, PHONE - text_width(size, SMALL) - 8, SMALL, "bold")
            write(picture, 0, y + 5, title, SMALL, weight="bold")
            write(picture, PHONE, y + 5, size, SMALL, color=LIGHT["muted"], ha="right")
            for part, color in _FACES.items():
                count = int(getattr(row, part))
                width = PHONE * count / int(row.n)
                ax.add_patch(Rectangle((x, y + 12), width, _BAR, facecolor=color, linewidth=0))
                if width > text_width(f"{count:,}", SMALL) + 4:
                    letters = LIGHT["ink" if part == "unchanged" else "ground"]
                    look = {"color": letters, "weight": "bold", "ha": "center"}
                    write(picture, x + width / 2, y + 18, f"{count:,}", SMALL, **look)
                x += width
        x, y = 0.0, _ROW * len(shown) + 4
        for part, color in _FACES.items():
            x = draw_square(picture, ax, x, y, part, {"facecolor": color})
        return frame.figure(picture, shown, _alt(shown))


def _alt(shown: pd.DataFrame) -> str:
    parts = [
        f"{row.title}: {row.improved} improved, {row.unchanged} unchanged, {row.worse} worse of "
        f"{counted(int(row.n), 'patient')}"
        for row in each(shown)
    ]
    return f"Outcomes other than pain. {'. '.join(parts)}."
