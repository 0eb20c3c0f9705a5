"""How many patients respond: each rate with its interval, by definition and time."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, paragraphs, studies_of
from analysis.figures.ledger import Column, Ledger, interval
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
from analysis.figures.style import nothing, regimen_look, style
from analysis.outcomes.context import PLACEBO
from analysis.wording import (
    CONTROL_HEADINGS,
    DEFINITION_WORDS,
    REGIMEN_WORDS,
    count_cell,
    count_mark,
    counted,
    in_weeks,
    of_them,
    percent,
    percent_level,
    percent_pair,
    printed_percent,
    regimen_words,
    short_citation,
    upper_first,
    weeks_cell,
)

_COLUMNS = (
    Column(4, 186),
    Column(224, 34, "weeks", "right"),
    Column(284, 56, "responders\nof all", "right"),
    Column(428, 90, "percent\n(interval)"),
)
_FEW = 6  # so many at most are all told in the alternative text
_PLOT = (298, 418)


def responder_forest(rates: pd.DataFrame, level: float = 0.95, name: str = "responder-rates") -> Figure:
    """Every responder rate with Wilson's interval, grouped by control, definition and time; takes `responders.rates`.

    level: the confidence level of the table's intervals, for the words. Rates of infusions or treatment cases instead
    of patients have hollow markers.
    """
    caption = (
        f"Responders among the patients of each study, with Wilson's {percent_level(level)} interval, grouped by what "
        "counted as a response; within a group by weeks after the end of infusion (0 = at its end; – = on treatment "
        "or not stated). Marker and colour stand for the regimen. The percentage is the printed one where a study "
        "prints it; the point stands at the count. Rates under different headings have different meanings and do not "
        "compare."
    )
    drawn = rates[rates["rate"].notna()]
    notes = not_drawn((row, "no count of patients is printed") for row in each(rates[rates["rate"].isna()]))
    if drawn.empty:
        return nothing(name, "No responder rate is reported in the evidence that counts here.", caption, notes)

    names, ordered = arm_names(drawn), []
    with style():
        ledger = Ledger(_COLUMNS, *_PLOT)
        for control in present_in_order(drawn["control"], CONTROL_HEADINGS):
            group = drawn[drawn["control"] == control]
            ledger.heading(CONTROL_HEADINGS.get(control, control), _count(group))
            for definition in present_in_order(group["definition_class"], DEFINITION_WORDS):
                ledger.subheading(upper_first(DEFINITION_WORDS.get(definition, definition)))
                for row in each(group[group["definition_class"] == definition]):
                    ordered.append(row.Index)
                    _add(ledger, row, names)
        regimens = present_in_order(drawn["regimen_class"], REGIMEN_WORDS)
        picture = ledger.render(
            _axis,
            key=[(regimen_look(r), regimen_words(r)) for r in regimens],
            foot=[marks_line(drawn), _units(drawn)],
        )
    drawn = drawn.loc[ordered]
    notes = paragraphs(_printed_otherwise(drawn), notes)
    return Figure(
        name, picture, _data(drawn), _alt(drawn, level), marked_caption(caption, drawn), studies_of(drawn), notes
    )


def _add(ledger: Ledger, row, names: dict) -> None:
    unit = "" if row.unit == "patients" else row.unit
    ledger.row(
        row_label(row, names) + (f" ({unit})" if unit else ""),
        weeks_cell(row.weeks),
        f"{count_cell(row.responders)}/{count_cell(row.n)}{count_mark(row.count_basis)}",
        f"{printed_percent(row)} ({percent_pair(row.ci_low, row.ci_high)})",
        draw=lambda ax, y: interval(
            ax,
            y,
            100 * row.ci_low,
            100 * row.rate,
            100 * row.ci_high,
            regimen_look(row.regimen_class),
            hollow=bool(unit),
        ),
    )


def _axis(ax) -> None:
    ax.set_xlim(0, 100)
    ax.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100%"])


def _count(group: pd.DataFrame) -> str:
    return f"{counted(group['study_id'].nunique(), 'study', 'studies')}, {counted(len(group), 'rate')}"


def _units(table: pd.DataFrame) -> str:
    units = sorted(set(table["unit"]) - {"patients"})
    return f"Hollow marker: rate of {' or '.join(units)}, not of patients." if units else ""


def _printed_otherwise(table: pd.DataFrame) -> str:
    rows = table[(table["count_basis"] == "nearest_to_percent") & table["percent_reported"].notna()]
    parts = [
        f"{short_citation(r.citation)}, week {weeks_cell(r.weeks)}: {r.percent_reported:g}% is printed, "
        f"{int(r.responders)} of "
        f"{int(r.n)} ({percent(r.rate)}) drawn"
        for r in each(rows)
    ]
    return f"Printed percentages that no whole number gives: {'; '.join(parts)}." if parts else ""


def _data(table: pd.DataFrame) -> pd.DataFrame:
    same = ["study_id", "citation", "arm_id", "label", "regimen_class", "control", "definition_class", "definition"]
    return pd.DataFrame(
        {
            **{column: table[column] for column in same},
            "weeks_after_end_of_infusion": table["weeks"],
            "timepoint": table["timepoint"],
            "unit": table["unit"],
            "responders": table["responders"],
            "n": table["n"],
            "percent_responders": 100 * table["rate"],
            "ci_low_percent": 100 * table["ci_low"],
            "ci_high_percent": 100 * table["ci_high"],
            "percent_as_printed": table["percent_reported"],
            **source_columns(table, "responders"),
        }
    ).reset_index(drop=True)


def _alt(table: pd.DataFrame, level: float) -> str:
    controlled = of_them(int((table["control"] == PLACEBO).sum()), len(table))
    sentences = [
        f"{counted(len(table), 'responder rate')} from {counted(table['study_id'].nunique(), 'study', 'studies')}, "
        f"{controlled} from a placebo-controlled study."
    ]
    patients = table[table["unit"] == "patients"]
    told = table if len(table) <= _FEW else patients[patients["n"] == patients["n"].max()]
    if len(patients) > _FEW:
        least, most = (next(each(patients.loc[[where]])) for where in _ends(patients))
        sentences.append(
            f"Among patients they run from {printed_percent(least)} in {short_citation(least.citation)} to "
            f"{printed_percent(most)} in {short_citation(most.citation)}, under "
            f"{counted(patients['definition_class'].nunique(), 'definition')} of response."
        )
    names = arm_names(table)
    for (_, definition, _), rows in told.groupby(["study_id", "definition_class", "arm_id"], sort=False):
        named = [
            f"{int(r.responders)} of {int(r.n)}{'' if r.unit == 'patients' else ' ' + r.unit} ({printed_percent(r)}, "
            f"{percent_level(level)} interval {percent_pair(r.ci_low, r.ci_high)}) at {in_weeks(r.weeks)}"
            for r in each(rows)
        ]
        lead = "Largest group: " if len(table) > _FEW else ""
        words = DEFINITION_WORDS.get(definition, definition)
        sentences.append(f"{lead}{sentence_label(next(each(rows)), names)}, {words}: {', '.join(named)}.")
    return " ".join(sentences)


def _ends(patients: pd.DataFrame) -> tuple[object, object]:
    """Where the smallest and the largest rate stand; of several the one with most patients."""
    by_size = patients.sort_values("n", ascending=False, kind="stable")
    return by_size["rate"].idxmin(), by_size["rate"].idxmax()
