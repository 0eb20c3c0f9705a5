"""How much pain falls: differences between arms first, then changes within arms."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, studies_of
from analysis.figures.ledger import Column, Ledger, assumed_interval, interval
from analysis.figures.study_rows import (
    arm_names,
    marked_caption,
    marks_line,
    not_drawn,
    present_in_order,
    row_label,
)
from analysis.figures.style import INK, LINE, MUTED, Look, nothing, regimen_look, style
from analysis.outcomes.context import ACTIVE, PLACEBO, UNCONTROLLED
from analysis.wording import (
    CONTROL_HEADINGS,
    REGIMEN_WORDS,
    count_cell,
    half_up,
    in_weeks,
    percent_level,
    regimen_words,
    short_citation,
    weeks_cell,
)

_COLUMNS = (
    Column(4, 184),
    Column(216, 32, "weeks", "right"),
    Column(252, 40, "patients", "right"),
    Column(418, 98, "points"),
)
_PLOT = (266, 406)
CONTRAST = Look(INK, INK, "o")
BETWEEN = {
    PLACEBO: "Ketamine minus placebo, at the same time",
    ACTIVE: "Ketamine minus comparator, at the same time",
}
_WITHIN = {
    PLACEBO: "Change since baseline within the arms of placebo-controlled studies",
    ACTIVE: "Change since baseline within the arms of comparisons without placebo",
    UNCONTROLLED: "Change since baseline, no control group",
}
BASIS_WORDS = {
    "mean change as printed": "mean change",
    "difference of means": "difference of means",
    "difference of medians": "difference of medians",
    "span of means": "span of several means",
}
_FEW = 4
READINGS = (("sd", "± read as SD"), ("se", "± read as SE"))


def pain_changes(
    changes: pd.DataFrame, differences: pd.DataFrame, level: float = 0.95, name: str = "pain-changes"
) -> Figure:
    """Differences between arms and changes since baseline in points of the 0-10 scale; takes `trajectories.changes` and
    `trajectories.between_arms`.

    A difference whose spread has no label stands twice, read as an SD and as an SE. Spans of means are bars without a
    point; differences of group means or medians are hollow points without an interval.
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

    names, order = arm_names(drawn), []
    with style():
        ledger = Ledger(_COLUMNS, *_PLOT)
        for control in present_in_order(differences["control"], CONTROL_HEADINGS):
            ledger.heading(BETWEEN.get(control, f"Ketamine minus control ({control})"))
            for row in each(differences[differences["control"] == control]):
                _add_difference(ledger, row)
        for control in present_in_order(drawn["control"], CONTROL_HEADINGS):
            ledger.heading(_WITHIN.get(control, f"Change since baseline ({control})"))
            for row in each(drawn[drawn["control"] == control].sort_values(["weeks", "study_id"], kind="stable")):
                order.append(row.Index)
                _add_change(ledger, row, names)
        low, high = _limits(drawn, differences)
        regimens = present_in_order(drawn["regimen_class"], REGIMEN_WORDS)
        key = [(regimen_look(r), regimen_words(r)) for r in regimens]
        picture = ledger.render(lambda ax: _axis(ax, low, high), "← less pain", key=key, foot=[marks_line(drawn)])
    drawn = drawn.loc[order]
    data = pd.concat([_difference_data(differences), _change_data(drawn)], ignore_index=True)
    studies = studies_of(differences, drawn)
    return Figure(name, picture, data, _alt(drawn, differences, level), marked_caption(caption, drawn), studies, notes)


def _points(value: float, low: float, high: float) -> str:
    limits = f"({half_up(low, 1)} to {half_up(high, 1)})" if pd.notna(low) else ""
    return f"{half_up(value, 1)} {limits}".strip()


def _add_difference(ledger: Ledger, row) -> None:
    readings = [(key, words) for key, words in READINGS if pd.notna(getattr(row, f"ci_low_if_{key}"))]
    n = f"{count_cell(row.n_ketamine)} + {count_cell(row.n_control)}"
    if not readings:
        ledger.row(
            f"{short_citation(row.citation)}, no spread printed",
            weeks_cell(row.weeks),
            n,
            half_up(row.difference, 1),
            draw=lambda ax, y: interval(ax, y, row.difference, row.difference, row.difference, CONTRAST, hollow=True),
        )
    for key, words in readings:
        low, high = getattr(row, f"ci_low_if_{key}"), getattr(row, f"ci_high_if_{key}")
        unlabelled = len(readings) > 1
        ledger.row(
            f"{short_citation(row.citation)}, {words}" if unlabelled else short_citation(row.citation),
            weeks_cell(row.weeks),
            n,
            _points(row.difference, low, high),
            draw=lambda ax, y, low=low, high=high, show=assumed_interval if unlabelled else interval: show(
                ax, y, low, row.difference, high, CONTRAST
            ),
        )


def _add_change(ledger: Ledger, row, names: dict) -> None:
    look = regimen_look(row.regimen_class)

    def draw(ax, y: float) -> None:
        if pd.isna(row.change):
            ax.plot([row.change_low, row.change_high], [y, y], color=look.color, linewidth=5, alpha=0.45)
            ax.plot([row.change_low, row.change_high], [y, y], color=look.color, marker="|", linestyle="", markersize=7)
        else:
            known = pd.notna(row.change_low)
            low, high = (row.change_low, row.change_high) if known else (row.change, row.change)
            interval(ax, y, low, row.change, high, look, hollow=not known)

    words = (
        half_up(row.change_low, 1) + " to " + half_up(row.change_high, 1)
        if pd.isna(row.change)
        else _points(row.change, row.change_low, row.change_high)
    )
    role = f" ({row.role})" if row.role != "ketamine" else ""
    ledger.row(
        f"{row_label(row, names)}{role}, {BASIS_WORDS.get(row.basis, row.basis)}",
        weeks_cell(row.weeks),
        count_cell(row.n),
        words,
        draw=draw,
    )


def _limits(changes: pd.DataFrame, differences: pd.DataFrame) -> tuple[float, float]:
    columns = ["difference", *(f"ci_{end}_if_{key}" for end in ("low", "high") for key, _ in READINGS)]
    values = pd.concat([changes[["change", "change_low", "change_high"]].stack(), differences[columns].stack()]).astype(
        "float64"
    )
    low = min(-2.0, 2 * ((values.min() - 0.3) // 2))
    high = max(1.0, values.max() + 0.5)
    return low, high


def _axis(ax, low: float, high: float) -> None:
    ax.set_xlim(low, high)
    step = 2 if high - low <= 14 else 4
    ticks = list(range(int(low), int(high) + 1, step))
    ax.set_xticks(ticks, [half_up(tick) for tick in ticks])
    ax.axvline(0, color=LINE, linewidth=0.9, zorder=0.5)
    ax.xaxis.label.set_color(MUTED)


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
            for key, words in READINGS
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
    time = f"week {weeks_cell(row['weeks'])}, n = {count_cell(row['n'])}"
    return f"{half_up(row['change'], 1)} in {short_citation(row['citation'])} ({time})"
