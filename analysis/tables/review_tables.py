"""Tables of guidelines, published syntheses, drug levels and single patients, as their sources print them."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.selection import Selection
from analysis.exhibit import Column, Table, studies_of
from analysis.judgement_wording import CERTAINTY_WORDS
from analysis.tables.shared_columns import P_COLUMN, row_column
from analysis.wording import half_up, number_interval

_SCALES = {
    "mean_difference": "points, 0–10",
    "mean_difference_0_100": "points, 0–100",
    "hedges_g": "Hedges g",
    "event_rate_percent": "percent",
}
_ADVICE = ("guideline", "consensus", "survey")
_YEAR = Column("year", "Year", format=lambda year: f"{int(year)}")
_CERTAINTY = Column(
    "certainty_words", "Its own certainty", value=lambda row: CERTAINTY_WORDS.get(row.certainty, "not stated")
)


def guidelines_table(evidence: Evidence) -> Table:
    """Return what guidelines, expert consensus and surveys say: regimens, recommendations, grades."""
    rows = evidence.reviews[evidence.reviews["kind"].isin(_ADVICE)].reset_index(drop=True)
    return Table(
        name="guidelines",
        data=rows,
        caption="What guidelines, expert consensus and surveys say on ketamine, as printed.",
        columns=(
            Column("citation", "Guideline"),
            _YEAR,
            Column("kind", "Kind"),
            Column("population", "Patients with"),
            Column("outcome", "About"),
            Column("number", "Number", value=_number),
            Column("statement", "Recommendation or statement"),
            _CERTAINTY,
            row_column("reviews"),
        ),
        studies=tuple(dict.fromkeys(rows["review_id"])),
        notes="Regimens that a guideline describes are not recommendations of this report.",
    )


def reviews_table(evidence: Evidence) -> Table:
    """Return the pooled results of published meta-analyses that have a known scale; they are not pooled again."""
    rows = evidence.reviews[_pooled(evidence)].reset_index(drop=True)
    return Table(
        name="reviews",
        data=rows,
        caption="What published meta-analyses report, as they print it; negative = less pain with ketamine.",
        columns=(
            Column("citation", "Review"),
            Column("population", "Patients with"),
            Column("outcome", "Outcome"),
            Column("estimate_words", "Estimate (95% interval)", value=_number),
            Column("scale", "Scale", value=lambda row: _SCALES[row.estimate_kind]),
            P_COLUMN,
            _CERTAINTY,
            Column("statement", "It says"),
            row_column("reviews"),
        ),
        studies=tuple(dict.fromkeys(rows["review_id"])),
        notes="Context only: most pool other kinds of chronic pain, and their studies overlap.",
    )


def review_statements_table(evidence: Evidence) -> Table:
    """Return the rows of `reviews` that `guidelines_table` and `reviews_table` leave out: statements, other numbers."""
    rows = evidence.reviews[~_pooled(evidence) & ~evidence.reviews["kind"].isin(_ADVICE)].reset_index(drop=True)
    return Table(
        name="review-statements",
        data=rows,
        caption="What else published reviews say, as printed.",
        columns=(
            Column("citation", "Review"),
            Column("population", "Patients with"),
            Column("outcome", "About"),
            Column("number", "Number", value=_number),
            P_COLUMN,
            _CERTAINTY,
            Column("statement", "It says"),
            row_column("reviews"),
        ),
        studies=tuple(dict.fromkeys(rows["review_id"])),
    )


def pharmacology_table(evidence: Evidence) -> Table:
    """Return drug levels and effects as the studies of drug levels print them, also of studies that do not count."""
    rows = evidence.pharmacology
    citations = dict(zip(evidence.studies["study_id"], evidence.studies["citation"], strict=True))
    return Table(
        name="drug-levels",
        data=rows.assign(citation=[citations[study] for study in rows["study_id"]]),
        caption="Drug levels and their effect, as printed.",
        columns=(
            Column("citation", "Study"),
            Column("parameter", "Parameter"),
            Column("value", "Value", "decimal", "{:g}".format),
            Column("unit", "Unit"),
            Column("se", "Standard error", "decimal", "{:g}".format),
            Column(
                "interval",
                "95% interval",
                value=lambda row: f"{row.ci_low:g} to {row.ci_high:g}" if pd.notna(row.ci_low) else "",
            ),
            row_column("pharmacology"),
        ),
        studies=studies_of(rows),
        notes="A plasma level is not a dose: these numbers come from models of measured levels, not from the dose map.",
    )


def patient_values_table(selection: Selection) -> Table:
    """Return the values of single patients that the study describes."""
    rows = selection.evidence.patient_level
    return Table(
        name="single-patients",
        data=rows,
        caption="Single patients that the study describes.",
        columns=(
            Column("patient", "Patient"),
            Column("variable", "What", format=lambda name: name.replace("_", " ")),
            Column("value", "Value", "decimal", "{:g}".format),
            Column("unit", "Unit", format=lambda unit: unit.replace("_", " ")),
            row_column("patient_level"),
        ),
        studies=studies_of(rows),
        notes="These are not individual patient data of a study: they cannot be pooled.",
    )


def _pooled(evidence: Evidence) -> pd.Series:
    reviews = evidence.reviews
    advice = reviews["kind"].isin(_ADVICE)
    return reviews["estimate_kind"].isin(_SCALES) & reviews["estimate"].notna() & ~advice


def _number(row) -> str:
    if pd.isna(row.estimate):
        return ""
    decimals = 2 if row.estimate_kind in _SCALES or pd.notna(row.ci_low) else 0
    number = half_up(row.estimate, decimals) if decimals else f"{row.estimate:g}"
    return number + (f" ({number_interval(row.ci_low, row.ci_high, 2)})" if pd.notna(row.ci_low) else "")
