"""Rates of responders, by cut-off, and their flow between two times, as they may be shown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.outcomes.cohort.disclosure import as_printed, fewer_than, is_one_sided, released, shown_steps
from analysis.outcomes.cohort.disclosure.digits import P_VALUES
from analysis.outcomes.cohort.judging import LEAST_FALL_PERCENT, ROUNDING_TOLERANCE, can_be_judged, percent_fall
from analysis.outcomes.cohort.tipping import PairedCounts
from analysis.statistics.intervals import wilson
from analysis.statistics.paired import mcnemar

_PERCENTAGE = "ge_30_percent"  # any rule of a percentage: which baselines can be judged
COHORT_RATES = ["responders", "n", "rate", "ci_low", "ci_high"]
_FLOW_PARTS = ["kept", "lost", "gained", "neither"]
_FLOW_COLUMNS = ["first", "second", *_FLOW_PARTS, "rate_first", "rate_second"]
_FLOW_COLUMNS += ["difference", "difference_low", "difference_high", "p_value"]


def shown_rates(
    rows: list[dict], min_cell: int, release: str = "internal", level: float = 0.95, named: bool = False
) -> pd.DataFrame:
    """Return rows of `rate_row` as a table, hidden where they count fewer than `min_cell` patients.

    In a public release, of rounded counts, and hidden where `is_one_sided`; `named`: the rows are of named groups.
    """
    one_sided = [is_one_sided(row["responders"], row["n"], min_cell, release, named) for row in rows]
    counts = [rate_row(released(row["responders"], release), released(row["n"], release), level) for row in rows]
    few = [fewer_than(row["n"], min_cell) for row in rows]
    table = pd.DataFrame([row | count for row, count in zip(rows, counts, strict=True)])
    table = table.astype({"responders": "Int64", "n": "Int64"})
    table["hidden"] = np.array(few, dtype=bool) | np.array(one_sided, dtype=bool)
    table[COHORT_RATES] = table[COHORT_RATES].mask(table["hidden"])
    return as_printed(table, "shares")


def shown_flows(rows: list[dict], min_cell: int, release: str = "internal", level: float = 0.95) -> pd.DataFrame:
    """Return rows of n and `flow_row` as a table, hidden where they count fewer than `min_cell` patients.

    In a public release each of the four counts is 0 or `min_cell` at least, and all numbers are of rounded counts.
    """
    table = []
    for row in rows:
        parts = [row[name] for name in _FLOW_PARTS]
        hidden = fewer_than(row["n"], min_cell)
        hidden |= release != "internal" and any(fewer_than(part, min_cell) for part in parts)
        flow = PairedCounts(*(released(part, release) for part in parts))
        row = row | {"n": flow.n} | flow_row(flow, level) | {"hidden": hidden}
        table.append(row | dict.fromkeys(("n", *_FLOW_COLUMNS), np.nan) if hidden else row)
    frame = pd.DataFrame(table).astype(dict.fromkeys(["n", *_FLOW_COLUMNS[:6]], "Int64"))
    return as_printed(frame, "shares", p_value=P_VALUES)


def rate_row(events: int, n: int, level: float) -> dict[str, float]:
    """Return responders, n, rate and Wilson's limits (0 to 1); missing without patients."""
    low, high = wilson(events, n, level) if n else (np.nan, np.nan)
    return {"responders": events, "n": n, "rate": events / n if n else np.nan, "ci_low": low, "ci_high": high}


def flow_row(flow: PairedCounts, level: float) -> dict[str, float]:
    """Return counts, both rates, their difference with Newcombe's limits, and McNemar's exact p-value."""
    first, second = flow.kept + flow.lost, flow.kept + flow.gained
    row = dict(zip(_FLOW_COLUMNS, (first, second, flow.kept, flow.lost, flow.gained, flow.neither), strict=False))
    if not flow.n:
        return row | dict.fromkeys(_FLOW_COLUMNS[6:], np.nan)
    values = (first / flow.n, second / flow.n, *flow.difference(level), mcnemar(flow.lost, flow.gained, "exact"))
    return row | dict(zip(_FLOW_COLUMNS[6:], map(float, values), strict=True))


def flow_between(first: np.ndarray, second: np.ndarray) -> PairedCounts:
    """Return the numbers of patients who responded at both times, at one time and at neither."""
    parts = (first & second, first & ~second, ~first & second, ~first & ~second)
    return PairedCounts(*(int(part.sum()) for part in parts))


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
