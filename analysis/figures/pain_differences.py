"""Pain before and after ketamine, and with ketamine and with a control at the same time."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure
from analysis.exhibit.places import source_row
from analysis.exhibit.row_picture import Axis, Bar, Mark, Point, Row, RowHeading, RowPicture, Span, Words
from analysis.figures.row_figure import rows_figure
from analysis.figures.study_rows import arm_names, marked_study, not_drawn, present_in_order
from analysis.figures.style import nothing
from analysis.outcomes.context import ACTIVE, PLACEBO, UNCONTROLLED
from analysis.wording import (
    after_infusion,
    counted,
    lower_words,
    number_interval,
    number_text,
    percent_level,
    upper_first,
)

_NAME = "pain-changes"
_AXIS = Axis(0, 10, {value: str(value) for value in range(0, 11, 2)}, "pain, 0 (none) to 10 (worst)")
_BETWEEN = {PLACEBO: "Against placebo, at the same time", ACTIVE: "Against another treatment, at the same time"}
_WITHIN = {
    UNCONTROLLED: "Before and after, no control group",
    PLACEBO: "Before and after, within an arm of a placebo-controlled study",
    ACTIVE: "Before and after, within an arm of a comparison without placebo",
}
_STATISTIC_WORDS = {"mean": "means", "median": "medians", "range_of_means": "spans of means"}


def pain_before_after(
    scores: pd.DataFrame, changes: pd.DataFrame, differences: pd.DataFrame, level: float = 0.95
) -> Figure:
    """Return pain with ketamine and with a control at the same time, then pain before and after ketamine.

    Its data have one row for each difference (`what` = ketamine minus control) and for each change (`what` = its
    basis), in points, with intervals and n. A difference with an unlabelled spread has two rows, read as an SE and
    as an SD; the figure prints the wider interval. Arms with a score at baseline alone are drawn without a change.

    Parameters
    ----------
    scores : DataFrame
        Table of `trajectories.scores`: one row per arm and time.
    changes : DataFrame
        Table of `trajectories.changes`: one row per arm and time.
    differences : DataFrame
        Table of `trajectories.between_arms`: one row per comparison.
    """
    caption = (
        "Mean or median pain. Hollow: before, or control. Filled: with ketamine. Without a "
        "control group, part of the fall would come without treatment."
    )
    differences = differences[differences["difference"].notna()]
    drawn = changes[changes["change"].notna() | changes["change_low"].notna()]
    notes = not_drawn((row, "neither a change nor a span is printed") for row in each(changes.drop(drawn.index)))
    alone = _baseline_alone(scores, drawn, differences)
    if drawn.empty and differences.empty and alone.empty:
        return nothing(_NAME, "No pain score that counts here can be compared with another.", caption)
    rows = [*_difference_rows(differences, level), *_change_rows(scores, drawn, alone, level)]
    data = pd.concat([_difference_data(differences), _change_data(drawn)], ignore_index=True)
    shown = pd.concat([differences[["study_id", "citation", "bias"]], drawn, alone])
    title = _title(drawn, differences)
    return rows_figure(_NAME, RowPicture(tuple(rows), _AXIS), shown, data, title, _alt(rows, title), caption, notes)


def _baseline_alone(scores: pd.DataFrame, changes: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Return the scores at baseline of studies that print no later score and no change."""
    seen = {*changes["study_id"], *differences["study_id"]}
    baseline = scores[(scores["phase"] == "baseline") & scores["value"].notna()]
    return baseline[~baseline["study_id"].isin(seen)]


def _leading(row) -> tuple[float, float, str]:
    """Return the wider interval of a difference, and how an unlabelled spread is read for it."""
    pairs = [
        (row.ci_low_if_se, row.ci_high_if_se, "± read as SE"),
        (row.ci_low_if_sd, row.ci_high_if_sd, "± read as SD"),
    ]
    known = [pair for pair in pairs if pd.notna(pair[0])]
    if not known:
        return float("nan"), float("nan"), ""
    low, high, words = max(known, key=lambda pair: pair[1] - pair[0])
    return low, high, words if len(known) > 1 else ""


def _difference_rows(differences: pd.DataFrame, level: float) -> list[Row | RowHeading]:
    rows: list[Row | RowHeading] = []
    for control in present_in_order(differences["control"], _BETWEEN):
        rows.append(RowHeading(_BETWEEN.get(control, f"Against control ({control})")))
        name = "placebo" if control == PLACEBO else "control"
        for row in each(differences[differences["control"] == control]):
            patients = counted(int(row.n_ketamine + row.n_control), "patient")
            when = ", ".join(filter(None, (row.timepoint, after_infusion(row.weeks))))
            marks = (
                Span(*sorted((row.ketamine, row.control_value))),
                Point(row.control_value, "placebo", "hollow"),
                Point(row.ketamine),
                Words(row.control_value, f"{name} {number_text(row.control_value)}", "placebo"),
                Words(row.ketamine, f"ketamine {number_text(row.ketamine)}", "ketamine"),
            )
            low, high, reading = _leading(row)
            detail = f"{patients}; {when}; means" + (f"; {reading}" if reading else "")
            rows.append(_row(row, detail, marks, (row.difference, low, high), level))
    return rows


def _change_rows(
    scores: pd.DataFrame, changes: pd.DataFrame, alone: pd.DataFrame, level: float
) -> list[Row | RowHeading]:
    names = arm_names(changes)
    rows: list[Row | RowHeading] = []
    for control in present_in_order([*changes["control"], *alone["control"]], _WITHIN):
        rows.append(RowHeading(_WITHIN.get(control, f"Before and after ({control})")))
        group = changes[changes["control"] == control]
        printed = group["basis"].eq("mean change as printed")
        order = group.assign(_printed=printed, _size=-group["n"].astype("float64"))
        for row in each(order.sort_values(["_printed", "_size", "weeks"], kind="stable")[list(group.columns)]):
            rows.append(_change_row(row, scores, names, level))
        for row in each(alone[alone["control"] == control]):
            marks = (
                Point(row.value, "placebo", "hollow"),
                Words(row.value, f"before {number_text(row.value)}", "placebo"),
            )
            detail = f"{counted(int(row.n), 'patient')}; {row.statistic}"
            place = source_row("pain_scores", row.row)
            rows.append(Row(marked_study(row), detail, marks, "later score not printed", "", False, False, place))
    return rows


def _change_row(row, scores: pd.DataFrame, names: dict, level: float) -> Row:
    arm = names.get((row.study_id, row.label), "")
    patients = counted(int(row.n), "patient") if pd.notna(row.n) else "number of patients not stated"
    role = "" if row.role == "ketamine" else row.role
    when = ", ".join(filter(None, (row.timepoint, after_infusion(row.weeks))))
    pair = _scores_of(row, scores)
    if pair is None:
        detail = "; ".join(filter(None, (role, arm, patients, when)))
        words = Words(0, "scores not printed, only the change", anchor="start", inside=True)
        return _row(row, detail, (words,), (row.change, row.change_low, row.change_high), level)
    before, after = pair
    detail = "; ".join(filter(None, (role, arm, patients, when, _STATISTIC_WORDS.get(before.statistic, ""))))
    return _row(row, detail, _pair_marks(before, after), (row.change, row.change_low, row.change_high), level)


def _scores_of(row, scores: pd.DataFrame):
    """Return the scores behind a change, before and after, or None if only the change is printed."""
    of_arm = scores[(scores["arm_id"] == row.arm_id)]
    before = list(each(of_arm[of_arm["phase"] == "baseline"]))
    after = list(each(of_arm[(of_arm["phase"] != "baseline") & (of_arm["timepoint"] == row.timepoint)]))
    return (before[0], after[0]) if before and after else None


def _pair_marks(before, after) -> tuple[Mark, ...]:
    during = "during" if after.phase == "during" or "under" in str(after.timepoint) else "after"
    if before.statistic == "range_of_means":
        low, high = after.spread_high, before.spread_low
        return (
            Span(min(low, high), max(low, high)),
            Bar(before.spread_low, before.spread_high, "placebo", "hollow"),
            Bar(after.spread_low, after.spread_high),
            Words((before.spread_low + before.spread_high) / 2, f"before {_span(before)}", "placebo"),
            Words((after.spread_low + after.spread_high) / 2, f"{during} {_span(after)}", "ketamine"),
        )
    return (
        Span(*sorted((after.value, before.value))),
        Point(before.value, "placebo", "hollow"),
        Point(after.value),
        Words(before.value, f"before {number_text(before.value)}", "placebo"),
        Words(after.value, f"{during} {number_text(after.value)}", "ketamine"),
    )


def _span(row) -> str:
    return f"{number_text(row.spread_low)}\u2013{number_text(row.spread_high)}"


def _row(row, detail: str, marks: tuple[Mark, ...], change: tuple[float, float, float], level: float) -> Row:
    value, low, high = change
    words = lower_words(low, high) if pd.isna(value) else lower_words(value)
    known = pd.notna(value) and pd.notna(low)
    more = f"{percent_level(level)} CI {_limits(low, high)}" if known else "no interval possible"
    return Row(marked_study(row), detail, marks, words, more, places=row.rows)


def _limits(low: float, high: float) -> str:
    """Return the limits of a fall without signs if both are falls: `1.4 to 4.2`; otherwise as differences."""
    if high <= 0:
        return number_interval(-high, -low)
    return number_interval(low, high)


def _title(changes: pd.DataFrame, differences: pd.DataFrame) -> str:
    parts = []
    against = differences[differences["control"] == PLACEBO]
    for row in each(against):
        when = row.timepoint.split(" (")[0]
        parts.append(f"pain was {_words(row.difference)} than with placebo at the {when}")
    free = changes[changes["control"] == UNCONTROLLED]
    falls = [fall for row in each(free) for fall in _falls(row)]
    if falls:
        low, high = (number_text(value, 0) for value in (min(falls), max(falls)))
        some = f"{low} points" if low == high else f"{low} to {high} points"
        parts.append(
            f"without a control group it fell by {some}" if parts else f"without a control group pain fell by {some}"
        )
    return upper_first("; ".join(parts)) or "No later pain score is printed"


def _falls(row) -> list[float]:
    """Return the fall of pain of a change, or the ends of its span."""
    return [-row.change] if pd.notna(row.change) else [-row.change_high, -row.change_low]


def _words(difference: float) -> str:
    return f"{number_text(abs(difference))} points {'lower' if difference < 0 else 'higher'}"


def _difference_data(differences: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for row in each(differences):
        for reading in ("se", "sd"):
            low, high = getattr(row, f"ci_low_if_{reading}"), getattr(row, f"ci_high_if_{reading}")
            if pd.notna(low):
                label = reading if row.spread_kind == "unlabelled" else row.spread_kind
                rows.append(_data_row(row, "ketamine minus control", row.difference, low, high, label))
        if pd.isna(row.ci_low_if_sd) and pd.isna(row.ci_low_if_se):
            rows.append(_data_row(row, "ketamine minus control", row.difference, low, high, "none"))
    return pd.DataFrame(rows)


def _data_row(row, what: str, points: float, low: float, high: float, spread: str) -> dict[str, object]:
    same = {name: getattr(row, name) for name in ("study_id", "citation", "arm_id", "label", "control", "weeks")}
    n = getattr(row, "n", None) if hasattr(row, "n") else row.n_ketamine + row.n_control
    limits = {"points": points, "low": low, "high": high, "spread_read_as": spread}
    return {"what": what, **same, "n": n, **limits, "source_access": row.access, "rows": row.rows}


def _change_data(changes: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [_data_row(row, row.basis, row.change, row.change_low, row.change_high, row.interval) for row in each(changes)]
    )


def _alt(rows: list[Row | RowHeading], title: str) -> str:
    parts = [f"{row.label}: {row.value}, {row.value_detail}" for row in rows if isinstance(row, Row) and row.known]
    return f"{title}. {'; '.join(parts)}." if parts else f"{title}."
