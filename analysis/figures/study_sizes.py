"""The studies by number of patients, placebo-controlled studies first."""

from __future__ import annotations

import pandas as pd

from analysis.exhibit import Figure
from analysis.exhibit.places import source_row
from analysis.exhibit.row_picture import Axis, Bar, Mark, Row, RowPicture
from analysis.figures.row_figure import grouped_rows, rows_figure
from analysis.figures.study_rows import marked_study
from analysis.figures.style import nothing
from analysis.outcomes.context import ACTIVE, PLACEBO, UNCONTROLLED
from analysis.wording import DESIGN_WORDS, counted, regimen_words, series, short_citation, upper_first

_NAME = "evidence-map"
_HEADINGS = {PLACEBO: "Against placebo", ACTIVE: "Against another treatment", UNCONTROLLED: "No control group"}
_REPORTED = {"pain_scores": "pain", "responders": "response", "durations": "duration", "adverse_events": "harm"}
_TICKS = (0, 5, 10, 20, 40, 60, 80, 100, 150, 200, 300, 500, 1000, 2000, 5000)


def study_map(studies: pd.DataFrame) -> Figure:
    """Return the studies by number of patients within their control group, with the kinds of results they give.

    Its data have one row per study: patients, design, regimens, number of rows of each kind of result, row of
    studies.csv.

    Parameters
    ----------
    studies : DataFrame
        Table of `outcomes.evidence_map.studies`: one row per study.
    """
    caption = (
        "Bars: patients with CRPS; pale: all enrolled, where the number with CRPS is not printed. On the right: "
        "kinds of results."
    )
    if studies.empty:
        return nothing(_NAME, "No study counts under these criteria.", caption)
    rows, drawn = grouped_rows(studies, _row, "control", _HEADINGS)
    largest = float(studies["n"].max()) if studies["n"].notna().any() else 10.0
    ticks = {size: str(size) for size in _TICKS if size <= largest and (largest <= 5 * size or not size)}
    picture = RowPicture(tuple(rows), Axis(0, largest, ticks, "patients"))
    title = _title(studies)
    return rows_figure(_NAME, picture, drawn, _data(drawn), title, _alt(drawn), caption)


def _row(row) -> Row:
    design = DESIGN_WORDS.get(row.design, row.design)
    regimens = " and ".join(regimen_words(regimen) for regimen in str(row.regimens).split("; ") if regimen)
    marks: tuple[Mark, ...] = ()
    if pd.notna(row.n):
        fill = "band" if row.n_is != "with CRPS" else "hollow" if row.control == UNCONTROLLED else "filled"
        marks = (Bar(0, float(row.n), "ketamine", fill),)
    results = [words for column, words in _REPORTED.items() if getattr(row, column)]
    value = str(int(row.n)) if pd.notna(row.n) else "size not stated"
    detail = "; ".join(filter(None, (design, regimens)))
    more = ", ".join(results) if results else "no usable result"
    return Row(marked_study(row), detail, marks, value, more, pd.notna(row.n), places=source_row("studies", row.row))


def _title(studies: pd.DataFrame) -> str:
    placebo = studies[studies["control"] == PLACEBO]
    sizes = [str(int(n)) for n in placebo["n"].dropna()]
    if placebo.empty:
        return f"{upper_first(counted(len(studies), 'study', 'studies'))}, none with a placebo group"
    have = "has" if len(placebo) == 1 else "have"
    enrolled = f" ({series(sizes)} patients)" if len(sizes) == len(placebo) else ""
    return f"{len(placebo)} of {counted(len(studies), 'study', 'studies')} {have} a placebo group{enrolled}"


def _data(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["study_id", "citation", "year", "control", "design", "population", "n", "n_is", "regimens", "routes"]
    counts = {column: f"rows_of_{column}" for column in _REPORTED}
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
    without_results = int((table[list(_REPORTED)] == 0).all(axis=1).sum())
    sentences.append(f"{', '.join(reported[:-1])} and {reported[-1]}; none of these from {without_results}.")
    return " ".join(sentences)
