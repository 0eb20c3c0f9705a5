"""Tables of the evidence: studies, doses, rows that are left out."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.selection import Selection
from analysis.exhibit import Column, Table, studies_of
from analysis.exhibit.places import source_row
from analysis.judgement_wording import PROVISIONAL, bias_mark, bias_notes
from analysis.tables.shared_columns import row_column, words_column
from analysis.wording import REGIMEN_WORDS, half_up

_REPORTED = {"pain_scores": "Scores", "responders": "Rates", "durations": "Durations", "adverse_events": "Harms"}


def studies_table(studies: pd.DataFrame) -> Table:
    """Return the selected studies and the results that each reports, from `outcomes.evidence_map.studies`."""
    number = len(studies)
    caption = f"The {number} studies that count here and what each of them reports."
    if number == 1:
        caption = "The one study that counts here and what it reports."
    return Table(
        name="studies",
        data=studies.assign(regimens_words=studies["regimens"].map(_regimens)),
        caption=caption,
        columns=(
            Column("citation", "Study"),
            Column("design_words", "Design"),
            Column("control", "Control group"),
            Column(
                "n_words", "Patients", "right", value=lambda row: f"{int(row.n)}" if pd.notna(row.n) else "not stated"
            ),
            Column("regimens_words", "Regimen"),
            *(Column(name, label, format=lambda n: "yes" if n else "–") for name, label in _REPORTED.items()),
            Column("bias_mark", "Risk of bias", value=lambda row: bias_mark(row.bias) or "not judged"),
            row_column("studies"),
        ),
        studies=studies_of(studies),
        notes="Yes = at least one number of this kind. Patients: those with CRPS where stated, else all enrolled. "
        f"Risk of bias: {bias_notes(studies['bias'].dropna())} ({PROVISIONAL}).",
    )


def doses_table(doses: pd.DataFrame, weight_kg: float) -> Table:
    """Return the doses on one scale; arms without a comparable dose are last, with the reason.

    Parameters
    ----------
    doses
        One row per arm, in mg/h and mg, from `outcomes.evidence_map.doses`.
    weight_kg
        Body weight in kg for doses printed per kilogram.
    """
    return Table(
        name="doses",
        data=doses,
        caption=f"Dose of each regimen on one scale, for a body weight of {weight_kg:g} kg.",
        columns=(
            Column("citation", "Study"),
            Column("label", "Arm"),
            Column("dose_reported", "Dose as printed"),
            Column("mg_per_h", "Rate", "decimal", lambda rate: half_up(rate, 1), "mg/h"),
            Column("hours_per_day", "Hours", "decimal", "{:g}".format, "a day"),
            Column("infusion_days", "Days", "decimal", "{:g}".format),
            Column("total_mg", "Total", "right", half_up, "mg"),
            Column(
                "words", "Assumption, or why not comparable", value=lambda row: row.not_comparable or row.assumption
            ),
            row_column("arms"),
        ),
        studies=studies_of(doses),
        notes="Mean, highest and fixed doses are different things; a highest rate makes the total an upper limit.",
    )


def left_out_table(selection: Selection, *tables: str) -> Table:
    """Return every row that is left out of the synthesis with the reason.

    Parameters
    ----------
    *tables
        Tables of the evidence to list, such as `responders`. By default all; a study that is left out completely is
        then one line in place of its rows.
    """
    rows = selection.left_out_of(*tables) if tables else selection.left_out
    studies_out = set() if tables else set(rows.loc[rows["table"] == "studies", "study_id"])
    shown = rows[(rows["table"] == "studies") | ~rows["study_id"].isin(studies_out)]
    citations = _citations(selection)
    return Table(
        name="left-out",
        data=shown,
        caption=_left_out_caption(rows),
        columns=(
            Column("study", "Study", value=lambda row: citations.get(row.study_id, row.study_id)),
            Column("what", "What", value=_what),
            Column("why", "Why"),
            words_column("source", "Row", source_row, "table row"),
        ),
        studies=studies_of(shown),
        notes="Each of these rules is a parameter of the report and can be changed." if len(shown) else "",
    )


def _citations(selection: Selection) -> dict[str, str]:
    """Return the citation of each study by study_id, including studies left out."""
    out = selection.left_out_of("studies")
    studies = selection.evidence.studies
    return dict(zip([*out["study_id"], *studies["study_id"]], [*out["label"], *studies["citation"]], strict=True))


def _left_out_caption(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "Nothing is left out."
    parts = [f"{number} of {name.replace('_', ' ')}" for name, number in rows["table"].value_counts().items()]
    return f"What is left out here and why: {len(rows)} rows ({', '.join(parts)})."


def _what(row) -> str:
    return "the whole study" if row.table == "studies" else f"{row.table.replace('_', ' ')}: {row.label}"


def _regimens(classes: str) -> str:
    return "; ".join(REGIMEN_WORDS.get(name, name) for name in classes.split("; "))
