"""Tables of durations of benefit, of the clinic against published studies, and of what the file itself tells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from analysis.evidence.rowwise import each
from analysis.exhibit import Column, Table
from analysis.tables.cohort.parts import BY_WORDS, count, notes, points, rate
from analysis.wording import RULE_WORDS, group_name, half_up, interval_words, percent, upper_first

WHO_WORDS = {"initial_responders": "Responders", "all": "All"}
_VERDICT_WORDS = {
    "within": "within what studies show",
    "above": "above what studies show",
    "below": "below what studies show",
}


def durations(result: Any, level: float = 0.95) -> Table:
    """How many kept and lost the benefit, and its median duration, by group (from `cohort.durations`)."""
    keys = ["who", "by", "group"]
    table = result.counts.merge(result.medians.drop(columns=["patients", "merged", "hidden"]), on=keys, how="left")
    table = table.sort_values("who", ascending=False, kind="stable")  # responders first
    shown = table.assign(
        who_words=table["who"].map(WHO_WORDS),
        words=[
            "All" if row.by == "all" else f"{BY_WORDS.get(row.by, row.by)}: {group_name(row.group)}"
            for row in each(table)
        ],
        **{
            f"{name}_words": [count(getattr(row, name), row.hidden, result.min_cell) for row in each(table)]
            for name in ("patients", "never", "ended", "ongoing", "without_follow_up")
        },
        median_words=["–" if row.hidden else median_words(row.median_low, row.median_high) for row in each(table)],
        limit_words=["–" if row.hidden else _limits(row.limit_low, row.limit_high) for row in each(table)],
    )
    return Table(
        name="durations",
        data=shown,
        caption="How long the benefit lasted, in weeks after the end of infusion.",
        columns=(
            Column("who_words", "Who"),
            Column("words", "Group"),
            Column("patients_words", "n", "right"),
            Column("never_words", "Never", "right"),
            Column("ended_words", "Ended", "right"),
            Column("ongoing_words", "Still going", "right"),
            Column("without_follow_up_words", "of these never seen again", "right"),
            Column("median_words", "Median, weeks", "right"),
            Column("limit_words", interval_words(level), "right"),
        ),
        notes=notes(
            result,
            table,
            (),
            "Responders: at the end of infusion; all: everyone judged then",
            "The end of a benefit is known only to lie between two visits; Turnbull's estimate takes it as such",
            result.draws_rule,
            *result.notes,
        ),
    )


def duration_tests(result: Any) -> Table:
    """Two groups compared: first with next courses, one regimen or site with another (from `cohort.durations`)."""
    table = result.tests
    shown = table.assign(
        who_words=table["who"].map(WHO_WORDS),
        words=[f"{group_name(row.group_1)} against {group_name(row.group_2)}" for row in each(table)],
        n_words=[f"{int(row.n_1)} and {int(row.n_2)}" for row in each(table)],
        p_words=["–" if pd.isna(p) else "< 0.001" if p < 0.001 else f"{p:.3f}" for p in table["p_value"]],
        method_words=[
            str(method).replace("_", " ").replace("monte carlo", "Monte Carlo") for method in table["method"]
        ],
    )
    return Table(
        name="duration-tests",
        data=shown,
        caption="Do durations differ between two groups?",
        columns=(
            Column("who_words", "Patients"),
            Column("words", "Groups"),
            Column("n_words", "n", "right"),
            Column("p_words", "P", "right"),
            Column("method_words", "Method"),
        ),
        notes=notes(
            result,
            table,
            ("tests",),
            *dict.fromkeys(str(n) for n in table["note"] if isinstance(n, str) and n),
        ),
    )


def benchmark(compared: pd.DataFrame, studies: Iterable[Iterable[str]] = (), level: float = 0.95) -> Table:
    """The clinic's results beside the published ones, with a verdict in words (from `benchmark.compare`)."""
    shown = compared.assign(
        outcome_words=[upper_first(_outcome(outcome)) for outcome in compared["outcome"]],
        published_words=[
            _both(row.published, row.published_ci_low, row.published_ci_high, row.measured_in) for row in each(compared)
        ],
        prediction_words=[_span(row.pi_low, row.pi_high, row.measured_in) for row in each(compared)],
        clinic_words=[_both(row.estimate, row.ci_low, row.ci_high, row.measured_in) for row in each(compared)],
        verdict_words=[
            _VERDICT_WORDS.get(row.verdict, row.verdict) + (f": {row.why}" if row.why else "") for row in each(compared)
        ],
    )
    label = interval_words(level)
    return Table(
        name="benchmark",
        data=shown,
        caption="This clinic beside published studies of the same outcome.",
        columns=(
            Column("outcome_words", "Outcome"),
            Column("definition", "Counted in the studies"),
            Column("k", "Studies", "right"),
            Column("published_words", f"Published average ({label})", "right"),
            Column("prediction_words", "Prediction interval", "right"),
            Column("n", "n here", "right"),
            Column("clinic_words", f"This clinic ({label})", "right"),
            Column("verdict_words", "So this clinic is"),
            Column("rows", "Row"),
        ),
        studies=tuple(dict.fromkeys(study for row in studies for study in row)),
        notes="Prediction interval: where the true result of one more study of that kind would be expected. Of the "
        "clinic, patients with a score count.",
    )


def _outcome(outcome: str) -> str:
    rule, _, visit = str(outcome).partition(" at ")
    return f"{RULE_WORDS[rule]}, {visit.replace('_', ' ')}" if rule in RULE_WORDS else str(outcome)


def regression_to_the_mean(result: Any) -> Table:
    """What the scores would have done with no effect at all (from `cohort.limits`)."""
    table = result.falls
    shown = table.assign(
        reliability_words=[
            half_up(row.reliability, 2) + (" (the one to quote)" if row.is_central else "") for row in each(table)
        ],
        fall_words=["–" if pd.isna(fall) else half_up(fall, 1) for fall in table["fall"]],
        sd_words=["–" if pd.isna(sd) else half_up(sd, 1) for sd in table["within_patient_sd"]],
        **{
            f"{rule}_words": ["–" if pd.isna(share) else percent(share) for share in table[rule]]
            for rule in ("ge_2_points", "ge_30_percent", "ge_50_percent")
        },
    )
    return Table(
        name="regression-to-the-mean",
        data=shown,
        caption="What would be seen with no effect at all: patients chosen for high pain, whose pain goes up and down.",
        columns=(
            Column("basis", "Reliability of one score"),
            Column("reliability_words", "Reliability", "right"),
            Column("fall_words", "Fall of the mean, points", "right"),
            Column("sd_words", "SD within a patient, points", "right"),
            Column("ge_2_points_words", "“Responders”, ≥ 2 points", "right"),
            Column("ge_30_percent_words", "≥ 30%", "right"),
            Column("ge_50_percent_words", "≥ 50%", "right"),
        ),
        notes=notes(result, table, (), str(result.assumptions)),
    )


def warnings(cohort: Any) -> Table:
    """What a reader must know of the file although it is valid (from a Cohort)."""
    table = cohort.warnings
    shown = pd.DataFrame(
        {
            "row": table["row"],
            "column": table["column"],
            "rule": [upper_first(str(rule)) for rule in table["rule"]],
            "advice": [upper_first(str(advice)) for advice in table["advice"]],
        }
    )
    return Table(
        name="warnings",
        data=shown,
        caption="What stands out in the file. None of it stops the report.",
        columns=(
            Column("rule", "What was found"),
            Column("column", "Column", missing=""),
            Column("row", "Row", "right", missing=""),
            Column("advice", "What to do"),
        ),
    )


def median_words(low: float, high: float) -> str:
    """A median that lies between two visits: `4 to 13`, `beyond 26`, `13`."""
    if pd.isna(low):
        return "–"
    if np.isinf(low):
        return "not reached"
    if np.isinf(high):
        return f"beyond {half_up(low, 1).removesuffix('.0')}"
    ends = [half_up(value, 1).removesuffix(".0") for value in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _limits(low: float, high: float) -> str:
    if pd.isna(low):
        return "–"
    return f"{half_up(low, 1).removesuffix('.0')} to {'∞' if np.isinf(high) else half_up(high, 1).removesuffix('.0')}"


def _both(value: float, low: float, high: float, measured_in: str) -> str:
    return rate(value, low, high) if measured_in == "share" else points(value, low, high)


def _span(low: float, high: float, measured_in: str) -> str:
    if pd.isna(low):
        return "–"
    if measured_in == "share":
        return f"{percent(low)} to {percent(high)}"
    return f"{half_up(low, 1)} to {half_up(high, 1)}"
