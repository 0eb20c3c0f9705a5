"""Every result of a computation shows itself in Jupyter and becomes a DataFrame."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re

import pandas as pd

import analysis.outcomes
import analysis.statistics
from analysis import tables
from analysis.evidence.selection import select
from analysis.outcomes import synthesis
from analysis.result_view import ResultView
from analysis.statistics.pooling import pool

# parts of a computation, and tables of single patients
NOT_SHOWN = {
    *("CheckResult", "Draws", "InnermostIntervals", "RandomIntercept", "UniqueIntervals", "WeightedFit"),
    *("Cohort", "CohortLayout", "DueVisits", "Long", "Mapped", "OnePatient", "PairedCounts", "Parsed", "PlannedVisits"),
    "Selection",
}


def returned_classes() -> dict[str, type]:
    """The dataclasses that public functions of `outcomes` and `statistics` return."""
    found = {}
    for package in (analysis.outcomes, analysis.statistics):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            names = vars(importlib.import_module(module.name))
            for name, function in names.items():
                if inspect.isfunction(function) and not name.startswith("_"):
                    words = re.findall(r"\w+", str(function.__annotations__.get("return", "")))
                    found |= {word: names[word] for word in words if dataclasses.is_dataclass(names.get(word))}
    return {name: kind for name, kind in found.items() if not kind.__module__.startswith("analysis.tabular")}


def test_every_result_shows_itself():
    classes = returned_classes()
    assert len(classes) > 30
    assert {name for name, kind in classes.items() if not issubclass(kind, ResultView)} == NOT_SHOWN & set(classes)


def test_values_become_one_row_and_tables_themselves(evidence):
    pooled = pool([1.0, 2.0, 4.0], [0.1, 0.2, 0.3])
    row = pooled.to_pandas()
    assert len(row) == 1 and row["estimate"].item() == pooled.estimate
    assert f"{pooled.estimate:.6f}"[:6] in pooled._repr_html_()

    rates = synthesis.pooled_rates(select(evidence))
    pd.testing.assert_frame_equal(rates.to_pandas(), rates.groups)
    html = rates._repr_html_()
    assert f"studies: {len(rates.studies)} rows" in html and html.count("<details open>") == 1


def test_text_is_not_markup_and_arrays_are_not_shown():
    @dataclasses.dataclass(frozen=True)
    class Written(ResultView):
        words: str
        numbers: object

    shown = Written("<script>", pd.Series([1.0]).to_numpy())._repr_html_()
    assert "&lt;script&gt;" in shown and "<script>" not in shown and "numbers" not in shown


def test_a_table_is_its_data(evidence):
    table = tables.sources_table(select(evidence))
    pd.testing.assert_frame_equal(table.to_pandas(), table.data)
