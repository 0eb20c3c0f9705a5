"""Tables of the loss of benefit over time, across studies and by regimen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.exhibit import Column, Table, linked, studies_of
from analysis.exhibit.places import places, source_row
from analysis.outcomes.synthesis import BenefitRetention, DurationCurves
from analysis.tables.shared_columns import (
    BENEFIT_COLUMN,
    REGIMEN_COLUMN,
    STUDY_COLUMN,
    WEEKS_COLUMN,
    row_column,
    study_table,
    words_column,
)
from analysis.wording import half_up, interval_words, out_of, points_cell


def half_times_table(result: BenefitRetention) -> Table:
    """Return the time to half of the initial responders, with all studies and without each in turn."""
    half = result.half
    return Table(
        name="half-times",
        data=half.assign(study_id=half["omitted"]),
        caption="The time to half of the initial responders, and how it depends on one study.",
        columns=(
            Column("without", "Left out", value=lambda row: row.citation or "none: all studies"),
            Column("k", "Studies", "right", "{:g}".format),
            Column(
                "time",
                "Half of the initial responders have lost it",
                value=lambda row: _half_time(row.half_weeks, result.last_week),
            ),
            Column("limits", interval_words(result.level), value=_half_time_limits),
            Column("slope_words", f"Slope on log(1 + weeks) ({interval_words(result.level)})", value=_slope),
        ),
        studies=tuple(study for study in half["omitted"] if study),
        notes=f"Logistic model with a random intercept for each study; the last count stands at "
        f"{result.last_week:g} weeks and nothing is said beyond it. {_counts(result)}",
    )


def retention_left_out_table(result: BenefitRetention) -> Table:
    """Return the counts that do not enter the curve, with the reason."""
    return study_table(
        "kept-left-out",
        result.left_out,
        "Counts of kept benefit that do not enter the curve over studies.",
        (
            STUDY_COLUMN,
            BENEFIT_COLUMN,
            WEEKS_COLUMN,
            words_column("count_words", "Still had it", out_of, "patients patients_treated", "right"),
            Column("why", "Why it does not enter"),
            row_column("durations"),
        ),
    )


def regimen_odds_table(result: BenefitRetention) -> Table:
    """Return odds ratios of still having the benefit, against the regimen with the most studies."""
    return Table(
        name="regimen-odds",
        data=result.regimens,
        caption="Regimens compared by the odds of still having the benefit, at equal time.",
        columns=(
            REGIMEN_COLUMN,
            Column("k", "Studies", "right"),
            Column("odds_words", f"Odds of still having the benefit ({interval_words(result.level)})", value=_odds),
        ),
        studies=studies_of(result.points),
        notes="Different patients, definitions and places stand behind different regimens: a difference is not an "
        f"effect of the regimen. {_counts(result)}",
    )


def duration_groups_table(curves: DurationCurves) -> Table:
    """Return the durations of benefit by regimen with their median."""
    return Table(
        name="duration-groups",
        data=curves.groups,
        caption="How long the benefit lasts by regimen, from the patients' durations as intervals.",
        columns=(
            REGIMEN_COLUMN,
            Column("k", "Studies", "right"),
            Column("patients", "Patients", "right"),
            Column("still_going", "Still had it at the last count", "right"),
            Column("last_week", "Last count", "decimal", "{:g}".format, "weeks"),
            words_column("median", "Half have lost it or never had it", _when, "median_low median_high"),
            words_column("median_limits", interval_words(curves.level), _when, "median_ci_low median_ci_high"),
            row_column("durations", "rows", lambda row: _row_numbers(curves.patients, row.regimen_class)),
        ),
        studies=studies_of(curves.patients),
        notes="Patients of several studies, with different definitions of the benefit, put together as if they came "
        "from one; limits by drawing studies, then their patients, again (bootstrap).",
    )


def _counts(result: BenefitRetention) -> str:
    rows = ", ".join(str(row) for row in result.points["row"])
    return linked(f"Counts: {source_row('durations', rows)}.") if rows else ""


def _row_numbers(patients: pd.DataFrame, regimen: str) -> str:
    rows = {row for _, row in places(*patients.loc[patients["regimen_class"] == regimen, "rows"])}
    return source_row("durations", *sorted(rows))


def _slope(row) -> str:
    return "can't be estimated" if np.isnan(row.slope) else points_cell(row.slope, row.slope_low, row.slope_high, 2)


def _odds(row) -> str:
    if np.isnan(row.ci_low):
        return "1 (compared with)"
    return f"{row.odds_ratio:.2g} ({row.ci_low:.2g} to {row.ci_high:.2g})"


def _half_time(weeks: float, last: float) -> str:
    if np.isnan(weeks):
        return "can't be estimated"
    return f"after {half_up(weeks, 1)} weeks" if weeks <= last else f"not within {last:g} weeks"


def _half_time_limits(row) -> str:
    if np.isnan(row.half_weeks):
        return ""
    if np.isinf(row.half_low):
        return "never falls to half"
    if np.isinf(row.half_high):
        return f"{half_up(row.half_low, 1)} weeks or later, perhaps never"
    return f"{half_up(row.half_low, 1)} weeks to {half_up(row.half_high, 1)} weeks"


def _when(low: float, high: float) -> str:
    if np.isinf(high):
        return f"after more than {low:g} weeks" if low > 0 else "at any time, or not at all"
    return f"by week {high:g}" if low <= 0 else f"between week {low:g} and week {high:g}"
