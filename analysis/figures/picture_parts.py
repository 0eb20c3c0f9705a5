"""Parts shared by figures: the key of the markers, headings of groups, numbers below an axis."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure as Picture
from matplotlib.lines import Line2D

from analysis.exhibit.palette import LIGHT
from analysis.figures.study_rows import present_in_order
from analysis.figures.style import POINTS, SMALL, Look, regimen_look, rule, text_width, write
from analysis.wording import REGIMEN_WORDS, regimen_words

KEY_ROW = 14.0  # points a row of the key


def regimen_key(table: pd.DataFrame) -> list[tuple[Look, str]]:
    """Return look and label of each regimen class of a table, in the usual order."""
    return [(regimen_look(r), regimen_words(r)) for r in present_in_order(table["regimen_class"], REGIMEN_WORDS)]


def key_rows(key: Sequence[tuple[Look, str]]) -> list[list[tuple[float, Look, str]]]:
    """Return the markers of a key in rows, each with its position in points from the left, look and label."""
    rows: list[list[tuple[float, Look, str]]] = []
    x = POINTS
    for look, words in key:
        width = 12 + text_width(words, SMALL) + 14
        if x + width - 14 > POINTS - 4:
            rows.append([])
            x = 8
        rows[-1].append((x, look, words))
        x += width
    return rows


def draw_key(picture: Picture, rows: list[list[tuple[float, Look, str]]]) -> None:
    """Draw the rows of `key_rows` at the top of a picture, `KEY_ROW` points a row."""
    full = picture.get_figheight() * 72
    for number, row in enumerate(rows):
        y = 3 + KEY_ROW * number + KEY_ROW / 2
        for x, look, words in row:
            dot = Line2D([x / POINTS], [1 - y / full], color=look.color, marker=look.marker, linestyle="")
            picture.add_artist(dot)
            write(picture, x + 8, y, words, SMALL, color=look.color)


def draw_heading(picture: Picture, top: float, words: str, detail: str = "", height: float = 22) -> None:
    """Draw a rule at `top` points, a bold heading below it and a lighter remark after the heading."""
    rule(picture, top, color=LIGHT["unknown"])
    middle = top + height / 2 + 1
    write(picture, 4, middle, words, 8.5, weight="bold")
    if detail:
        write(picture, 11 + text_width(words, 8.5, "bold"), middle + 0.18, detail, color=LIGHT["muted"])


def write_numbers(
    picture: Picture, left: float, top: float, cells: Sequence[tuple[float, Sequence[str]]], **look: object
) -> None:
    """Write columns of small text centred below an axis, 12 points a line.

    A column that would overlap the previous one is left out, since the table below the figure has all numbers. `cells`
    are the position of each column in points from `left`, and its lines.
    """
    edge = float("-inf")
    for place, column in cells:
        half = max(text_width(words, SMALL) for words in column) / 2
        if place - half >= edge + 3:
            for number, words in enumerate(column):
                write(picture, left + place, top + 12 * number, words, SMALL, ha="center", **look)
            edge = place + half
