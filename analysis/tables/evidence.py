"""Tables of the evidence itself: studies, doses, published syntheses, what is left out."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.exhibit import Column, Table, studies_of
from analysis.outcomes.context import source_row
from analysis.tables.notes import row_column
from analysis.wording import REGIMEN_WORDS, half_up, number_interval, p_text


def studies(table: pd.DataFrame) -> Table:
    """The studies that count and what each reports (from `evidence_map.studies`)."""
    shown = table.assign(
        regimens_words=table["regimens"].map(_regimens),
        n_words=[f"{int(r.n)}" if pd.notna(r.n) else "not stated" for r in each(table)],
    )
    reports = [
        Column(name, label, "left", lambda n: "yes" if n else "–")
        for name, label in (
            ("pain_scores", "Scores"),
            ("responders", "Rates"),
            ("durations", "Durations"),
            ("adverse_events", "Harms"),
        )
    ]
    columns = (
        Column("citation", "Study"),
        Column("design_words", "Design"),
        Column("control", "Control group"),
        Column("n_words", "Patients", "right"),
        Column("regimens_words", "Regimen"),
        *reports,
        row_column("studies"),
    )
    return Table(
        name="studies",
        data=shown,
        caption=f"The {len(table)} studies that count here and what each of them reports.",
        columns=columns,
        studies=tuple(table["study_id"]),
        notes="Yes = at least one number of this kind. Patients: those with CRPS where stated, else all enrolled.",
    )


def doses(table: pd.DataFrame, weight_kg: float) -> Table:
    """Doses on one scale (from `evidence_map.doses`); arms without a comparable dose stand at the end with the
    reason."""
    shown = table.assign(words=[row.not_comparable or row.assumption for row in each(table)])
    columns = (
        Column("citation", "Study"),
        Column("label", "Arm"),
        Column("dose_reported", "Dose as printed"),
        Column("mg_per_h", "Rate", "decimal", lambda v: half_up(v, 1), "mg/h"),
        Column("hours_per_day", "Hours", "decimal", _plain, "a day"),
        Column("infusion_days", "Days", "decimal", _plain),
        Column("total_mg", "Total", "right", lambda v: half_up(v), "mg"),
        Column("words", "Assumption, or why not comparable"),
        row_column("arms"),
    )
    return Table(
        name="doses",
        data=shown,
        caption=f"Dose of each regimen on one scale, for a body weight of {weight_kg:g} kg.",
        columns=columns,
        studies=studies_of(table),
        notes="Mean, highest and fixed doses are different things; a highest rate makes the total an upper limit.",
    )


def reviews(evidence) -> Table:
    """What published syntheses of trials report (table reviews), never pooled again here."""
    kinds = evidence.reviews["estimate_kind"].isin(["mean_difference", "hedges_g", "event_rate_percent"])
    table = evidence.reviews[kinds & evidence.reviews["estimate"].notna()].copy()
    table["estimate_words"] = [
        half_up(row.estimate, 2) + (f" ({number_interval(row.ci_low, row.ci_high, 2)})" if pd.notna(row.ci_low) else "")
        for row in each(table)
    ]
    table["scale"] = table["estimate_kind"].map(
        {"mean_difference": "points, 0–10", "hedges_g": "Hedges g", "event_rate_percent": "percent"}
    )
    table["p_words"] = [p_text(r.p_operator, r.p_value) if pd.notna(r.p_value) else "" for r in each(table)]
    columns = (
        Column("citation", "Review"),
        Column("population", "Patients with"),
        Column("outcome", "Outcome"),
        Column("estimate_words", "Estimate (95% interval)"),
        Column("scale", "Scale"),
        Column("p_words", "P"),
        row_column("reviews"),
    )
    return Table(
        name="reviews",
        data=table,
        caption="What published meta-analyses report, as they print it; negative = less pain with ketamine.",
        columns=columns,
        studies=tuple(dict.fromkeys(table["review_id"])),
        notes="Context only: most pool other kinds of chronic pain, and their studies overlap.",
    )


def left_out(selection: Selection, *tables: str, name: str = "left-out") -> Table:
    """Every row that is left out of the synthesis with the reason; of the named tables, or of all."""
    rows = selection.left_out_of(*tables) if tables else selection.left_out
    names = selection_names(selection)
    # a study that is out as a whole takes its rows with it: one line says so
    whole = set(rows.loc[rows["table"] == "studies", "study_id"]) if not tables else set()
    shown = rows[(rows["table"] == "studies") | ~rows["study_id"].isin(whole)].copy()
    shown["study"] = shown["study_id"].map(names).fillna(shown["study_id"])
    shown["what"] = [_what(row) for row in each(shown)]
    shown["source"] = [source_row(row.table, row.row) for row in each(shown)]
    columns = (Column("study", "Study"), Column("what", "What"), Column("why", "Why"), Column("source", "Row"))
    return Table(
        name=name,
        data=shown,
        caption=_left_out_caption(rows),
        columns=columns,
        studies=studies_of(shown),
        notes="Each of these rules is a parameter of the report and can be changed." if len(shown) else "",
    )


def selection_names(selection: Selection) -> dict[str, str]:
    """Citations of all studies, of those left out too, by study_id."""
    out = selection.left_out[selection.left_out["table"] == "studies"]
    return dict(zip(out["study_id"], out["label"], strict=True)) | dict(
        zip(selection.evidence.studies["study_id"], selection.evidence.studies["citation"], strict=True)
    )


def _left_out_caption(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "Nothing is left out."
    kinds = rows["table"].value_counts()
    parts = [f"{number} of {name.replace('_', ' ')}" for name, number in kinds.items()]
    return f"What is left out here and why: {len(rows)} rows ({', '.join(parts)})."


def _what(row) -> str:
    if row.table == "studies":
        return "the whole study"
    return f"{row.table.replace('_', ' ')}: {row.label}"


def _regimens(words: str) -> str:
    return "; ".join(REGIMEN_WORDS.get(word, word) for word in words.split("; "))


def _plain(value: float) -> str:
    return f"{value:g}"
