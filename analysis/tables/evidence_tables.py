"""Tables of the evidence: studies, doses, published meta-analyses, rows that are left out."""

from __future__ import annotations

import pandas as pd

from analysis.evidence import Evidence
from analysis.evidence.selection import Selection
from analysis.exhibit import Column, Table, studies_of
from analysis.exhibit.places import source_row
from analysis.tables.shared_columns import P_COLUMN, row_column
from analysis.wording import REGIMEN_WORDS, half_up, number_interval

_REPORTED = {"pain_scores": "Scores", "responders": "Rates", "durations": "Durations", "adverse_events": "Harms"}
_SCALES = {"mean_difference": "points, 0–10", "hedges_g": "Hedges g", "event_rate_percent": "percent"}


def studies_table(studies: pd.DataFrame) -> Table:
    """Return the selected studies and the results that each reports.

    Parameters
    ----------
    studies
        One row per study, from `outcomes.evidence_map.studies`.
    """
    return Table(
        name="studies",
        data=studies.assign(regimens_words=studies["regimens"].map(_regimens)),
        caption=f"The {len(studies)} studies that count here and what each of them reports.",
        columns=(
            Column("citation", "Study"),
            Column("design_words", "Design"),
            Column("control", "Control group"),
            Column(
                "n_words", "Patients", "right", value=lambda row: f"{int(row.n)}" if pd.notna(row.n) else "not stated"
            ),
            Column("regimens_words", "Regimen"),
            *(Column(name, label, format=lambda n: "yes" if n else "–") for name, label in _REPORTED.items()),
            row_column("studies"),
        ),
        studies=studies_of(studies),
        notes="Yes = at least one number of this kind. Patients: those with CRPS where stated, else all enrolled.",
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


def reviews_table(evidence: Evidence) -> Table:
    """Return the results of published meta-analyses (table reviews); they are not pooled again.

    Parameters
    ----------
    evidence
        The evidence with the table `reviews`; rows with an estimate on a known scale are shown.
    """
    reviews = evidence.reviews
    reviews = reviews[reviews["estimate_kind"].isin(_SCALES) & reviews["estimate"].notna()]
    return Table(
        name="reviews",
        data=reviews,
        caption="What published meta-analyses report, as they print it; negative = less pain with ketamine.",
        columns=(
            Column("citation", "Review"),
            Column("population", "Patients with"),
            Column("outcome", "Outcome"),
            Column("estimate_words", "Estimate (95% interval)", value=_estimate),
            Column("scale", "Scale", value=lambda row: _SCALES[row.estimate_kind]),
            P_COLUMN,
            row_column("reviews"),
        ),
        studies=tuple(dict.fromkeys(reviews["review_id"])),
        notes="Context only: most pool other kinds of chronic pain, and their studies overlap.",
    )


def left_out_table(selection: Selection, *tables: str) -> Table:
    """Return every row that is left out of the synthesis with the reason.

    Parameters
    ----------
    selection
        The selected evidence.
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
            Column("source", "Row", value=lambda row: source_row(row.table, row.row)),
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


def _estimate(row) -> str:
    limits = f" ({number_interval(row.ci_low, row.ci_high, 2)})" if pd.notna(row.ci_low) else ""
    return half_up(row.estimate, 2) + limits
