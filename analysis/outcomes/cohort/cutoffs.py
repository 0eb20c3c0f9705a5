"""Responders by cut-off of the fall of pain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.disclosure import as_printed, is_one_sided, released, shown_steps
from analysis.outcomes.cohort.judging import LEAST_FALL_PERCENT, ROUNDING_TOLERANCE, can_be_judged, percent_fall
from analysis.outcomes.cohort.rate_rows import rate_row

_PERCENTAGE = "ge_30_percent"  # any rule of a percentage: which baselines can be judged


def cutoff_curve(
    first: pd.DataFrame, visits: tuple[str, ...], level: float, min_cell: int, release: str
) -> pd.DataFrame:
    """Return the responders at each cut-off of 10%, among first courses of `expected_scores`: `Response.curve`."""
    cutoffs = np.arange(0, 101, 10)
    in_tables = tuple(np.flatnonzero(np.isin(cutoffs, list(LEAST_FALL_PERCENT.values()))))
    rows = []
    for visit in visits:
        falls = percent_fall(first["baseline"].to_numpy(), first[visit].to_numpy())
        falls = np.sort(falls[~np.isnan(falls)])
        expected = ~first["not_expected"].to_numpy() | (visit != "follow_up")
        usable = int((can_be_judged(first["baseline"].to_numpy(), _PERCENTAGE) & expected).sum())
        reached = len(falls) - np.searchsorted(falls, cutoffs - 100 * ROUNDING_TOLERANCE, side="left")
        steps = shown_steps(reached, len(falls), min_cell, in_tables)
        for cutoff, events, step in zip(cutoffs.tolist(), reached.tolist(), steps, strict=True):
            row = {"visit": visit, "cutoff": cutoff, "responders": released(events, release)}
            row["hidden"] = not step or len(falls) < min_cell or is_one_sided(events, len(falls), min_cell, release)
            for n, name, patients in (("n_complete", "complete", len(falls)), ("n_all", "imputed", usable)):
                counts = rate_row(row["responders"], released(patients, release), level)
                row |= {n: counts["n"], f"rate_{name}": counts["rate"]}
                row |= {f"low_{name}": counts["ci_low"], f"high_{name}": counts["ci_high"]}
            rows.append(row)
    table = pd.DataFrame(rows).astype(dict.fromkeys(("responders", "n_complete", "n_all"), "Int64"))
    others = [name for name in table if name not in ("visit", "cutoff", "hidden")]
    table[others] = table[others].mask(table["hidden"])
    return as_printed(table, "shares", cutoff=0)
