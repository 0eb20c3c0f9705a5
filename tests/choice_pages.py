"""Pages with only the figure of pooled rates and its choices, made without a kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nbformat
import pandas as pd

from analysis import figures
from analysis.evidence import Evidence
from analysis.evidence.selection import Criteria, select
from analysis.exhibit import Figure, Summary, Table
from analysis.outcomes import rows, synthesis
from analysis.reporting.page.document import METADATA, read_document
from analysis.reporting.page.html import page
from analysis.tables import pooled_rates_table

DEFAULT = Criteria()
WIDE = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)


def choice_figure(evidence: Evidence, criteria: Criteria = DEFAULT, level: float = 0.95) -> Figure:
    """Return the figure of pooled rates of a selection."""
    return figures.pooled_forest(synthesis.pooled_rates(select(evidence, criteria), level))


def choice_page(evidence: Evidence, file: Path, criteria: Criteria = DEFAULT, level: float = 0.95) -> Path:
    """Write the page of a selection."""
    pooled = synthesis.pooled_rates(select(evidence, criteria), level)
    return _written(evidence, file, figures.pooled_forest(pooled), pooled_rates_table(pooled))


def kept_page(evidence: Evidence, file: Path, criteria: Criteria = DEFAULT, level: float = 0.95) -> Path:
    """Write a page with the curve of benefit kept."""
    kept = synthesis.benefit_retention(select(evidence, criteria), level)
    return _written(evidence, file, figures.pooled_benefit_curve(kept))


def _written(evidence: Evidence, file: Path, *exhibits: Figure | Table) -> Path:
    shown = [Summary("Pooled rates"), *exhibits]
    outputs = [nbformat.v4.new_output("display_data", each._repr_mimebundle_()) for each in shown]
    made = {"rows": rows.rows(evidence), "sources": rows.sources(evidence)}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("figure", outputs=outputs)], metadata={METADATA: made}
    )
    file.write_text(page(read_document(notebook)), encoding="utf-8")
    return file


def with_invented_rates(evidence: Evidence) -> Evidence:
    """Return the evidence with rates of every kind that the choices must treat as the report does.

    At the end of infusion: six studies with at least 30% less pain (an average can be drawn); two placebo-controlled
    studies and any relief; a second arm of Puchalski 2016 with another regimen; a later count of the same patients in
    the same week, once after a count from a secondary source.
    """
    arms = evidence.arms
    second = arms[arms["arm_id"] == "puchalski2016_ketamine"].assign(
        arm_id="puchalski2016_second", regimen_class="anesthetic", row=9001
    )
    like, secondary = evidence.responders.iloc[0], "crps_review_table"
    new = [
        *(
            (arm, 0.0, "ge_30_percent", responders, n, "")
            for arm, responders, n in (
                ("correll2004_course1", 20, 33),
                ("domec2004_ketamine", 40, 65),
                ("goldberg2010_ketamine", 9, 16),
                ("mangnus2022_sket", 30, 48),
                ("kiefer2008_anesthetic", 13, 20),
                ("kiefer2008b_sket", 11, 19),
            )
        ),
        ("sigtermans2009_ketamine", 0.0, "any_relief", 22, 30, ""),
        ("schwartzman2009_ketamine", 0.0, "any_relief", 4, 9, ""),
        ("puchalski2016_second", 0.0, "any_relief", 3, 6, ""),
        ("goldberg2010_ketamine", 0.5, "any_relief", 3, 16, ""),
        ("mangnus2022_sket", 0.0, "any_relief", 35, 48, secondary),
        ("mangnus2022_sket", 0.6, "any_relief", 31, 48, ""),
    ]
    rows = [
        {
            **like,
            "study_id": arm.split("_")[0],
            "arm_id": arm,
            "weeks_from_end": weeks,
            "definition": "invented",
            "definition_class": definition,
            "unit": "patients",
            "responders": responders,
            "n": n,
            "percent_reported": None,
            "count_basis": "reported",
            "source_id": source or "mangnus2022_abs",
            "note": None,
            "row": 9000 + number,
        }
        for number, (arm, weeks, definition, responders, n, source) in enumerate(new)
    ]
    responders = pd.concat([evidence.responders, pd.DataFrame(rows)], ignore_index=True)
    responders = responders.astype(evidence.responders.dtypes.to_dict())
    together = pd.concat([arms, second], ignore_index=True).astype(arms.dtypes.to_dict())
    return replace(evidence, responders=responders, arms=together)
