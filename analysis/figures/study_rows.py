"""Labels, marks, sources and notes of the study rows that a figure draws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure, cite, escape, paragraphs, studies_of
from analysis.exhibit.places import source_row
from analysis.judgement_wording import BIAS_MARKS, BIAS_WORDS, bias_legend, bias_mark
from analysis.wording import ACCESS_MARKS, COUNT_MARKS, MARK_WORDS, plain_label, short_citation, study_name


def marks_line(table: pd.DataFrame) -> str:
    """Return the meaning of the marks that occur in a figure of this table."""
    present = set()
    for column, marks in (("count_basis", COUNT_MARKS), ("access", ACCESS_MARKS)):
        if column in table:
            present |= {marks[key] for key in table[column].dropna().unique() if key in marks}
    return "; ".join(f"{mark} {meaning}" for mark, meaning in MARK_WORDS.items() if mark in present)


def marked_study(row) -> str:
    """Return the short name of a study with the mark of its risk of bias: `Sigtermans 2009 ■H`."""
    mark = bias_mark(row.bias)
    return f"{study_name(row.citation)}\u00a0{mark}" if mark else study_name(row.citation)


def bias_words(drawn: pd.DataFrame) -> str:
    """Return the risk of bias of the studies in a sentence, for alternative text; empty if none was judged."""
    if "bias" not in drawn:
        return ""
    studies, parts = drawn.drop_duplicates("study_id"), []
    for judgement, words in BIAS_WORDS.items():
        names = [study_name(citation) for citation in studies.loc[studies["bias"] == judgement, "citation"]]
        parts += [f"{words} in {', '.join(names)}"] if names else []
    return f"Risk of bias: {'; '.join(parts)}." if parts else ""


def study_figure(
    name: str,
    picture: Picture,
    drawn: pd.DataFrame,
    data: pd.DataFrame,
    finding: str,
    alt: str,
    caption: str,
    *notes: str,
) -> Figure:
    """Return the figure of the rows `drawn`, with its finding as title, and their marks explained in the notes."""
    line = marks_line(drawn)
    text = paragraphs(*notes, f"Marks: {line}." if line else "")
    return Figure(name, picture, data.reset_index(drop=True), alt, caption, studies_of(drawn), text, finding)


def with_bias(figure: Figure, drawn: pd.DataFrame) -> Figure:
    """Return a figure that marks the risk of bias of its studies, with the legend and the alternative text."""
    words, alt = bias_words(drawn), figure.alt
    for mark in BIAS_MARKS.values():  # read aloud as the names of shapes
        alt = alt.replace(f"\u00a0{mark}", "")
    return replace(figure, alt=f"{alt} {words}", legend=bias_legend()) if words else figure


def arm_names(table: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return short names of the arms of each study with more than one arm in the table, by study_id and label.

    The name is the first part of the label if this is unique among the study's arms (`first course`), otherwise the
    full label.
    """
    labels_of: dict[str, dict[str, None]] = {}
    for study, label in zip(table["study_id"].tolist(), table["label"].tolist(), strict=True):
        if pd.notna(label):
            labels_of.setdefault(study, {})[label] = None
    names: dict[tuple[str, str], str] = {}
    for study, labels in labels_of.items():
        if len(labels) < 2:
            continue
        parts = [plain_label(label).split(", ") for label in labels]
        brief = [next((part for part in some if part.startswith("all ")), some[0]) for some in parts]
        for label, some, words in zip(labels, parts, brief, strict=True):
            names[study, label] = words if brief.count(words) == 1 else ", ".join(some)
    return names


def present_in_order(values: Iterable[str], order: Iterable[str]) -> list[str]:
    """Return the distinct values in `order`, followed by values not in it in alphabetical order."""
    present, known = set(values), list(order)
    return [value for value in known if value in present] + sorted(present - set(known))


def several_patients(table: pd.DataFrame, size: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of groups, and those of single patients, which are drawn only where there is nothing else.

    `size` is the column with the number of patients.
    """
    single = table[size].eq(1).fillna(False).astype(bool)
    return (table, table.iloc[:0]) if single.all() else (table[~single], table[single])


def not_drawn(rows: Iterable[tuple[object, str]], lead: str = "Not drawn") -> str:
    """Return Markdown about what a figure leaves out, by reason; `rows` are pairs of a table row and its reason."""
    reasons: dict[str, dict[str, None]] = {}
    for row, why in rows:
        reasons.setdefault(why, {})[cite(row.study_id, short_citation(row.citation))] = None
    parts = [f"{escape(why)} ({', '.join(studies)})" for why, studies in reasons.items()]
    return f"{lead}: {'; '.join(parts)}." if parts else ""


def source_columns(table: pd.DataFrame, name: str) -> dict[str, pd.Series | list[str]]:
    """Return columns for the data of a figure: count_basis, source_access, source_id, the row_id in table `name`."""
    return {
        "count_basis": table["count_basis"],
        "source_access": table["access"],
        "source_id": table["source_id"],
        "row_id": [source_row(name, row) for row in table["row"]],
    }
