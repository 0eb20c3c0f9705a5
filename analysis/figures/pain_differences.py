"""Reduction of pain: differences between arms first, then changes within arms."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, studies_of
from analysis.figures.picture_parts import regimen_key
from analysis.figures.row_figure import PrintedColumn, Row, RowHeading, Track, draw_rows
from analysis.figures.row_marks import Line, Mark, interval_marks
from analysis.figures.study_rows import arm_names, marked_caption, marks_line, not_drawn, present_in_order, row_label
from analysis.figures.style import INK, Look, nothing, regimen_look, style
from analysis.outcomes.context import ACTIVE, PLACEBO, UNCONTROLLED
from analysis.wording import (
    CONTROL_HEADINGS,
    count_cell,
    half_up,
    in_weeks,
    number_interval,
    percent_level,
    short_citation,
    weeks_cell,
)

_COLUMNS = (
    PrintedColumn(4, 184),
    PrintedColumn(216, 32, "weeks", "right"),
    PrintedColumn(252, 40, "patients", "right"),
    PrintedColumn(418, 98, "points"),
)
_LEFT, _RIGHT = 266, 406  # the track
_CONTRAST = Look(INK, INK, "o")
_BETWEEN = {
    PLACEBO: "Ketamine minus placebo, at the same time",
    ACTIVE: "Ketamine minus comparator, at the same time",
}
_WITHIN = {
    PLACEBO: "Change since baseline within the arms of placebo-controlled studies",
    ACTIVE: "Change since baseline within the arms of comparisons without placebo",
    UNCONTROLLED: "Change since baseline, no control group",
}
_BASIS_WORDS = {
    "mean change as printed": "mean change",
    "difference of means": "difference of means",
    "difference of medians": "difference of medians",
    "span of means": "span of several means",
}
_FEW = 4  # largest number of changes that the alternative text names individually
_READINGS = (("sd", "± read as SD"), ("se", "± read as SE"))


def pain_change_forest(
    changes: pd.DataFrame, differences: pd.DataFrame, level: float = 0.95, name: str = "pain-changes"
) -> Figure:
    """Return differences of pain between arms and changes from baseline, in points of the 0-10 scale.

    Parameters
    ----------
    changes : DataFrame
        Table of `trajectories.changes`: one row per arm and time.
    differences : DataFrame
        Table of `trajectories.between_arms`: one row per comparison.
    level : float
        Confidence level of the intervals in both tables.
    name : str
        Name of the figure's files.

    Returns
    -------
    Figure
        Its data have one row for each difference (`what` = ketamine minus control) and for each change (`what` = its
        basis), in points, with intervals and n. A difference with an unlabelled spread has two rows, read as an SD and
        as an SE. Spans of means are bars without a point; differences of group means or medians are hollow points
        without an interval. Arms with neither are listed in the notes.
    """
    caption = (
        "Pain in points of the 0 to 10 scale; left of the line means less pain. Top: ketamine minus control at the "
        f"same time, with Welch's {percent_level(level)} interval; where a study prints ± without saying what it is, "
        "both readings stand below each other. Below: change since baseline. Filled point with bar: printed mean "
        f"change with its {percent_level(level)} interval. Hollow point: difference of the group's means or medians, "
        "for which no interval can be computed. Broad bar without a point: what the printed spans of several mean "
        "scores allow. Changes without a control group also hold what would have happened without treatment."
    )
    differences = differences[differences["difference"].notna()]
    drawn = changes[changes["change"].notna() | changes["change_low"].notna()]
    left = changes.drop(drawn.index)
    notes = not_drawn((row, "neither a change nor a span is printed") for row in each(left))
    if drawn.empty and differences.empty:
        return nothing(
            name,
            "No change of pain and no difference between arms can be had from the scores that count here.",
            caption,
        )

    drawn = drawn.sort_values(["weeks", "study_id"], kind="stable")
    parts = [drawn[drawn["control"] == control] for control in present_in_order(drawn["control"], CONTROL_HEADINGS)]
    drawn = pd.concat(parts) if parts else drawn
    with style():
        rows = [*_difference_rows(differences), *_change_rows(drawn)]
        picture = draw_rows(_COLUMNS, _track(drawn, differences), rows, regimen_key(drawn), [marks_line(drawn)])
    data = pd.concat([_difference_data(differences), _change_data(drawn)], ignore_index=True)
    studies = studies_of(differences, drawn)
    return Figure(name, picture, data, _alt(drawn, differences, level), marked_caption(caption, drawn), studies, notes)


def _points(value: float, low: float, high: float) -> str:
    limits = f"({number_interval(low, high)})" if pd.notna(low) else ""
    return f"{half_up(value, 1)} {limits}".strip()


def _difference_rows(differences: pd.DataFrame) -> list[Row | RowHeading]:
    rows: list[Row | RowHeading] = []
    for control in present_in_order(differences["control"], CONTROL_HEADINGS):
        rows.append(RowHeading(_BETWEEN.get(control, f"Ketamine minus control ({control})")))
        for row in each(differences[differences["control"] == control]):
            rows += _readings(row)
    return rows


def _readings(row) -> list[Row]:
    """Return the row of a difference, or one row for each reading of a spread without a label."""
    readings = [(key, words) for key, words in _READINGS if pd.notna(getattr(row, f"ci_low_if_{key}"))]
    n = f"{count_cell(row.n_ketamine)} + {count_cell(row.n_control)}"
    if not readings:
        marks = interval_marks(row.difference, row.difference, row.difference, _CONTRAST, hollow=True)
        label = f"{short_citation(row.citation)}, no spread printed"
        return [Row((label, weeks_cell(row.weeks), n, half_up(row.difference, 1)), marks)]
    rows = []
    for key, words in readings:
        low, high = getattr(row, f"ci_low_if_{key}"), getattr(row, f"ci_high_if_{key}")
        unlabelled = len(readings) > 1
        label = f"{short_citation(row.citation)}, {words}" if unlabelled else short_citation(row.citation)
        marks = interval_marks(low, row.difference, high, _CONTRAST, assumed=unlabelled)
        rows.append(Row((label, weeks_cell(row.weeks), n, _points(row.difference, low, high)), marks))
    return rows


def _change_rows(changes: pd.DataFrame) -> list[Row | RowHeading]:
    names = arm_names(changes)
    rows: list[Row | RowHeading] = []
    for control in present_in_order(changes["control"], CONTROL_HEADINGS):
        rows.append(RowHeading(_WITHIN.get(control, f"Change since baseline ({control})")))
        for row in each(changes[changes["control"] == control]):
            role = f" ({row.role})" if row.role != "ketamine" else ""
            label = f"{row_label(row, names)}{role}, {_BASIS_WORDS.get(row.basis, row.basis)}"
            points = (
                number_interval(row.change_low, row.change_high)
                if pd.isna(row.change)
                else _points(row.change, row.change_low, row.change_high)
            )
            rows.append(Row((label, weeks_cell(row.weeks), count_cell(row.n), points), _change_marks(row)))
    return rows


def _change_marks(row) -> tuple[Mark, ...]:
    look = regimen_look(row.regimen_class)
    if pd.isna(row.change):
        return (Line(row.change_low, row.change_high, look.color, width=5, alpha=0.45, ends=7),)
    if pd.isna(row.change_low):
        return interval_marks(row.change, row.change, row.change, look, hollow=True)
    return interval_marks(row.change_low, row.change, row.change_high, look)


def _track(changes: pd.DataFrame, differences: pd.DataFrame) -> Track:
    columns = ["difference", *(f"ci_{end}_if_{key}" for end in ("low", "high") for key, _ in _READINGS)]
    values = pd.concat([changes[["change", "change_low", "change_high"]].stack(), differences[columns].stack()]).astype(
        "float64"
    )
    low = min(-2.0, 2 * ((values.min() - 0.3) // 2))
    high = max(1.0, values.max() + 0.5)
    step = 2 if high - low <= 14 else 4
    ticks = {tick: half_up(tick) for tick in range(int(low), int(high) + 1, step)}
    return Track(_LEFT, _RIGHT, low, high, ticks, "← less pain", zero=True)


def _difference_data(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study_id": table["study_id"],
            "citation": table["citation"],
            "control": table["control"],
            "what": "ketamine minus control",
            "weeks_after_end_of_infusion": table["weeks"],
            "n": table["n_ketamine"].astype("Int64"),
            "n_control": table["n_control"].astype("Int64"),
            "points_0_to_10": table["difference"],
            "ci_low_points_if_sd": table["ci_low_if_sd"],
            "ci_high_points_if_sd": table["ci_high_if_sd"],
            "ci_low_points_if_se": table["ci_low_if_se"],
            "ci_high_points_if_se": table["ci_high_if_se"],
            "spread_kind": table["spread_kind"],
            "rows": table["rows"],
        }
    )


def _change_data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "role", "regimen_class", "control"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "what": table["basis"],
            "weeks_after_end_of_infusion": table["weeks"],
            "n": table["n"].astype("Int64"),
            "points_0_to_10": table["change"],
            "low_points": table["change_low"],
            "high_points": table["change_high"],
            "low_and_high_are": table["interval"],
            "source_access": table["access"],
            "rows": table["rows"],
        }
    )


def _alt(changes: pd.DataFrame, differences: pd.DataFrame, level: float) -> str:
    sentences = []
    for row in each(differences):
        readings = [
            f"{half_up(getattr(row, f'ci_low_if_{key}'), 1)} to {half_up(getattr(row, f'ci_high_if_{key}'), 1)} with "
            f"the {words}"
            for key, words in _READINGS
            if pd.notna(getattr(row, f"ci_low_if_{key}"))
        ]
        against = {PLACEBO: "under placebo"}.get(row.control, "in the control group")
        limits = (
            f" ({percent_level(level)} interval {' or '.join(readings)})"
            if readings
            else " (no interval can be computed)"
        )
        sentences.append(
            f"In {short_citation(row.citation)} pain at {in_weeks(row.weeks)} is {half_up(row.ketamine, 1)} under "
            "ketamine (n "
            f"= {count_cell(row.n_ketamine)}) and {half_up(row.control_value, 1)} {against} (n = "
            f"{count_cell(row.n_control)}), "
            f"a difference of {half_up(row.difference, 1)} points{limits}."
        )
    if differences.empty:
        sentences.append("No difference between ketamine and a control group can be had.")
    points = changes[changes["change"].notna() & (changes["role"] == "ketamine")]
    alone = ", all without a control group," if set(points["control"]) == {UNCONTROLLED} else ""
    if len(points) > _FEW:
        least, most = points.loc[points["change"].idxmax()], points.loc[points["change"].idxmin()]
        sentences.append(
            f"{len(points)} changes since baseline within ketamine arms{alone} run from {_where(most)} to "
            f"{_where(least)}."
        )
    elif len(points):
        who = ", ".join(_where(row) for _, row in points.iterrows())
        sentences.append(f"Change since baseline within ketamine arms{alone.rstrip(',')}: {who}.")
    spans = changes[changes["change"].isna()]
    if len(spans):
        who = ", ".join(
            f"{half_up(r.change_low, 1)} to {half_up(r.change_high, 1)} in {short_citation(r.citation)} (week "
            f"{weeks_cell(r.weeks)})"
            for r in each(spans)
        )
        sentences.append(f"Printed spans of several means allow {who}.")
    return " ".join(sentences)


def _where(row: pd.Series) -> str:
    return (
        f"{half_up(row['change'], 1)} in {short_citation(row['citation'])} (week {weeks_cell(row['weeks'])}, n = "
        f"{count_cell(row['n'])})"
    )
