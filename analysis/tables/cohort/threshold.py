"""Table of the responders at a percentage chosen by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.exhibit import Column, Table
from analysis.tables.cohort.outcomes import VISIT_WORDS
from analysis.tables.cohort.parts import HANDLING_WORDS, notes, of_all, rate
from analysis.wording import level_words


def at_threshold(result: Any, level: float = 0.95) -> Table:
    """Responders at each visit, among the patients with a score and among all (from `cohort.threshold`)."""
    rates = result.rates.set_index(["visit", "handling"])
    rows = []
    for visit in dict.fromkeys(result.rates["visit"]):
        complete, imputed = (rates.loc[(visit, handling)] for handling in HANDLING_WORDS)
        rows.append(
            {
                "visit_words": VISIT_WORDS[visit],
                "complete_n": of_all(complete["responders"], complete["n"], complete["hidden"], result.min_cell),
                "complete": rate(complete["rate"], complete["ci_low"], complete["ci_high"]),
                "imputed_n": of_all(imputed["responders"], imputed["n"], imputed["hidden"], result.min_cell),
                "imputed": rate(imputed["rate"], imputed["ci_low"], imputed["ci_high"]),
            }
        )
    label = level_words(level)
    return Table(
        name="responders-at-threshold",
        data=pd.DataFrame(rows),
        caption=f"Responders: patients whose pain fell by {result.percent:g}% or more since baseline.",
        columns=(
            Column("visit_words", "Visit"),
            Column("complete_n", "With a score", "right"),
            Column("complete", f"Rate ({label})", "right"),
            Column("imputed_n", "Of all", "right"),
            Column("imputed", f"Rate, no score = no response ({label})", "right"),
        ),
        notes=notes(
            result,
            result.rates,
            ("rates",),
            f"Follow-up: the visit nearest to week {result.follow_up_weeks:g}, within {result.window_weeks:g} weeks.",
            "Intervals: Wilson's method.",
        ),
    )
