"""What two readers judged and extracted, each alone: risk of bias, both readings, and how far they agree."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.judgement_rules import DOMAINS, OVERALL, READERS, SETTLED
from analysis.evidence.load import Evidence
from analysis.evidence.rowwise import each, grouped, values
from analysis.exhibit.places import source_row


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


def _verdict(row) -> str:
    if not (isinstance(row.reader_1, str) and isinstance(row.reader_2, str)):
        return "one_only"
    if isinstance(row.same_meaning, str) or row.reader_1 == row.reader_2:
        return "same"
    numbers = pd.to_numeric(pd.Series([row.reader_1, row.reader_2]), errors="coerce")
    return "same" if numbers.notna().all() and numbers[0] == numbers[1] else "different"
