"""Map of the studies: the size of each study by control group and design, and the results it reports."""

from __future__ import annotations

from math import sqrt

import pandas as pd

from analysis.exhibit import Figure
from analysis.exhibit.places import source_row
from analysis.figures.row_figure import PrintedColumn, Row, Track, count_studies, draw_rows, grouped_rows
from analysis.figures.row_marks import Line, Mark, Point, Words
from analysis.figures.study_rows import study_figure
from analysis.figures.style import INK, LINE, TEXT, nothing, style
from analysis.outcomes.context import ACTIVE, PLACEBO, UNCONTROLLED
from analysis.wording import DESIGN_WORDS, counted, short_citation

_NAME = "evidence-map"
_SHORT_REGIMENS = {
    "anesthetic": "anaesthetic",
    "subanesthetic_inpatient": "inpatient",
    "subanesthetic_outpatient": "outpatient",
    "block": "nerve block",
    "not_stated": "not stated",
}
# column of the table, heading, marker
_REPORTED = (
    ("pain_scores", "pain\nscores", "o"),
    ("responders", "responder\nrates", "s"),
    ("durations", "dura-\ntions", "D"),
    ("adverse_events", "harms", "^"),
)
_LEFT, _SCALE, _RIGHT = 260, 92, 514  # points: the track, the end of its axis of sizes
_MARKS_AT = (394, 434, 471, 500)
_COLUMNS = (
    PrintedColumn(4, 162),
    PrintedColumn(170, 86, "regimen"),
    PrintedColumn(_LEFT, 60, "patients"),
    *(PrintedColumn(x, 30, words, "center") for x, (_, words, _) in zip(_MARKS_AT, _REPORTED, strict=True)),
)
_SIZE_TICKS = (0, 5, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def study_map(studies: pd.DataFrame) -> Figure:
    """Return the studies by number of patients within control group and design, with a mark for each kind of result.

    Parameters
    ----------
    studies : DataFrame
        Table of `outcomes.evidence_map.studies`: one row per study.

    Returns
    -------
    Figure
        Its data have one row per study: patients, design, regimens, number of rows of each kind of result, row of
        studies.csv.
    """
    caption = (
        "Each study with its number of patients (square-root scale), grouped by control group and design, the "
        "largest first. Filled dot: patients with CRPS; hollow dot: all enrolled, where the number with CRPS is not "
        "printed. A mark on the right says that the study gives results of this kind that count here. Inpatient and "
        "outpatient regimens are subanaesthetic."
    )
    if studies.empty:
        return nothing(_NAME, "No study counts under these criteria.", caption)
    known = studies["n"].dropna()
    largest = max(float(known.max()) if len(known) else 0.0, 10.0)
    with style():
        rows, drawn = grouped_rows(
            studies, lambda row: _row(row, largest), count_studies, by="design", words=DESIGN_WORDS
        )
        foot = ["Hollow dot: all enrolled, number with CRPS not printed."]
        picture = draw_rows(_COLUMNS, _track(largest), rows, foot=foot)
    missing = studies[studies["n"].isna()]
    notes = (
        f"Number of patients not stated: {', '.join(short_citation(c) for c in missing['citation'])}."
        if len(missing)
        else ""
    )
    return study_figure(_NAME, picture, drawn, _data(drawn), _alt(drawn), caption, notes)


def _at(n: float, largest: float) -> float:
    return _SCALE * sqrt(n / largest)


def _track(largest: float) -> Track:
    """Return the axis of sizes in points, with space on its right for the marks of the results."""
    ticks: dict[float, str] = {}
    for size in _SIZE_TICKS:
        place = _at(size, largest)
        if size <= largest and all(place - other > 17 for other in ticks):
            ticks[place] = str(size)
    return Track(_LEFT, _RIGHT, 0, _RIGHT - _LEFT, ticks, line=(0, _SCALE))


def _row(row, largest: float) -> Row:
    marks: list[Mark] = []
    if pd.isna(row.n):
        marks.append(Words(5, "not stated", size=TEXT))
    else:
        x = _at(float(row.n), largest)
        marks.append(Line(0, x, LINE, width=0.9))
        marks.append(Point(x, INK, "o", hollow=row.n_is != "with CRPS"))
        marks.append(Words(x + 7, str(int(row.n)), INK, TEXT))
    for place, (column, _, marker) in zip(_MARKS_AT, _REPORTED, strict=True):
        if getattr(row, column):
            marks.append(Point(place - _LEFT, "#00588f", marker, size=5))
        else:
            marks.append(Point(place - _LEFT, LINE, ".", size=2.5, stroke=0))
    regimens = [_SHORT_REGIMENS.get(r, r) for r in str(row.regimens).split("; ") if r]
    return Row((short_citation(row.citation), " and ".join(regimens), "", *("" for _ in _REPORTED)), tuple(marks))


def _data(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["study_id", "citation", "year", "control", "design", "population", "n", "n_is", "regimens", "routes"]
    counts = {column: f"rows_of_{column}" for column, _, _ in _REPORTED}
    data = table[[*columns, *counts, "doi", "row"]].rename(columns={**counts, "n": "patients", "n_is": "patients_are"})
    return data.assign(row=[source_row("studies", row) for row in data["row"]]).rename(columns={"row": "row_id"})


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
            else f"The largest is {short_citation(top['citation'])} with {patients}; {small} of {len(known)} with "
            "a known size "
            "have 20 patients or fewer."
        )
    reported = [
        f"{words} from {int((table[column] > 0).sum())}"
        for column, words in (
            ("pain_scores", "Pain scores come"),
            ("responders", "responder rates"),
            ("durations", "durations of benefit"),
            ("adverse_events", "harms"),
        )
    ]
    without_results = int((table[[column for column, _, _ in _REPORTED]] == 0).all(axis=1).sum())
    sentences.append(f"{', '.join(reported[:-1])} and {reported[-1]}; none of these from {without_results}.")
    return " ".join(sentences)
