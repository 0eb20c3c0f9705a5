"""Tables for the interpretation of a clinic's results: published studies, regression to the mean, warnings."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis.cohort_wording import RULE_WORDS
from analysis.exhibit import Column, Table
from analysis.outcomes.cohort import Cohort
from analysis.outcomes.cohort.fall_without_effect import LEAST_FOR_LIMITS, Regression
from analysis.outcomes.cohort.response import Response
from analysis.tables.cohort.cohort_cells import cohort_notes
from analysis.tables.shared_columns import words_column
from analysis.wording import (
    half_up,
    interval_words,
    number_interval,
    percent,
    percent_interval,
    points_cell,
    rate_cell,
    upper_first,
)

_VERDICTS = {"within": "as expected", "above": "higher than expected", "below": "lower than expected"}


def benchmark_table(compared: pd.DataFrame, result: Response, studies: Iterable[Iterable[str]] = ()) -> Table:
    """Return `compared` with the clinic's responders, like with like first; `studies` are ids, outcome by outcome."""
    label = interval_words(result.level)
    return Table(
        name="benchmark",
        data=compared,
        caption="These patients beside published studies: first those that counted nearly the same way.",
        columns=(
            Column("outcome_words", "Outcome: as counted in the studies", value=_outcome),
            Column("k", "Studies", "right"),
            words_column(
                "published_words",
                f"Published average ({label})",
                rate_cell,
                "published published_ci_low published_ci_high",
                "right",
            ),
            Column("n", "n here", "right"),
            words_column(
                "clinic_words", f"Here, with a score ({label})", rate_cell, "estimate ci_low ci_high", "right"
            ),
            Column(
                "difference_words",
                f"Difference, points ({label})",
                "right",
                value=lambda row: points_cell(
                    100 * row.difference, 100 * row.difference_low, 100 * row.difference_high, 0
                ),
            ),
            Column("expected_words", "Expected of so many", "right", value=_expected),
            Column("verdict_words", "Verdict", value=_verdict),
            Column("rows", "Row"),
        ),
        studies=tuple(dict.fromkeys(study for row in studies for study in row)),
        notes="Difference: here, with a score, minus published. Expected of so many: where the observed rate of n "
        "patients would be expected, computed from the prediction interval of the studies. How the studies counted "
        "patients who did not come back is not known.",
    )


def regression_to_the_mean_table(result: Regression) -> Table:
    """Return the expected change of scores without any effect, due to regression to the mean."""
    rules = {"ge_2_points": "“Responders”, ≥ 2 points", "ge_30_percent": "≥ 30%", "ge_50_percent": "≥ 50%"}
    return Table(
        name="regression-to-the-mean",
        data=result.falls,
        caption="What would be seen with no effect at all: patients chosen for high pain, whose pain goes up and down.",
        columns=(
            Column("basis", "Reliability of one score"),
            Column(
                "reliability_words",
                "Reliability",
                "right",
                value=lambda row: half_up(row.reliability, 2) + (" (the one to quote)" if row.is_central else ""),
            ),
            Column("fall_words", "Fall of the mean, points", "right", value=lambda row: _points(row.fall)),
            Column(
                "sd_words", "SD within a patient, points", "right", value=lambda row: _points(row.within_patient_sd)
            ),
            *(_share_column(rule, heading) for rule, heading in rules.items()),
        ),
        notes=cohort_notes(result, result.falls, (), str(result.assumptions), _limits(result)),
    )


def warnings_table(cohort: Cohort) -> Table:
    """Return the warnings about a valid file, one per line, without the contents of cells."""
    warnings = cohort.warnings
    return Table(
        name="warnings",
        data=warnings[["row", "column"]].assign(
            rule=[upper_first(str(rule)) for rule in warnings["rule"]],
            advice=[upper_first(str(advice)) for advice in warnings["advice"]],
        ),
        caption="What stands out in the file. None of it stops the report.",
        columns=(
            Column("rule", "What was found"),
            Column("column", "Column", missing=""),
            Column("row", "Row", "right", missing=""),
            Column("advice", "What to do"),
        ),
    )


def _outcome(row) -> str:
    rule, _, visit = str(row.outcome).partition(" at ")
    words = f"{RULE_WORDS[rule]}, {visit.replace('_', ' ')}" if rule in RULE_WORDS else str(row.outcome)
    return upper_first(f"{words}: {row.counted or row.definition}")


def _expected(row) -> str:
    return "–" if pd.isna(row.expected_low) else percent_interval(row.expected_low, row.expected_high)


def _verdict(row) -> str:
    return _VERDICTS.get(row.verdict, row.verdict) + (f": {row.why}" if row.why else "")


def _limits(result: Regression) -> str:
    if pd.isna(result.fall_low):
        return f"Below {LEAST_FOR_LIMITS} patients these numbers are too uncertain to be quoted"
    fall = number_interval(result.fall_low, result.fall_high)
    return (
        f"Bootstrap limits of the row to quote: a fall of {fall} points, and "
        f"{percent_interval(result.share_low, result.share_high)} “responders” ({RULE_WORDS[result.rule]})"
    )


def _points(value: float) -> str:
    return "–" if pd.isna(value) else half_up(value, 1)


def _share_column(rule: str, heading: str) -> Column:
    def share(row) -> str:
        return "–" if pd.isna(getattr(row, rule)) else percent(getattr(row, rule))

    return Column(f"{rule}_words", heading, "right", value=share)
