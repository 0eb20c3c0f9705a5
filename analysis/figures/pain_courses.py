"""Pain before, at the end of and after the infusion: one small panel per study, all with the same axes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.places import source_row
from analysis.figures.labels import PanelLabels
from analysis.figures.picture_parts import draw_heading
from analysis.figures.score_spreads import BAR_WORDS, bars_of, draw_bar, draw_bar_key, spread_notes
from analysis.figures.study_rows import not_drawn, present_in_order, study_figure, with_bias
from analysis.figures.style import (
    MUTED,
    POINTS,
    REGIMEN_LOOKS,
    SMALL,
    TEXT,
    Look,
    finish,
    horizon_tick,
    nothing,
    series_looks,
    sheet,
    style,
    text_height,
    text_width,
    week_ticks,
    wrap,
    write,
)
from analysis.figures.treatment_axis import TreatmentAxis, pain_height, pain_panel
from analysis.judgement_wording import bias_mark
from analysis.outcomes.context import PLACEBO
from analysis.wording import (
    CONTROL_HEADINGS,
    count_cell,
    counted,
    in_weeks,
    number_text,
    plain_label,
    regimen_words,
    short_citation,
    source_mark,
)

_NAME = "pain-trajectories"
_LEFT, _GAP, _ACROSS, _HIGH = 24, 14, 3, 116
_WIDE = (POINTS - 4 - _LEFT - _GAP * (_ACROSS - 1)) / _ACROSS
_BEFORE, _END, _RIGHT = 15, 46, 12  # positions of "before" and the end of infusion, space right of the last week


def pain_trajectory_lines(
    scores: pd.DataFrame,
    changes: pd.DataFrame | None = None,
) -> Figure:
    """Return every pain score on the 0-10 scale by weeks from the end of infusion, one small panel per study.

    Parameters
    ----------
    scores : DataFrame
        Table of `trajectories.scores`: one row per arm and time, with value and spread in points.
    changes : DataFrame, optional
        Table of `trajectories.changes`, to list the arms with a printed change but no score in the notes.

    Returns
    -------
    Figure
        Its data have one row per score drawn: value, printed spread and SD in points, basis of the SD, row of
        pain_scores.csv. Bars show the spread of the patients' scores; estimated or assumed spreads are dashed.
    """
    drawn = scores[scores["value"].notna() | scores["spread_low"].notna()]
    drawn = drawn[drawn["weeks"].notna() | (drawn["phase"] == "baseline")]
    caption = (
        "Pain, 0 (none) to 10 (worst), before treatment and in weeks after the end of infusion (square-root scale). "
        "Filled: mean; hollow: median. Bars show the spread of patients; dashed, dotted or thick bars rest on an "
        "assumption."
    )
    notes = _left_out(scores.drop(drawn.index), scores, changes)
    if drawn.empty:
        return nothing(_NAME, "No pain score is reported in the evidence that counts here.", caption, notes)

    horizon = horizon_tick(drawn["weeks"].max() if drawn["weeks"].notna().any() else 0)
    with style():
        picture = _page(drawn, horizon)
    figure = study_figure(_NAME, picture, drawn, _data(drawn), _alt(drawn), caption, spread_notes(drawn), notes)
    return with_bias(figure, drawn)


@dataclass(frozen=True)
class _Cell:
    study: pd.DataFrame
    left: float
    title: str
    first: bool


def _page(table: pd.DataFrame, horizon: float) -> Picture:
    """Lay out the groups and their rows of panels, then draw them."""
    plan: list[tuple[str, float, object]] = []
    kinds = {bar.kind for row in each(table) for bar in bars_of(row)}
    kinds_of_bars = [kind for kind in BAR_WORDS if kind in kinds]
    key_place: tuple[float, float] | None = None
    y = 2.0
    for control in present_in_order(table["control"], CONTROL_HEADINGS):
        group = table[table["control"] == control]
        plan.append(
            (
                "heading",
                y,
                (CONTROL_HEADINGS.get(control, control), counted(group["study_id"].nunique(), "study", "studies")),
            )
        )
        y += 24
        studies = [part for _, part in group.groupby("study_id", sort=False)]
        for start in range(0, len(studies), _ACROSS):
            cells = [
                _Cell(part, _LEFT + i * (_WIDE + _GAP), wrap(_title(part), _WIDE, TEXT, "bold"), i == 0)
                for i, part in enumerate(studies[start : start + _ACROSS])
            ]
            titles = max(text_height(cell.title) for cell in cells) + 12
            arms = max(cell.study["arm_id"].nunique(dropna=False) for cell in cells)
            plan.append(("row", y + titles, cells))
            if key_place is None and len(cells) == 1 and len(kinds_of_bars) <= 6:
                key_place = (_LEFT + len(cells) * (_WIDE + _GAP) + 8, y + titles + 14)
            y += titles + _HIGH + 13 + 10 * arms + 12
    below = 0 if key_place else 16 * len(kinds_of_bars) + 16
    picture = sheet(y + 16 + below)
    for kind, top, what in plan:
        if kind == "heading":
            draw_heading(picture, top, *what)
        else:
            for cell in what:
                _panel(picture, cell, top, horizon)
    write(picture, POINTS - 4, 14, "pain, 10 = worst", color=MUTED, ha="right")
    write(picture, POINTS / 2, y + 5, "weeks after the end of infusion", color=MUTED, ha="center")
    draw_bar_key(picture, kinds_of_bars, *(key_place or (_LEFT, y + 20)))
    return finish(picture)


def _title(study: pd.DataFrame) -> str:
    bias = bias_mark(study["bias"].iloc[0])
    source = "".join(sorted({source_mark(access) for access in study["access"]}))
    return short_citation(study["citation"].iloc[0]) + source + (f"\u00a0{bias}" if bias else "")


def _panel(picture: Picture, cell: _Cell, top: float, horizon: float) -> None:
    study = cell.study
    regimens = [r for r in dict.fromkeys(study["regimen_class"]) if r != "control"]
    title = top - 12 - text_height(cell.title) / 2
    write(picture, cell.left, title, cell.title, weight="bold")
    write(picture, cell.left, top - 8, " and ".join(regimen_words(r) for r in regimens), SMALL, color=MUTED)

    axis = TreatmentAxis(_WIDE, horizon, _BEFORE, _END, _RIGHT)
    places, words = week_ticks(horizon, axis.unit, words=False)
    ticks = {_BEFORE: "before"} | {_END + axis.unit * p: w for p, w in zip(places, words, strict=True)}
    ax = pain_panel(picture, (cell.left, top), _HIGH, axis, ticks, labelled=cell.first)

    arms = [arm for _, arm in study.groupby("arm_id", sort=False, dropna=False)]
    looks = _looks(arms)
    labels = PanelLabels(_WIDE, _HIGH, lambda score: pain_height(score, _HIGH))
    for number_of_arm, (arm, look) in enumerate(zip(arms, looks, strict=True)):
        shift = 7 * (number_of_arm - (len(arms) - 1) / 2)
        _draw_arm(ax, arm, look, lambda week, s=shift: axis.place(week) + s, labels, named=len(arms) > 1)
        _counts(picture, cell.left, top + _HIGH + 17 + 10 * number_of_arm, arm, look, axis)
    labels.draw(ax)


def _looks(arms: list[pd.DataFrame]) -> list[Look]:
    treated = [arm for arm in arms if arm["role"].iloc[0] == "ketamine"]
    free = iter(series_looks(treated[0]["regimen_class"].iloc[0], len(treated)) if treated else [])
    return [next(free) if arm["role"].iloc[0] == "ketamine" else REGIMEN_LOOKS["control"] for arm in arms]


def _draw_arm(ax: Axes, arm: pd.DataFrame, look: Look, x_of, labels: PanelLabels, named: bool) -> None:
    rows = list(each(arm.sort_values("weeks", na_position="first", kind="stable")))
    for before, after in pairwise(rows):
        xs = [x_of(before.weeks), x_of(after.weeks)]
        if before.statistic != after.statistic:
            continue
        if before.statistic == "range_of_means":
            lows, highs = [before.spread_low, after.spread_low], [before.spread_high, after.spread_high]
            ax.fill_between(xs, lows, highs, color=look.color, alpha=0.12, linewidth=0)
        else:
            ax.plot(xs, [before.value, after.value], color=look.color, linestyle=look.line, linewidth=1.1)
            labels.avoid_line(xs, [before.value, after.value])
    for row in rows:
        x = x_of(row.weeks)
        for bar in bars_of(row):
            draw_bar(ax, x, bar, look)
            labels.avoid_bar(x, bar.low, bar.high)
        if pd.notna(row.value):
            face = "white" if row.statistic == "median" else look.color
            ax.plot(
                [x], [row.value], marker=look.marker, color=look.color, markerfacecolor=face, linestyle="", zorder=4
            )
        words = _value(row)
        if named and row is rows[-1]:
            words += " " + wrap(_arm_name(row), 76, SMALL)
        labels.add(x, row.value if pd.notna(row.value) else (row.spread_low + row.spread_high) / 2, words, look)


def _value(row) -> str:
    if pd.notna(row.value):
        return number_text(row.value)
    return f"{number_text(row.spread_low)} to {number_text(row.spread_high)}"


def _arm_name(row) -> str:
    return row.role if row.role != "ketamine" else "ketamine" if row.control == PLACEBO else plain_label(row.label)


def _counts(picture: Picture, left: float, y: float, arm: pd.DataFrame, look: Look, axis: TreatmentAxis) -> None:
    rows = list(each(arm.sort_values("weeks", na_position="first", kind="stable")))
    edge = -1e9
    for row in rows:
        words = f"n {count_cell(row.n)}"
        half = text_width(words, SMALL) / 2
        x = max(axis.place(row.weeks), half - 4, edge + half + 4)
        write(picture, left + x, y, words, SMALL, color=look.letters, ha="center")
        edge = x + half


def _left_out(rows: pd.DataFrame, scores: pd.DataFrame, changes: pd.DataFrame | None) -> str:
    listed = [(row, "neither a value nor a time is printed") for row in each(rows)]
    if changes is not None:
        only = changes[~changes["arm_id"].isin(scores["arm_id"])]
        listed += [(row, "only the change is printed, not the scores") for row in each(only)]
    return not_drawn(listed)


def _data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "role", "regimen_class", "control", "timepoint", "phase"]
    points = ["value", "spread", "spread_low", "spread_high", "sd", "sd_if_se"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "weeks_after_end_of_infusion": table["weeks"],
            "n": table["n"],
            "statistic": table["statistic"],
            **{f"{column}_points_0_to_10": table[column] for column in points},
            "spread_kind": table["spread_kind"],
            "sd_basis": table["sd_basis"],
            "source_access": table["access"],
            "source_id": table["source_id"],
            "row_id": [source_row("pain_scores", row) for row in table["row"]],
        }
    )


def _alt(table: pd.DataFrame) -> str:
    last = table["weeks"].max()
    until = "none of them after the infusion" if pd.isna(last) else f"the last at {in_weeks(last)}"
    sentences = [f"Pain scores of {counted(table['study_id'].nunique(), 'study', 'studies')}, {until}."]
    for control in present_in_order(table["control"], CONTROL_HEADINGS):
        group = table[table["control"] == control]
        parts = []
        for _, arm in group.groupby("arm_id", sort=False, dropna=False):
            rows = list(each(arm.sort_values("weeks", na_position="first", kind="stable")))
            steps = [
                f"{_value(r)} {'before' if pd.isna(r.weeks) else 'at ' + in_weeks(r.weeks)} (n = {count_cell(r.n)})"
                for r in rows
            ]
            who = short_citation(rows[0].citation)
            if group[group["study_id"] == rows[0].study_id]["arm_id"].nunique() > 1:
                who += f", {_arm_name(rows[0])}"
            what = {"median": "median ", "mean": "mean ", "range_of_means": "means of "}.get(rows[0].statistic, "")
            parts.append(f"{who}: {what}{', '.join(steps)}")
        sentences.append(f"{CONTROL_HEADINGS.get(control, control)}: {'; '.join(parts)}.")
    return " ".join(sentences)
