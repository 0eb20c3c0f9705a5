"""What has been studied: the size of each study, by control group and design, and what it reports."""

from __future__ import annotations

from math import sqrt

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Figure, studies_of
from analysis.figures.ledger import Column, Ledger
from analysis.figures.study_rows import present_in_order
from analysis.figures.style import INK, LINE, MUTED, nothing, style
from analysis.outcomes.context import ACTIVE, PLACEBO, UNCONTROLLED
from analysis.wording import CONTROL_HEADINGS, DESIGN_WORDS, counted, short_citation, upper_first

SHORT_REGIMENS = {
    "anesthetic": "anaesthetic",
    "subanesthetic_inpatient": "inpatient",
    "subanesthetic_outpatient": "outpatient",
    "block": "nerve block",
    "not_stated": "not stated",
}
# column of the table, words above, marker
REPORTED = (
    ("pain_scores", "pain\nscores", "o"),
    ("responders", "responder\nrates", "s"),
    ("durations", "dura-\ntions", "D"),
    ("adverse_events", "harms", "^"),
)
_LEFT, _SCALE = 260, 92
MARKS_AT = (394, 434, 471, 500)
_COLUMNS = (
    Column(4, 162),
    Column(170, 86, "regimen"),
    Column(_LEFT, 60, "patients"),
    *(Column(x, 30, words, "center") for x, (_, words, _) in zip(MARKS_AT, REPORTED, strict=True)),
)
SIZE_TICKS = (0, 5, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def evidence_map(studies: pd.DataFrame, name: str = "evidence-map") -> Figure:
    """Studies by size within control group and design, with a mark for each kind of result.

    studies: from `outcomes.evidence_map.studies`.
    """
    caption = (
        "Each study with its number of patients (square-root scale), grouped by control group and design, the "
        "largest first. Filled dot: patients with CRPS; hollow dot: all enrolled, where the number with CRPS is not "
        "printed. A mark on the right says that the study gives results of this kind that count here. Inpatient and "
        "outpatient regimens are subanaesthetic."
    )
    if studies.empty:
        return nothing(name, "No study counts under these criteria.", caption)
    known = studies["n"].dropna()
    largest = max(float(known.max()) if len(known) else 0.0, 10.0)
    ordered = []
    with style():
        ledger = Ledger(_COLUMNS, _LEFT, 514)
        for control in present_in_order(studies["control"], CONTROL_HEADINGS):
            group = studies[studies["control"] == control]
            ledger.heading(CONTROL_HEADINGS.get(control, control), counted(len(group), "study", "studies"))
            for design in present_in_order(group["design"], DESIGN_WORDS):
                ledger.subheading(upper_first(DESIGN_WORDS.get(design, design)))
                for row in each(group[group["design"] == design]):
                    ordered.append(row.Index)
                    _add(ledger, row, largest)
        picture = ledger.render(
            lambda ax: _axis(ax, largest), foot=["Hollow dot: all enrolled, number with CRPS not printed."]
        )
    drawn = studies.loc[ordered]
    missing = studies[studies["n"].isna()]
    notes = (
        f"Number of patients not stated: {', '.join(short_citation(c) for c in missing['citation'])}."
        if len(missing)
        else ""
    )
    return Figure(name, picture, _data(drawn), _alt(drawn), caption, studies_of(drawn), notes)


def _at(n: float, largest: float) -> float:
    return _SCALE * sqrt(n / largest)


def _axis(ax, largest: float) -> None:
    ax.set_xlim(0, 514 - _LEFT)
    ticks: list[float] = []
    for tick in SIZE_TICKS:
        if tick <= largest and all(_at(tick, largest) - _at(t, largest) > 17 for t in ticks):
            ticks.append(tick)
    ax.set_xticks([_at(t, largest) for t in ticks], [str(t) for t in ticks])
    ax.spines["bottom"].set_bounds(0, _SCALE)


def _add(ledger: Ledger, row, largest: float) -> None:
    def draw(ax, y: float) -> None:
        if pd.isna(row.n):
            ax.text(5, y, "not stated", color=MUTED, va="center")
        else:
            x = _at(float(row.n), largest)
            ax.plot([0, x], [y, y], color=LINE, linewidth=0.9)
            face = INK if row.n_is == "with CRPS" else "white"
            ax.plot([x], [y], marker="o", color=INK, markerfacecolor=face, clip_on=False)
            ax.text(x + 7, y, str(int(row.n)), va="center")
        for place, (column, _, marker) in zip(MARKS_AT, REPORTED, strict=True):
            if getattr(row, column):
                ax.plot([place - _LEFT], [y], marker=marker, color="#00588f", markersize=5)
            else:
                ax.plot([place - _LEFT], [y], marker=".", color=LINE, markersize=2.5, markeredgewidth=0)

    words = [SHORT_REGIMENS.get(r, r) for r in str(row.regimens).split("; ") if r]
    ledger.row(short_citation(row.citation), " and ".join(words), "", *("" for _ in REPORTED), draw=draw)


def _data(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["study_id", "citation", "year", "control", "design", "population", "n", "n_is", "regimens", "routes"]
    counts = {column: f"rows_of_{column}" for column, _, _ in REPORTED}
    data = table[[*columns, *counts, "doi", "row"]].rename(columns={**counts, "n": "patients", "n_is": "patients_are"})
    return data.rename(columns={"row": "studies_csv_row"}).reset_index(drop=True)


def _alt(table: pd.DataFrame) -> str:
    known = table[table["n"].notna()]
    by_control = [
        f"{count} {words}"
        for control, words in (
            (PLACEBO, "with placebo"),
            (ACTIVE, "comparing treatments"),
            (UNCONTROLLED, "without a control group"),
        )
        if (count := int((table["control"] == control).sum()))
    ]
    sentences = [f"{counted(len(table), 'study', 'studies')}: {', '.join(by_control)}."]
    if len(known):
        top = known[known["n"] == known["n"].max()].iloc[0]
        patients = counted(int(top["n"]), "patient")
        small = int((known["n"] <= 20).sum())
        sentences.append(
            f"{short_citation(top['citation'])} has {patients}."
            if len(table) == 1
            else f"The largest is {short_citation(top['citation'])} with {patients}; {small} of {len(known)} with a "
            "known size "
            "have 20 patients or fewer."
        )
    given = [
        f"{words} from {int((table[column] > 0).sum())}"
        for column, words in (
            ("pain_scores", "Pain scores come"),
            ("responders", "responder rates"),
            ("durations", "durations of benefit"),
            ("adverse_events", "harms"),
        )
    ]
    nothing_given = int((table[[column for column, _, _ in REPORTED]] == 0).all(axis=1).sum())
    sentences.append(f"{', '.join(given[:-1])} and {given[-1]}; none of these from {nothing_given}.")
    return " ".join(sentences)
