"""Risk of bias, the log of searches and decisions, and the agreement of the two readings."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.judgement_rules import DOMAINS, OVERALL, READERS, SETTLED
from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each, grouped, values
from analysis.evidence.selection import POPULATION_REASONS, Selection
from analysis.exhibit.places import source_row
from analysis.outcomes import evidence_map
from analysis.outcomes.context import PLACEBO

OLD_AFTER_DAYS = 365
_IN_SHORT = {
    "route": "by another route",
    "regimen class": "of another regimen",
    "shares patients": "with patients of another study",
    "study not asked for": "not asked for",
    POPULATION_REASONS["mixed"]: "with several pain conditions",
}


def risk_of_bias(evidence: Evidence, tool: str) -> pd.DataFrame:
    """Return the settled judgements of the studies judged with one tool (rob2, robins_i, case_report).

    Returns
    -------
    DataFrame, one row per study
        Columns study_id, citation, a column for each domain of the tool, rows (of the overall judgement).
    """
    citations = dict(values(evidence.studies, "study_id", "citation"))
    columns = ("study_id", "tool", "reader", "domain", "judgement", "row")
    studies = grouped(
        (study, (domain, judgement, row))
        for study, used, reader, domain, judgement, row in values(evidence.risk_of_bias, *columns)
        if used == tool and reader == SETTLED and study in citations
    )
    rows = [
        {
            "study_id": study,
            "citation": citations[study],
            **{domain: judgement for domain, judgement, _ in found},
            "rows": source_row("risk_of_bias", *(row for domain, _, row in found if domain == OVERALL)),
        }
        for study, found in studies.items()
    ]
    return pd.DataFrame(rows, columns=["study_id", "citation", *DOMAINS[tool], "rows"])


def readings(judgements: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return both readings and the settled judgement of each domain side by side.

    Returns
    -------
    DataFrame, one row per study or outcome and domain
        Columns of the key, domain, settled, judgement_1, reason_1, judgement_2, reason_2 (empty if not judged), rows.
    """
    table = key.removesuffix("_id")
    name = {"study": "risk_of_bias", "outcome": "certainty"}[table]
    result = []
    for (what, domain), rows in grouped(((getattr(r, key), r.domain), r) for r in each(judgements)).items():
        by_reader = {row.reader: row for row in rows}
        line = {key: what, "domain": domain, "settled": by_reader[SETTLED].judgement}
        for reader in READERS:
            row = by_reader.get(reader)
            line |= {f"judgement_{reader}": row.judgement if row else "", f"reason_{reader}": row.reason if row else ""}
        result.append(line | {"rows": source_row(name, *sorted(row.row for row in rows))})
    columns = [key, "domain", "settled", *(f"{c}_{r}" for r in READERS for c in ("judgement", "reason")), "rows"]
    return pd.DataFrame(result, columns=columns)


def agreement(evidence: Evidence) -> pd.DataFrame:
    """Return how far the two independent extractions agree.

    Returns
    -------
    DataFrame, one row per table and one for all (`all`)
        Columns table, pairs, cells (filled in by at least one reader), same, different, one_only.
    """
    rows = []
    cells = evidence.extraction
    for name in [*dict.fromkeys(cells["in_table"]), "all"]:
        part = cells if name == "all" else cells[cells["in_table"] == name]
        verdicts = [_verdict(row) for row in each(part)]
        counts = {word: verdicts.count(word) for word in ("same", "different", "one_only")}
        rows.append({"table": name, "pairs": part["pair"].nunique(), "cells": len(part), **counts})
    return pd.DataFrame(rows)


def disagreements(evidence: Evidence) -> pd.DataFrame:
    """Return the rows of `extraction` in which the two readers differ, with the citation of the study."""
    cells = evidence.extraction
    citations = dict(values(evidence.studies, "study_id", "citation"))
    differ = cells[[_verdict(row) == "different" for row in each(cells)]]
    return differ.assign(citation=[citations.get(study, study) for study in differ["study_id"]])


def search_date(evidence: Evidence) -> str:
    """Return the date of the last recorded search, as ISO text."""
    return max(evidence.searches["date"])


def search_is_old(evidence: Evidence, on: pd.Timestamp) -> bool:
    """Return whether the last recorded search is more than a year old on this date."""
    return (on - pd.Timestamp(search_date(evidence))).days > OLD_AFTER_DAYS


def study_flow(everything: Evidence, selection: Selection) -> pd.DataFrame:
    """Return the flow from the records that were screened to the studies with results.

    Returns
    -------
    DataFrame, one row per step
        Columns step, records, detail (of what they are, or why others are left out, with their numbers).
    """
    screened = list(values(everything.screening, "study_id", "decision"))
    studies = set(everything.studies["study_id"])
    reviews = set(everything.reviews["review_id"])
    of_studies = [decision for study, decision in screened if study in studies]
    others = [decision for study, decision in screened if study not in studies | reviews]
    left = selection.left_out_of("studies")
    counted = selection.evidence.studies
    planned = int((counted["design"] == "rct_protocol").sum())
    results = evidence_map.studies_with_results(selection)
    none = len(counted) - planned - len(results)
    placebo = sum(row.control == PLACEBO for row in results)
    steps = [
        (
            "records screened",
            len(screened),
            f"{sum(study in reviews for study, _ in screened)} reviews, guidelines and surveys (context, never "
            f"counted); {len(others)} others in no table ({_numbers(others)})",
        ),
        ("studies in the tables", len(of_studies), _numbers(of_studies)),
        ("studies that count here", len(counted), f"left out: {_numbers([_in_short(why) for why in left['why']])}"),
        (
            "studies with a pain score, a rate or a duration",
            len(results),
            f"left out: {planned} planned; {none} with none in the texts that were read",
        ),
        ("of these, studies with a placebo group", placebo, f"{len(results) - placebo} without"),
    ]
    return pd.DataFrame(steps, columns=["step", "records", "detail"])


def _numbers(words: list[str]) -> str:
    counts = pd.Series(words, dtype="str").value_counts(sort=False)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{number} {word.replace('_', ' ')}" for word, number in ordered) or "none"


def _in_short(why: str) -> str:
    kind = why.split(" is ")[0].partition(", or probably")[0].split(";")[0]
    return _IN_SHORT.get(kind, kind)


def _verdict(row) -> str:
    if not (isinstance(row.reader_1, str) and isinstance(row.reader_2, str)):
        return "one_only"
    if isinstance(row.same_meaning, str) or row.reader_1 == row.reader_2:
        return "same"
    numbers = pd.to_numeric(pd.Series([row.reader_1, row.reader_2]), errors="coerce")
    return "same" if numbers.notna().all() and numbers[0] == numbers[1] else "different"
