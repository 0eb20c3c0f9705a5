"""Tables of pooled responder rates, and of the results that are not pooled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table, studies_of
from analysis.exhibit.places import source_row
from analysis.outcomes.synthesis import PooledDifferences, PooledRates
from analysis.tables.shared_columns import WEEKS_COLUMN, marked_notes, row_column, words_column
from analysis.wording import (
    half_up,
    interval_words,
    marks,
    out_of,
    percent_interval,
    percent_level,
    rate_cell,
    upper_first,
)

_PREDICTION = (
    "The interval says where the average over such studies lies. The prediction interval says where the next group of "
    "patients may lie, and is the one to think of for patients of one's own."
)


def pooled_rates_table(pooled: PooledRates) -> Table:
    """Return the pooled responder rates with their confidence and prediction intervals."""
    groups = pooled.groups
    notes = list(dict.fromkeys(groups["note"][groups["note"] != ""]))
    return Table(
        name="pooled-rates",
        data=groups,
        caption="Responder rates pooled over studies that count the same thing at about the same time.",
        columns=(
            Column("what", "Counted as a responder", value=lambda row: upper_first(row.definition_words)),
            Column("window", "Time"),
            Column("control", "Design"),
            Column("k", "Studies", "right"),
            words_column("counts", "Responders", out_of, "responders patients", "right"),
            _rate_column(pooled),
            Column("next_words", f"Next study ({percent_level(pooled.level)} prediction interval)", value=_next_study),
            Column("i2_words", "I² (interval)", value=_i2),
            row_column("responders", "rows"),
        ),
        studies=studies_of(pooled.studies),
        notes=" ".join([_PREDICTION, "I² is the share of the variation that is not chance.", *notes]),
    )


def without_each_study_table(pooled: PooledRates) -> Table:
    """Return the pooled responder rates without each study in turn."""
    definitions = dict(zip(pooled.groups["definition_class"], pooled.groups["definition_words"], strict=True))
    return Table(
        name="pooled-rates-without-each",
        data=pooled.without,
        caption="How much each pooled rate depends on one study.",
        columns=(
            Column("what", "Counted as a responder", value=lambda row: upper_first(definitions[row.definition_class])),
            Column("window", "Time"),
            Column("citation", "Without"),
            Column("k", "Studies left", "right"),
            _rate_column(pooled),
        ),
        studies=studies_of(pooled.without),
    )


def not_pooled_table(rates: PooledRates, differences: PooledDifferences) -> Table:
    """Return every rate, difference and change that is not pooled with others, with the reason."""
    rows = [
        {
            "study_id": row.study_id,
            "study": row.citation + marks(row),
            "what": row.definition,
            "weeks": row.weeks,
            "number": f"{out_of(row.responders, row.n)} {row.unit}",
            "why": row.why,
            "place": source_row("responders", row.row),
        }
        for row in each(rates.left_out)
    ] + [
        {
            "study_id": row.study_id,
            "study": row.citation + marks(row),
            "what": row.kind,
            "weeks": row.weeks,
            "number": "" if pd.isna(row.estimate) else f"{half_up(row.estimate, 1)} points",
            "why": row.why,
            "place": row.rows,
        }
        for row in each(differences.left_out)
    ]
    shown = pd.DataFrame(rows, columns=["study_id", "study", "what", "weeks", "number", "why", "place"])
    return Table(
        name="not-pooled",
        data=shown,
        caption="Rates and changes of pain that were not pooled with others, and why.",
        columns=(
            Column("study", "Study"),
            Column("what", "Counted or measured"),
            WEEKS_COLUMN,
            Column("number", "Number"),
            Column("why", "Why it stands alone"),
            Column("place", "Row"),
        ),
        studies=studies_of(shown),
        notes=marked_notes(
            "Weeks after the end of infusion. Points of the 0-10 scale; negative = less pain.",
            rates.left_out,
            differences.left_out,
        ),
    )


def coverage_table(coverage: pd.DataFrame) -> Table:
    """Return the coverage of intervals in simulated studies, from `outcomes.synthesis.simulated_coverage`."""
    return Table(
        name="coverage",
        data=coverage,
        caption="Why the intervals of pooled rates are made as they are: simulated studies of these sizes.",
        columns=(
            Column("k", "Studies", "right"),
            Column("method", "Interval"),
            words_column(
                "coverage_words", "Holds the true pooled rate", percent_interval, "coverage_low coverage_high"
            ),
            words_column(
                "prediction_words",
                "Holds the rate of one more study",
                percent_interval,
                "prediction_low prediction_high",
            ),
            Column("width", "Mean width", "decimal", lambda width: half_up(100 * width), "points of %"),
        ),
        notes="Should be 95%. Lowest to highest over twelve settings each (heterogeneity tau 0, 0.5, 1 and 3; rates "
        "20%, 45% and 70%; 5 to 71 patients a study). 2,000 simulated sets of studies a setting; 400 with two studies "
        "and with tau 3; seed 20240501. A set without an interval, each study none or all, counts as a miss. Reports "
        "use the last line of each block.",
    )


def _rate_column(pooled: PooledRates) -> Column:
    return words_column("rate_words", f"Pooled rate ({interval_words(pooled.level)})", rate_cell, "rate ci_low ci_high")


def _next_study(row) -> str:
    return "can't be known" if np.isnan(row.pi_low) else percent_interval(row.pi_low, row.pi_high)


def _i2(row) -> str:
    return "can't be known" if np.isnan(row.i2) else rate_cell(row.i2, row.i2_low, row.i2_high)
