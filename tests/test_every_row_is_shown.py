"""Everything that was curated is shown: each row of each table is in a report of the default batch, or has a reason.

Figures are left out, so each row is in a table or a sentence, which a reader can search and hear. The pages of studies
are run without their sentences, so the rows that the other reports do not show are in a table of the study's page.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import IPython.display
import pytest
import yaml
from notebook_runs import defaults

import analysis
from analysis import exhibit, findings
from analysis.exhibit import EXHIBIT_MIME
from analysis.exhibit.places import Place
from analysis.outcomes import two_readings
from analysis.paths import TABLES
from analysis.reporting.page.source_rows import used

# Rows that no report prints, with the reason.
REASONS = {
    "extraction": "cells on which both readers agree, or that one left blank; the report shows those that differ"
}


class Nothing:
    """In place of a module: its functions return an exhibit without content, which names no row."""

    title = ""

    def __getattr__(self, name: str):
        if name.startswith("_") or name == "payload":
            raise AttributeError(name)
        return lambda *arguments, **named: Nothing()


def shown_by(notebook: Path, **parameters) -> set[Place]:
    """The rows named by the exhibits of a notebook that is run in this process."""
    exhibits: list = []
    scope: dict = {"__name__": "notebook"}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, notebook.name, "exec"), scope)
        if "parameters" in cell["metadata"].get("tags", []):
            scope.update(parameters)
        if last is not None:
            exhibits.append(eval(compile(ast.Expression(last.value), notebook.name, "eval"), scope))
    bundles = [exhibit._repr_mimebundle_() for exhibit in exhibits if hasattr(exhibit, "payload")]
    return set(used({"cells": [{"outputs": [{"data": bundle} for bundle in bundles]}]}))


def shown_in(notebook: dict[str, Any]) -> set[Place]:
    """The rows named by the exhibits of an executed notebook, figures apart."""
    bundles = [output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])]
    kept = [bundle for bundle in bundles if bundle.get(EXHIBIT_MIME, {}).get("kind") != "figure"]
    return set(used({"cells": [{"outputs": [{"data": bundle} for bundle in kept]}]}))


@pytest.mark.slow
def test_every_row_is_in_a_report_or_has_a_reason(root, evidence, monkeypatch):
    displayed: list = []
    monkeypatch.setattr(IPython.display, "display", lambda *exhibits: displayed.extend(exhibits))
    monkeypatch.setattr("analysis.evidence.load", lambda folder=None: evidence)
    monkeypatch.setattr(analysis, "figures", Nothing(), raising=False)
    batch = yaml.safe_load((root / "reports" / "batch.yml").read_text(encoding="utf-8"))["reports"]
    shown: set[Place] = set()
    for name in {entry["notebook"] for entry in batch} - {"study-report", "cohort-report"}:
        shown |= shown_in(json.loads(defaults()[name].files["report.ipynb"]))
    monkeypatch.setattr(exhibit, "Summary", Nothing().exhibit)
    monkeypatch.setattr(findings, "study_page", Nothing())
    for name in ("study_findings", "each_patient_once"):
        monkeypatch.setattr(findings, name, lambda *arguments: ())
    for study in evidence.studies["study_id"]:
        shown |= shown_by(root / "notebooks" / "study-report.ipynb", study_id=study)
    bundles = [exhibit._repr_mimebundle_() for exhibit in displayed if hasattr(exhibit, "payload")]
    shown |= set(used({"cells": [{"outputs": [{"data": bundle} for bundle in bundles]}]}))

    missing = {(table, row) for table in TABLES for row in getattr(evidence, table)["row"]} - shown
    assert {table for table, _ in missing} == set(REASONS)
    assert len(missing) == len(evidence.extraction) - len(two_readings.disagreements(evidence))
