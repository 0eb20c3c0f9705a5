"""How long the benefit lasts: every statement as a lane on one axis of weeks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

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
    source_columns,
)
from analysis.figures.style import MUTED, SMALL, Look, at_week, nothing, regimen_look, style, week_ticks
from analysis.outcomes.context import PLACEBO
from analysis.wording import (
    BENEFIT_STATES,
    BENEFIT_WORDS,
    CONTROL_HEADINGS,
    REGIMEN_WORDS,
    count_cell,
    count_mark,
    counted,
    in_weeks,
    of_them,
    regimen_words,
    upper_first,
    weeks_cell,
)

_COLUMNS = (Column(4, 204), Column(513, 64, "patients", "right"))
_FEW = 4  # so many at most are all told in the alternative text
_LEFT, _WIDE, BEYOND = 216, 196, 34  # the axis in points, and room for numbers beyond its end
_FOOT = (
    "▸ benefit lasts at least so long;  ● ended then;  broad bar: ended between;  ✕ no benefit at any time;",
    "◇ average of a group, no patient's own duration;  dashed ▹ or pale bar: said of a group, patients not counted",
)


def durations_swimlane(
    statements: pd.DataFrame, horizon_weeks: float = 52, name: str = "durations-of-benefit"
) -> Figure:
    """Every statement on the duration of benefit, by control group and regimen; takes `durations.statements`.

    horizon_weeks: where the axis ends; a lane that goes on beyond it ends in an arrow with its number of weeks.
    """
    if not horizon_weeks > 0:
        raise ValueError(f"horizon_weeks is {horizon_weeks}: the axis must end after week 0")
    caption = (
        "Every statement on how long the benefit lasted, in weeks after the end of infusion (square-root scale), "
        "grouped by regimen. A line up to an arrow: the patients still had the benefit then and were not followed "
        "further, or the next count stands in another row. Dot: it ended then. Broad bar: it ended at some time in "
        "between. Cross: no benefit at any time. Hollow diamond: average of a group, not the duration of any "
        "patient. Dashed line or pale bar: said of a group without counting patients. Rows of one study are nested "
        "and do not add up. On the right the patients of each statement of all treated."
    )
    drawn = statements[statements["shown_as"] != "no weeks"]
    left = statements[statements["shown_as"] == "no weeks"]
    notes = not_drawn((row, f"{row.reported} ({_why(row)})") for row in each(left))
    if drawn.empty:
        return nothing(
            name, "No duration of benefit is reported with a time in the evidence that counts here.", caption, notes
        )

    names, order = arm_names(drawn), []
    with style():
        ledger = Ledger(_COLUMNS, _LEFT, _LEFT + _WIDE + BEYOND)
        for control in present_in_order(drawn["control"], CONTROL_HEADINGS):
            group = drawn[drawn["control"] == control]
            ledger.heading(
                CONTROL_HEADINGS.get(control, control), counted(group["study_id"].nunique(), "study", "studies")
            )
            for regimen in present_in_order(group["regimen_class"], REGIMEN_WORDS):
                ledger.subheading(upper_first(regimen_words(regimen)))
                for row in each(group[group["regimen_class"] == regimen]):
                    order.append(row.Index)
                    _add(ledger, row, names, horizon_weeks)
        picture = ledger.render(
            lambda ax: _axis(ax, horizon_weeks),
            "weeks after the end of infusion",
            foot=[*_FOOT, marks_line(drawn)],
            tick_lines=2,
        )
    drawn = drawn.loc[order]
    return Figure(
        name, picture, _data(drawn), _alt(drawn, left), marked_caption(caption, drawn), studies_of(drawn), notes
    )


def _why(row) -> str:
    if pd.notna(row.weeks_high) and np.isfinite(row.weeks_high):
        return f"only an upper limit of {weeks_cell(row.weeks_high)} weeks"
    return "no weeks given"


def _axis(ax: Axes, horizon: float) -> None:
    unit = _WIDE / at_week(horizon)
    places, words = week_ticks(horizon, unit)
    ax.set_xlim(0, _WIDE + BEYOND)
    ax.set_xticks([unit * place for place in places], words)
    ax.spines["bottom"].set_bounds(0, _WIDE)


def _add(ledger: Ledger, row, names: dict, horizon: float) -> None:
    benefit = "no benefit" if row.shown_as == "no benefit" else BENEFIT_WORDS.get(row.benefit, row.benefit)
    ledger.row(
        f"{row_label(row, names)}: {benefit}",
        _patients(row),
        draw=lambda ax, y: _lane(ax, y, row, regimen_look(row.regimen_class), horizon),
    )


def _patients(row) -> str:
    mark = count_mark(row.count_basis)
    if pd.notna(row.patients) and pd.notna(row.patients_treated):
        return f"{int(row.patients)} of {int(row.patients_treated)}{mark}"
    if pd.notna(row.patients_treated):
        return f"group of {int(row.patients_treated)}"
    return f"{int(row.patients)}{mark}" if pd.notna(row.patients) else "–"


def _lane(ax: Axes, y: float, row, look: Look, horizon: float) -> None:
    unit = _WIDE / at_week(horizon)

    def x(week: float) -> float:
        return unit * at_week(min(week, horizon))

    low, high = float(row.weeks_low), float(row.weeks_high)
    last = high if np.isfinite(high) else low
    dot = {"color": look.color, "linestyle": "", "clip_on": False}
    shown = row.shown_as
    if shown == "no benefit":
        ax.plot([0], [y], marker="x", markersize=5.5, markeredgewidth=1.6, **dot)
        return
    if shown == "group average":
        if low <= horizon + 0.5:
            ax.plot([x(low)], [y], marker="D", markersize=5, markerfacecolor="white", **dot)
            _remark(ax, x(low) + 7, y, "group average")
        else:
            ax.plot([x(horizon)], [y], marker=">", markersize=5, markerfacecolor="white", **dot)
            _remark(ax, _WIDE + 7, y, f"ø {weeks_cell(low)}")
        return
    group = shown == "group statement" or pd.isna(row.patients)
    ax.plot([0, x(low)], [y, y], color=look.color, linestyle=(0, (3, 1.6)) if group else "-", linewidth=1.3)
    if shown == "between":
        ax.plot([x(low), x(high)], [y, y], color=look.color, linewidth=6, alpha=0.15 if group else 0.45)
        ax.plot([x(low), x(min(high, horizon))], [y, y], color=look.color, marker="|", markersize=6, linestyle="")
    if last > horizon + 0.5:
        ax.plot([_WIDE], [y], marker=">", markersize=5, markerfacecolor="white" if group else look.color, **dot)
        more = "≥ " if not np.isfinite(high) else ""
        _remark(ax, _WIDE + 7, y, f"{more}{weeks_cell(last)}")
    elif shown == "exact":
        ax.plot([x(low)], [y], marker="o", markersize=5.5, **dot)
    elif shown in ("at least", "group statement"):
        ax.plot([x(low)], [y], marker=">", markersize=5.5, markerfacecolor="white" if group else look.color, **dot)


def _remark(ax: Axes, x: float, y: float, words: str) -> None:
    ax.text(x, y, words, fontsize=SMALL, color=MUTED, va="center")


def _data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "regimen_class", "control", "benefit", "shown_as", "group"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "patients": table["patients"],
            "patients_treated": table["patients_treated"],
            "weeks_low": table["weeks_low"],
            "weeks_high": table["weeks_high"],
            "level": table["level"],
            "reported": table["reported"],
            **source_columns(table, "durations"),
        }
    ).reset_index(drop=True)


def _alt(table: pd.DataFrame, left: pd.DataFrame) -> str:
    controlled = of_them(int(table["control"].eq(PLACEBO).sum()), len(table))
    sentences = [
        f"{counted(len(table), 'statement')} on the duration of benefit from "
        f"{counted(table['study_id'].nunique(), 'study', 'studies')}, {controlled} from a placebo-controlled study."
    ]
    names = arm_names(table)
    patients = table[table["patients"].notna() & table["shown_as"].isin(["at least", "exact", "between"])]
    if 0 < len(patients) <= _FEW:
        sentences.append(f"{'; '.join(_told(row, names) for _, row in patients.iterrows())}.")
    elif len(patients):
        later = patients[patients["weeks_low"] > 0] if patients["weeks_low"].gt(0).any() else patients
        by_size = later.sort_values(["patients_treated", "weeks_low"], ascending=False, kind="stable")
        by_time = later.sort_values(["weeks_low", "patients_treated"], ascending=False, kind="stable")
        sentences.append(
            f"Largest group: {_told(by_size.iloc[0], names)}; longest time: {_told(by_time.iloc[0], names)}."
        )
    for shown, lead in (("group average", "Group averages"), ("group statement", "Said of groups without a count")):
        rows = table[table["shown_as"] == shown]
        if len(rows):
            who = ", ".join(f"{weeks_cell(r.weeks_low)} weeks in {sentence_label(r, names)}" for r in each(rows))
            sentences.append(f"{lead}: {who}.")
    none = table[(table["shown_as"] == "no benefit") & table["patients"].notna()]
    if len(none):
        who = [
            f"{int(r.patients)} of {count_cell(r.patients_treated)} in {sentence_label(r, names)}" for r in each(none)
        ]
        sentences.append(f"No benefit at any time: {', '.join(who)}.")
    if len(left):
        sentences.append(
            f"{counted(len(left), 'statement')} without a usable time {'is' if len(left) == 1 else 'are'} not drawn."
        )
    return " ".join(sentences)


def _told(row: pd.Series, names: dict) -> str:
    benefit = BENEFIT_STATES.get(row["benefit"], row["benefit"])
    low, high = row["weeks_low"], row["weeks_high"]
    if row["shown_as"] == "exact":
        time = f"until {in_weeks(low)} after the end"
    elif row["shown_as"] == "between":
        time = f"until some time between {weeks_cell(low)} and {in_weeks(high)}"
    else:
        time = "at the end of infusion" if low == 0 else f"for at least {in_weeks(low)}"
    count = f"{int(row['patients'])} of {count_cell(row['patients_treated'])} patients"
    return f"{sentence_label(row, names)}, {count} {benefit} {time}"
