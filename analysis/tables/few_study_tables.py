"""Tables of what few studies and one trial allow: intervals by several priors, directions, readings, the next trial."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.exhibit import Column, Table
from analysis.tables.shared_columns import WEEKS_COLUMN, row_column, words_column
from analysis.wording import (
    DEFINITION_WORDS,
    half_up,
    interval_words,
    number_interval,
    number_text,
    percent,
    percent_interval,
    points_cell,
    rate_cell,
    upper_first,
)


def few_studies_table(few: pd.DataFrame, level: float = 0.95) -> Table:
    """Return three intervals for each result of few studies, from `outcomes.synthesis.few_study_intervals`."""
    return Table(
        name="few-studies",
        data=few,
        caption="Pooled rates of four studies or fewer, or with an interval wider than 60 points, and pooled "
        "differences: how far the interval depends on what is assumed.",
        columns=(
            Column("what", "Counted or measured", value=lambda row: upper_first(_counted(row))),
            Column("window", "Time"),
            Column("k", "Studies", "right"),
            Column("method_words", "Method", value=_method),
            Column("rate_words", f"Result ({interval_words(level)})", value=_result_of),
            Column("next_words", "Next study", value=_next_of),
            row_column("responders", "rows"),
        ),
        notes="Student's t takes the differences between studies from these studies alone. The Bayesian model adds a "
        "half-normal prior of tau, the standard deviation between studies on the logit scale, and a normal(0, 1.5) "
        "prior of the mean logit, nearly uniform as a rate. Of a difference the prior of tau is in points of the 0-10 "
        "scale, and that of the mean is flat. The Bayesian result is the posterior median.",
    )


def directions_table(votes: pd.DataFrame, level: float = 0.95) -> Table:
    """Return the vote counts by direction of effect, from `outcomes.synthesis.directions`."""
    return Table(
        name="directions",
        data=votes,
        caption="Direction of effect: in how many studies pain was lower, whatever the size.",
        columns=(
            Column("kind", "Compared", format=upper_first),
            Column("less_pain", "Less pain", "right"),
            Column("more_pain", "More pain", "right"),
            Column("without", "No certain direction", "right"),
            words_column(
                "share_words", f"Share with less pain ({interval_words(level)})", rate_cell, "share ci_low ci_high"
            ),
            Column("p", "P of the sign test", "right", lambda p: half_up(p, 2)),
        ),
        notes="Each study counts once, by its first result after the end of infusion; exact binomial limits. The count "
        "says whether there is an effect, not how large it is.",
    )


def spread_readings_table(readings: pd.DataFrame, level: float = 0.95) -> Table:
    """Return both readings of each unlabelled ± of a comparison, from `outcomes.synthesis.spread_readings`."""
    return Table(
        name="spread-readings",
        data=readings,
        caption="A ± without a label, read as a standard error and as a standard deviation.",
        columns=(
            Column("citation", "Study"),
            WEEKS_COLUMN,
            Column("reading", "Read as", format=str.upper),
            Column("sds", "SD (ketamine, control)", value=_sd_pair),
            Column("standardised_difference", "Difference in SDs", "decimal", lambda d: half_up(d, 1)),
            Column("plausibility", "Plausibility", "decimal", percent, missing="not known"),
            words_column(
                "difference_words", f"Difference ({interval_words(level)})", points_cell, "difference ci_low ci_high"
            ),
            Column("leads", "Leads", format=lambda leads: "yes" if leads else "no"),
            row_column("pain_scores", "rows"),
        ),
        notes="Points of the 0-10 scale. Plausibility: the probability of an SD at least as far from the SDs of pain "
        "that the evidence knows (printed, or the only reading that the scale allows).",
    )


def next_trial_table(trial: pd.DataFrame, level: float = 0.95) -> Table:
    """Return what a new trial would show, from `outcomes.synthesis.next_trial`."""
    return Table(
        name="next-trial",
        data=trial,
        caption="What a new placebo-controlled trial would show, if the effect is what the controlled evidence says.",
        columns=(
            Column("citation", "Effect from"),
            Column("per_arm", "Patients per arm", "right"),
            Column("tau", "SD between trials", "decimal", number_text, "points"),
            Column("excludes_zero", "Excludes no difference", "right", percent),
            Column("excludes_line", "Excludes less than 2 points", "right", percent),
            row_column("pain_scores", "rows"),
        ),
        notes=f"Probability that the {interval_words(level)} of the new trial lies below 0, and below −2 points. The "
        "uncertainty of the present effect is included. One trial does not show how much trials differ, so two values "
        "are given.",
    )


def retention_checks_table(checks: pd.DataFrame, level: float = 0.95) -> Table:
    """Return the decline of benefit under other assumptions, from `outcomes.synthesis.retention_checks`."""
    return Table(
        name="benefit-checks",
        data=checks,
        caption="The decline of benefit under other assumptions.",
        columns=(
            Column("check", "Fit", format=upper_first),
            Column("what", "Of", format=lambda text: text or "–"),
            Column("k", "Studies", "right"),
            Column("slope_words", f"Slope on log(1 + weeks) ({interval_words(level)})", value=_slope_of),
            Column("why", "Why there is none", format=lambda text: upper_first(text) or "–"),
        ),
        notes="The robust variance is a jackknife over studies: it does not assume that counts of the same patients at "
        "several times are independent. The last two fits are the extremes of what is not known: patients of studies "
        "that counted only at the end of infusion, as if none or all of them with the benefit still had it at the last "
        "count of any study.",
    )


def _counted(row) -> str:
    return DEFINITION_WORDS[row.definition_class] if pd.isna(row.kind) else f"{row.kind}, points"


def _method(row) -> str:
    return row.method if np.isnan(row.tau_scale) else f"{row.method}, prior of tau with scale {row.tau_scale:g}"


def _result_of(row) -> str:
    return (rate_cell if pd.isna(row.kind) else points_cell)(row.estimate, row.ci_low, row.ci_high)


def _next_of(row) -> str:
    return (percent_interval if pd.isna(row.kind) else number_interval)(row.pi_low, row.pi_high)


def _sd_pair(row) -> str:
    return f"{half_up(row.sd_ketamine, 1)}, {half_up(row.sd_control, 1)}"


def _slope_of(row) -> str:
    return points_cell(row.slope, row.slope_low, row.slope_high, 2)
