"""Tables of what was put together over studies, and of what was not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table, linked
from analysis.exhibit.places import places
from analysis.outcomes.context import REGIMEN_WORDS, source_row
from analysis.outcomes.durations import BENEFIT_WORDS
from analysis.outcomes.synthesis import BenefitRetention, DurationCurves, PooledDifferences, PooledRates
from analysis.tables.notes import row_column, studies_of, with_marks
from analysis.wording import half_up, interval, level_words, marks, of, percent, percent_interval, upper_first

PREDICTION = (
    "The interval says where the average over such studies lies. The prediction interval says where the next group of "
    "patients may lie, and is the one to think of for patients of one's own."
)


def pooled_rates(pooled: PooledRates, level: float = 0.95) -> Table:
    """Rates put together over studies (from `synthesis.pooled_rates`)."""
    groups = pooled.groups
    shown = groups.assign(
        what=[upper_first(row.definition_words) for row in each(groups)],
        counts=[of(row.responders, row.patients) for row in each(groups)],
        rate_words=[f"{percent(r.rate)} ({percent_interval(r.ci_low, r.ci_high)})" for r in each(groups)],
        next_words=[_limits(r.pi_low, r.pi_high) for r in each(groups)],
        i2_words=[_share(r.i2, r.i2_low, r.i2_high) for r in each(groups)],
    )
    columns = (
        Column("what", "Counted as a responder"),
        Column("window", "Time"),
        Column("control", "Design"),
        Column("k", "Studies", "right"),
        Column("counts", "Responders", "right"),
        Column("rate_words", f"Pooled rate ({level_words(level)})"),
        Column("next_words", f"Next study ({100 * level:g}% prediction interval)"),
        Column("i2_words", "I² (interval)"),
        row_column("responders", "rows"),
    )
    notes = list(dict.fromkeys(groups["note"][groups["note"] != ""]))
    return Table(
        name="pooled-rates",
        data=shown,
        caption="Responder rates put together over studies that count the same thing at about the same time.",
        columns=columns,
        studies=studies_of(pooled.studies),
        notes=" ".join([PREDICTION, "I² is the share of the variation that is not chance.", *notes]),
    )


def without_each_study(pooled: PooledRates, level: float = 0.95) -> Table:
    """The pooled rates again without each study in turn (from `synthesis.pooled_rates`)."""
    table = pooled.without
    words = pooled.groups.drop_duplicates("definition_class").set_index("definition_class")["definition_words"]
    shown = table.assign(
        what=[upper_first(words[row.definition_class]) for row in each(table)],
        rate_words=[f"{percent(r.rate)} ({percent_interval(r.ci_low, r.ci_high)})" for r in each(table)],
    )
    columns = (
        Column("what", "Counted as a responder"),
        Column("window", "Time"),
        Column("citation", "Without"),
        Column("k", "Studies left", "right"),
        Column("rate_words", f"Pooled rate ({level_words(level)})"),
    )
    return Table(
        name="pooled-rates-without-each",
        data=shown,
        caption="How much each pooled rate depends on one study.",
        columns=columns,
        studies=studies_of(table),
    )


def not_pooled(rates: PooledRates, differences: PooledDifferences) -> Table:
    """Every rate, difference and change that was not put together with others, with the reason."""
    single, between = rates.left_out, differences.left_out
    shown = pd.concat(
        [
            pd.DataFrame(
                {
                    "study_id": single["study_id"],
                    "study": [row.citation + marks(row) for row in each(single)],
                    "what": [row.definition for row in each(single)],
                    "weeks": single["weeks"],
                    "number": [f"{of(row.responders, row.n)} {row.unit}" for row in each(single)],
                    "why": single["why"],
                    "place": [source_row("responders", row) for row in single["row"]],
                }
            ),
            pd.DataFrame(
                {
                    "study_id": between["study_id"],
                    "study": [row.citation + marks(row) for row in each(between)],
                    "what": between["kind"],
                    "weeks": between["weeks"],
                    "number": [_points(row) for row in each(between)],
                    "why": between["why"],
                    "place": between["rows"],
                }
            ),
        ],
        ignore_index=True,
    )
    columns = (
        Column("study", "Study"),
        Column("what", "Counted or measured"),
        Column("weeks", "Weeks", "decimal", lambda v: f"{v:g}"),
        Column("number", "Number"),
        Column("why", "Why it stands alone"),
        Column("place", "Row"),
    )
    return Table(
        name="not-pooled",
        data=shown,
        caption="Rates and changes of pain that were not put together with others, and why.",
        columns=columns,
        studies=studies_of(shown),
        notes=with_marks("Weeks after the end of infusion. Points of the 0-10 scale; negative = less pain.", shown),
    )


def half_times(kept: BenefitRetention, level: float = 0.95) -> Table:
    """When half of the initial responders have lost the benefit, with all studies and without each in turn (from
    `synthesis.benefit_retention`)."""
    half = kept.half
    shown = half.assign(
        study_id=half["omitted"],
        without=[row.citation or "none: all studies" for row in each(half)],
        time=[_weeks(row.half_weeks, kept.last_week) for row in each(half)],
        limits=[_week_limits(row) for row in each(half)],
        slope_words=[
            "can't be told"
            if np.isnan(r.slope)
            else f"{half_up(r.slope, 2)} ({interval(r.slope_low, r.slope_high, 2)})"
            for r in each(half)
        ],
    )
    columns = (
        Column("without", "Left out"),
        Column("k", "Studies", "right", lambda v: f"{v:g}"),
        Column("time", "Half of the initial responders have lost it"),
        Column("limits", level_words(level)),
        Column("slope_words", f"Slope on log(1 + weeks) ({level_words(level)})"),
    )
    return Table(
        name="half-times",
        data=shown,
        caption="The time to half of the initial responders, and how it depends on one study.",
        columns=columns,
        studies=tuple(study for study in half["omitted"] if study),
        notes=f"Logistic model with a random intercept for each study; the last count stands at "
        f"{kept.last_week:g} weeks and nothing is said beyond it. {_counts(kept)}",
    )


def kept_left_out(kept: BenefitRetention) -> Table:
    """Counts of kept benefit that do not enter the curve, with the reason (from `synthesis.benefit_retention`)."""
    shown = kept.left_out.assign(
        study=[row.citation + marks(row) for row in each(kept.left_out)],
        benefit_words=kept.left_out["benefit"].map(BENEFIT_WORDS),
        count_words=[of(row.patients, row.patients_treated) for row in each(kept.left_out)],
    )
    columns = (
        Column("study", "Study"),
        Column("benefit_words", "Benefit"),
        Column("weeks", "Weeks", "decimal", lambda v: f"{v:g}"),
        Column("count_words", "Still had it", "right"),
        Column("why", "Why it does not enter"),
        row_column("durations"),
    )
    return Table(
        name="kept-left-out",
        data=shown,
        caption="Counts of kept benefit that do not enter the curve over studies.",
        columns=columns,
        studies=studies_of(kept.left_out),
        notes=with_marks("", shown),
    )


def regimen_odds(kept: BenefitRetention, level: float = 0.95) -> Table:
    """The odds of still having the benefit, against the regimen with the most studies (from `benefit_kept`)."""
    shown = kept.regimens.assign(
        regimen=kept.regimens["regimen_class"].map(REGIMEN_WORDS),
        odds_words=[
            "1 (compared with)" if np.isnan(r.ci_low) else f"{r.odds_ratio:.2g} ({r.ci_low:.2g} to {r.ci_high:.2g})"
            for r in each(kept.regimens)
        ],
    )
    columns = (
        Column("regimen", "Regimen"),
        Column("k", "Studies", "right"),
        Column("odds_words", f"Odds of still having the benefit ({level_words(level)})"),
    )
    return Table(
        name="regimen-odds",
        data=shown,
        caption="Regimens compared by the odds of still having the benefit, at equal time.",
        columns=columns,
        studies=studies_of(kept.points),
        notes="Different patients, definitions and places stand behind different regimens: a difference is not an "
        f"effect of the regimen. {_counts(kept)}",
    )


def duration_groups(curves: DurationCurves, level: float = 0.95) -> Table:
    """Durations by regimen with their median (from `synthesis.duration_curves`)."""
    shown = curves.groups.assign(
        regimen=curves.groups["regimen_class"].map(REGIMEN_WORDS),
        median=[_span(r.median_low, r.median_high) for r in each(curves.groups)],
        median_limits=[_span(r.median_ci_low, r.median_ci_high) for r in each(curves.groups)],
        rows=[_numbers(curves.patients, r.regimen_class) for r in each(curves.groups)],
    )
    columns = (
        Column("regimen", "Regimen"),
        Column("k", "Studies", "right"),
        Column("patients", "Patients", "right"),
        Column("still_going", "Still had it at the last count", "right"),
        Column("last_week", "Last count", "decimal", lambda v: f"{v:g}", "weeks"),
        Column("median", "Half have lost it or never had it"),
        Column("median_limits", level_words(level)),
        row_column("durations", "rows"),
    )
    return Table(
        name="duration-groups",
        data=shown,
        caption="How long the benefit lasts by regimen, from the patients' durations as intervals.",
        columns=columns,
        studies=studies_of(curves.patients),
        notes="Patients of several studies, with different definitions of the benefit, put together as if they came "
        "from one; limits by drawing patients again (bootstrap).",
    )


def coverage(table: pd.DataFrame) -> Table:
    """How often intervals hold the true rate in simulated studies (from `synthesis.simulated_coverage`)."""
    columns = (
        Column("k", "Studies", "right"),
        Column("method", "Interval"),
        Column("coverage_words", "Holds the true pooled rate"),
        Column("prediction_words", "Holds the rate of one more study"),
        Column("width", "Mean width", "decimal", lambda v: half_up(100 * v, 0), "points of %"),
    )
    return Table(
        name="coverage",
        data=table.assign(
            coverage_words=[percent_interval(r.coverage_low, r.coverage_high) for r in each(table)],
            prediction_words=[percent_interval(r.prediction_low, r.prediction_high) for r in each(table)],
        ),
        caption="Why the intervals of pooled rates are made as they are: simulated studies of these sizes.",
        columns=columns,
        notes="Should be 95%. Lowest to highest over nine settings each (heterogeneity tau 0, 0.5 and 1; rates 20%, "
        "45% and 70%; 5 to 71 patients a study), 2,000 simulated sets of studies a setting. Reports use the last "
        "line of each block.",
    )


def _counts(kept: BenefitRetention) -> str:
    rows = ", ".join(str(row) for row in kept.points["row"])
    return linked(f"Counts: {source_row('durations', rows)}.") if rows else ""


def _numbers(patients: pd.DataFrame, regimen: str) -> str:
    """The rows behind one regimen's durations, each once, in order."""
    named = places(*patients.loc[patients["regimen_class"] == regimen, "rows"])
    return ", ".join(str(row) for row in sorted({row for _, row in named}))


def _limits(low: float, high: float) -> str:
    return "can't be known" if np.isnan(low) else percent_interval(low, high)


def _share(value: float, low: float, high: float) -> str:
    return "can't be known" if np.isnan(value) else f"{percent(value)} ({percent_interval(low, high)})"


def _points(row) -> str:
    return "" if pd.isna(row.estimate) else f"{half_up(row.estimate, 1)} points"


def _weeks(weeks: float, last: float) -> str:
    if np.isnan(weeks):
        return "can't be told"
    return f"after {half_up(weeks, 1)} weeks" if weeks <= last else f"not within {last:g} weeks"


def _week_limits(row) -> str:
    if np.isnan(row.half_weeks):
        return ""
    if np.isinf(row.half_low):
        return "never falls to half"
    low = f"{half_up(row.half_low, 1)} weeks"
    return (
        f"{low} or later, perhaps never" if np.isinf(row.half_high) else f"{low} to {half_up(row.half_high, 1)} weeks"
    )


def _span(low: float, high: float) -> str:
    if np.isinf(high):
        return f"after more than {low:g} weeks" if low > 0 else "at any time, or not at all"
    return f"by week {high:g}" if low <= 0 else f"between week {low:g} and week {high:g}"
