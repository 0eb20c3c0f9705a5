"""Tables of one study: its arms, printed tests, sources, and where sources contradict each other."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import RESULT_TABLES, Selection
from analysis.exhibit import Column, Table, linked, studies_of
from analysis.outcomes import evidence_map
from analysis.outcomes.context import source_row
from analysis.tables.notes import row_column
from analysis.wording import (
    ACCESS_WORDS,
    AGE_WORDS,
    DRUG_WORDS,
    POPULATION_WORDS,
    REGIMEN_WORDS,
    ROUTE_WORDS,
    number_interval,
    p_text,
)


def study_facts(selection: Selection) -> Table:
    """What kind of study it is: one line a fact; what is not stated says so."""
    row = next(each(evidence_map.studies(selection)))
    study = selection.evidence.studies.iloc[0]
    duration = study["disease_duration_years"]
    facts = {
        "Design": row.design_words,
        "Control group": row.control,
        "Country": study["country"],
        "Patients": POPULATION_WORDS[row.population] + _and(AGE_WORDS.get(study["age_group"])),
        "Number of patients": _and(f"{study['n_enrolled']} enrolled" if pd.notna(study["n_enrolled"]) else None, "")
        + _and(f"{study['n_crps']} of them with CRPS" if pd.notna(study["n_crps"]) else None),
        "Disease duration": f"{duration:g} years ({study['disease_duration_stat']})" if pd.notna(duration) else None,
        "Published in": ", ".join(f"{study[name]}" for name in ("journal", "year") if pd.notna(study[name])),
    }
    shown = pd.DataFrame(
        [
            {"fact": name, "value": value if isinstance(value, str) and value else "not stated"}
            for name, value in facts.items()
        ]
    )
    columns = (Column("fact", "What"), Column("value", "As stated"))
    return Table(
        "study", shown, "The study.", columns, (row.study_id,), notes=f"From {linked(source_row('studies', row.row))}."
    )


def arms(selection: Selection) -> Table:
    """Who was treated with what, arm by arm."""
    table = selection.evidence.arms
    shown = table.assign(
        n_words=[f"{int(n)}" if pd.notna(n) else "not printed" for n in table["n"]],
        treatment=[_treatment(row) for row in each(table)],
        dose=[_dose(row) for row in each(table)],
    )
    columns = (
        Column("label", "Arm"),
        Column("n_words", "Patients", "right"),
        Column("treatment", "Treatment"),
        Column("dose", "Dose as printed"),
        Column("cointervention", "Given with it"),
        row_column("arms"),
    )
    caption = "Arms, courses and subgroups."
    notes = "Subgroups and repeated courses are patients of another arm: arms can't be added up."
    return Table(
        "arms", shown, caption, columns, studies_of(table), notes if table["contained_in"].notna().any() else ""
    )


def tests(selection: Selection) -> Table:
    """Printed statistical tests and estimates, as the sources give them."""
    table = selection.evidence.reported_tests
    shown = table.assign(
        estimate_words=[_estimate(row) for row in each(table)],
        p_words=[p_text(row.p_operator, row.p_value) if pd.notna(row.p_value) else "" for row in each(table)],
    )
    columns = (
        Column("outcome", "Outcome"),
        Column("comparison", "Comparison"),
        Column("test", "Test"),
        Column("statistic", "Statistic"),
        Column("estimate_words", "Estimate (interval)"),
        Column("p_words", "P"),
        row_column("reported_tests"),
    )
    notes = "Intervals are 95% intervals unless the statistic says otherwise."
    return Table("reported-tests", shown, "Tests and other statistics as printed.", columns, studies_of(table), notes)


def sources(selection: Selection) -> Table:
    """What was read of each study, and where."""
    evidence = selection.evidence
    used = {source for name in ("arms", *RESULT_TABLES) for source in getattr(evidence, name)["source_id"]}
    table = evidence.sources
    own = table["study_id"].isin(evidence.studies["study_id"])
    table = table[own | table["source_id"].isin(used)].reset_index(drop=True)
    shown = table.assign(
        access_words=table["access"].map(ACCESS_WORDS),
        where=[_where(row) for row in each(table)],
    )
    columns = (
        Column("title", "Source"),
        Column("access_words", "What could be read"),
        Column("where", "Where"),
        Column("note", "Note"),
        row_column("sources"),
    )
    return Table("sources", shown, "What was read.", columns, studies_of(evidence.studies))


def conflicts(selection: Selection) -> Table:
    """Where two sources, or two places of one, say different things, and what is used here."""
    table = selection.evidence.conflicts
    table = table[table["study_id"].isin(selection.evidence.studies["study_id"])].reset_index(drop=True)
    columns = (
        Column("field", "About"),
        Column("value_a", "One says"),
        Column("source_a", "Where"),
        Column("value_b", "Another says"),
        Column("source_b", "Where"),
        Column("used", "Used here"),
        Column("why", "Why"),
        row_column("conflicts"),
    )
    return Table(
        "conflicts", table, "Where sources contradict each other, and what is used.", columns, studies_of(table)
    )


def _and(text: str | float | None, joint: str = ", ") -> str:
    return f"{joint}{text}" if isinstance(text, str) else ""


def _treatment(row) -> str:
    if row.role == "placebo":
        return "placebo"
    parts = [DRUG_WORDS.get(row.drug, row.drug)]
    if isinstance(row.route, str):
        parts.append(ROUTE_WORDS.get(row.route, row.route))
    if isinstance(row.regimen_class, str) and row.regimen_class != row.route:
        parts.append(REGIMEN_WORDS[row.regimen_class])
    return ", ".join(dict.fromkeys(parts))


def _dose(row) -> str:
    parts = []
    if pd.notna(row.dose_value):
        parts.append(
            f"{row.dose_kind if isinstance(row.dose_kind, str) else ''} {row.dose_value:g} {row.dose_unit}".strip()
        )
    if pd.notna(row.hours_per_day):
        parts.append(f"{row.hours_per_day:g} h a day")
    if pd.notna(row.infusion_days):
        parts.append(f"{row.infusion_days:g} days")
    return ", ".join(parts) or "not printed"


def _estimate(row) -> str:
    if pd.isna(row.estimate):
        return f"({number_interval(row.ci_low, row.ci_high, 2)})" if pd.notna(row.ci_low) else ""
    text = f"{row.estimate:g}"
    return f"{text} ({row.ci_low:g} to {row.ci_high:g})" if pd.notna(row.ci_low) else text


def _where(row) -> str:
    if isinstance(row.doi, str):
        return f"doi:{row.doi}"
    if pd.notna(row.pmid):
        return f"PubMed {row.pmid}"
    if isinstance(row.pmcid, str):
        return row.pmcid
    return row.url if isinstance(row.url, str) else "address not recorded"
