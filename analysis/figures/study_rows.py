"""Labels, marks, sources and notes of the study rows that a figure draws."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.figure import Figure as Picture

from analysis.exhibit import Figure, cite, escape, paragraphs, studies_of
from analysis.exhibit.places import source_row
from analysis.judgement_wording import PROVISIONAL, bias_mark, bias_notes
from analysis.wording import ACCESS_MARKS, COUNT_MARKS, MARK_WORDS, plain_label, short_citation, source_mark


def marks_line(table: pd.DataFrame) -> str:
    """Return the meaning of the marks that occur in a figure of this table."""
    present = set()
    for column, marks in (("count_basis", COUNT_MARKS), ("access", ACCESS_MARKS)):
        if column in table:
            present |= {marks[key] for key in table[column].dropna().unique() if key in marks}
    words = [f"{mark} {meaning}" for mark, meaning in MARK_WORDS.items() if mark in present]
    if "bias" in table and (notes := bias_notes(table["bias"].dropna())):
        words.append(f"{notes} ({PROVISIONAL})")
    return "; ".join(words)


def study_figure(
    name: str, picture: Picture, drawn: pd.DataFrame, data: pd.DataFrame, alt: str, caption: str, *notes: str
) -> Figure:
    """Return the figure of the rows `drawn`, with their studies and with their marks explained in the caption."""
    line = marks_line(drawn)
    caption = f"{caption} Marks: {line}." if line else caption
    return Figure(name, picture, data.reset_index(drop=True), alt, caption, studies_of(drawn), paragraphs(*notes))


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


def row_label(row, names: dict[tuple[str, str], str]) -> str:
    """Return the study with the marks of its source and risk of bias and, if the figure has several arms, the arm."""
    arm = names.get((row.study_id, row.label))
    bias = bias_mark(getattr(row, "bias", None))
    source = source_mark(getattr(row, "access", None))
    return short_citation(row.citation) + source + (f" {bias}" if bias else "") + (f", {arm}" if arm else "")


def sentence_label(row, names: dict[tuple[str, str], str]) -> str:
    """Return the study and, if the figure has several of its arms, the arm, for use in a sentence."""
    arm = names.get((row.study_id, row.label))
    return short_citation(row.citation) + (f" ({arm})" if arm else "")


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
