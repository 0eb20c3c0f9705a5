"""Pain before, at the end of and after the infusion: one panel per study, all with the same axes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.palette import LIGHT
from analysis.exhibit.places import source_row
from analysis.figures.labels import PanelLabels
from analysis.figures.picture_parts import draw_heading
from analysis.figures.score_spreads import KINDS_OF_SPREAD, draw_spread, spread_notes, spread_of
from analysis.figures.study_rows import not_drawn, present_in_order, study_figure, with_bias
from analysis.figures.style import (
    PHONE,
    POINTS,
    SMALL,
    TEXT,
    Look,
    finish,
    horizon_tick,
    nothing,
    sheet,
    spaced_ticks,
    style,
    text_height,
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
    series,
    short_citation,
    source_mark,
    study_name,
)

_NAME = "pain-trajectories"
_LEFT, _GAP, _HIGH = 24, 16, 116
_BEFORE, _END, _RIGHT = 15, 46, 12  # positions of "before" and the end of infusion, space right of the last week
_TICKS = (0, 4, 13, 52, 26, 8, 104, 39, 208)  # in order of priority
_LINES = ("-", "--", "-.", ":")  # of the arms with ketamine
_STATISTICS = {"mean": "means", "median": "medians", "range_of_means": "several means"}
_COURSE = 3  # scores after the start of the infusion that make a course


def pain_trajectory_lines(scores: pd.DataFrame, changes: pd.DataFrame | None = None) -> Figure:
    """Return every pain score on the 0-10 scale by weeks from the end of infusion, one small panel per study.

    Its data have one row per score drawn: value, printed spread and SD in points, basis of the SD, row of
    pain_scores.csv. Lines show the spread of the patients' scores.

    Parameters
    ----------
    scores : DataFrame
        Table of `trajectories.scores`: one row per arm and time, with value and spread in points.
    changes : DataFrame, optional
        Table of `trajectories.changes`, to list the arms with a printed change but no score in the notes.
    """
    drawn = scores[scores["value"].notna() | scores["spread_low"].notna()]
    drawn = drawn[drawn["weeks"].notna() | (drawn["phase"] == "baseline")]
    caption = (
        "Pain, 0 (none) to 10 (worst), before treatment and in weeks after the end of infusion. Filled: ketamine; "
        "hollow: control. Vertical lines: spread of patients’ scores, of the kind named above each panel."
    )
    notes = _left_out(scores.drop(drawn.index), scores, changes)
    if drawn.empty:
        return nothing(_NAME, "No pain score is reported in the evidence that counts here.", caption, notes)
    with style():
        wide, narrow = _picture(drawn, POINTS, 3), _picture(drawn, PHONE, 1)
    finding = _finding(drawn)
    words = (finding, f"{finding}. {_alt(drawn)}", caption, spread_notes(drawn), notes)
    return with_bias(replace(study_figure(_NAME, wide, drawn, _data(drawn), *words), narrow=narrow), drawn)


def _finding(drawn: pd.DataFrame) -> str:
    """Return in one sentence whether there is a course over weeks, and when pain is lowest."""
    timed = drawn[drawn["value"].notna() & drawn["weeks"].notna()]
    treated = timed[timed["role"] == "ketamine"]
    arms = [arm for _, arm in treated.groupby("arm_id", sort=False) if len(arm) >= _COURSE]
    if not arms:
        return f"{counted(drawn['study_id'].nunique(), 'study prints', 'studies print')} pain scores, none over weeks"
    lowest = [arm.loc[arm["value"].idxmin()] for arm in arms]
    last = [arm.loc[arm["weeks"].idxmax()] for arm in arms]
    if len(arms) == 1:
        (low,), (end,) = lowest, last
        words = (
            f"{study_name(low['citation'])}: pain is lowest at {in_weeks(low['weeks'])} ({number_text(low['value'])})"
        )
        if end["weeks"] > low["weeks"]:
            words += f" and {number_text(end['value'])} at {in_weeks(end['weeks'])}"
        control = timed[(timed["study_id"] == low["study_id"]) & (timed["role"] != "ketamine")]
        same = control[control["weeks"] == end["weeks"]]
        return words + "".join(f", with {row.role} {number_text(row.value)}" for row in each(same))
    weeks = sorted({low["weeks"] for low in lowest})
    when = in_weeks(weeks[0]) if len(weeks) == 1 else f"{in_weeks(weeks[0])} to {in_weeks(weeks[-1])}"
    risen = all(end["value"] > low["value"] for low, end in zip(lowest, last, strict=True))
    return f"In {len(arms)} groups followed over weeks pain is lowest at {when}" + (", then rises" if risen else "")


def _picture(table: pd.DataFrame, width: float, across: int) -> Picture:
    """Return panels side by side below a heading for each kind of control."""
    wide = (width - 4 - _LEFT - _GAP * (across - 1)) / across
    last = horizon_tick(table["weeks"].max() if table["weeks"].notna().any() else 0)
    axis = TreatmentAxis(wide, last, _BEFORE, _END, _RIGHT)
    headings, rows, y = [], [], 2.0
    for control in present_in_order(table["control"], CONTROL_HEADINGS):
        group = table[table["control"] == control]
        headings.append(
            (y, CONTROL_HEADINGS.get(control, control), counted(group["study_id"].nunique(), "study", "studies"))
        )
        y += 26
        studies = [part for _, part in group.groupby("study_id", sort=False)]
        for start in range(0, len(studies), across):
            row = [(study, *_words(study, wide)) for study in studies[start : start + across]]
            y += max(text_height(title) + text_height(detail, SMALL) for _, title, detail in row) + 4
            rows.append((y, row))
            y += _HIGH + 26
    picture = sheet(y + 14, width)
    for top, *words in headings:
        draw_heading(picture, top, *words)
    for top, row in rows:
        for number, (study, title, detail) in enumerate(row):
            left = _LEFT + number * (wide + _GAP)
            above = top - 4 - text_height(detail, SMALL)
            write(picture, left, above - text_height(title) / 2, title, weight="bold")
            write(picture, left, above + text_height(detail, SMALL) / 2, detail, SMALL, color=LIGHT["muted"])
            _draw_study(picture, (left, top), study, axis, labelled=number == 0)
    write(picture, _LEFT, y + 4, "pain, by weeks after the end of infusion", SMALL, color=LIGHT["muted"])
    return finish(picture)


def _words(study: pd.DataFrame, wide: float) -> tuple[str, str]:
    """Return the name of a study, and its regimen, patients and kinds of numbers, both in lines of a panel's width."""
    bias = bias_mark(study["bias"].iloc[0])
    source = "".join(sorted({source_mark(access) for access in study["access"]}))
    title = short_citation(study["citation"].iloc[0]) + source + (f"\u00a0{bias}" if bias else "")
    regimens = " and ".join(regimen_words(r) for r in dict.fromkeys(study["regimen_class"]) if r != "control")
    sizes = []
    for _, arm in study.groupby("arm_id", sort=False, dropna=False):
        counts = list(dict.fromkeys(count_cell(n) for n in arm.sort_values("weeks", na_position="first")["n"]))
        sizes.append(" to ".join((counts[0], counts[-1]) if len(counts) > 1 else counts))
    kinds = dict.fromkeys(spread.kind for row in each(study) if (spread := spread_of(row)) and spread.kind != "means")
    numbers = series([_STATISTICS.get(s, s) for s in dict.fromkeys(study["statistic"])])
    spreads = f"; {series([KINDS_OF_SPREAD[kind] for kind in kinds])}" if kinds else ""
    detail = f"{regimens}\n{' and '.join(sizes)} patients\n{numbers}{spreads}"
    return wrap(title, wide, TEXT, "bold"), wrap(detail, wide, SMALL)


def _draw_study(
    picture: Picture, place: tuple[float, float], study: pd.DataFrame, axis: TreatmentAxis, labelled: bool
) -> None:
    weeks = (week for week in _TICKS if week <= axis.last_week)
    ticks = spaced_ticks([(_BEFORE, "before"), *((axis.place(week), str(week)) for week in weeks)])
    ax = pain_panel(picture, place, _HIGH, axis, ticks, labelled)
    labels = PanelLabels(axis.wide, _HIGH, lambda score: pain_height(score, _HIGH))
    arms = [arm for _, arm in study.groupby("arm_id", sort=False, dropna=False)]
    free = iter(_LINES * len(arms))
    for number, arm in enumerate(arms):
        treated = arm["role"].iloc[0] == "ketamine"
        tone = "ketamine" if treated else "placebo"
        look = Look(LIGHT[tone], "o", next(free) if treated else "-")
        shift = 5 * (number - (len(arms) - 1) / 2)
        _draw_arm(ax, arm, look, lambda week, s=shift: axis.place(week) + s, labels, named=len(arms) > 1)
    labels.draw(ax)


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
            ax.plot(xs, [before.value, after.value], color=look.color, linestyle=look.line, linewidth=1.4)
            labels.avoid_line(xs, [before.value, after.value])
    face = look.color if rows[0].role == "ketamine" else LIGHT["ground"]
    for row in rows:
        x = x_of(row.weeks)
        if spread := spread_of(row):
            draw_spread(ax, x, spread, look.color, 0.6 if len(rows) <= _COURSE else 0.3)
            labels.avoid_bar(x, spread.low, spread.high)
        if pd.notna(row.value):
            ax.plot([x], [row.value], marker="o", color=look.color, markerfacecolor=face, linestyle="", zorder=4)
    for row in _labelled(rows):
        words = _value(row)
        if named and row is rows[-1]:
            words += " " + wrap(_arm_name(row), 76, SMALL)
        labels.add(
            x_of(row.weeks), row.value if pd.notna(row.value) else (row.spread_low + row.spread_high) / 2, words, look
        )


def _labelled(rows: list) -> list:
    """Return the scores with a label: all of a few, otherwise the first, with ketamine the lowest, and the last."""
    if len(rows) <= _COURSE:
        return rows
    known = [row for row in rows if pd.notna(row.value)]
    lowest = [min(known, key=lambda row: row.value)] if known and known[0].role == "ketamine" else []
    ends = [rows[0], *lowest, rows[-1]]
    return [row for row in rows if any(row is end for end in ends)]


def _value(row) -> str:
    if pd.notna(row.value):
        return number_text(row.value)
    return f"{number_text(row.spread_low)} to {number_text(row.spread_high)}"


def _arm_name(row) -> str:
    return row.role if row.role != "ketamine" else "ketamine" if row.control == PLACEBO else plain_label(row.label)


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
