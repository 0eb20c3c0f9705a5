"""Tables of one study: facts, arms, printed tests, sources and conflicts between sources."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.load import Evidence
from analysis.evidence.selection import RESULT_TABLES, Selection
from analysis.exhibit import Column, Table, studies_of
from analysis.tables.shared_columns import P_COLUMN, marked_notes, row_column
from analysis.wording import (
    ACCESS_WORDS,
    BENEFIT_WORDS,
    DRUG_WORDS,
    NO_RATE,
    REGIMEN_WORDS,
    ROUTE_WORDS,
    count_mark,
    lower_words,
    number_interval,
    number_text,
    p_text,
    percent,
    percent_interval,
    plain_label,
    source_mark,
    upper_first,
)


def _address(row) -> str:
    if isinstance(row.doi, str):
        return f"doi:{row.doi}"
    if pd.notna(row.pmid):
        return f"PubMed {row.pmid}"
    if isinstance(row.pmcid, str):
        return row.pmcid
    return row.url if isinstance(row.url, str) else "address not recorded"


_SOURCE_COLUMNS = (
    Column("title", "Source"),
    Column("access_words", "What was read", value=lambda row: ACCESS_WORDS[row.access]),
    Column("where", "Where", value=_address),
    Column("read_on", "Read on"),
    Column("note", "Note"),
    row_column("sources"),
)


def arms_table(selection: Selection) -> Table:
    """Return the arms of the study with their treatment and dose."""
    arms = selection.evidence.arms
    shared = "Subgroups and repeated courses are patients of another arm: do not add arms."
    return Table(
        name="arms",
        data=arms,
        caption="Arms, courses and subgroups.",
        columns=(
            Column("label", "Arm"),
            Column(
                "n_words", "Patients", "right", value=lambda row: f"{int(row.n)}" if pd.notna(row.n) else "not printed"
            ),
            Column("treatment", "Treatment", value=_treatment),
            Column("dose", "Dose as printed", value=_dose),
            Column("cointervention", "Given with it"),
            row_column("arms"),
        ),
        studies=studies_of(arms),
        notes=shared if arms["contained_in"].notna().any() else "",
    )


def reported_tests_table(selection: Selection) -> Table:
    """Return the statistical tests and estimates that the sources print."""
    tests = selection.evidence.reported_tests
    return Table(
        name="reported-tests",
        data=tests,
        caption="Tests and other statistics as printed.",
        columns=(
            Column("outcome", "Outcome"),
            Column("comparison", "Comparison"),
            Column("test", "Test"),
            Column("statistic", "Statistic"),
            Column("estimate_words", "Estimate (interval)", value=lambda row: _estimate(row, row.estimate)),
            P_COLUMN,
            row_column("reported_tests"),
        ),
        studies=studies_of(tests),
        notes="Intervals are 95% intervals unless the statistic says otherwise.",
    )


def sources_table(selection: Selection) -> Table:
    """Return the sources of the study with their access and address.

    Parameters
    ----------
    selection
        The evidence of one study, from `evidence.selection.only`. Reviews that are sources of its rows are listed too.
    """
    evidence = selection.evidence
    used = {source for name in ("arms", *RESULT_TABLES) for source in getattr(evidence, name)["source_id"]}
    sources = evidence.sources
    own = sources["study_id"].isin(evidence.studies["study_id"])
    shown = sources[own | sources["source_id"].isin(used)].reset_index(drop=True)
    return Table("sources", shown, "What was read.", _SOURCE_COLUMNS, studies_of(evidence.studies))


def every_source_table(evidence: Evidence) -> Table:
    """Return all sources with their access and address."""
    caption = "What was read: all sources of studies, reviews and guidelines."
    return Table("every-source", evidence.sources, caption, _SOURCE_COLUMNS)


def conflicts_table(selection: Selection) -> Table:
    """Return the conflicts between two sources, or two places of one source, and the values used."""
    conflicts = selection.evidence.conflicts
    own = conflicts["study_id"].isin(selection.evidence.studies["study_id"])
    conflicts = conflicts[own].reset_index(drop=True)
    return Table(
        name="conflicts",
        data=conflicts,
        caption="Where sources contradict each other, and what is used.",
        columns=(
            Column("field", "About"),
            Column("value_a", "One says"),
            Column("source_a", "Where"),
            Column("value_b", "Another says"),
            Column("source_b", "Where"),
            Column("used", "Used here"),
            Column("why", "Why"),
            row_column("conflicts"),
        ),
        studies=studies_of(conflicts),
    )


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
        kind = row.dose_kind if isinstance(row.dose_kind, str) else ""
        parts.append(f"{kind} {row.dose_value:g} {row.dose_unit}".strip())
    if pd.notna(row.hours_per_day):
        parts.append(f"{row.hours_per_day:g} h a day")
    if pd.notna(row.infusion_days):
        parts.append(f"{row.infusion_days:g} days")
    return ", ".join(parts) or "not printed"


def _estimate(row, value: float) -> str:
    if pd.isna(value):
        return f"({number_interval(row.ci_low, row.ci_high, 2)})" if pd.notna(row.ci_low) else ""
    text = f"{value:g}"
    return f"{text} ({row.ci_low:g} to {row.ci_high:g})" if pd.notna(row.ci_low) else text


def study_results_table(results: pd.DataFrame) -> Table:
    """Return every result of a study with its interval or P value, from `results_of_study.study_results`."""
    several = results["role"].nunique() > 1 or results["arm"].nunique() > 1
    return Table(
        name="study-results",
        data=results,
        caption="Every result of this study.",
        columns=(
            Column("what", "Outcome", value=lambda row: _result_outcome(row, several)),
            Column("when", "Time", value=_result_time),
            Column("result", "Result", value=lambda row: _result(row) + source_mark(row.access)),
            Column("certainty", "95% CI or P", value=_result_interval),
            Column("row_id", "Row"),
        ),
        notes=marked_notes("", results),
    )


def _result_outcome(row, several: bool) -> str:
    words = BENEFIT_WORDS.get(row.outcome, row.outcome)
    whose = row.role if isinstance(row.role, str) and row.role != "ketamine" else ""
    arm = (
        f" ({whose or plain_label(row.arm)})"
        if several and isinstance(row.arm, str) and row.kind != "difference"
        else ""
    )
    return f"{upper_first(str(words))}{arm}"


def _result_time(row) -> str:
    if row.kind == "duration":
        return "duration"
    return row.timepoint if isinstance(row.timepoint, str) else ""


def _result(row) -> str:
    if row.kind in ("response", "harm"):
        if pd.isna(row.events) or pd.isna(row.n):
            return f"{row.percent_reported:g}%" if pd.notna(row.percent_reported) else "no count"
        count = f"{int(row.events)} of {int(row.n)}{count_mark(row.count_basis)}"
        if pd.isna(row.value):
            return count
        share = f"{row.percent_reported:g}%" if pd.notna(row.percent_reported) else percent(row.value)
        return f"{count} ({share})"
    if row.kind in ("difference", "change"):
        pair = f"{row.printed}: " if isinstance(row.printed, str) else ""
        change = lower_words(row.value) if pd.notna(row.value) else lower_words(row.ci_low, row.ci_high)
        return f"{pair}{change}"
    if row.kind == "score":
        return number_text(row.value) if pd.notna(row.value) else str(row.printed)
    if row.kind == "test":
        words = row.printed if isinstance(row.printed, str) else ""
        return ": ".join(filter(None, (words, _estimate(row, row.value)))) or "size not printed"
    mark = count_mark(row.count_basis)
    count = f"{int(row.events)} of {int(row.n)}{mark}: " if pd.notna(row.events) and pd.notna(row.n) else ""
    return f"{count}{row.printed}" if isinstance(row.printed, str) else "size not printed"


def _result_interval(row) -> str:
    if pd.notna(row.p_value):
        return p_text(row.p_operator, row.p_value)
    if pd.isna(row.ci_low) or pd.isna(row.value) or row.kind == "test":
        return NO_RATE if row.kind == "response" else ""
    if row.kind in ("response", "harm"):
        if row.count_basis == "nearest_to_percent":
            return "no count fits"
        return percent_interval(row.ci_low, row.ci_high)
    return number_interval(row.ci_low, row.ci_high)
