"""Names and parameters that code outside the project relies on (CONTRIBUTING.md, "Stable names")."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

STABLE = {
    "analysis.evidence.load": ("folder",),
    "analysis.outcomes.cohort.load": ("path", "cohort_map"),
    "analysis.outcomes.consistency.check": ("evidence",),
    "analysis.outcomes.consistency.possible_counts": ("percent", "n", "decimals"),
    "analysis.statistics.intervals.clopper_pearson": ("events", "n", "level"),
    "analysis.statistics.intervals.newcombe_paired": ("both", "first_only", "second_only", "neither", "level"),
    "analysis.statistics.intervals.wilson": ("events", "n", "level"),
    "analysis.statistics.paired.possible_paired_tables": (
        *("percent_first", "percent_second", "n", "p_value"),
        *("decimals", "p_decimals", "tests"),
    ),
    "analysis.statistics.pooling.pool": ("estimates", "variances", "method", "adjust", "level"),
    "analysis.statistics.pooling.pool_proportions": ("events", "totals", "model", "level"),
    "analysis.statistics.summaries.mean_sd_from_quartiles": ("q1", "median", "q3", "n"),
    "analysis.statistics.summaries.mean_sd_from_range": ("low", "median", "high", "n"),
    "analysis.statistics.survival.npmle": ("lower", "upper", "weights"),
}
# parameters that may be passed by position; later ones are keywords
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@pytest.mark.parametrize("name", STABLE)
def test_a_stable_name_has_its_parameters(name):
    module, _, function = name.rpartition(".")
    parameters = inspect.signature(getattr(import_module(module), function)).parameters.values()
    assert tuple(p.name for p in parameters if p.kind in POSITIONAL) == STABLE[name]


def test_the_problems_of_a_data_error_have_their_columns():
    from analysis.evidence import DataError

    assert list(DataError([]).problems) == ["file", "row", "column", "value", "rule", "advice"]


def test_pooled_results_have_their_fields():
    from analysis.statistics.pooling import pool, pool_proportions

    fields = ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "q", "q_p", "k")
    assert all(hasattr(pool([1, 2, 3], [1, 1, 1]), field) for field in fields)
    logits = ("estimate_logit", "se_logit")
    assert all(hasattr(pool_proportions([1, 2], [9, 9]), field) for field in (*fields, *logits))
